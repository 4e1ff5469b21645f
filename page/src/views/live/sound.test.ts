import { describe, expect, it } from "vitest";

import { loudness, Unsent, Utterances, wav, Window } from "./sound";

const RATE = 16_000;
const BLOCK = RATE / 20;
const made = new Map<number, Float32Array>();
/** A twentieth of a second, of one loudness. */
function block(level: number): Float32Array {
  if (!made.has(level)) made.set(level, new Float32Array(BLOCK).fill(level));
  return made.get(level)!;
}

describe("sound that waits", () => {
  it("is sent once there is enough of it, sample by sample and without a seam", () => {
    const unsent = new Unsent(2 * BLOCK, 10 * BLOCK);
    const ramp = (from: number) => Float32Array.from({ length: BLOCK }, (_, i) => from + i);
    unsent.push(ramp(0), 0.05);
    expect(unsent.take()).toBeNull();
    unsent.push(ramp(BLOCK), 0.1);
    const first = unsent.take()!;
    unsent.push(ramp(2 * BLOCK), 0.15);
    unsent.push(ramp(3 * BLOCK), 0.2);
    const second = unsent.take()!;
    expect([...first.samples, ...second.samples]).toEqual(Array.from({ length: 4 * BLOCK }, (_, i) => i));
    expect([first.end, second.end, first.gap]).toEqual([0.1, 0.2, false]);
  });

  it("is dropped when it becomes old, which is told", () => {
    const unsent = new Unsent(BLOCK, 4 * BLOCK);
    for (let i = 1; i <= 9; i++) unsent.push(block(i), i);
    const piece = unsent.take()!;
    expect(piece.samples).toHaveLength(4 * BLOCK);
    expect(Math.abs(piece.samples[0]!)).toBe(6);
    expect(piece).toMatchObject({ end: 9, gap: true });
    unsent.push(block(1), 10);
    expect(unsent.take()!.gap).toBe(false);
  });
});

describe("the window", () => {
  const piece = (seconds: number, end: number, gap = false) => ({ samples: new Float32Array(seconds * RATE), end, gap });

  it("reaches back as far as there was sound, and no further than it is long", () => {
    const window = new Window(2);
    expect(window.begin(piece(0.5, 0.5), RATE, true)).toBeCloseTo(0);
    expect(window.begin(piece(1, 1.5), RATE, false)).toBeCloseTo(0);
    expect(window.begin(piece(1, 2.5), RATE, false)).toBeCloseTo(0.5);
    expect(window.begin(piece(3, 5.5), RATE, false)).toBeCloseTo(2.5);
  });

  it.each([
    [true, false],
    [false, true],
  ])("begins anew after a gap (%s) or with a connection (%s)", (gap, first) => {
    const window = new Window(2);
    window.begin(piece(2, 2), RATE, true);
    expect(window.begin(piece(0.5, 9, gap), RATE, first)).toBeCloseTo(8.5);
  });
});

describe("what is said", () => {
  /** Feed levels, a block each; the pieces as [begin, end] in seconds. */
  function cuts(levels: number[]): [number, number][] {
    const utterances = new Utterances(RATE);
    return levels.flatMap((level, i) => {
      const piece = utterances.push(block(level), (i + 1) / 20);
      return piece ? [[piece.end - piece.samples.length / RATE, piece.end] as [number, number]] : [];
    });
  }
  const blocks = (seconds: number, level: number) => Array.from({ length: Math.round(seconds * 20) }, () => level);

  it("is cut where somebody pauses, with a little before and after", () => {
    const heard = cuts([...blocks(1, 0.001), ...blocks(1.5, 0.2), ...blocks(1, 0.001), ...blocks(1, 0.2), ...blocks(1, 0.001)]);
    expect(heard).toHaveLength(2);
    const [first, second] = heard as [[number, number], [number, number]];
    expect(first[0]).toBeGreaterThan(0.5);
    expect(first[0]).toBeLessThan(1);
    expect(first[1]).toBeGreaterThan(2.9);
    expect(first[1]).toBeLessThan(3.2);
    expect(second[0]).toBeLessThan(3.5);
    expect(second[1]).toBeGreaterThan(4.5);
  });

  it("is cut where it is quietest when nobody pauses, is never longer than the stream takes, and nothing is lost", () => {
    const speech = Array.from({ length: 400 }, (_, i) => (i % 30 === 29 ? 0.05 : 0.2));
    const heard = cuts([...blocks(0.5, 0.001), ...speech, ...blocks(1, 0.001)]);
    expect(heard.length).toBeGreaterThan(3);
    for (const [begin, end] of heard) expect(end - begin).toBeLessThanOrEqual(5);
    for (const [i, [begin]] of heard.entries()) if (i) expect(begin).toBeCloseTo(heard[i - 1]![1], 5);
  });

  it("is nothing where it is quiet, or noise that goes on", () => {
    expect(cuts(blocks(10, 0.002))).toEqual([]);
    const fan = cuts([...blocks(0.5, 0.001), ...blocks(60, 0.03)]);
    expect(fan.length).toBeLessThan(12); // taken for speech at first, then for the room
  });

  it("is nothing when it is as short as a click", () => {
    expect(cuts([...blocks(1, 0.001), ...blocks(0.1, 0.5), ...blocks(2, 0.001)])).toEqual([]);
  });
});

it("loudness is the root of the mean square", () => {
  expect(loudness(Float32Array.of(0.3, -0.3))).toBeCloseTo(0.3);
  expect(loudness(new Float32Array())).toBe(0);
});

it("a WAV file says its rate and length, and clips rather than wraps around", () => {
  const bytes = Uint8Array.from(atob(wav(Float32Array.of(0, 0.5, -2, 2), 48_000)), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe("RIFF");
  expect(view.getUint32(4, true)).toBe(bytes.length - 8);
  expect(view.getUint32(24, true)).toBe(48_000);
  expect(view.getUint32(40, true)).toBe(8);
  expect([0, 1, 2, 3].map((i) => view.getInt16(44 + 2 * i, true))).toEqual([0, 16384, -32767, 32767]);
});
