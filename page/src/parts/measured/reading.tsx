/** A text in the colours of what was measured in it. Long ones are made as far as they are near the eye. */

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { memo } from "preact/compat";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { colorOf } from "../../expressions";
import type { Track } from "../../measured/columns";
import { entitiesOf, marked, type Entity, type Paragraph, type Piece } from "../../measured/passages";
import { sentimentOf, type Spread } from "../../measured/summary";
import { clock } from "../clock";
import { Swatch } from "../expression";
import { personName } from "../names";
import { highestOf } from "../timeline/lanes";
import { topColor, topScore } from "../timeline/blocks";
import "./reading.css";

/** What a piece is coloured by: what comes first in it, its sentiment, how toxic it is, or one expression. */
export type Coloring = "first" | "sentiment" | "toxicity" | (string & {});

interface ReadingProps {
  paragraphs: Paragraph[];
  /** The tracks that pieces are rows of. */
  spoken: Track[];
  /** All tracks of the file. */
  tracks: Track[];
  coloring: Coloring;
  chosen: number;
  choose: (number: number, piece: Piece) => void;
  /** Told the element, to mark in it what is being said. */
  host: RefObject<HTMLDivElement | null>;
  label: string;
}

export function Reading({ paragraphs, spoken, tracks, coloring, chosen, choose, host, label }: ReadingProps) {
  const entities = useMemo(() => entitiesOf(tracks), [tracks]);
  const paint = useMemo(() => painter(spoken, coloring), [spoken, coloring]);
  const count = paragraphs.length ? paragraphs.at(-1)!.first + paragraphs.at(-1)!.pieces.length : 0;
  const picked = (number: number) => {
    const paragraph = paragraphs.findLast(({ first }) => first <= number);
    if (paragraph) choose(number, paragraph.pieces[number - paragraph.first]!);
  };
  const persons = new Set(paragraphs.map(({ person }) => person)).size > 1;
  return (
    <div
      class="reading"
      ref={host}
      tabIndex={0}
      role="group"
      aria-label={`${label}. Arrow keys move from passage to passage.`}
      data-keys
      onClick={(event) => {
        const piece = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-piece]") : null;
        if (piece) picked(Number(piece.dataset.piece));
      }}
      onKeyDown={(event) => {
        const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        picked(Math.min(Math.max(0, chosen + by), count - 1));
      }}
    >
      {paragraphs.map((paragraph) => (
        <Near
          key={paragraph.first}
          host={host}
          paragraph={paragraph}
          entities={entities}
          paint={paint}
          persons={persons}
          chosen={chosen >= paragraph.first && chosen < paragraph.first + paragraph.pieces.length ? chosen : -1}
        />
      ))}
    </div>
  );
}

interface NearProps {
  host: RefObject<HTMLDivElement | null>;
  paragraph: Paragraph;
  entities: Entity[];
  paint: Paint;
  persons: boolean;
  chosen: number;
}

/** A paragraph that is made once it comes near what is seen, and leaves as much room until then. */
const Near = memo(function Near({ host, paragraph, entities, paint, persons, chosen }: NearProps) {
  const near = useSignal(false);
  const element = useRef<HTMLParagraphElement>(null);
  useEffect(() => watched(host.current!, element.current!, (is) => (near.value = is)), []);
  const { person, time, pieces, first, after } = paragraph;
  const letters = pieces.reduce((sum, { text, before }) => sum + text.length + before.length, 0);
  const shown = near.value || chosen >= 0;
  return (
    <p ref={element} class="paragraph" data-first={first} style={shown ? {} : { minHeight: `${Math.ceil(letters / 85) * 1.9}rem` }}>
      {!Number.isNaN(time) && (
        <span class="paragraph-head figures">
          {clock(time)}
          {persons && <b> {personName(person) || "everybody"}</b>}
        </span>
      )}
      <span class="paragraph-text">
        {shown &&
          pieces.map((piece, i) => (
            <PieceText key={i} piece={piece} number={first + i} entities={entities} paint={paint} chosen={chosen === first + i} />
          ))}
        {shown && after}
      </span>
    </p>
  );
});

function PieceText({ piece, number, entities, paint, chosen }: { piece: Piece; number: number; entities: Entity[]; paint: Paint; chosen: boolean }) {
  const { color, strength } = paint(piece);
  return (
    <>
      {piece.before}
      <span class={chosen ? "piece chosen" : "piece"} data-piece={number} style={{ "--color": color, "--strength": `${Math.round(strength * 100)}%` }}>
        {marked(piece, entities).map(({ text, entity }, i) =>
          entity ? (
            <span key={i} class="entity" title={entity.kind || "entity"}>
              {text}
            </span>
          ) : (
            text
          ),
        )}
      </span>
    </>
  );
}

/** One observer for all paragraphs of a host. */
function watched(host: Element, element: Element, told: (near: boolean) => void): () => void {
  let watch = watches.get(host);
  if (!watch) {
    const heard = new Map<Element, (near: boolean) => void>();
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) heard.get(target)?.(isIntersecting);
      },
      { root: getComputedStyle(host).overflowY === "auto" ? host : null, rootMargin: "600px" },
    );
    watch = { heard, observer };
    watches.set(host, watch);
  }
  watch.heard.set(element, told);
  watch.observer.observe(element);
  return () => {
    watch.heard.delete(element);
    watch.observer.unobserve(element);
  };
}

const watches = new WeakMap<Element, { heard: Map<Element, (near: boolean) => void>; observer: IntersectionObserver }>();

// ── colours

type Paint = (piece: Piece) => { color: string; strength: number };

function painter(spoken: Track[], coloring: Coloring): Paint {
  if (coloring === "sentiment")
    return ({ track, row }) => {
      const table = spoken[track]!.sentiment;
      const step = table ? sentimentOf(table, row) : 5;
      return { color: step < 5 ? "var(--negative)" : "var(--positive)", strength: Math.min(1, Math.abs(step - 5) / 3) };
    };
  if (coloring === "toxicity")
    return ({ track, row }) => {
      const table = spoken[track]!.toxicity;
      const width = table?.names.length ?? 0;
      const values = table?.values.subarray(row * width, (row + 1) * width) ?? [];
      return { color: "var(--bad)", strength: Math.max(0, ...values) };
    };
  if (coloring === "first") {
    const colors = spoken.map(topColor);
    const scores = spoken.map(topScore);
    return ({ track, row }) => ({ color: colors[track]!(row), strength: Math.min(1, 0.25 + scores[track]!(row)) });
  }
  const places = spoken.map(({ emotions }) => emotions.names.indexOf(coloring));
  const most = Math.max(0.05, ...spoken.map((track, i) => highestOf(track, [places[i]!])));
  return ({ track, row }) => {
    const { names, values } = spoken[track]!.emotions;
    const score = values[row * names.length + places[track]!] ?? 0;
    return { color: colorOf(coloring), strength: score / most };
  };
}

/** What to colour by, and what the colours are. */
export function Colors({ spoken, spreads, coloring, set }: { spoken: Track[]; spreads: Spread[]; coloring: Coloring; set: (to: Coloring) => void }) {
  const firsts = spreads.filter(({ first }) => first > 0).sort((a, b) => b.first - a.first);
  return (
    <div class="row small colors">
      <label class="row">
        Colours
        <select value={coloring} onChange={(event) => set(event.currentTarget.value)}>
          <option value="first">what comes first</option>
          {spoken.some(({ sentiment }) => sentiment) && <option value="sentiment">sentiment</option>}
          {spoken.some(({ toxicity }) => toxicity) && <option value="toxicity">toxicity</option>}
          <optgroup label="One expression">
            {[...(spoken[0]?.emotions.names ?? [])].sort().map((name) => (
              <option key={name}>{name}</option>
            ))}
          </optgroup>
        </select>
      </label>
      <span class="legend quiet">
        {coloring === "first" ? (
          firsts.slice(0, 7).map(({ name }) => (
            <span key={name} class="expression">
              <Swatch name={name} /> {name}
            </span>
          ))
        ) : coloring === "sentiment" ? (
          <>
            <span class="ramp sentiment" aria-hidden="true" /> negative to positive
          </>
        ) : coloring === "toxicity" ? (
          "the deeper, the likelier one of six kinds of toxic language"
        ) : (
          <>
            <Swatch name={coloring} /> the deeper, the higher
          </>
        )}
      </span>
    </div>
  );
}
