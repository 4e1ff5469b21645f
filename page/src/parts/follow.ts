/** A job that is looked at again and again while it goes on. */

import { job } from "../api";
import type { Job, Status } from "../wire";

const EVERY_MS = 1000;

export const runs = (status: Status) => status === "QUEUED" || status === "IN_PROGRESS";

/** The job as it is now, and again until it has ended or nobody wants to know. Throws what `job` throws. */
export async function* followed(id: string, stop: AbortSignal): AsyncGenerator<Job> {
  for (;;) {
    const found = await job(id);
    if (stop.aborted) return;
    yield found;
    if (!runs(found.state.status)) return;
    await new Promise((rested) => setTimeout(rested, EVERY_MS));
    if (stop.aborted) return;
  }
}
