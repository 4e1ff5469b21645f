import { expect, it } from "vitest";

import { KINDS, isServed, usual, withModel } from "./choice";

const ALL = {
  face_finder: "yunet", face_reader: "facenet", face_identity: "sface", voice: "voicenet",
  text_reader: "textnet", mesh_reader: "meshnet",
};

it("chooses all that the server can measure, but for landmark files", () => {
  expect(Object.keys(usual(ALL).models)).toEqual(["face", "prosody", "burst", "language", "ner"]);
  expect(Object.keys(usual({ voice: "voicenet" }).models)).toEqual(["prosody", "burst"]);
  expect(usual({}).models).toEqual({});
});

it("does not offer a model of which one role has no engine", () => {
  const face = KINDS.find((kind) => kind.name === "face")!;
  expect(isServed(face, { face_finder: "yunet" })).toBe(false);
});

it("tells faces apart only where something can", () => {
  expect(usual(ALL).models.face!.identify_faces).toBe(true);
  expect(usual({ ...ALL, face_identity: "" }).models.face!.identify_faces).toBe(false);
});

it("adds and removes a model without touching the choice it was given", () => {
  const before = usual(ALL);
  const after = withModel(withModel(before, "face", null), "burst", { x: 1 });
  expect(Object.keys(after.models)).toEqual(["prosody", "burst", "language", "ner"]);
  expect(before.models.face).toBeDefined();
});
