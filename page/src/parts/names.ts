/** What models and persons are called where people read it. */

import type { Track } from "../measured/columns";
import type { FileType, Model } from "../wire";

export const MODEL_NAMES: Record<Model, string> = {
  face: "Face",
  prosody: "Tone of voice",
  burst: "Vocal bursts",
  language: "Words",
  ner: "Entities",
  facemesh: "Face meshes",
};

export const TYPE_NAMES: Record<FileType, string> = {
  video: "video",
  video_no_audio: "video without audio",
  image: "image",
  audio: "audio",
  text: "text",
  facemesh: "face meshes",
};

/** face_0 → face 0, spk_1 → speaker 1; nothing for who was not told apart. */
export function personName(person: string): string {
  return person === "unknown" ? "" : person.replace(/^spk_/, "speaker ").replace(/^face_/, "face ");
}

/** “Face · face 0”, “Tone of voice”. */
export function titleOf({ model, person }: Pick<Track, "model" | "person">): string {
  const name = personName(person);
  return !name ? MODEL_NAMES[model] : model === "face" ? name.replace("face", "Face") : `${MODEL_NAMES[model]} · ${name}`;
}
