/** What was said in a film or sound, in step with its player: a click on a word goes there. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";

import type { Track } from "../../measured/columns";
import { paragraphsOf } from "../../measured/passages";
import { countUpTo } from "../../measured/search";
import { spreads } from "../../measured/summary";
import type { Player } from "../../parts/timeline/player";
import { Colors, Reading, type Coloring } from "../../parts/measured/reading";

export function Words({ tracks, player }: { tracks: Track[]; player: Player }) {
  const host = useRef<HTMLDivElement>(null);
  const coloring = useSignal<Coloring>("first");
  const chosen = useSignal(-1);
  const spoken = useMemo(() => tracks.filter(({ model, text }) => model === "language" && text), [tracks]);
  const paragraphs = useMemo(() => paragraphsOf(spoken, null), [spoken]);
  const firsts = useMemo(() => spreads(spoken[0]!.emotions), [spoken]);
  const begins = useMemo(
    () => Float64Array.from(paragraphs.flatMap(({ pieces }) => pieces.map(({ track, row }) => spoken[track]!.begin[row]!))),
    [paragraphs],
  );

  // marks what is being said, without making anything anew
  const saying = useRef<Element | null>(null);
  useSignalEffect(() => {
    const number = countUpTo(begins, player.axis.moment.value) - 1;
    const piece = number < 0 ? null : (host.current?.querySelector(`[data-piece="${number}"]`) ?? null);
    if (piece !== saying.current) {
      saying.current?.classList.remove("saying");
      piece?.classList.add("saying");
      saying.current = piece;
    }
    if (player.playing.value && host.current) {
      const paragraph = host.current.querySelector<HTMLElement>(`[data-first="${paragraphs.findLast(({ first }) => first <= number)?.first ?? 0}"]`);
      const line = (piece as HTMLElement | null) ?? paragraph;
      if (line) keepInSight(host.current, line);
    }
  });

  return (
    <section class="words" aria-labelledby="words-title">
      <h2 id="words-title">What was said</h2>
      <Colors spoken={spoken} spreads={firsts} coloring={coloring.value} set={(to) => (coloring.value = to)} />
      <Reading
        paragraphs={paragraphs}
        spoken={spoken}
        tracks={tracks}
        coloring={coloring.value}
        chosen={chosen.value}
        choose={(number, { track, row }) => {
          chosen.value = number;
          player.seek(spoken[track]!.begin[row]!);
        }}
        host={host}
        label="What was said"
      />
    </section>
  );
}

function keepInSight(host: HTMLElement, line: HTMLElement): void {
  const { top, bottom } = line.getBoundingClientRect();
  const seen = host.getBoundingClientRect();
  if (top < seen.top || bottom > seen.bottom) host.scrollTop += top - seen.top - seen.height / 3;
}
