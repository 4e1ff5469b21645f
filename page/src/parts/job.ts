/** A job in words. */

import type { Job, ListedJob, State } from "../wire";

/** What people would call a job: its first file, address or text, and how many more there are. */
export function nameOf(job: Job | ListedJob): string {
  const { files, urls, text } = job.request;
  const texts = "num_texts" in job ? job.num_texts : text.length;
  const names = [
    ...files.map(({ filename }) => filename ?? "a file"),
    ...urls.map((url) => url.split(/[?#]/)[0]!.split("/").filter(Boolean).at(-1) ?? url),
    ...(text[0] ? [`“${shortened(text[0].trim().replace(/\s+/g, " "), 60)}”`] : []),
  ];
  const more = files.length + urls.length + texts - 1;
  return `${names[0] ?? "Nothing"}${more > 0 ? ` and ${more} more` : ""}`;
}

export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

export function isCancelled(state: State): boolean {
  return state.status === "FAILED" && state.message === "cancelled";
}
