import { expect, it } from "vitest";

import type { Track } from "./columns";
import { differencesOf, pairsOf, sharedTops } from "./compare";
import type { Spread } from "./summary";

const track = (model: Track["model"], person: string) => ({ model, person }) as Track;
const spread = (name: string, mean: number) => ({ name, mean }) as Spread;

it("the same model and person belong together", () =>
  expect(
    pairsOf(
      [track("face", "face_0"), track("face", "face_1"), track("prosody", "unknown")],
      [track("language", "unknown"), track("face", "face_1"), track("face", "face_2")],
    ),
  ).toEqual([
    { model: "face", person: "face_0", a: 0, b: null },
    { model: "face", person: "face_1", a: 1, b: 1 },
    { model: "face", person: "face_2", a: null, b: 2 },
    { model: "prosody", person: "unknown", a: 2, b: null },
    { model: "language", person: "unknown", a: null, b: 0 },
  ]));

it("the only one of a side belongs to the only one of the other, whatever they are called", () =>
  expect(pairsOf([track("face", "unknown")], [track("face", "face_0")])).toEqual([{ model: "face", person: "unknown", a: 0, b: 0 }]));

it("what differs most comes first, and what one side lacks is left out", () =>
  expect(differencesOf([spread("Joy", 0.5), spread("Awe", 0.1), spread("Sarcasm", 0.3)], [spread("Awe", 0.4), spread("Joy", 0.3)])).toEqual([
    { name: "Awe", a: 0.1, b: 0.4 },
    { name: "Joy", a: 0.5, b: 0.3 },
  ]));

it("lines begin with what is high on both sides together", () =>
  expect(sharedTops([spread("Joy", 0.5), spread("Awe", 0.1)], [spread("Pride", 0.3), spread("Awe", 0.3)], 2)).toEqual(["Joy", "Awe"]));
