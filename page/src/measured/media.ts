/** The films, sounds and pictures beside a result. */

import * as api from "../api";

export interface Media extends api.Media {
  /** It lies on this machine, and no server knows it. */
  local?: boolean;
}

/** What the server still keeps of a job, ready to be shown. */
export async function mediaOf(job: string): Promise<Media[]> {
  if (Date.now() - opened > RENEWED) {
    await api.openMedia();
    opened = Date.now();
  }
  return api.media(job);
}

/** Well within the hour that it holds. */
const RENEWED = 20 * 60_000;
let opened = -Infinity;

/** The waveform; null where there is none to draw. */
export async function peaksOf({ path, local }: Media): Promise<Int8Array | null> {
  try {
    return local ? null : await api.peaks(path);
  } catch (error) {
    if (error instanceof api.ApiError) return null; // no sound in it, or deleted since
    throw error;
  }
}
