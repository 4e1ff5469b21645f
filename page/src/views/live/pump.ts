/** Keeps a channel busy with the newest there is, as fast as the machine manages and no faster. */

import type { Answer, Channel } from "./channel";
import type { Message, PredictionOf, StreamModel } from "./stream";

/** Something to be measured, and what is to be known of it once it is. */
export interface Shot<T> {
  message: Message;
  about: T;
}

/** How far apart messages are sent: at most `BUSY` of the time one is under way, so that there is breath left. */
export class Pace {
  /** The last few. The quickest of them counts: what was slow once, as when an engine was loaded, slows nothing down. */
  private last: number[] = [];

  constructor(
    /** Milliseconds between two messages on a machine that could do more. */
    private readonly fastest: number,
  ) {}

  took(ms: number): void {
    this.last = [...this.last.slice(1 - FEW), ms];
  }

  get interval(): number {
    return Math.max(this.fastest, this.last.length ? Math.min(...this.last) / BUSY : 0);
  }
}

const BUSY = 0.75;
const FEW = 3;
/** Where there is nothing to send yet. */
const NOTHING_YET_MS = 25;
/** After a failure, doubled up to the last. */
const AGAIN_MS = 500;
const AGAIN_MOST_MS = 8000;

export interface Pumped<M extends StreamModel, T> {
  channel: Channel<M>;
  pace: Pace;
  /** The newest there is, taken when the channel is free; null where there is nothing. */
  take: () => Shot<T> | null;
  /** Gets every answer; false ends the pump. */
  answered: (answer: Answer<PredictionOf[M]>, about: T) => boolean;
  /** Hears why no answer came; false ends the pump. */
  failed: (error: Error) => boolean;
}

/** Send until the signal says stop. */
export async function pump<M extends StreamModel, T>(how: Pumped<M, T>, signal: AbortSignal): Promise<void> {
  const { channel, pace } = how;
  let failures = 0;
  while (!signal.aborted) {
    const begun = performance.now();
    const shot = how.take();
    if (!shot) {
      await sleep(NOTHING_YET_MS);
      continue;
    }
    try {
      const answer = await channel.ask(shot.message);
      if (signal.aborted) return;
      failures = 0;
      pace.took(answer.ms);
      if (!how.answered(answer, shot.about)) return;
      await sleep(begun + pace.interval - performance.now());
    } catch (error) {
      if (signal.aborted) return;
      if (!how.failed(error as Error)) return;
      await sleep(Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** failures++));
    }
  }
}

/** How often something has happened lately. */
export class Rate {
  private times: number[] = [];

  count(now: number): void {
    this.times.push(now);
    this.forget(now);
  }

  /** A second, over the last three. */
  perSecond(now: number): number {
    this.forget(now);
    return this.times.length / 3;
  }

  private forget(now: number): void {
    while (this.times.length && this.times[0]! < now - 3000) this.times.shift();
  }
}

/** The middle of the last values, which single slow ones do not move. */
export class Middle {
  private values: number[] = [];

  add(value: number): void {
    this.values.push(value);
    if (this.values.length > 15) this.values.shift();
  }

  get value(): number | null {
    return [...this.values].sort((a, b) => a - b)[this.values.length >> 1] ?? null;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
