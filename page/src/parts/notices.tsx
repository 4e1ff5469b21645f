/** Messages in passing: what was done, what went wrong. Read out by screen readers. */

import { signal } from "@preact/signals";

import { away } from "../api";

interface Notice {
  id: number;
  text: string;
  bad: boolean;
}

const SECONDS = 8;
const notices = signal<Notice[]>([]);
let last = 0;

/** Say something in passing. What went wrong stays until it is put away, and is said once. */
export function notify(text: string, bad = false): void {
  const id = ++last;
  notices.value = [...notices.value.filter((notice) => !(bad && notice.bad && notice.text === text)), { id, text, bad }];
  if (!bad) setTimeout(() => dismiss(id), SECONDS * 1000);
}

export function notifyError(error: unknown): void {
  if (error instanceof Error && error.name === "AbortError") return;
  notify(error instanceof Error ? error.message : String(error), true);
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status">
      {away.value && <p class="notice bad">The server cannot be reached. This page goes on by itself when it answers.</p>}
      {notices.value.map(({ id, text, bad }) => (
        <p key={id} class={bad ? "notice bad" : "notice"}>
          {text}
          <button class="bare" aria-label="Put this message away" onClick={() => dismiss(id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  );
}
