/** Measure: give it something, say what is to be measured, and see it being done. */

import type { Signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import * as api from "../../api";
import { usual, type Choice } from "../../models/choice";
import { estimate } from "../../models/estimate";
import { ModelsForm } from "../../models/form";
import { about, clock, megabytes } from "../../parts/clock";
import { notifyError } from "../../parts/notices";
import type { Job } from "../../wire";
import { Trouble } from "../../parts/trouble";
import { dropped, duration, picked, type Found } from "./collect";
import { addresses, planned, refusal, type FileStaged, type Staged } from "./jobs";
import { choice, drafts, sending, stage, staged, started, unstage } from "./kept";
import { Recorder } from "./recorder";
import { Running } from "./running";
import "./measure.css";

type Way = "files" | "record" | "address" | "text";

/** What a server that has not answered yet is taken for. */
const UNKNOWN: api.Limits = {
  max_upload_mb: Number.POSITIVE_INFINITY,
  max_files: 100,
  max_urls: 100,
  max_texts: 100,
  max_text_mb: Number.POSITIVE_INFINITY,
  max_media_hours: Number.POSITIVE_INFINITY,
};

interface Server {
  health: api.Health;
  limits: api.Limits;
  past: Job[];
}

export function Measure() {
  const { route } = useLocation();
  const [server, setServer] = useState<Server | null>(null);
  const [trouble, setTrouble] = useState("");

  const look = async () => {
    setTrouble("");
    try {
      const [health, limits, past] = await Promise.all([api.health(), api.limits(), api.jobs({ limit: 100, status: ["COMPLETED"] })]);
      setServer({ health, limits, past });
      choice.value ??= usual(health.engines);
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  useEffect(() => void look(), []);

  const limits = server?.limits ?? UNKNOWN;
  const sound = staged.value.filter((one) => refusal(one, limits) === null);
  const isIdle = !staged.value.length && !sending.value && !drafts.address.value && !drafts.text.value;
  return (
    <section class="narrow measure">
      <h1>What do you want to understand?</h1>
      <p class="quiet lede">
        A video, a recording, images, an archive, or words. All of it stays on this server: nothing is sent anywhere else.
      </p>
      {started.value.map((id) => (
        <Running key={id} id={id} opens={started.value.length === 1 && isIdle} open={(to) => route(`/result/${to}`)} />
      ))}
      <Source />
      {staged.value.length > 0 && <StagedList limits={limits} />}
      <h2 class="what">What is measured</h2>
      {choice.value && server ? (
        <ModelsForm choice={choice.value} change={(to) => (choice.value = to)} engines={server.health.engines} />
      ) : trouble ? (
        <Trouble text={trouble} again={() => void look()} />
      ) : (
        <p class="quiet">Asking the server what it can measure…</p>
      )}
      <div class="go">
        {sending.value ? (
          <>
            <div class="grow">
              <label class="small">
                {sending.value.done < 1 ? `Sending: ${Math.floor(sending.value.done * 100)} %` : "Stored; the job begins…"}
                <progress value={sending.value.done} />
              </label>
            </div>
            <button onClick={sending.value.stop}>Stop sending</button>
          </>
        ) : (
          <>
            <p class="grow quiet small figures">
              <Forecast sound={sound} choice={choice.value} past={server?.past ?? []} />
              {choice.value && <InSeveral count={planned(sound, choice.value, limits).length} limits={limits} />}
            </p>
            <button
              class="primary"
              disabled={!sound.length || !server || !choice.value || !Object.keys(choice.value.models).length}
              onClick={() => void send(sound, choice.value!, limits)}
            >
              Measure{sound.length > 1 ? ` ${sound.length} items` : ""}
            </button>
          </>
        )}
      </div>
    </section>
  );
}

/** Start the jobs that measure all of it. What has been sent is no longer staged; what has not, is. */
async function send(sound: Staged[], choice: Choice, limits: api.Limits): Promise<void> {
  const abort = new AbortController();
  const jobs = planned(sound, choice, limits);
  const all = jobs.reduce((sum, { bytes }) => sum + bytes, 0);
  let sent = 0;
  const show = (done: number) => (sending.value = { done, stop: () => abort.abort() });
  show(0);
  try {
    for (const { request, uploads, bytes, ids } of jobs) {
      const id = await api.start(request, uploads, (done) => show(all ? (sent + done * bytes) / all : 1), abort.signal);
      sent += bytes;
      started.value = [id, ...started.value];
      unstage((one) => ids.has(one.id));
    }
  } catch (error) {
    notifyError(error);
  } finally {
    sending.value = null;
  }
}

/** Stage files, and find out how long they are. */
async function stageFiles(found: Found[]): Promise<void> {
  const files = stage(found.map(({ file, path }) => ({ kind: "file", name: path, file, seconds: null })));
  for (const { id, file } of files as FileStaged[]) {
    const seconds = await duration(file);
    if (seconds) staged.value = staged.value.map((one) => (one.id === id ? ({ ...one, seconds } as Staged) : one));
  }
}

/** How much there is, and how long it will take. */
function Forecast({ sound, choice, past }: { sound: Staged[]; choice: Choice | null; past: Job[] }) {
  const seconds = sound.reduce((sum, one) => sum + (one.kind === "file" ? (one.seconds ?? 0) : 0), 0);
  const told = useMemo(() => choice && estimate(seconds, choice, past), [seconds, choice, past]);
  if (!sound.length) return <>Nothing to measure yet.</>;
  if (choice && !Object.keys(choice.models).length) return <>Choose at least one model.</>;
  if (!told) return <>Once it is sent, the job runs on when you close this page.</>;
  return (
    <>
      {clock(seconds)} of video or audio: {about(told.seconds)} on this machine
      {told.known ? ", going by earlier jobs" : ", roughly; the first job will tell"}. It runs on when you close this page.
    </>
  );
}

/** Why there will be several jobs. */
function InSeveral({ count, limits }: { count: number; limits: api.Limits }) {
  if (count < 2) return null;
  const { max_files, max_urls, max_texts } = limits;
  return (
    <>
      {" "}
      It becomes {count} jobs: this server takes {max_files} files, {max_urls} URLs and {max_texts} texts in one.
    </>
  );
}

// ── where it comes from

const WAYS: [Way, string][] = [
  ["files", "Files"],
  ["record", "Record"],
  ["address", "URL"],
  ["text", "Text"],
];

function Source() {
  const [way, setWay] = useState<Way>("files");
  const over = useDrop((transfer) => dropped(transfer).then(stageFiles).catch(notifyError));
  return (
    <div class={over ? "source over" : "source"}>
      <div class="ways" role="group" aria-label="Where it comes from">
        {WAYS.map(([one, name]) => (
          <button key={one} class="way" aria-pressed={way === one} onClick={() => setWay(one)}>
            {name}
          </button>
        ))}
      </div>
      <div class="way-body">
        {way === "files" && <Files />}
        {way === "record" && <Recorder keep={({ file, name, seconds }) => stage([{ kind: "file", name, file, seconds }])} />}
        {way === "address" && (
          <Written
            label="URLs of videos, recordings, images or archives"
            hint="One per line. The server fetches them; they must be public."
            action="Add"
            rows={3}
            draft={drafts.address}
            take={(text) => stage(addresses(text).map((url) => ({ kind: "url", url })))}
          />
        )}
        {way === "text" && (
          <Written
            label="What somebody wrote or said"
            hint="Words, and names in them, are measured. Several texts, such as reviews: add one after the other."
            action="Add this text"
            rows={6}
            draft={drafts.text}
            take={(text) => stage([{ kind: "text", text }])}
          />
        )}
      </div>
    </div>
  );
}

/** Take what is dropped anywhere on the page: beside it, browsers would leave the page for the file. Tells
 * whether files are held over it just now. */
function useDrop(take: (transfer: DataTransfer) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const hold = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!event.relatedTarget) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      latest.current(event.dataTransfer);
    };
    window.addEventListener("dragover", hold);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", hold);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return over;
}

function Files() {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (input: HTMLInputElement) => {
    void stageFiles(picked(input.files));
    input.value = "";
  };
  return (
    <div class="dropzone">
      <svg viewBox="0 0 64 40" width="96" height="60" aria-hidden="true">
        <path d="M4 24c7 0 7-16 14-16s7 28 14 28 7-20 14-20 7 8 14 8" />
      </svg>
      <p class="drop-words">Drop videos, recordings, images, folders or archives here</p>
      <p class="row">
        <button onClick={() => files.current?.click()}>Choose files</button>
        <button onClick={() => folder.current?.click()}>Choose a folder</button>
      </p>
      <input
        ref={files}
        class="unseen"
        type="file"
        multiple
        tabIndex={-1}
        aria-label="Files to measure"
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={folder}
        class="unseen"
        type="file"
        tabIndex={-1}
        aria-label="A folder to measure"
        {...{ webkitdirectory: true }}
        onChange={(event) => take(event.currentTarget)}
      />
    </div>
  );
}

interface WrittenProps {
  label: string;
  hint: string;
  action: string;
  rows: number;
  draft: Signal<string>;
  take: (text: string) => void;
}

function Written({ label, hint, action, rows, draft, take }: WrittenProps) {
  const text = draft.value.trim();
  return (
    <form
      class="written"
      onSubmit={(event) => {
        event.preventDefault();
        if (text) take(text);
        draft.value = "";
      }}
    >
      <label>
        {label}
        <textarea rows={rows} value={draft.value} onInput={(event) => (draft.value = event.currentTarget.value)} />
      </label>
      <p class="row">
        <span class="quiet small grow">{hint}</span>
        <button disabled={!text}>{action}</button>
      </p>
    </form>
  );
}

// ── what will be measured

const SHOWN = 200;

function StagedList({ limits }: { limits: api.Limits }) {
  const list = useRef<HTMLUListElement>(null);
  const { length } = staged.value;
  useEffect(() => {
    list.current!.scrollTop = list.current!.scrollHeight; // to what was added last
  }, [length]);
  return (
    <div class="staged">
      <p class="row">
        <span class="grow quiet small">{length === 1 ? "One item" : `${length} items`}</span>
        <button class="bare small" onClick={() => unstage(() => true)}>
          Remove all
        </button>
      </p>
      <ul ref={list}>
        {staged.value.slice(0, SHOWN).map((one) => {
          const why = refusal(one, limits);
          const name = one.kind === "file" ? one.name : one.kind === "url" ? one.url : one.text;
          return (
            <li key={one.id}>
              <span class="staged-name">{name}</span>
              {why ? (
                <span class="error small">{why}</span>
              ) : (
                <span class="quiet small figures">{detail(one)}</span>
              )}
              <button class="bare" aria-label={`Remove ${name.slice(0, 60)}`} onClick={() => unstage(({ id }) => id === one.id)}>
                ×
              </button>
            </li>
          );
        })}
      </ul>
      {length > SHOWN && <p class="quiet small">and {length - SHOWN} more</p>}
    </div>
  );
}

function detail(one: Staged): string {
  if (one.kind === "file") return one.seconds ? `${clock(one.seconds)} · ${megabytes(one.file.size)}` : megabytes(one.file.size);
  return one.kind === "url" ? "fetched by the server" : `${one.text.split(/\s+/).length} words`;
}
