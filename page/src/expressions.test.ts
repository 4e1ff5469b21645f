import { describe, expect, it } from "vitest";

import { EXPRESSIONS, UNSPOKEN, colorOf, dashOf, lookOf } from "./expressions";

type Triple = [number, number, number];

// Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
const SIGHTS: Record<string, Triple[]> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** What comes first most often in faces, voices and texts. */
const COMMON = [
  "Amusement", "Anger", "Annoyance", "Anxiety", "Boredom", "Calmness", "Concentration", "Confusion",
  "Determination", "Disappointment", "Distress", "Doubt", "Excitement", "Interest", "Joy", "Sadness",
];

const linear = (hex: string) =>
  [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Triple;

const times = (matrix: Triple[], v: Triple) => matrix.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as Triple;

/** Oklab: distances in it are about what people see. */
function lab(rgb: Triple): Triple {
  const [r, g, b] = rgb.map((value) => Math.min(1, Math.max(0, value))) as Triple;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const contrast = (a: string, b: string) => {
  const [high, low] = [a, b]
    .map((hex) => linear(hex))
    .map(([r, g, bl]) => 0.2126 * r + 0.7152 * g + 0.0722 * bl + 0.05)
    .sort((x, y) => y - x) as [number, number];
  return high / low;
};

const pairs = <T>(of: readonly T[]) => of.flatMap((a, i) => of.slice(i + 1).map((b) => [a, b] as const));

it("there are 48 names, and 5 that only words express", () => {
  expect(EXPRESSIONS).toHaveLength(53);
  expect(UNSPOKEN).toHaveLength(48);
});

describe.each([
  ["light", 0, "#fbfaf8"],
  ["dark", 1, "#1b1f25"],
] as const)("on %s", (_, scheme, background) => {
  it("each colour has 3:1 to its background", () => {
    const faint = EXPRESSIONS.filter((name) => contrast(lookOf(name)![scheme], background) < 3);
    expect(faint).toEqual([]);
  });

  it.each(Object.entries(SIGHTS))("common names differ under %s", (_, sight) => {
    const seen = (name: string) => lab(times(sight, linear(lookOf(name)![scheme])));
    const alike = pairs(COMMON).filter(([a, b]) => Math.hypot(...seen(a).map((v, i) => v - seen(b)[i]!)) < 0.045);
    expect(alike).toEqual([]);
  });
});

it("a name that is none of ours is grey and solid", () => {
  expect(colorOf("Hangriness")).toMatch(/^#/);
  expect(dashOf("Hangriness")).toEqual([]);
});
