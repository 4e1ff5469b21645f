/** The films, sounds and pictures of a job, where the server still keeps them. */

import { ApiError, fetched, json } from "../api";

export interface Original {
  source: number;
  /** As predictions name it. */
  file: string;
  /** Where it can be had. */
  path: string;
  /** Lies on this machine, and no server knows it. */
  local?: boolean;
}

export async function originals(job: string): Promise<Original[]> {
  await ticket();
  return json(`/mien/jobs/${encodeURIComponent(job)}/media`);
}

/** The waveform: pairs of lowest and highest sample, -127 to 127; null where there is no sound to draw. */
export async function peaks({ path }: Original): Promise<Int8Array | null> {
  try {
    return new Int8Array(await (await fetched(`${path}/peaks`)).arrayBuffer());
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return null;
    throw error;
  }
}

/** Trade the key for a cookie with which the browser fetches media by itself. It holds for an hour. */
async function ticket(): Promise<void> {
  if (Date.now() - given < RENEWED) return;
  await fetched("/mien/ticket", { method: "POST" });
  given = Date.now();
}

const RENEWED = 30 * 60_000;
let given = -Infinity;
