/** Library: every job, how far it is, and what can be done with it. */

import { useEffect, useRef, useState } from "preact/hooks";

import * as api from "../../api";
import type { Choice } from "../../models/choice";
import { timeLeft } from "../../models/estimate";
import { ModelsForm } from "../../models/form";
import { about, clock } from "../../parts/clock";
import { Ask } from "../../parts/ask";
import { save } from "../../parts/save";
import { runs } from "../../parts/follow";
import { isCancelled, nameOf } from "../../parts/job";
import { MODEL_NAMES } from "../../parts/names";
import { notify, notifyError } from "../../parts/notices";
import { Trouble } from "../../parts/trouble";
import type { ListedJob, Model, Status } from "../../wire";
import { day } from "./words";
import "./library.css";

const PAGE = 40;
const POLL_MS = 1500;
const TYPED_MS = 250;

const FILTERS: [string, Status[]][] = [
  ["All", []],
  ["Running", ["QUEUED", "IN_PROGRESS"]],
  ["Done", ["COMPLETED"]],
  ["Failed", ["FAILED"]],
];

export function Library() {
  const [words, setWords] = useState("");
  const [filter, setFilter] = useState(0);
  const [shown, setShown] = useState(PAGE);
  const { jobs, trouble, reload } = useJobs(words, FILTERS[filter]![1], shown);

  return (
    <section class="narrow library">
      <div class="row">
        <h1 class="grow">Library</h1>
        <a class="button" href="/">
          Measure something
        </a>
      </div>
      <div class="row tools">
        <input
          type="search"
          class="search"
          aria-label="Search in file names, URLs and texts"
          placeholder="Search in names, URLs, texts"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <div class="row filters" role="group" aria-label="State">
          {FILTERS.map(([name], i) => (
            <button key={name} aria-pressed={filter === i} onClick={() => setFilter(i)}>
              {name}
            </button>
          ))}
        </div>
      </div>
      {trouble && <Trouble text={trouble} again={reload} />}
      {jobs === null ? (
        !trouble && <p class="quiet">Looking…</p>
      ) : jobs.length ? (
        <ul class="jobs">
          {jobs.map((job) => (
            <Row key={job.job_id} job={job} changed={reload} />
          ))}
        </ul>
      ) : (
        <p class="empty quiet">{words || filter ? "No job is like that." : "Nothing has been measured yet."}</p>
      )}
      {jobs?.length === shown && <button onClick={() => setShown(shown + PAGE)}>Show earlier ones</button>}
    </section>
  );
}

/** The jobs that are asked for, looked up again and again while some of them run. */
function useJobs(words: string, status: Status[], limit: number) {
  const [jobs, setJobs] = useState<ListedJob[] | null>(null);
  const [trouble, setTrouble] = useState("");
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let current = true;
    const look = async () => {
      try {
        const found = await api.jobs({ search: words, status, limit });
        if (!current) return;
        setJobs(found);
        setTrouble("");
        if (found.some(({ state }) => runs(state.status))) next();
      } catch (error) {
        if (current) setTrouble((error as Error).message);
      }
    };
    const next = () => (timer = setTimeout(() => (document.hidden ? next() : void look()), POLL_MS));
    timer = setTimeout(look, words ? TYPED_MS : 0);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [words, status, limit, asked]);

  return { jobs, trouble, reload: () => setAsked((times) => times + 1) };
}

function Row({ job, changed }: { job: ListedJob; changed: () => void }) {
  const { status } = job.state;
  const id = job.job_id;
  const [asking, setAsking] = useState<"delete" | "again" | null>(null);
  const name = nameOf(job);
  const act = (what: Promise<unknown>, said: string) =>
    what.then(() => {
      notify(said);
      changed();
    }, notifyError);
  return (
    <li class="job">
      <div class="job-what">
        {status === "COMPLETED" ? (
          <a class="job-name" href={`/result/${id}`}>
            {name}
          </a>
        ) : (
          <span class="job-name">{name}</span>
        )}
        <p class="quiet small">
          {Object.keys(job.request.models)
            .map((model) => MODEL_NAMES[model as Model])
            .join(" · ")}
        </p>
      </div>
      <JobState job={job} />
      <div class="row job-actions">
        {status === "COMPLETED" && <Downloads job={job} />}
        {runs(status) && (
          <button onClick={() => act(api.cancel(id), "Cancelled.")}>
            Cancel<span class="unseen"> {name}</span>
          </button>
        )}
        <button onClick={() => setAsking("again")}>
          Measure again<span class="unseen"> {name}</span>
        </button>
        <button class="bare danger" onClick={() => setAsking("delete")}>
          Delete<span class="unseen"> {name}</span>
        </button>
      </div>
      {asking === "delete" && (
        <Ask
          title="Delete this job?"
          action="Delete"
          danger
          close={() => setAsking(null)}
          agreed={() => act(api.remove(id), "Deleted.")}
        >
          <p>
            {name}: its results and the media that were measured are deleted from this server. They cannot be brought back.
          </p>
        </Ask>
      )}
      {asking === "again" && <Again job={job} close={() => setAsking(null)} changed={changed} />}
    </li>
  );
}

function JobState({ job }: { job: ListedJob }) {
  const { state } = job;
  const left = timeLeft(job, Date.now());
  switch (state.status) {
    case "QUEUED":
      return (
        <div class="job-state small">
          <span>Waiting</span>
          <span class="quiet">since {day(state.created_timestamp_ms)}</span>
        </div>
      );
    case "IN_PROGRESS":
      return (
        <div class="job-state small figures">
          <span>
            {Math.floor((state.progress ?? 0) * 100)} %{left ? `, ${about(left)} left` : ""}
          </span>
          <progress {...(state.progress ? { value: state.progress } : {})} aria-label="Progress" />
          {(state.files_total ?? 1) > 1 && (
            <span class="quiet">
              {state.files_done} of {state.files_total} files
            </span>
          )}
        </div>
      );
    case "COMPLETED":
      return (
        <div class="job-state small figures">
          <span>{day(state.ended_timestamp_ms!)}</span>
          <span class="quiet">
            {counted(job)}
            {state.media_seconds ? `, ${clock(state.media_seconds)}` : ""}
          </span>
          {Boolean(state.num_errors) && (
            <span class="warned">{state.num_errors === 1 ? "1 problem" : `${state.num_errors} problems`}</span>
          )}
        </div>
      );
    case "FAILED":
      return (
        <div class="job-state small">
          <span>{day(state.ended_timestamp_ms!)}</span>
          {isCancelled(state) ? <span class="quiet">Cancelled</span> : <span class="error">Failed: {state.message}</span>}
        </div>
      );
  }
}

function counted(job: ListedJob): string {
  const found = job.state.num_predictions ?? 0;
  const what = found && found === job.num_texts ? "text" : "file";
  return `${found} ${what}${found === 1 ? "" : "s"}`;
}

function Downloads({ job }: { job: ListedJob }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const id = job.job_id;
  const name = nameOf(job).replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 60);
  const fetch = (path: string, as: string) => async () => {
    menu.current?.removeAttribute("open");
    try {
      save(await (await api.fetched(path)).blob(), as);
    } catch (error) {
      notifyError(error);
    }
  };
  return (
    <details class="menu" ref={menu}>
      <summary class="button">
        Download<span class="unseen"> {nameOf(job)}</span>
      </summary>
      <div class="menu-body">
        <button class="bare" onClick={fetch(`/v0/batch/jobs/${id}/predictions`, `${name}.json`)}>
          Everything (JSON)
        </button>
        {Object.keys(job.request.models).map((model) => (
          <button key={model} class="bare" onClick={fetch(`/mien/jobs/${id}/tables/${model}`, `${name}.${model}.csv`)}>
            {MODEL_NAMES[model as Model]} (CSV)
          </button>
        ))}
        <button class="bare" onClick={fetch(`/v0/batch/jobs/${id}/artifacts`, `${name}.zip`)}>
          Tables and faces, file by file (ZIP)
        </button>
      </div>
    </details>
  );
}

/** The same sources, measured with other options: begins with those that the job had. */
function Again({ job, close, changed }: { job: ListedJob; close: () => void; changed: () => void }) {
  const [choice, setChoice] = useState<Choice>({
    models: job.request.models,
    transcription: job.request.transcription ?? null,
  });
  const [engines, setEngines] = useState<Record<string, string>>({});
  useEffect(() => {
    api.health().then((health) => setEngines(health.engines), notifyError);
  }, []);
  return (
    <Ask
      title={`Measure again: ${nameOf(job)}`}
      action="Measure again"
      wide
      disabled={!Object.keys(choice.models).length}
      close={close}
      agreed={() =>
        api.again(job.job_id, choice).then(() => {
          notify("A new job has begun with the same files.");
          changed();
        }, notifyError)
      }
    >
      <ModelsForm choice={choice} change={setChoice} engines={engines} />
    </Ask>
  );
}
