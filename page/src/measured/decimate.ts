/** Lines that keep their peaks with few points: what a plot of a thousand pixels needs of an hour. */

import type { Table, Track } from "./columns";
import { rowsBetween } from "./search";

/** Times, and for each of the names its values; null where a line breaks. */
export type Lines = [number[], ...(number | null)[][]];

/**
 * The lines of some names between two times, in about as many buckets as asked for: of each the lowest and the
 * highest value in the order in which they came, so that no peak is lost. Zoomed in, every row is there.
 *
 * A stretch of speech is drawn from its begin to its end. A line breaks where nothing was seen for longer than `gap` seconds. Where several rows begin at once (faces that
 * were not told apart) the highest of them counts.
 */
export function linesOf(track: Track, names: number[], from: number, to: number, buckets: number, gap: number): Lines {
  const [first, last] = rowsBetween(track, from, to);
  const until = Math.min(track.rows, last + 1); // one further, so that lines leave the picture
  const lines: Lines = [[], ...names.map((): (number | null)[] => [])];
  const put = (time: number, values: (number | null)[]) => {
    lines[0].push(time);
    values.forEach((value, i) => (lines[i + 1] as (number | null)[]).push(value));
  };
  const width = until - first > 2 * buckets ? (to - from) / buckets : 0;
  let before = NaN;
  for (let row = first; row < until; ) {
    const begin = track.begin[row]!;
    if (begin - before > gap) put((begin + before) / 2, names.map(() => null));
    let next = row + 1;
    while (next < until && track.begin[next]! <= (width ? bucketEnd(begin, from, width) : begin)) next++;
    const time = middle(track, row);
    if (!width && isStretch(track, row)) {
      const values = names.map((name) => highest(track.emotions, name, row, row + 1));
      put(begin, values);
      put(track.end[row]!, values);
    } else if (width && next - row > 1) {
      const later = middle(track, next - 1);
      const pairs = names.map((name) => extremes(track.emotions, name, row, next));
      put(time, pairs.map(([one]) => one));
      if (later > time) put(later, pairs.map(([, other]) => other));
    } else put(time, names.map((name) => highest(track.emotions, name, row, next)));
    before = track.end[next - 1]! > track.begin[next - 1]! ? track.end[next - 1]! : track.begin[next - 1]!;
    row = next;
  }
  return lines;
}

function bucketEnd(time: number, from: number, width: number): number {
  return from + (Math.floor((time - from) / width) + 1) * width - 1e-9;
}

/** Whether a value holds for a while, and nothing else meanwhile: it is drawn as long as it lasts. */
function isStretch({ box, begin, end, rows }: Track, row: number): boolean {
  const isAlone = (one: number, next: number) => one < 0 || next >= rows || end[one]! <= begin[next]! + 1e-6;
  return !box && end[row]! > begin[row]! && isAlone(row - 1, row) && isAlone(row, row + 1);
}

/** Where a row's value stands on the axis: a frame at its time, a stretch in its middle. */
function middle(track: Track, row: number): number {
  return track.box ? track.begin[row]! : (track.begin[row]! + track.end[row]!) / 2;
}

function extremes({ names, values }: Table, name: number, from: number, to: number): [number | null, number | null] {
  let low = -1;
  let high = -1;
  for (let row = from; row < to; row++) {
    const value = values[row * names.length + name]!;
    if (Number.isNaN(value)) continue;
    if (low < 0 || value < values[low * names.length + name]!) low = row;
    if (high < 0 || value > values[high * names.length + name]!) high = row;
  }
  if (low < 0) return [null, null];
  const [one, other] = low < high ? [low, high] : [high, low];
  return [values[one * names.length + name]!, values[other * names.length + name]!];
}

function highest({ names, values }: Table, name: number, from: number, to: number): number | null {
  let high: number | null = null;
  for (let row = from; row < to; row++) {
    const value = values[row * names.length + name]!;
    if (!Number.isNaN(value) && (high === null || value > high)) high = value;
  }
  return high;
}
