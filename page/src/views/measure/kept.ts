/** What stays while one looks at other views: what is prepared, what is being sent, and the jobs that were started. */

import { effect, signal } from "@preact/signals";

import type { Choice } from "../../models/choice";
import { warnWhile } from "../../parts/leaving";
import type { Staged } from "./jobs";

export const staged = signal<Staged[]>([]);
export const choice = signal<Choice | null>(null);
export const sending = signal<{ done: number; stop: () => void } | null>(null);

/** What was typed, and not added yet. */
export const drafts = { address: signal(""), text: signal("") };

let last = 0;

type Unnumbered<T> = T extends { id: number } ? Omit<T, "id"> : never;

export function stage(more: Unnumbered<Staged>[]): Staged[] {
  const added = more.map((one) => ({ ...one, id: ++last }) as Staged);
  staged.value = [...staged.value, ...added];
  return added;
}

export function unstage(gone: (one: Staged) => boolean): void {
  staged.value = staged.value.filter((one) => !gone(one));
}

// what was recorded is nowhere else, unlike files that were chosen
warnWhile(() => sending.value !== null || staged.value.some((one) => one.kind === "file" && !(one.file instanceof File)));

const STARTED = "mien-started";

/** The jobs of this tab, the newest first, until their end has been seen: they are shown again when the page is loaded anew. */
export const started = signal<string[]>(JSON.parse(sessionStorage.getItem(STARTED) ?? "[]") as string[]);
effect(() => sessionStorage.setItem(STARTED, JSON.stringify(started.value)));

export function seen(id: string): void {
  started.value = started.value.filter((other) => other !== id);
}
