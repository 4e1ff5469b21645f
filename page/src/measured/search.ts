/** Where in a track a moment is. */

import type { Track } from "./columns";

/** How many of the rising numbers are not above `value`. */
export function countUpTo(rising: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row that holds at a time, the last to begin of several; -1 where none does. */
export function rowAt({ begin, end }: Track, time: number): number {
  const last = countUpTo(begin, time) - 1;
  // windows overlap: one that began earlier may last longer
  for (let row = last; row >= 0 && row > last - 8; row--) if (time < end[row]!) return row;
  return -1;
}

/** All rows that hold at a time: faces that were not told apart are many in one frame. */
export function rowsAt(track: Track, time: number): number[] {
  const first = rowAt(track, time);
  if (first < 0) return [];
  const rows = [first];
  for (let row = first - 1; row >= 0 && track.begin[row] === track.begin[first]; row--) rows.unshift(row);
  return rows;
}

/** The rows that are, or may be, seen between two times: from the first up to, not including, the second. */
export function rowsBetween({ begin, end }: Track, from: number, to: number): [number, number] {
  let first = Math.max(0, countUpTo(begin, from) - 1);
  while (first > 0 && end[first - 1]! > from) first--;
  return [first, countUpTo(begin, to)];
}

/** Who speaks when, told by the first model that tells speakers apart; nobody where none does. */
export function speaking(tracks: Track[]): Track[] {
  for (const model of ["prosody", "language"] as const) {
    const found = tracks.filter((track) => track.model === model);
    if (found.some(({ person }) => person !== "unknown")) return found;
  }
  return [];
}

/** When the last row of some tracks ends. */
export function lengthOf(tracks: Track[]): number {
  return tracks.reduce((longest, { end }) => end.reduce((a, b) => (b > a ? b : a), longest), 0);
}

/** What an arrow key steps by: from one look at a face to the next, else a tenth of a second. */
export function stepOf(tracks: Track[]): number {
  const face = tracks.find(({ model, rows }) => model === "face" && rows > 1);
  return face ? face.end[0]! - face.begin[0]! : 0.1;
}
