/** Measure: give it something, say what is to be measured, and see it being done. */

import { useLocation } from "preact-iso";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import * as api from "../../api";
import { usual, type Choice } from "../../models/choice";
import { estimate } from "../../models/estimate";
import { ModelsForm } from "../../models/form";
import { about, clock, megabytes } from "../../parts/clock";
import { notifyError } from "../../parts/notices";
import type { Job } from "../../wire";
import { dropped, duration, picked, type Found } from "./collect";
import { addresses, planned, refusal, type Staged } from "./jobs";
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

let lastId = 0;

export function Measure() {
  const { route } = useLocation();
  const [staged, setStaged] = useState<Staged[]>([]);
  const [choice, setChoice] = useState<Choice | null>(null);
  const [server, setServer] = useState<{ health: api.Health; limits: api.Limits; past: Job[] } | null>(null);
  const [sending, setSending] = useState<{ done: number; stop: () => void } | null>(null);
  const [started, setStarted] = useState<string[]>([]);

  useEffect(() => {
    Promise.all([api.health(), api.limits(), api.jobs({ limit: 100, status: ["COMPLETED"] })])
      .then(([health, limits, past]) => {
        setServer({ health, limits, past });
        setChoice((chosen) => chosen ?? usual(health.engines));
      })
      .catch(notifyError);
  }, []);

  const isSending = sending !== null;
  useEffect(() => {
    if (!isSending) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn); // what has not been sent yet would be lost
    return () => window.removeEventListener("beforeunload", warn);
  }, [isSending]);

  const add = (more: Staged[]) => setStaged((before) => [...before, ...more]);
  const addFiles = async (found: Found[]) => {
    const files = found.map(({ file, path }) => ({ id: ++lastId, kind: "file", name: path, file, seconds: null }) as const);
    add(files);
    for (const one of files) {
      const seconds = await duration(one.file);
      if (seconds) setStaged((now) => now.map((other) => (other.id === one.id ? { ...one, seconds } : other)));
    }
  };

  const limits = server?.limits ?? UNKNOWN;
  const sound = staged.filter((one) => refusal(one, limits) === null);
  const send = async () => {
    if (!choice || !sound.length) return;
    const abort = new AbortController();
    const jobs = planned(sound, choice, limits);
    const all = jobs.reduce((sum, { bytes }) => sum + bytes, 0);
    let sent = 0;
    const show = (done: number) => setSending({ done, stop: () => abort.abort() });
    show(0);
    try {
      for (const { request, uploads, bytes } of jobs) {
        const id = await api.start(request, uploads, (done) => show(all ? (sent + done * bytes) / all : 1), abort.signal);
        sent += bytes;
        setStarted((before) => [id, ...before]);
      }
      setStaged([]);
    } catch (error) {
      notifyError(error);
    } finally {
      setSending(null);
    }
  };

  return (
    <section class="narrow measure">
      <h1>What do you want to understand?</h1>
      <p class="quiet lede">
        A film, a recording, pictures, an archive, or words. All of it stays on this server: nothing is sent anywhere else.
      </p>
      {started.map((id) => (
        <Running key={id} id={id} opens={started.length === 1 && !staged.length} open={(to) => route(`/result/${to}`)} />
      ))}
      <Source add={add} addFiles={addFiles} />
      {staged.length > 0 && (
        <StagedList staged={staged} limits={limits} drop={(id) => setStaged((now) => now.filter((one) => one.id !== id))} clear={() => setStaged([])} />
      )}
      <h2 class="what">What is measured</h2>
      {choice && server ? (
        <ModelsForm choice={choice} change={setChoice} engines={server.health.engines} />
      ) : (
        <p class="quiet">Asking the server what it can measure…</p>
      )}
      <div class="go">
        {sending ? (
          <>
            <div class="grow">
              <label class="small">
                {sending.done < 1 ? `Sending: ${Math.floor(sending.done * 100)} %` : "Stored; the job begins…"}
                <progress value={sending.done} />
              </label>
            </div>
            <button onClick={sending.stop}>Stop sending</button>
          </>
        ) : (
          <>
            <p class="grow quiet small figures">
              <Forecast sound={sound} choice={choice} past={server?.past ?? []} />
            </p>
            <button class="primary" disabled={!sound.length || !choice || !Object.keys(choice.models).length} onClick={send}>
              Measure{sound.length > 1 ? ` ${sound.length} items` : ""}
            </button>
          </>
        )}
      </div>
    </section>
  );
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
      {clock(seconds)} of film or sound: {about(told.seconds)} on this machine
      {told.known ? ", going by earlier jobs" : ", roughly; the first job will tell"}. It runs on when you close this page.
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

function Source({ add, addFiles }: { add: (more: Staged[]) => void; addFiles: (found: Found[]) => Promise<void> }) {
  const [way, setWay] = useState<Way>("files");
  const over = useDrop((transfer) => {
    setWay("files");
    dropped(transfer).then(addFiles).catch(notifyError);
  });
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
        {way === "files" && <Files addFiles={addFiles} />}
        {way === "record" && (
          <Recorder
            keep={({ file, name, seconds }) => add([{ id: ++lastId, kind: "file", name, file, seconds }])}
          />
        )}
        {way === "address" && (
          <Written
            label="URLs of videos, recordings, images or archives"
            hint="One per line. The server fetches them; they must be public."
            action="Add"
            rows={3}
            take={(text) => add(addresses(text).map((url) => ({ id: ++lastId, kind: "url", url })))}
          />
        )}
        {way === "text" && (
          <Written
            label="What somebody wrote or said"
            hint="Words, and names in them, are measured. Several texts, such as reviews: add one after the other."
            action="Add this text"
            rows={6}
            take={(text) => add([{ id: ++lastId, kind: "text", text }])}
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

function Files({ addFiles }: { addFiles: (found: Found[]) => Promise<void> }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (input: HTMLInputElement) => {
    void addFiles(picked(input.files));
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

function Written({ label, hint, action, rows, take }: { label: string; hint: string; action: string; rows: number; take: (text: string) => void }) {
  const [text, setText] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) take(text.trim());
        setText("");
      }}
    >
      <label>
        {label}
        <textarea rows={rows} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <p class="row">
        <span class="quiet small grow">{hint}</span>
        <button disabled={!text.trim()}>{action}</button>
      </p>
    </form>
  );
}

// ── what will be measured

const SHOWN = 200;

function StagedList({ staged, limits, drop, clear }: { staged: Staged[]; limits: api.Limits; drop: (id: number) => void; clear: () => void }) {
  return (
    <div class="staged">
      <p class="row">
        <span class="grow quiet small">{staged.length === 1 ? "One item" : `${staged.length} items`}</span>
        <button class="bare small" onClick={clear}>
          Remove all
        </button>
      </p>
      <ul>
        {staged.slice(0, SHOWN).map((one) => {
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
              <button class="bare" aria-label={`Remove ${name.slice(0, 60)}`} onClick={() => drop(one.id)}>
                ×
              </button>
            </li>
          );
        })}
      </ul>
      {staged.length > SHOWN && <p class="quiet small">and {staged.length - SHOWN} more</p>}
    </div>
  );
}

function detail(one: Staged): string {
  if (one.kind === "file") return one.seconds ? `${clock(one.seconds)} · ${megabytes(one.file.size)}` : megabytes(one.file.size);
  return one.kind === "url" ? "fetched by the server" : `${one.text.split(/\s+/).length} words`;
}
