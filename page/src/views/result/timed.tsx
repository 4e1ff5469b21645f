/** A film or a sound: the player, one axis of time below it, what was said, and what is told of the whole. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import type { Head, Track } from "../../measured/columns";
import { peaksOf, type Media } from "../../measured/media";
import { lengthOf, speaking, stepOf } from "../../measured/search";
import type { Spread } from "../../measured/summary";
import { NoMedia, Screen } from "../../parts/measured/screen";
import { Moments, Spreads } from "../../parts/measured/summary";
import { MODEL_NAMES, titleOf } from "../../parts/names";
import { Axis } from "../../parts/timeline/axis";
import { LinesLane, PEAKS_A_SECOND, PeopleLane, SoundLane, WordsLane } from "../../parts/timeline/lanes";
import { Player } from "../../parts/timeline/player";
import { Lane, Stage, useKeys } from "../../parts/timeline/stage";
import type { FileViewProps } from ".";
import { MomentPanel } from "./moment";
import { Words } from "./words";

/** Tables are made in lots: a crowd has hundreds. */
const TABLES = 12;

export function TimedView({ head, told, media, start }: FileViewProps) {
  const { tracks } = told;
  const player = useMemo(() => new Player(new Axis(lengthOf(tracks))), [tracks]);
  const step = stepOf(tracks);
  useEffect(() => player.seek(start), [player, start]);
  useKeys(player, step);
  const film = head.type !== "audio";
  const words = tracks.filter(({ model, text }) => model === "language" && text);
  const counted = tracks.flatMap(({ model }, i) => (model === "ner" ? [] : [i]));
  const shown = useSignal(TABLES);
  return (
    <>
      <div class={film && media ? "watch" : "listen"}>
        <div>
          {media ? <Screen media={media} player={player} tracks={tracks} film={film} /> : <NoMedia />}
          <Moments moments={told.moments} tracks={tracks} go={(time) => player.seek(time)} />
        </div>
        <MomentPanel tracks={tracks} player={player} />
      </div>
      <Lanes head={head} tracks={tracks} spreads={told.spreads} player={player} media={media} step={step} />
      {words.length > 0 && <Words tracks={tracks} player={player} />}
      {counted.length > 0 && (
        <section class="whole" aria-labelledby="whole-title">
          <h2 id="whole-title">Over the whole file</h2>
          <div class="columns">
            {counted.slice(0, shown.value).map((i) => (
              <Spreads key={i} track={tracks[i]!} spreads={told.spreads[i]!} />
            ))}
          </div>
          {counted.length > shown.value && (
            <button onClick={() => (shown.value += TABLES)}>
              Show {Math.min(TABLES, counted.length - shown.value)} more of {counted.length}
            </button>
          )}
        </section>
      )}
    </>
  );
}

interface LanesProps {
  head: Head;
  tracks: Track[];
  spreads: Spread[][];
  player: Player;
  media: Media | null;
  step: number;
}

/** Names that a lane of lines shows at first. */
const FIRST = 4;

function Lanes({ head, tracks, spreads, player, media, step }: LanesProps) {
  const peaks = useSignal<Int8Array | null>(null);
  const lined = tracks.flatMap((track, i) => (track.model === "face" || track.model === "prosody" || track.model === "language" || track.model === "burst" ? [i] : []));
  // one lane a model to begin with: of whoever is there most
  const chosen = useSignal<Map<number, string[]>>(new Map());
  useMemo(() => {
    const first = [...new Set(lined.map((i) => tracks[i]!.model))]
      .filter((model) => model !== "burst" || lined.length === 1)
      .map((model) => lined.filter((i) => tracks[i]!.model === model).reduce((a, b) => (tracks[b]!.rows > tracks[a]!.rows ? b : a)));
    chosen.value = new Map(first.map((i) => [i, topsOf(spreads[i]!)]));
  }, [tracks]);
  useEffect(() => {
    if (media && head.type !== "video_no_audio")
      void peaksOf(media)
        .then((found) => {
          peaks.value = found;
          if (found) player.axis.lengthen(found.length / 2 / PEAKS_A_SECOND);
        })
        .catch(() => {});
  }, [media]);
  const choose = (i: number, names: string[] | null) => {
    const next = new Map(chosen.value);
    if (names) next.set(i, names);
    else next.delete(i);
    chosen.value = next;
  };
  const of = (model: Track["model"]) => tracks.filter((track) => track.model === model);
  const [bursts] = of("burst");
  const faces = of("face");
  const speakers = speaking(tracks);
  const said = of("language").length ? of("language") : of("prosody").filter(({ text }) => text);
  const waiting = lined.filter((i) => !chosen.value.has(i));
  return (
    <section aria-label="Timeline">
      <Stage player={player} step={step}>
        {(peaks.value || bursts) && <SoundLane peaks={peaks.value} bursts={bursts ?? null} />}
        {speakers.length > 0 && <PeopleLane title="Speakers" tracks={speakers} speaking />}
        {faces.length > 0 && <PeopleLane title="Faces" tracks={faces} />}
        {said.length > 0 && <WordsLane tracks={said} title="What was said" />}
        {[...chosen.value].map(([i, names]) => (
          <LinesLane
            key={i}
            track={tracks[i]!}
            title={titleOf(tracks[i]!)}
            names={names}
            choose={(to) => choose(i, to)}
            remove={() => choose(i, null)}
          />
        ))}
        {head.errors.map(({ model }, i) => model && <MissingLane key={i} title={MODEL_NAMES[model]} />)}
      </Stage>
      <p class="row small quiet under-lanes">
        <span class="grow">
          Lines are shares of raters, 0 to 1. Drag over a lane to zoom, double-click for the whole; click to go there; arrow keys step,
          space plays, + and − zoom.
        </span>
        {waiting.length > 0 && (
          <select
            aria-label="Add a lane"
            value=""
            onChange={(event) => {
              const i = Number(event.currentTarget.value);
              choose(i, topsOf(spreads[i]!));
              event.currentTarget.value = "";
            }}
          >
            <option value="">Add a lane…</option>
            {waiting.map((i) => (
              <option key={i} value={i}>
                {titleOf(tracks[i]!)}
              </option>
            ))}
          </select>
        )}
      </p>
    </section>
  );
}

/** Where one would be, if it could have been measured. */
function MissingLane({ title }: { title: string }) {
  const name = (
    <>
      <h3>{title}</h3>
      <p class="lane-note quiet">not measured, see the top</p>
    </>
  );
  return (
    <Lane label={`${title}: error`} name={name}>
      {null}
    </Lane>
  );
}

export const topsOf = (spreads: Spread[]): string[] => spreads.slice(0, FIRST).map(({ name }) => name);
