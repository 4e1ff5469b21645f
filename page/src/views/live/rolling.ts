/** The last minute of one kind of expression, and what stands out in it. */

import type { Score } from "../../wire";

export type Scores = Record<string, number>;

export function byName(scores: Score[]): Scores {
  return Object.fromEntries(scores.map(({ name, score }) => [name, score]));
}

/** The names with the highest scores, first the highest. */
export function highest(scores: Score[], count: number): Score[] {
  return [...scores].sort((a, b) => b.score - a.score).slice(0, count);
}

/** A newcomer has to be so much stronger than the one whose place it takes: legends that flicker cannot be read. */
const STRONGER = 1.2;

/** Seconds without an answer after which a line is broken. */
const BREAK = 3;

export class Rolling {
  private times: number[] = [];
  private rows: (Scores | null)[] = [];
  private shown: string[] = [];

  constructor(readonly seconds: number) {}

  /** Add what was measured at a time; null where there was nothing to measure, which breaks the line. */
  push(time: number, scores: Scores | null): void {
    const last = this.times.at(-1);
    if (last !== undefined && time <= last) return; // an answer that was overtaken
    if (scores === null && this.rows.at(-1) === null) {
      this.times[this.times.length - 1] = time; // silence is one gap, however long
      return;
    }
    if (last !== undefined && scores && this.rows.at(-1) && time - last > BREAK) {
      this.times.push(last + 0.001); // nobody knows what was in between
      this.rows.push(null);
    }
    this.times.push(time);
    this.rows.push(scores);
    const old = this.times.findIndex((one) => one >= time - this.seconds);
    if (old > 60) {
      // not row by row: arrays are moved as a whole
      this.times.splice(0, old - 1);
      this.rows.splice(0, old - 1);
    }
  }

  get latest(): Scores | null {
    return this.rows.at(-1) ?? null;
  }

  /** When the last of it was measured; minus infinity while there is nothing. */
  get end(): number {
    return this.times.at(-1) ?? -Infinity;
  }

  /** Times, and for each name its scores, as plots want them. */
  columns(names: string[]): [number[], ...(number | null)[][]] {
    return [this.times, ...names.map((name) => this.rows.map((row) => row?.[name] ?? null))];
  }

  /** The names that are strongest on average over the last seconds, first the strongest. */
  strongest(count: number, seconds: number): string[] {
    const sums = this.sums(seconds);
    return [...sums.keys()].sort((a, b) => sums.get(b)! - sums.get(a)!).slice(0, count);
  }

  /** As `strongest`, but in places that stay: whoever is shown goes only for somebody much stronger. */
  steady(count: number, seconds: number): string[] {
    const sums = this.sums(seconds);
    const strength = (name: string) => sums.get(name) ?? 0;
    const names = [...sums.keys()].sort((a, b) => strength(b) - strength(a));
    this.shown = this.shown.filter((name) => sums.has(name)).slice(0, count);
    for (const name of names.slice(0, count)) {
      if (this.shown.includes(name)) continue;
      if (this.shown.length < count) {
        this.shown.push(name);
        continue;
      }
      const weakest = this.shown.reduce((a, b) => (strength(a) <= strength(b) ? a : b));
      if (strength(name) > strength(weakest) * STRONGER) this.shown[this.shown.indexOf(weakest)] = name;
    }
    return [...this.shown];
  }

  clear(): void {
    this.times = [];
    this.rows = [];
    this.shown = [];
  }

  private sums(seconds: number): Map<string, number> {
    const sums = new Map<string, number>();
    for (let i = this.rows.length - 1; i >= 0 && this.times[i]! > this.end - seconds; i--) {
      for (const [name, score] of Object.entries(this.rows[i] ?? {})) sums.set(name, (sums.get(name) ?? 0) + score);
    }
    return sums;
  }
}

/** A vocal burst on the clock of the view. */
export interface Marked {
  begin: number;
  end: number;
  scores: Score[];
}

/** Bursts as windows that overlap find them: what is found twice is one. */
export class Marks {
  marks: Marked[] = [];

  constructor(readonly seconds: number) {}

  add(found: Marked, now: number): void {
    const same = this.marks.find((mark) => mark.begin < found.end && found.begin < mark.end);
    if (same) {
      same.begin = Math.min(same.begin, found.begin);
      same.end = Math.max(same.end, found.end);
      if (peak(found) > peak(same)) same.scores = found.scores;
    } else {
      this.marks.push(found);
    }
    this.marks = this.marks.filter((mark) => mark.end > now - this.seconds);
  }

  clear(): void {
    this.marks = [];
  }
}

const peak = (mark: Marked) => Math.max(0, ...mark.scores.map(({ score }) => score));
