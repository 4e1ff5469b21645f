/** The result of a job, or of an old export: which file of it, and the view that its kind asks for. */

import { useSignal } from "@preact/signals";
import { useLocation, useRoute } from "preact-iso";
import { useEffect, useRef } from "preact/hooks";

import { ApiError } from "../../api";
import { sourceName, type Contents, type Head } from "../../measured/columns";
import type { Media } from "../../measured/media";
import { fileName, resultOf, type Result as Measured } from "../../measured/result";
import type { Told } from "../../measured/worker";
import { about } from "../../parts/clock";
import { followed } from "../../parts/follow";
import { isCancelled, nameOf } from "../../parts/job";
import { MODEL_NAMES, TYPE_NAMES } from "../../parts/names";
import { Drop } from "../../parts/measured/drop";
import type { Job, Problem } from "../../wire";
import { MeshView } from "./meshes";
import { PictureView } from "./pictures";
import { TextView } from "./text";
import { TimedView } from "./timed";
import "../../parts/measured/layout.css";
import "./result.css";

export function Result() {
  const { id = "" } = useRoute().params;
  return id === "export" ? <ExportResult /> : <JobResult key={id} id={id} />;
}

function JobResult({ id }: { id: string }) {
  const job = useSignal<Job | null>(null);
  const result = useSignal<Measured | null>(null);
  const trouble = useSignal("");
  useEffect(() => {
    const ends = new AbortController();
    void (async () => {
      try {
        for await (const now of followed(id, ends.signal)) job.value = now;
        if (job.value?.state.status === "COMPLETED" && !ends.signal.aborted) result.value = await resultOf(job.value);
      } catch (error) {
        const isGone = error instanceof ApiError && error.status === 404;
        trouble.value = isGone ? "There is no such job on this server. It may have been deleted." : (error as Error).message;
      }
    })();
    return () => {
      ends.abort();
      result.value?.opened.close();
    };
  }, [id]);
  useEffect(() => {
    if (result.value) document.title = `${result.value.name} – mien`;
  }, [result.value]);

  if (trouble.value) return <Message title="This result cannot be shown" text={trouble.value} />;
  if (!job.value) return <Message title="Result" text="Opening…" />;
  if (isCancelled(job.value.state)) return <Message title={nameOf(job.value)} text="This job was cancelled." />;
  if (job.value.state.status === "FAILED") return <Message title="This job failed" text={job.value.state.message ?? ""} />;
  if (job.value.state.status !== "COMPLETED") return <Waiting job={job.value} />;
  return result.value ? <Files result={result.value} /> : <Message title={nameOf(job.value)} text="Opening what was measured…" />;
}

function Waiting({ job }: { job: Job }) {
  const { state } = job;
  const since = state.started_timestamp_ms ? (Date.now() - state.started_timestamp_ms) / 1000 : 0;
  return (
    <section class="narrow" aria-busy="true">
      <h1>{nameOf(job)}</h1>
      <p role="status">
        {state.status === "QUEUED"
          ? "Waiting until others have been measured."
          : `Being measured${since > 5 ? `, for ${about(since)}` : ""}. ${state.files_total && state.files_total > 1 ? `${state.files_done} of ${state.files_total} files are done.` : ""}`}
      </p>
      <progress {...(state.files_total && state.files_total > 1 ? { value: state.files_done ?? 0, max: state.files_total } : {})} aria-label="Progress" />
      <p class="quiet">It goes on by itself; this page opens the result when it is there.</p>
    </section>
  );
}

function Message({ title, text }: { title: string; text: string }) {
  return (
    <section class="narrow">
      <h1>{title}</h1>
      <p role="status">{text}</p>
      <p>
        <a href="/library">To the library</a>
      </p>
    </section>
  );
}

/** An export of the retired API, or of another server: it opens like any result. */
function ExportResult() {
  const dropped = useSignal<Measured | null>(null);
  useEffect(() => () => dropped.value?.opened.close(), []);
  if (dropped.value) return <Files result={dropped.value} />;
  return (
    <section class="narrow">
      <h1>Open an export</h1>
      <p>
        A predictions JSON, as this server or the retired API made it, opens like any result. Drop the video, audio or
        images with it to see them too. Nothing is uploaded.
      </p>
      <Drop opened={(found) => (dropped.value = found)} />
    </section>
  );
}

/** Which file is looked at, and its view. */
function Files({ result }: { result: Measured }) {
  const { heads } = result.opened.contents;
  const { query, path, route } = useLocation();
  const number = Math.min(Math.max(0, Number(query.file ?? 0) || 0), heads.length - 1);
  const go = (file: number) => route(`${path}?file=${file}`);
  return (
    <section class="result">
      <header class="result-head">
        <h1 title={result.name}>{result.name}</h1>
        {heads.length > 1 && <FileChooser result={result} number={number} go={go} />}
      </header>
      <Lost contents={result.opened.contents} />
      {heads[number] && <File key={number} result={result} number={number} go={go} start={Number(query.t ?? 0) || 0} />}
    </section>
  );
}

function FileChooser({ result, number, go }: { result: Measured; number: number; go: (file: number) => void }) {
  const { heads, sources } = result.opened.contents;
  return (
    <div class="file-chooser">
      <select aria-label="File" value={number} onChange={(event) => go(Number(event.currentTarget.value))}>
        {sources.map((source, at) => {
          const files = heads.flatMap((head, i) =>
            head.source === at
              ? [
                  <option key={i} value={i}>
                    {fileName(result, head)}
                  </option>,
                ]
              : [],
          );
          // an archive, or texts; a file alone needs no heading of its own name
          return files.length > 1 ? (
            <optgroup key={at} label={sourceName(source)}>
              {files}
            </optgroup>
          ) : (
            files
          );
        })}
      </select>
    </div>
  );
}

/** What went wrong with files and sources that have no view. */
function Lost({ contents: { lost, heads } }: { contents: Contents }) {
  if (!lost.length) return heads.length ? null : <p>Nothing could be measured in this job.</p>;
  return (
    <details class="problems" open={lost.length < 4}>
      <summary>{lost.length === 1 ? "One file could not be measured" : `${lost.length} files could not be measured`}</summary>
      <ul>
        {lost.slice(0, 200).map(({ file, message }, i) => (
          <li key={i}>
            <b>{file}</b>: {message}
          </li>
        ))}
      </ul>
    </details>
  );
}

export interface FileViewProps {
  result: Measured;
  number: number;
  head: Head;
  told: Told;
  media: Media | null;
  /** Seconds at which to begin. */
  start: number;
  go: (file: number) => void;
}

function File({ result, number, go, start }: { result: Measured; number: number; go: (file: number) => void; start: number }) {
  const head = result.opened.contents.heads[number]!;
  const told = useSignal<Told | null>(null);
  const trouble = useSignal("");
  const asked = useRef(true);
  useEffect(() => {
    asked.current = true;
    result.opened.file(number).then(
      (found) => asked.current && (told.value = found),
      (error: Error) => (trouble.value = error.message),
    );
    return () => void (asked.current = false);
  }, []);
  if (trouble.value) return <p class="error">{trouble.value}</p>;
  if (!told.value) return <p class="quiet">Opening {head.file}…</p>;
  const props: FileViewProps = { result, number, head, told: told.value, media: result.mediaOf(head), start, go };
  const View = { video: TimedView, video_no_audio: TimedView, audio: TimedView, text: TextView, image: PictureView, facemesh: MeshView }[head.type];
  return (
    <>
      <Facts head={head} />
      <View {...props} />
    </>
  );
}

function Facts({ head }: { head: Head }) {
  const counts = Object.entries(head.counts) as [keyof typeof MODEL_NAMES, number][];
  return (
    <>
      <p class="facts quiet small">
        {[
          TYPE_NAMES[head.type],
          ...counts.map(([model, count]) => `${MODEL_NAMES[model]} ${count.toLocaleString("en")}`),
          ...(head.language ? [`spoken: ${head.language}`] : []),
        ].join(" · ")}
      </p>
      {[...new Set(head.errors.map(({ message }) => message))].map((message) => (
        <p key={message} class="problem bad">
          <b>{missing(head.errors.filter((error) => error.message === message))}</b>: {message}
        </p>
      ))}
      {head.warnings.map(({ message }, i) => (
        <p key={i} class="problem">
          <b>Note</b>: {message}
        </p>
      ))}
    </>
  );
}

const OR = new Intl.ListFormat("en", { type: "disjunction" });

/** What there is not, for one reason: several models may want the same words. */
function missing(errors: Problem[]): string {
  const names = errors.flatMap(({ model }) => (model ? [MODEL_NAMES[model].toLowerCase()] : []));
  return names.length ? `No ${OR.format(names)}` : "Error";
}
