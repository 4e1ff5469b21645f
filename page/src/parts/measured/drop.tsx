/** Opens a predictions JSON that is dropped or chosen, with the media that come along. Nothing is uploaded. */

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";

import { Opened } from "../../measured/opened";
import type { Result } from "../../measured/result";
import "./drop.css";

export function Drop({ opened, label = "Drop a predictions JSON here" }: { opened: (found: Result) => void; label?: string }) {
  const trouble = useSignal("");
  const over = useSignal(false);
  const id = useId();
  const take = async (files: File[]) => {
    trouble.value = "";
    try {
      opened(await droppedOf(files));
    } catch (error) {
      trouble.value = (error as Error).message;
    }
  };
  return (
    <div
      class={over.value ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        void take([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <label for={id}>{label}</label>
      <p class="quiet small">together with its videos, audio or images, if you have them</p>
      <input id={id} type="file" multiple onChange={(event) => void take([...(event.currentTarget.files ?? [])])} />
      {trouble.value && (
        <p class="error" role="alert">
          {trouble.value}
        </p>
      )}
    </div>
  );
}

async function droppedOf(files: File[]): Promise<Result> {
  const json = files.find(({ name, type }) => type === "application/json" || name.endsWith(".json"));
  if (!json) throw new Error("There is no JSON among these files: what was measured is in the predictions JSON.");
  const opened = await Opened.from(json);
  const media = files.filter((file) => file !== json).map((file) => ({ name: file.name, path: URL.createObjectURL(file) }));
  const { heads } = opened.contents;
  return {
    name: json.name,
    opened,
    texts: [],
    mediaOf: ({ source, file }) => {
      const base = file.split("/").at(-1);
      // of one film and one file, they belong together whatever they are called
      const found = media.find(({ name }) => name === base) ?? (media.length === 1 && heads.length === 1 ? media[0] : undefined);
      return found ? { source, file, path: found.path, local: true } : null;
    },
  };
}
