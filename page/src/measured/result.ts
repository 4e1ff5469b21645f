/** The result of a job, or of an export that was opened: what was measured, and the media beside it. */

import { fetched } from "../api";
import { nameOf, shortened } from "../parts/job";
import { TYPE_NAMES } from "../parts/names";
import type { Job } from "../wire";
import type { Head } from "./columns";
import { mediaOf, type Media } from "./media";
import { Opened } from "./opened";

export interface Result {
  name: string;
  opened: Opened;
  /** The strings of the request's `text`. */
  texts: string[];
  /** Where a file can be shown from; null where it is not kept. */
  mediaOf: (head: Head) => Media | null;
}

export async function resultOf(job: Job): Promise<Result> {
  const json = fetched(`/v0/batch/jobs/${encodeURIComponent(job.job_id)}/predictions`).then((answer) => answer.blob());
  // the media may be gone, what was measured is still worth a look
  const [opened, kept] = await Promise.all([json.then((blob) => Opened.from(blob)), mediaOf(job.job_id).catch(() => [])]);
  return {
    name: nameOf(job),
    opened,
    texts: job.request.text,
    mediaOf: (head) => kept.find(({ source, file }) => source === head.source && file === head.file) ?? null,
  };
}

/** What a file is called in a list; a text, by how it begins. */
export function fileName({ texts, opened: { contents } }: Pick<Result, "texts" | "opened">, { source, file, type }: Head): string {
  if (contents.sources[source]?.type !== "text") return `${file} (${TYPE_NAMES[type]})`;
  const text = texts[Number(file)]?.trim().replace(/\s+/g, " ");
  return `${Number(file) + 1}${text ? `: “${shortened(text, 50)}”` : ""}`;
}
