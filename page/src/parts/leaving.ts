/** Has the browser ask before the page is left for good, while something would be lost by it. */

import { effect } from "@preact/signals";

/** From now on, whenever `lost` says so; gives what ends it. */
export function warnWhile(lost: () => boolean): () => void {
  return effect(() => {
    if (!lost()) return;
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  });
}

const warn = (event: BeforeUnloadEvent) => event.preventDefault();
