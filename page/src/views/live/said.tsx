/** What was said, line by line, as far as the server writes speech down. */

import { useEffect, useRef } from "preact/hooks";

import { clock } from "../../parts/clock";
import { Expression } from "../../parts/expression";
import type { Live } from "./live";

export function Said({ live }: { live: Live }) {
  const list = useRef<HTMLOListElement>(null);
  const lines = live.said.value;
  const trouble = live.parts.said.trouble.value;
  useEffect(() => {
    const { current } = list;
    if (current) current.scrollTop = current.scrollHeight;
  }, [lines.length]);
  return (
    <section class="panel live-said" aria-labelledby="said-title">
      <div class="head">
        <h2 id="said-title">What was said</h2>
        {live.notUnderstood.value && <span class="quiet small">the last sentence was not understood</span>}
      </div>
      {trouble && (
        <p class={trouble.over ? "quiet small" : "error small"} role="status">
          {trouble.text}
        </p>
      )}
      {lines.length ? (
        <ol ref={list} class="lines" aria-live="polite" tabIndex={0} aria-label="Lines">
          {lines.map(({ id, time, text, top }) => (
            <li key={id}>
              <span class="figures quiet">{clock(time)}</span>
              <span class="line-text">{text}</span>
              <span class="row small tops">
                {top.map(({ name, score }) => (
                  <Expression key={name} name={name} score={score} />
                ))}
              </span>
            </li>
          ))}
        </ol>
      ) : (
        !trouble && (
          <p class="quiet small">
            {live.microphone.value
              ? "Sentences appear here when you pause."
              : "With the microphone on, sentences appear here with what their words express."}
          </p>
        )
      )}
    </section>
  );
}
