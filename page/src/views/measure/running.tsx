/** A job that was just started: how far it is, and its result when it is there. */

import { useEffect, useState } from "preact/hooks";

import { ApiError } from "../../api";
import { timeLeft } from "../../models/estimate";
import { about } from "../../parts/clock";
import { followed, runs } from "../../parts/follow";
import { isCancelled, nameOf } from "../../parts/job";
import { Trouble } from "../../parts/trouble";
import type { Job } from "../../wire";
import { seen } from "./kept";

/** `opens`: the result is shown as soon as it is there, since nothing else is being prepared. */
export function Running({ id, opens, open }: { id: string; opens: boolean; open: (id: string) => void }) {
  const [job, setJob] = useState<Job | null>(null);
  const [trouble, setTrouble] = useState<Error | null>(null);
  const [tries, setTries] = useState(0);
  const status = job?.state.status;
  const isGone = trouble instanceof ApiError && trouble.status === 404;
  const ended = isGone || (status !== undefined && !runs(status));

  useEffect(() => {
    const ends = new AbortController();
    void (async () => {
      try {
        setTrouble(null);
        for await (const now of followed(id, ends.signal)) setJob(now);
      } catch (error) {
        setTrouble(error as Error);
      }
    })();
    return () => ends.abort();
  }, [id, tries]);

  useEffect(() => {
    if (status === "COMPLETED" && opens) open(id);
  }, [status, opens, id, open]);

  useEffect(() => {
    if (ended) return () => seen(id);
  }, [ended]);

  return (
    <div class="panel running" role="status">
      <div class="row">
        <strong class="grow running-name">{job ? nameOf(job) : "A job"}</strong>
        {status === "COMPLETED" ? (
          <a class="button primary" href={`/result/${id}`}>
            Open the result
          </a>
        ) : (
          <a href="/library">In the library</a>
        )}
      </div>
      {isGone ? (
        <p class="quiet small">It was deleted.</p>
      ) : trouble ? (
        <Trouble text={trouble.message} again={() => setTries(tries + 1)} />
      ) : (
        <HowFar job={job} />
      )}
    </div>
  );
}

function HowFar({ job }: { job: Job | null }) {
  const left = job && timeLeft(job, Date.now());
  switch (job?.state.status) {
    case "COMPLETED":
      return <p class="quiet small">Done.</p>;
    case "FAILED":
      return isCancelled(job.state) ? <p class="quiet small">It was cancelled.</p> : <p class="error small">It failed: {job.state.message}</p>;
    default:
      return (
        <>
          <progress {...(job?.state.progress ? { value: job.state.progress } : {})} aria-label="Progress" />
          <p class="quiet small">
            {job?.state.status !== "IN_PROGRESS" ? "Waiting for its turn. " : left ? `${about(left)} left. ` : "Being measured. "}
            It runs on when you close this page.
          </p>
        </>
      );
  }
}
