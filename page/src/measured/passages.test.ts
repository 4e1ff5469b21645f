import { describe, expect, it } from "vitest";

import type { LanguagePrediction } from "../wire";
import { tracksOf, type Track } from "./columns";
import { word } from "./made";
import { entitiesOf, marked, paragraphsOf } from "./passages";

/** Pieces that were found in a text, given by where they are. */
function found(text: string, ...places: [number, number][]): Track[] {
  const characters = [...text];
  const predictions: LanguagePrediction[] = places.map(([begin, end], i) => ({
    ...word(characters.slice(begin, end).join(""), i),
    position: { begin, end },
    time: null,
  }));
  const models = { language: { metadata: null, grouped_predictions: [{ id: "unknown", predictions }] } };
  return tracksOf({ file: "0", file_type: "text", models });
}

function spoken(said: [person: string, text: string, begin: number][]): Track[] {
  const persons = [...new Set(said.map(([person]) => person))];
  const predictions = said.map(([person, text, begin], i) => ({ person, row: { ...word(text, i), time: { begin, end: begin + 0.4 } } }));
  const grouped_predictions = persons.map((id) => ({ id, predictions: predictions.flatMap(({ person, row }) => (person === id ? [row] : [])) }));
  return tracksOf({ file: "a.wav", file_type: "audio", models: { language: { metadata: null, grouped_predictions } } });
}

const written = (text: string, tracks: Track[]) =>
  paragraphsOf(tracks, text).map(({ pieces, after }) => pieces.map((piece) => piece.before + piece.text).join("") + after);

describe("a text", () => {
  it("comes out as it was written", () => {
    const text = "Well…  “yes”, he said.";
    expect(written(text, found(text, [0, 5], [8, 11], [14, 16]))).toEqual([text]);
  });

  it("breaks at its own lines", () =>
    expect(written("One.\n\nTwo.", found("One.\n\nTwo.", [0, 3], [6, 9]))).toEqual(["One.", "Two."]));

  it("is counted in characters, not in halves of emoji", () => {
    const [paragraph] = paragraphsOf(found("🙂 so 🙃 good", [2, 4], [7, 11]), "🙂 so 🙃 good");
    expect(paragraph!.pieces.map(({ text }) => text)).toEqual(["so", "good"]);
    expect(paragraph!.pieces[1]!.before).toBe(" 🙃 ");
  });

  it("that is not at hand is put together with spaces", () => {
    const [paragraph] = paragraphsOf(found("so good", [0, 2], [3, 7]), null);
    expect(paragraph!.pieces.map(({ before, text }) => before + text).join("")).toBe("so good");
  });
});

describe("speech", () => {
  it("breaks where another speaks, and after a pause", () => {
    const paragraphs = paragraphsOf(spoken([["spk_0", "Hi.", 0], ["spk_1", "Oh,", 0.5], ["spk_1", "hello.", 1], ["spk_1", "So?", 9]]), null);
    expect(paragraphs.map(({ pieces: [piece] }) => piece!.before)).toEqual(["", "", ""]);
    expect(paragraphs.map(({ person, time, first, pieces }) => [person, time, first, pieces.length])).toEqual([
      ["spk_0", 0, 0, 1],
      ["spk_1", 0.5, 1, 2],
      ["spk_1", 9, 3, 1],
    ]);
  });

  it("breaks after a sentence when it has become long", () => {
    const said = Array.from({ length: 100 }, (_, i) => ["unknown", i === 70 ? "end." : "word", i / 2] as [string, string, number]);
    expect(paragraphsOf(spoken(said), null).map(({ pieces }) => pieces.length)).toEqual([71, 29]);
  });
});

describe("entities", () => {
  const ner = {
    metadata: null,
    grouped_predictions: [
      {
        id: "unknown",
        predictions: [
          { ...word("", 0), entity: "Leeds", entity_type: "LOCATION", position: { begin: 13, end: 18 }, entity_confidence: 1, support: 1, uri: "", link_word: "Leeds" },
        ],
      },
    ],
  };
  const entities = entitiesOf(tracksOf({ file: "0", file_type: "text", models: { ner } }));

  it("are marked within a sentence", () =>
    expect(marked({ text: "They live in Leeds.", begin: 0, end: 19 }, entities).map(({ text, entity }) => [text, entity?.kind])).toEqual([
      ["They live in ", undefined],
      ["Leeds", "LOCATION"],
      [".", undefined],
    ]));

  it("leave other pieces alone", () =>
    expect(marked({ text: "They", begin: 0, end: 4 }, entities)).toEqual([{ text: "They", entity: null }]));
});
