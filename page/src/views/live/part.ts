/** One thing that is measured live: how fast it goes, and what is wrong with it. */

import { signal } from "@preact/signals";

import { ApiError } from "../../api";
import type { Answer, Channel } from "./channel";
import { Middle, Pace, pump, Rate, type Shot } from "./pump";
import { ENGINE_MISSING, type PredictionOf, type StreamModel } from "./stream";

export interface Speed {
  perSecond: number;
  /** There and back. */
  ms: number;
  /** Of that, in the server. */
  serverMs: number | null;
}

/** Why there is no answer; `over` when there will be none. */
export interface Trouble {
  text: string;
  over: boolean;
}

export interface Measuring<M extends StreamModel, T> {
  take: () => Shot<T> | null;
  /** Gets what was found, and whether it is the first answer of a connection. */
  found: (predictions: PredictionOf[M][], about: T, first: boolean) => void;
  /** There is no engine; true when it is worth trying in another way. */
  missing?: () => boolean;
  /** True when an error of the server has been dealt with. */
  refused?: (error: { error: string; code: string }) => boolean;
}

export class Part {
  /** Told once, and taken back with the next answer. */
  readonly trouble = signal<Trouble | null>(null);
  private rate = new Rate();
  private whole = new Middle();
  private server = new Middle();

  constructor(
    /** Milliseconds between two messages on a machine that could do more. */
    private readonly fastest: number,
  ) {}

  /** Measure what is taken until the signal says stop, or nothing will come of it. The channel is closed then. */
  async measure<M extends StreamModel, T>(channel: Channel<M>, how: Measuring<M, T>, stop: AbortSignal): Promise<void> {
    this.forget();
    stop.addEventListener("abort", () => {
      channel.close();
      this.forget();
    });
    const answered = ({ reply, ms, first }: Answer<PredictionOf[M]>, about: T) => {
      if ("error" in reply) {
        if (how.refused?.(reply)) return true;
        const missing = reply.code === ENGINE_MISSING;
        if (missing && how.missing?.()) return true;
        this.tell({ text: reply.error, over: missing });
        return !missing;
      }
      this.rate.count(performance.now());
      this.whole.add(ms);
      if (reply.serverMs !== null) this.server.add(reply.serverMs);
      this.tell(null);
      how.found(reply.found, about, first);
      return true;
    };
    const failed = (error: Error) => {
      // who gave no key is not asked again and again
      const over = error instanceof ApiError && error.status >= 400 && error.status < 500;
      this.tell({ text: error.message, over });
      return !over;
    };
    await pump({ channel, pace: new Pace(this.fastest), take: how.take, answered, failed }, stop);
    channel.close();
  }

  /** How fast it goes; null before the first answer. */
  get speed(): Speed | null {
    if (this.whole.value === null) return null;
    return { perSecond: this.rate.perSecond(performance.now()), ms: this.whole.value, serverMs: this.server.value };
  }

  private tell(trouble: Trouble | null): void {
    if (this.trouble.value?.text !== trouble?.text) this.trouble.value = trouble;
  }

  private forget(): void {
    this.rate = new Rate();
    this.whole = new Middle();
    this.server = new Middle();
    this.trouble.value = null;
  }
}
