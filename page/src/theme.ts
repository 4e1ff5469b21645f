/** Light or dark, as the person's system says: CSS follows by itself, canvases ask here. */

import { signal } from "@preact/signals";

const query = globalThis.matchMedia?.("(prefers-color-scheme: dark)");

export const dark = signal(query?.matches ?? false);

query?.addEventListener("change", () => {
  dark.value = query.matches;
});
