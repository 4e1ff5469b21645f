import { describe, expect, it } from "vitest";

import { Marks, Rolling } from "./rolling";

describe("the last minute", () => {
  it("is kept, and what is older is not", () => {
    const rolling = new Rolling(60);
    for (let t = 1; t <= 500; t++) rolling.push(t, { Joy: t });
    const [times, joy] = rolling.columns(["Joy"]);
    expect(times.at(-1)).toBe(500);
    expect(times[0]).toBeGreaterThanOrEqual(500 - 125);
    expect(times.filter((t) => t >= 440)).toHaveLength(61);
    expect(joy!.at(-1)).toBe(500);
  });

  it("has gaps where there was nothing, one for a long silence", () => {
    const rolling = new Rolling(60);
    rolling.push(1, { Joy: 0.5 });
    for (const t of [2, 3, 4]) rolling.push(t, null);
    rolling.push(5, { Joy: 0.7 });
    expect(rolling.columns(["Joy"])).toEqual([[1, 4, 5], [0.5, null, 0.7]]);
  });

  it("is broken where there was no answer for long", () => {
    const rolling = new Rolling(60);
    for (const t of [1, 3, 9]) rolling.push(t, { Joy: t });
    expect(rolling.columns(["Joy"])).toEqual([[1, 3, 3.001, 9], [1, 3, null, 9]]);
  });

  it("takes no answer that was overtaken", () => {
    const rolling = new Rolling(60);
    rolling.push(2, { Joy: 0.2 });
    rolling.push(1, { Joy: 0.1 });
    expect(rolling.columns(["Joy"])).toEqual([[2], [0.2]]);
  });

  it("knows what was strongest lately", () => {
    const rolling = new Rolling(60);
    for (let t = 1; t <= 20; t++) rolling.push(t, { Joy: t < 15 ? 0.9 : 0.1, Fear: 0.4, Awe: 0.2 });
    expect(rolling.strongest(2, 3)).toEqual(["Fear", "Awe"]);
    expect(rolling.strongest(1, 60)).toEqual(["Joy"]);
  });

  it("changes what is shown only for what is much stronger, and leaves the others in their places", () => {
    const rolling = new Rolling(60);
    rolling.push(1, { Joy: 0.5, Fear: 0.4, Awe: 0.38 });
    expect(rolling.steady(2, 1)).toEqual(["Joy", "Fear"]);
    rolling.push(2, { Joy: 0.5, Fear: 0.4, Awe: 0.45 });
    expect(rolling.steady(2, 1)).toEqual(["Joy", "Fear"]);
    rolling.push(3, { Joy: 0.5, Fear: 0.4, Awe: 0.6 });
    expect(rolling.steady(2, 1)).toEqual(["Joy", "Awe"]);
    rolling.push(4, { Joy: 0.1, Fear: 0.9, Awe: 0.6 });
    expect(rolling.steady(2, 1)).toEqual(["Fear", "Awe"]);
  });
});

describe("bursts", () => {
  const burst = (begin: number, end: number, score: number) => ({ begin, end, scores: [{ name: "Amusement", score }] });

  it("that overlap were found twice: they are one, with the clearer scores", () => {
    const marks = new Marks(60);
    marks.add(burst(1, 2, 0.4), 2);
    marks.add(burst(1.4, 2.4, 0.8), 2.5);
    marks.add(burst(1.8, 2.8, 0.5), 3);
    marks.add(burst(5, 6, 0.3), 6);
    expect(marks.marks.map(({ begin, end, scores }) => [begin, end, scores[0]!.score])).toEqual([
      [1, 2.8, 0.8],
      [5, 6, 0.3],
    ]);
  });

  it("are forgotten when they are no longer shown", () => {
    const marks = new Marks(60);
    marks.add(burst(1, 2, 0.4), 2);
    marks.add(burst(70, 71, 0.4), 71);
    expect(marks.marks).toHaveLength(1);
  });
});
