/** The API key: asked for once, kept in this tab's session, sent in a header, never in a link. */

import { signal } from "@preact/signals";

const NAME = "mien-key";

/** Why a key is wanted just now, and who waits for it; null while none is. */
export const wanted = signal<{ refused: boolean; given: (key: string | null) => void } | null>(null);

export function key(): string | null {
  return sessionStorage.getItem(NAME);
}

/** Ask for a key. All who ask at once wait for one answer; null means that none was given. */
export function askForKey(): Promise<string | null> {
  waiting ??= new Promise<string | null>((resolve) => {
    wanted.value = { refused: key() !== null, given: resolve };
  }).then((given) => {
    if (given) sessionStorage.setItem(NAME, given);
    wanted.value = null;
    waiting = null;
    return given;
  });
  return waiting;
}

let waiting: Promise<string | null> | null = null;

export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
}
