import { describe, expect, it } from "vitest";

import { byPerson, contentsOf, sourcesIn, topOf, tracksOf } from "./columns";
import { film, scores } from "./made";

const source = { type: "file", filename: "two.mp4", content_type: null, md5sum: "0" } as const;

describe("tracks", () => {
  const tracks = tracksOf(film());

  it("are one a model and person, faces in the order of their numbers", () =>
    expect(tracks.map(({ model, person }) => [model, person])).toEqual([
      ["face", "face_2"],
      ["face", "face_10"],
      ["language", "unknown"],
    ]));

  it("have their rows in order of time, whatever the order in the file", () => {
    const [face] = tracks;
    expect([...face!.begin]).toEqual([0, 10, 20, 30, 40, 50, 60, 120, 130, 140].map((frame) => frame / 30));
    expect(face!.box!.slice(28, 32)).toEqual(Float32Array.of(120, 10, 80, 100));
    expect(face!.emotions.values[7 * 4 + 2]).toBeCloseTo(0.9);
  });

  it("a face holds until it is looked at again", () => expect(tracks[0]!.end[0]).toBeCloseTo(1 / 3));

  it("what is not known is not a number", () => {
    const words = tracks[2]!;
    expect(words.confidence![0]).toBeCloseTo(0.8);
    expect(words.confidence![1]).toBeNaN();
    expect(words.text).toEqual(["Well,", "yes."]);
    expect([...words.position!]).toEqual([0, 5, 6, 10]);
  });
});

it("names that come in another order, or not in every row, find their column", () => {
  const file = film();
  const rows = file.models.face!.grouped_predictions[1]!.predictions;
  rows[0]!.emotions = scores([1, 2], ["Joy", "Awe"]);
  const [face] = tracksOf(file);

  expect(face!.emotions.names).toEqual(["Joy", "Awe", "Anger", "Calmness", "Sadness"].sort((a, b) => face!.emotions.names.indexOf(a) - face!.emotions.names.indexOf(b)));
  const last = face!.emotions.names.map((name, i) => [name, face!.emotions.values[9 * 5 + i]!] as const);
  expect(Object.fromEntries(last)).toEqual({ Joy: 1, Awe: 2, Anger: NaN, Calmness: NaN, Sadness: NaN });
});

it("the highest of a row come first, and what is no number never", () => {
  const table = { names: ["a", "b", "c", "d"], values: Float32Array.of(9, 9, 9, 9, 0.2, NaN, 0.9, 0.5) };
  expect(topOf(table, 1, 2)).toEqual([2, 3]);
  expect(topOf(table, 1, 9)).toEqual([2, 3, 0]);
});

it("faces are sorted as people count", () =>
  expect(["unknown", "face_10", "face_2"].sort(byPerson)).toEqual(["face_2", "face_10", "unknown"]));

describe("contents", () => {
  const errors = [
    { file: "two.mp4", model: "burst", message: "no engine" },
    { file: ".DS_Store", model: null, message: "unable to determine file type" },
  ] as const;
  const contents = contentsOf([
    { source, results: { predictions: [film()], errors: [...errors] } },
    { source: { type: "url", url: "https://a.example/b.mp4" }, error: "not found" },
  ]);

  it("errors stand by their file, or are told apart", () => {
    expect(contents.heads[0]!.errors).toEqual([errors[0]]);
    expect(contents.lost.map(({ message }) => message)).toEqual(["unable to determine file type", "not found"]);
  });

  it("count the predictions of each model", () => expect(contents.heads[0]!.counts).toEqual({ face: 11, language: 2 }));
});

describe("an old export", () => {
  it.each([
    ["a film", film().models, "video"],
    ["a sound", { language: film().models.language! }, "audio"],
  ] as const)("without file types is taken for %s by what is in it", (_, models, type) => {
    const contents = contentsOf([{ source, results: { predictions: [{ file: "x", models }], errors: [] } }]);
    expect(contents.heads[0]!.type).toBe(type);
  });

  it("may be the body of a callback", () => expect(sourcesIn({ job_id: "1", predictions: [{ source }] })).toHaveLength(1));

  it.each([[null], [3], [{}], [[1]], [[{ file: "x" }]]])("that is none is refused: %j", (json) =>
    expect(() => sourcesIn(json)).toThrow(/not a predictions JSON/));
});
