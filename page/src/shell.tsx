/** What surrounds every view: the way to the others, the question for a key, messages in passing. */

import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useRef } from "preact/hooks";

import { wanted } from "./key";
import { Notices } from "./parts/notices";

const VIEWS = [
  ["/", "Measure"],
  ["/live", "Live"],
  ["/library", "Library"],
  ["/compare", "Compare"],
] as const;

export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  useEffect(() => {
    const view = VIEWS.find(([to]) => isAt(path, to))?.[1];
    document.title = view ? `${view} – mien` : "mien";
    // who sees nothing is told that this is another view, and who uses the keyboard begins in it
    if (path !== before.current) main.current?.focus({ preventScroll: true });
    before.current = path;
  }, [path]);
  useEffect(() => {
    for (const type of ["dragover", "drop"] as const) addEventListener(type, stay);
    return () => {
      for (const type of ["dragover", "drop"] as const) removeEventListener(type, stay);
    };
  }, []);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="wordmark" href="/" aria-label="mien, to the start">
          <img src="/icon.svg" alt="" width="26" height="26" /> mien
        </a>
        <nav aria-label="Views">
          {VIEWS.map(([to, name]) => (
            <a href={to} aria-current={isAt(path, to) ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1} ref={main}>
        {children}
      </main>
      <Notices />
      <KeyQuestion />
    </>
  );
}

/** Browsers would leave the page for a file that is dropped where nothing takes it. */
function stay(event: DragEvent): void {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
}

function isAt(path: string, view: string): boolean {
  return path === view || (view === "/library" && path.startsWith("/result/"));
}

/** The dialog that asks for a key, when the server wants one. */
function KeyQuestion() {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const asked = wanted.value;
  useEffect(() => {
    if (asked) dialog.current?.showModal();
    else dialog.current?.close();
  }, [asked]);
  return (
    <dialog ref={dialog} aria-labelledby="key-title" onCancel={() => asked?.given(null)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          asked?.given(input.current?.value.trim() || null);
          if (input.current) input.current.value = "";
        }}
      >
        <h2 id="key-title">This server asks for a key</h2>
        {asked?.refused && (
          <p class="error" role="alert">
            The key that was given is not one of this server's.
          </p>
        )}
        <label>
          API key
          <input ref={input} type="password" name="key" autocomplete="off" required spellcheck={false} />
        </label>
        <p class="quiet">
          Whoever runs the server makes one with <code>mien keys create</code>. It stays in this tab until you close it.
        </p>
        <p class="row end">
          <button type="button" onClick={() => asked?.given(null)}>
            Not now
          </button>
          <button class="primary">Use this key</button>
        </p>
      </form>
    </dialog>
  );
}
