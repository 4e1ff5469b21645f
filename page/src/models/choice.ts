/** What is to be measured, as the request has it: edited by a form, put together here. */

import type { Models, Model, Transcription } from "../wire";

export interface Choice {
  models: Models;
  /** null: nothing is written down. */
  transcription: Transcription | null;
}

export interface Kind {
  name: Model;
  /** What it measures, for somebody who has never heard of it. */
  says: string;
  /** Roles of which each needs an engine. */
  roles: string[];
  /** What one gets without asking for anything. */
  defaults: object;
}

export const KINDS: readonly Kind[] = [
  {
    name: "face",
    says: "What every face expresses, several times a second.",
    roles: ["face_finder", "face_reader"],
    defaults: { fps_pred: 3, identify_faces: true, facs: {}, descriptions: {} },
  },
  {
    name: "prosody",
    says: "What the way of speaking expresses, whatever the words say.",
    roles: ["voice"],
    defaults: { granularity: "utterance" },
  },
  {
    name: "burst",
    says: "Sounds without words: laughter, sighs, gasps, and what they express.",
    roles: ["voice"],
    defaults: {},
  },
  {
    name: "language",
    says: "What the words express, said or written; sentiment and toxicity beside it.",
    roles: ["text_reader"],
    defaults: { granularity: "sentence", sentiment: {}, toxicity: {} },
  },
  {
    name: "ner",
    says: "People, places, organizations that are named, and what is expressed around them.",
    roles: ["text_reader"],
    defaults: {},
  },
  {
    name: "facemesh",
    says: "Files of MediaPipe landmarks (.json) instead of images.",
    roles: ["mesh_reader"],
    defaults: {},
  },
];

/** Whether this server can measure a kind: each of its roles has an engine. */
export function isServed(kind: Kind, engines: Readonly<Record<string, string>>): boolean {
  return kind.roles.every((role) => Boolean(engines[role]));
}

/** What is chosen before anybody chooses: all that this server can measure, but for landmark files. */
export function usual(engines: Readonly<Record<string, string>>): Choice {
  const served = KINDS.filter((kind) => kind.name !== "facemesh" && isServed(kind, engines));
  const models = Object.fromEntries(served.map((kind) => [kind.name, defaultsOf(kind, engines)])) as Models;
  return { models, transcription: {} };
}

/** A kind's options before anybody changes them; nobody is told apart where nothing can do so. */
export function defaultsOf(kind: Kind, engines: Readonly<Record<string, string>>): object {
  const options: Record<string, unknown> = { ...kind.defaults };
  if ("identify_faces" in options && !engines.face_identity) options.identify_faces = false;
  return options;
}

/** A choice with a model added, or taken away. */
export function withModel(choice: Choice, name: Model, options: object | null): Choice {
  const models: Models = { ...choice.models };
  if (options === null) delete models[name];
  else models[name] = options as never;
  return { ...choice, models };
}

/** Which kinds apply to what will be measured. */
export function isHeard(name: Model): boolean {
  return name === "prosody" || name === "burst" || name === "language" || name === "ner";
}

/** Languages that the API knows, by their tags. */
export const LANGUAGES: readonly (readonly [string, string])[] = [
  ["zh", "Chinese"],
  ["da", "Danish"],
  ["nl", "Dutch"],
  ["en", "English"],
  ["en-AU", "English (Australia)"],
  ["en-IN", "English (India)"],
  ["en-NZ", "English (New Zealand)"],
  ["en-GB", "English (United Kingdom)"],
  ["fr", "French"],
  ["fr-CA", "French (Canada)"],
  ["de", "German"],
  ["hi", "Hindi"],
  ["hi-Latn", "Hindi (Latin script)"],
  ["id", "Indonesian"],
  ["it", "Italian"],
  ["ja", "Japanese"],
  ["ko", "Korean"],
  ["no", "Norwegian"],
  ["pl", "Polish"],
  ["pt", "Portuguese"],
  ["pt-BR", "Portuguese (Brazil)"],
  ["pt-PT", "Portuguese (Portugal)"],
  ["ru", "Russian"],
  ["es", "Spanish"],
  ["es-419", "Spanish (Latin America)"],
  ["sv", "Swedish"],
  ["ta", "Tamil"],
  ["tr", "Turkish"],
  ["uk", "Ukrainian"],
];
