/** What is told of a whole track: what was highest, how it spreads, and when it stood out. */

import { scoreAt, topOf, type Table, type Track } from "./columns";

export interface Spread {
  name: string;
  mean: number;
  /** The tenth, half and nine tenths of all scores lie below these. */
  low: number;
  median: number;
  high: number;
  /** Share of the rows in which this name comes first. */
  first: number;
}

/** Every name of a table, the highest mean first. */
export function spreads(table: Table): Spread[] {
  const width = table.names.length;
  const rows = width ? table.values.length / width : 0;
  const firsts = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    const [top] = topOf(table, row, 1);
    if (top !== undefined) firsts[top]! += 1;
  }
  return table.names
    .map((name, i) => {
      const column = new Float32Array(rows);
      for (let row = 0; row < rows; row++) column[row] = table.values[row * width + i]!;
      const sorted = column.filter((value) => !Number.isNaN(value)).sort();
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
      const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
      return { name, mean, low: at(0.1), median: at(0.5), high: at(0.9), first: rows ? firsts[i]! / rows : 0 };
    })
    .filter(({ mean }) => !Number.isNaN(mean))
    .sort((a, b) => b.mean - a.mean);
}

export interface Moment {
  /** Number of the track, and of the row in it. */
  track: number;
  row: number;
  time: number;
  name: string;
  score: number;
  /** How far the score lies above its mean in this track; never less than `LEAST`. */
  rise: number;
}

/** A smaller rise stands out from nothing. */
const LEAST = 0.05;

/**
 * The moments at which a score stands furthest above what is usual for this name, person and model: the highest
 * first, none within `apart` seconds of a higher one.
 */
export function moments(tracks: Track[], count: number, apart: number): Moment[] {
  const found: Moment[] = [];
  tracks.forEach((track, number) => {
    const { names, values } = track.emotions;
    const usual = means(track.emotions);
    for (let row = 0; row < track.rows; row++) {
      let best = -1;
      let rise = LEAST;
      for (let i = 0; i < names.length; i++) {
        const above = values[row * names.length + i]! - usual[i]!;
        if (above > rise) [best, rise] = [i, above];
      }
      const time = track.begin[row]!;
      if (best >= 0 && time >= 0)
        found.push({ track: number, row, time, name: names[best]!, score: scoreAt(track.emotions, row, best), rise });
    }
  });
  const chosen: Moment[] = [];
  for (const one of found.sort((a, b) => b.rise - a.rise)) {
    if (chosen.length === count) break;
    if (chosen.every(({ time }) => Math.abs(time - one.time) >= apart)) chosen.push(one);
  }
  return chosen;
}

function means({ names, values }: Table): Float64Array {
  const sums = new Float64Array(names.length);
  const counts = new Float64Array(names.length);
  values.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    sums[at % names.length]! += value;
    counts[at % names.length]! += 1;
  });
  return sums.map((sum, i) => sum / counts[i]!);
}

/** Sentiment as one number, 1 (most negative) to 9: the mean of the nine shares. */
export function sentimentOf(table: Table, row: number): number {
  const width = table.names.length;
  let sum = 0;
  let weighed = 0;
  for (let i = 0; i < width; i++) {
    const share = table.values[row * width + i]!;
    sum += share;
    weighed += share * Number(table.names[i]);
  }
  return weighed / sum;
}
