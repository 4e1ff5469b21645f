/** How long measuring will take on this server: by what earlier jobs took, or else by a guess. */

import type { Job, Model } from "../wire";
import type { Choice } from "./choice";

/**
 * Seconds of work for a second of film or sound on one core of a common server, rounded up. They serve until a
 * first job of the like has been measured here, and the page says that they are rough.
 */
const GUESSES: Record<Model | "transcription", number> = {
  face: 0.3,
  prosody: 0.02,
  burst: 0.02,
  language: 0.01,
  ner: 0.01,
  facemesh: 0,
  transcription: 0.3,
};

export interface Estimate {
  seconds: number;
  /** Whether it rests on jobs that were measured here. */
  known: boolean;
}

/** For so many seconds of media; null where that is not known. */
export function estimate(media: number, choice: Choice, past: readonly Job[]): Estimate | null {
  const names = Object.keys(choice.models) as Model[];
  if (!media || !names.length) return null;
  const alike = past.filter((job) => job.state.media_seconds && likeness(job) === likenessOf(names, choice.transcription));
  const measured = sum(alike.map((job) => job.state.media_seconds!));
  if (measured >= 10) {
    // shorter ones tell more about opening files than about measuring them
    return { seconds: (media * sum(alike.map((job) => job.state.work_seconds!))) / measured, known: true };
  }
  const parts: (keyof typeof GUESSES)[] = needsWords(names, choice.transcription) ? [...names, "transcription"] : names;
  return { seconds: media * sum(parts.map((part) => GUESSES[part])), known: false };
}

function likeness(job: Job): string {
  return likenessOf(Object.keys(job.request.models) as Model[], job.request.transcription);
}

/** Jobs of one likeness take about as long for a second: the same models, with or without words. */
function likenessOf(names: readonly Model[], transcription: object | null | undefined): string {
  return [...names].sort().join() + (needsWords(names, transcription) ? "+words" : "");
}

function needsWords(names: readonly Model[], transcription: object | null | undefined): boolean {
  return transcription !== null && names.some((name) => ["prosody", "language", "ner"].includes(name));
}

/** Seconds that a job which runs may still take; null where it cannot be told yet. */
export function timeLeft(job: Job, now: number): number | null {
  const { status, progress = 0, started_timestamp_ms: started } = job.state;
  if (status !== "IN_PROGRESS" || started === undefined || progress < 0.02) return null;
  const ran = Math.max(0, now - started) / 1000;
  return ran < 1 ? null : (ran * (1 - progress)) / progress;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
