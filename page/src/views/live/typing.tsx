/** Words are read as they are typed: each underlined in the colour of what it expresses most. */

import { signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { colorOf } from "../../expressions";
import { Expression } from "../../parts/expression";
import { Bars } from "./bars";
import type { Channel } from "./channel";
import { Latest } from "./latest";
import { channel } from "./live";
import { byName, highest } from "./rolling";
import { at, carried, cut, leaning, placed, type Span } from "./words";

/** After so short a rest the text is read. */
const REST_MS = 180;

/** Below this a word expresses nothing in particular. */
const FAINT = 0.12;

/** What the stream takes. */
const LONGEST = 10_000;

/** What was typed stays while one looks at other views. */
const typed = signal("");

export function Typing() {
  const words = useSignal<Span[]>([]);
  const sentences = useSignal<Span[]>([]);
  const caret = useSignal(0);
  const trouble = useSignal<string | null>(null);
  const speed = useSignal<{ ms: number; serverMs: number | null } | null>(null);
  const backdrop = useRef<HTMLDivElement>(null);

  const readers = useMemo(() => {
    const reader = (granularity: "word" | "sentence", into: { value: Span[] }) => {
      const mine: Channel<"language"> = channel("language");
      const read = async (text: string) => {
        try {
          const { reply, ms } = await mine.ask({
            models: { language: { granularity, ...(granularity === "sentence" && { sentiment: {} }) } },
            data: text,
            raw_text: true,
          });
          if ("error" in reply) {
            trouble.value = reply.error;
            return;
          }
          trouble.value = null;
          into.value = carried(placed(text, reply.found), text, typed.value);
          if (granularity === "word") speed.value = { ms, serverMs: reply.serverMs };
        } catch (error) {
          trouble.value = (error as Error).message;
        }
      };
      return { channel: mine, latest: new Latest(read, REST_MS) };
    };
    return [reader("word", words), reader("sentence", sentences)];
  }, []);

  const offer = (text: string) => {
    if (text.trim()) for (const { latest } of readers) latest.offer(text);
    else for (const { latest } of readers) latest.stop();
  };

  useEffect(() => {
    offer(typed.value);
    return () => {
      for (const { latest, channel } of readers) {
        latest.stop();
        channel.close();
      }
    };
  }, []);

  const change = (text: string) => {
    words.value = carried(words.value, typed.value, text);
    sentences.value = carried(sentences.value, typed.value, text);
    typed.value = text;
    offer(text);
  };

  const word = at(words.value, caret.value);
  const sentence = at(sentences.value, caret.value);
  return (
    <section class="panel typing" aria-labelledby="typing-title">
      <div class="head">
        <h2 id="typing-title">Words</h2>
        {speed.value && (
          <span class="quiet small figures">
            {speed.value.ms.toFixed(0)} ms round trip
            {speed.value.serverMs !== null && `, ${speed.value.serverMs.toFixed(0)} in the server`}
          </span>
        )}
      </div>
      <div class="paper">
        <div class="backdrop" ref={backdrop} aria-hidden="true">
          {cut(typed.value, words.value).map(({ text, span }) => (
            <Word text={text} span={span} current={span !== null && span === word} />
          ))}
          {"\n"}
        </div>
        <textarea
          aria-label="Text to be read as you type"
          placeholder="Type or paste something: each word takes the colour of what it expresses."
          spellcheck={false}
          maxLength={LONGEST}
          value={typed.value}
          onInput={(event) => change(event.currentTarget.value)}
          onSelect={(event) => (caret.value = event.currentTarget.selectionStart)}
          onScroll={(event) => backdrop.current && (backdrop.current.scrollTop = event.currentTarget.scrollTop)}
        />
      </div>
      {trouble.value && (
        <p class="error small" role="status">
          {trouble.value}
        </p>
      )}
      {word && typed.value && (
        <p class="row small at-caret">
          <b>{typed.value.slice(word.begin, word.end)}</b>
          {highest(word.scores, 3).map(({ name, score }) => (
            <Expression key={name} name={name} score={score} />
          ))}
        </p>
      )}
      {sentence && typed.value && (
        <>
          <p class="quiet small sentence-name">
            This sentence
            {sentence.sentiment && `: sentiment ${leaning(sentence.sentiment).toFixed(1)} of 9`}
          </p>
          <Bars
            label="What this sentence expresses"
            names={highest(sentence.scores, 6).map(({ name }) => name)}
            scores={byName(sentence.scores)}
          />
        </>
      )}
    </section>
  );
}

function Word({ text, span, current }: { text: string; span: Span | null; current: boolean }) {
  const top = span && highest(span.scores, 1)[0];
  if (!top || top.score < FAINT) return <>{text}</>;
  // the more it is expressed, the fuller the colour
  const full = Math.round(35 + 65 * Math.min(1, top.score / 0.5));
  const color = `color-mix(in oklab, ${colorOf(top.name)} ${full}%, transparent)`;
  return (
    <mark class={current ? "current" : undefined} style={{ borderBottomColor: color }}>
      {text}
    </mark>
  );
}
