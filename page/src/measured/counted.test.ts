import { describe, expect, it } from "vitest";

import type { Track } from "./columns";
import { tracksOf } from "./columns";
import { linesOf } from "./decimate";
import { film } from "./made";
import { countUpTo, rowAt, rowsAt, rowsBetween } from "./search";
import { moments, sentimentOf, spreads } from "./summary";

const [face] = tracksOf(film()) as [Track];

/** One name, looked at `rate` times a second. */
function seen(values: number[], rate = 3): Track {
  const begin = Float64Array.from(values, (_, i) => i / rate);
  return {
    ...face,
    rows: values.length,
    begin,
    end: begin.map((time) => time + 1 / rate),
    emotions: { names: ["Joy"], values: Float32Array.from(values) },
  };
}

describe("search", () => {
  it.each([
    [-1, 0],
    [0, 1],
    [2.5, 3],
    [99, 4],
  ])("%d", (value, count) => expect(countUpTo([0, 1, 2, 3], value)).toBe(count));

  it.each([
    [-0.1, -1],
    [0, 0],
    [0.5, 1],
    [2.1, 6],
    [3, -1], // nobody is there
    [4.1, 7],
    [60, -1],
  ])("at %d s row %d holds", (time, row) => expect(rowAt(face, time)).toBe(row));

  it("of windows that overlap, the last to begin holds, and a longer one once that has ended", () => {
    const windows = { ...seen([0, 0]), begin: Float64Array.of(0, 1), end: Float64Array.of(4, 2) };
    expect([0.5, 1.5, 3].map((time) => rowAt(windows, time))).toEqual([0, 1, 0]);
  });

  it("faces that are seen in one frame hold together", () => {
    const crowd = { ...seen([0, 0, 0]), begin: Float64Array.of(0, 1, 1), end: Float64Array.of(1, 2, 2) };
    expect(rowsAt(crowd, 1.5)).toEqual([1, 2]);
  });

  it("rows that reach into a span belong to it", () => expect(rowsBetween(face, 0.5, 1)).toEqual([1, 4]));
});

describe("lines", () => {
  const long = seen(Array.from({ length: 10_800 }, (_, i) => (i === 5000 ? 1 : i === 7000 ? -1 : Math.sin(i) / 4)));

  it("are short, and lose no peak", () => {
    const [times, joy] = linesOf(long, [0], 0, 3600, 500, 1);
    expect(times.length).toBeLessThanOrEqual(1002);
    expect(Math.max(...(joy as number[]))).toBe(1);
    expect(Math.min(...(joy as number[]))).toBe(-1);
  });

  it("run forward in time", () => {
    const [times] = linesOf(long, [0], 100, 3000, 333, 1);
    expect(times.every((time, i) => !i || time >= times[i - 1]!)).toBe(true);
  });

  it("have every row when few are seen", () => {
    const [times, joy] = linesOf(long, [0], 10, 12, 500, 1);
    expect(times[0]).toBeLessThanOrEqual(10);
    expect(times.at(-1)).toBeGreaterThanOrEqual(12);
    expect(joy![times.findIndex((time) => time > 10.9)]).toBeCloseTo(Math.sin(33) / 4);
  });

  it("break where nobody was seen", () => {
    const [times, calm] = linesOf(face, [1], 0, 5, 500, 0.5);
    const broken = calm!.indexOf(null);
    expect(times[broken]).toBeGreaterThan(2.3);
    expect(times[broken]).toBeLessThan(4);
    expect(calm!.filter((value) => value === null)).toHaveLength(1);
  });

  it("a stretch of speech is drawn as long as it lasts", () => {
    const said = { ...seen([0.2, 0.7]), box: null, begin: Float64Array.of(1, 5), end: Float64Array.of(3, 6) };
    expect(linesOf(said, [0], 0, 9, 100, 0.5)[0]).toEqual([1, 3, 4, 5, 6]);
    expect(linesOf(said, [0], 0, 9, 100, 0.5)[1]!.map((value) => value && Math.round(value * 10))).toEqual([2, 2, null, 7, 7]);
  });

  it("windows that overlap are drawn at their middles", () => {
    const windows = { ...seen([0.2, 0.7]), box: null, begin: Float64Array.of(0, 1), end: Float64Array.of(4, 5) };
    expect(linesOf(windows, [0], 0, 9, 100, 0.5)[0]!.slice(0, 2)).toEqual([2, 3]);
  });

  it("of faces that were not told apart, the highest counts", () => {
    const crowd = { ...seen([0.1, 0.5, 0.2]), begin: Float64Array.of(0, 1, 1), end: Float64Array.of(1, 2, 2) };
    expect(linesOf(crowd, [0], 0, 2, 100, 1)[1]!.map((value) => Math.round(value! * 10))).toEqual([1, 5]);
  });
});

describe("summary", () => {
  it("tells means, how scores spread, and how often a name comes first", () => {
    const [calm, joy] = spreads(face.emotions);
    expect(calm).toMatchObject({ name: "Calmness", first: 0.9 });
    expect(calm!.mean).toBeCloseTo(0.6);
    expect(joy).toMatchObject({ name: "Joy", first: 0.1 });
    expect(joy!.median).toBeCloseTo(0.2);
  });

  it("moments are where a score stands out, not where it always is high", () => {
    const [first] = moments([face], 3, 1);
    expect(first).toMatchObject({ name: "Joy", time: 4, row: 7 });
  });

  it("moments keep apart", () => {
    const times = moments([seen([0, 0.8, 0.9, 0.7, 0, 0, 0, 0, 0.5, 0])], 9, 1).map(({ time }) => time);
    for (const [i, time] of times.entries()) for (const other of times.slice(i + 1)) expect(Math.abs(time - other)).toBeGreaterThanOrEqual(1);
    expect(times[0]).toBeCloseTo(2 / 3);
  });

  it("sentiment is the mean of its nine steps", () => {
    const names = [..."123456789"];
    expect(sentimentOf({ names, values: Float32Array.from(names, (name) => (name === "2" || name === "4" ? 0.5 : 0)) }, 0)).toBeCloseTo(3);
  });
});
