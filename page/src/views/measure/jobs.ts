/** From what is staged to the jobs that measure it: how many there are, and what is refused beforehand. */

import type { Limits, Upload } from "../../api";
import type { Choice } from "../../models/choice";
import type { Request } from "../../wire";

export type FileStaged = { id: number; kind: "file"; name: string; file: Blob; seconds: number | null };
export type Staged =
  | FileStaged
  | { id: number; kind: "url"; url: string }
  | { id: number; kind: "text"; text: string };

export interface Planned {
  request: Request;
  uploads: Upload[];
  bytes: number;
  /** Of what is staged, what this job measures. */
  ids: Set<number>;
}

/** The jobs that measure all of it: as few as the limits of one request allow. */
export function planned(staged: readonly Staged[], choice: Choice, limits: Limits): Planned[] {
  const files = inLots(staged.filter((one) => one.kind === "file"), limits.max_files);
  const urls = inLots(staged.filter((one) => one.kind === "url"), limits.max_urls);
  const texts = inLots(staged.filter((one) => one.kind === "text"), limits.max_texts);
  const count = Math.max(files.length, urls.length, texts.length);
  return Array.from({ length: count }, (_, i) => {
    const uploads = (files[i] ?? []).map(({ file, name }) => ({ file, name }));
    return {
      request: {
        models: choice.models,
        transcription: choice.transcription,
        ...(urls[i] && { urls: urls[i].map(({ url }) => url) }),
        ...(texts[i] && { text: texts[i].map(({ text }) => text) }),
      },
      uploads,
      bytes: uploads.reduce((sum, { file }) => sum + file.size, 0),
      ids: new Set([files[i], urls[i], texts[i]].flatMap((lot) => lot?.map(({ id }) => id) ?? [])),
    };
  });
}

function inLots<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}

/** Why the server will refuse something, as far as that can be told before it is sent. */
export function refusal(staged: Staged, limits: Limits): string | null {
  switch (staged.kind) {
    case "file":
      if (!staged.file.size) return "The file is empty.";
      if (staged.file.size > limits.max_upload_mb * 1e6)
        return `Larger than the ${limits.max_upload_mb} MB that this server takes (MIEN_MAX_UPLOAD_MB).`;
      if ((staged.seconds ?? 0) > limits.max_media_hours * 3600)
        return `Longer than the ${limits.max_media_hours} hours that this server takes (MIEN_MAX_MEDIA_HOURS).`;
      return null;
    case "url":
      return URL.canParse(staged.url) && /^https?:$/.test(new URL(staged.url).protocol)
        ? null
        : "Not an address that begins with http:// or https://.";
    case "text":
      return staged.text.trim() ? null : "The text is empty.";
  }
}

/** Addresses in some text, one a line; what is none is kept too, so that it can be shown as wrong. */
export function addresses(text: string): string[] {
  return text
    .split(/\s+/)
    .filter(Boolean)
    .map((one) => (/^[\w-]+(\.[\w-]+)+(\/|$)/.test(one) ? `https://${one}` : one));
}
