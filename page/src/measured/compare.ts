/** Two results beside each other: which of their tracks belong together, and how they differ. */

import { byPerson, type Track } from "./columns";
import type { Spread } from "./summary";
import type { Model } from "../wire";

/** A track of either side, by number; null where a side has none. */
export interface Pair {
  model: Model;
  person: string;
  a: number | null;
  b: number | null;
}

/**
 * Tracks of the same model and person belong together. Where each side has but one person for a model they do too,
 * whatever they are called: one run told faces apart, the other did not.
 */
export function pairsOf(a: Track[], b: Track[]): Pair[] {
  const pairs: Pair[] = [];
  for (const model of new Set([...a, ...b].map((track) => track.model))) {
    if (model === "ner") continue;
    const persons = (tracks: Track[]) => new Map(tracks.flatMap((track, i) => (track.model === model ? [[track.person, i] as const] : [])));
    const [left, right] = [persons(a), persons(b)];
    const [one, other] = [[...left], [...right]];
    if (one.length === 1 && other.length === 1) pairs.push({ model, person: one[0]![0], a: one[0]![1], b: other[0]![1] });
    else
      for (const person of [...new Set([...left.keys(), ...right.keys()])].sort(byPerson))
        pairs.push({ model, person, a: left.get(person) ?? null, b: right.get(person) ?? null });
  }
  return pairs;
}

export interface Difference {
  name: string;
  a: number;
  b: number;
}

/** The means of the names that both have, the greatest difference first. */
export function differencesOf(a: Spread[], b: Spread[]): Difference[] {
  const means = new Map(b.map(({ name, mean }) => [name, mean]));
  return a
    .flatMap(({ name, mean }) => (means.has(name) ? [{ name, a: mean, b: means.get(name)! }] : []))
    .sort((one, other) => Math.abs(other.b - other.a) - Math.abs(one.b - one.a));
}

/** The names that are highest on either side. */
export function sharedTops(a: Spread[], b: Spread[], count: number): string[] {
  const sums = new Map<string, number>();
  for (const { name, mean } of [...a, ...b]) sums.set(name, (sums.get(name) ?? 0) + mean);
  return [...sums].sort(([, one], [, other]) => other - one).slice(0, count).map(([name]) => name);
}
