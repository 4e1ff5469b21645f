/** A written text in the colours of what it expresses, and a panel for the piece that is chosen. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { fetched } from "../../api";
import type { Track } from "../../measured/columns";
import { entitiesOf, paragraphsOf, type Piece } from "../../measured/passages";
import { spreads } from "../../measured/summary";
import { shortened } from "../../parts/job";
import { Bars } from "../../parts/measured/bars";
import { Spreads } from "../../parts/measured/summary";
import type { FileViewProps } from ".";
import { RowScores } from "../../parts/measured/scores";
import { Colors, Reading, type Coloring } from "../../parts/measured/reading";

export function TextView({ result, head, told, media }: FileViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const { tracks } = told;
  const spoken = useMemo(() => tracks.filter(({ model, text }) => model === "language" && text), [tracks]);
  const isString = result.opened.contents.sources[head.source]?.type === "text";
  const whole = useSignal<string | null>(isString ? (result.texts[Number(head.file)] ?? null) : null);
  useEffect(() => {
    if (!isString && media)
      void fetched(media.path)
        .then((answer) => answer.text())
        .then((text) => (whole.value = text))
        .catch(() => {});
  }, [media]);
  const paragraphs = useMemo(() => paragraphsOf(spoken, whole.value), [spoken, whole.value]);
  const overall = useMemo(() => (spoken[0] ? spreads(spoken[0].emotions) : []), [spoken]);
  const coloring = useSignal<Coloring>("first");
  const chosen = useSignal<{ number: number; piece: Piece } | null>(null);
  const first = paragraphs[0]?.pieces[0];
  const piece = chosen.value?.piece ?? first;
  if (!spoken.length || !piece)
    return (
      <>
        {whole.value !== null && <p class="unmeasured">{whole.value}</p>}
        <Entities tracks={tracks} />
      </>
    );
  return (
    <>
      <Colors spoken={spoken} spreads={overall} coloring={coloring.value} set={(to) => (coloring.value = to)} />
      <div class="text-and-panel">
        <Reading
          paragraphs={paragraphs}
          spoken={spoken}
          tracks={tracks}
          coloring={coloring.value}
          chosen={chosen.value?.number ?? 0}
          choose={(number, piece) => (chosen.value = { number, piece })}
          host={host}
          label="The text"
        />
        <aside class="panel moment-panel" aria-label="The selected passage" aria-live="polite">
          <h2 class="quoted">“{shortened(piece.text, 160)}”</h2>
          <RowScores track={spoken[piece.track]!} row={piece.row} count={8} />
          <EntitiesOf piece={piece} tracks={tracks} />
        </aside>
      </div>
      {spoken[0]!.rows > 1 && (
        <section class="whole" aria-labelledby="whole-title">
          <h2 id="whole-title">Over the whole text</h2>
          <div class="columns">
            <Spreads track={spoken[0]!} spreads={overall} />
            <Entities tracks={tracks} />
          </div>
        </section>
      )}
    </>
  );
}

function EntitiesOf({ piece, tracks }: { piece: Piece; tracks: Track[] }) {
  const named = entitiesOf(tracks).filter(({ begin, end }) => begin < piece.end && end > piece.begin);
  return (
    <>
      {named.map(({ text, kind, track, row }) => (
        <section class="now" key={row}>
          <h3>
            {text} <span class="quiet small">{kind}</span>
          </h3>
          <Bars table={track.emotions} row={row} count={3} label={`Expressions around ${text}`} />
        </section>
      ))}
    </>
  );
}

/** All that is named in a text. */
function Entities({ tracks }: { tracks: Track[] }) {
  const named = useMemo(() => {
    const counts = new Map<string, { text: string; kind: string; count: number }>();
    for (const { text, kind } of entitiesOf(tracks)) {
      const key = `${kind} ${text}`;
      counts.set(key, { text, kind, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return [...counts.values()].sort((a, b) => b.count - a.count);
  }, [tracks]);
  if (!named.length) return null;
  return (
    <section>
      <h3>Named in it</h3>
      <ul class="entities">
        {named.slice(0, 60).map(({ text, kind, count }) => (
          <li key={`${kind} ${text}`}>
            {text} <span class="quiet small">{`${kind.toLowerCase()}${count > 1 ? `, ${count} times` : ""}`}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
