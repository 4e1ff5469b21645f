/** A job that was just started: how far it is, and its result when it is there. */

import { useEffect, useState } from "preact/hooks";

import * as api from "../../api";
import { timeLeft } from "../../models/estimate";
import { about } from "../../parts/clock";
import { nameOf } from "../../parts/job";
import { notifyError } from "../../parts/notices";
import type { Job } from "../../wire";

const POLL_MS = 1000;

/** `opens`: the result is shown as soon as it is there, since nothing else is being prepared. */
export function Running({ id, opens, open }: { id: string; opens: boolean; open: (id: string) => void }) {
  const [job, setJob] = useState<Job | null>(null);
  const status = job?.state.status;
  const ended = status === "COMPLETED" || status === "FAILED";

  useEffect(() => {
    if (ended) return;
    const look = () => api.job(id).then(setJob, notifyError);
    void look();
    const timer = setInterval(look, POLL_MS);
    return () => clearInterval(timer);
  }, [id, ended]);

  useEffect(() => {
    if (status === "COMPLETED" && opens) open(id);
  }, [status, opens, id, open]);

  const left = job && timeLeft(job, Date.now());
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
      {!ended && <progress {...(job?.state.progress ? { value: job.state.progress } : {})} aria-label="Progress" />}
      <p class="quiet small">
        {status === undefined || status === "QUEUED" ? "Waiting for its turn. It runs on when you close this page." : null}
        {status === "IN_PROGRESS" && (left ? `${about(left)} left. ` : "Being measured. ")}
        {status === "IN_PROGRESS" && "It runs on when you close this page."}
        {status === "COMPLETED" && "Done."}
        {status === "FAILED" && <span class="error">It failed: {job?.state.message}</span>}
      </p>
    </div>
  );
}
