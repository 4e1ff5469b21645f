/** What two files have in common, lane below lane, and how their means differ. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import type { Track } from "../../measured/columns";
import { differencesOf, pairsOf, sharedTops, type Pair } from "../../measured/compare";
import { paragraphsOf } from "../../measured/passages";
import { lengthOf, stepOf } from "../../measured/search";
import type { Spread } from "../../measured/summary";
import { Swatch } from "../../parts/expression";
import { Screen } from "../../parts/measured/screen";
import { Reading } from "../../parts/measured/reading";
import { titleOf } from "../../parts/names";
import { Axis } from "../../parts/timeline/axis";
import { highestOf, LinesLane, PeopleLane, WordsLane } from "../../parts/timeline/lanes";
import { Player } from "../../parts/timeline/player";
import { Stage, useKeys } from "../../parts/timeline/stage";
import type { Side } from ".";
import "../../parts/measured/summary.css";

const TOPS = 3;

export function Beside({ a, b }: { a: Side; b: Side }) {
  const pairs = useMemo(() => pairsOf(a.told.tracks, b.told.tracks), [a, b]);
  const timed = [a, b].every(({ head }) => head.type === "audio" || head.type.startsWith("video"));
  const written = [a, b].every(({ head }) => head.type === "text");
  return (
    <>
      {timed && <Times a={a} b={b} pairs={pairs} />}
      {written && (
        <div class="sides">
          <Written side={a} />
          <Written side={b} />
        </div>
      )}
      <section class="whole" aria-labelledby="differences">
        <h2 id="differences">Where they differ</h2>
        <div class="columns">
          {pairs.map((pair) => (
            <Differences key={`${pair.model} ${pair.person}`} pair={pair} a={a} b={b} />
          ))}
        </div>
      </section>
    </>
  );
}

/** Both on one axis. The first that has media plays and is heard, the other keeps step. */
function Times({ a, b, pairs }: { a: Side; b: Side; pairs: Pair[] }) {
  const sides = [a, b];
  const player = useMemo(() => new Player(new Axis(Math.max(...sides.map(({ told }) => lengthOf(told.tracks))))), [a, b]);
  const step = stepOf(a.told.tracks);
  useKeys(player, step);
  const media = sides.map(({ result, head }) => result.mediaOf(head));
  const isSame = same(a, b);
  const leads = media[0] ? 0 : 1;
  const matched = pairs.filter(({ a: one, b: other }) => one !== null && other !== null);
  const chosen = useSignal<Map<Pair, string[]>>(new Map());
  useMemo(() => {
    const models = [...new Set(matched.map(({ model }) => model))].filter((model) => model !== "burst");
    const rows = ({ a: one }: Pair) => a.told.tracks[one!]!.rows;
    const first = models.map((model) => matched.filter((pair) => pair.model === model).reduce((x, y) => (rows(y) > rows(x) ? y : x)));
    chosen.value = new Map(first.map((pair) => [pair, sharedTops(a.told.spreads[pair.a!]!, b.told.spreads[pair.b!]!, TOPS)]));
  }, [pairs]);
  const choose = (pair: Pair, names: string[] | null) => {
    const next = new Map(chosen.value);
    if (names) next.set(pair, names);
    else next.delete(pair);
    chosen.value = next;
  };
  const waiting = matched.filter((pair) => !chosen.value.has(pair));
  return (
    <section aria-label="Timeline">
      <div class="sides">
        {sides.map((side, i) => {
          const one = media[i];
          if (!one || (isSame && i !== leads)) return null;
          const film = side.head.type !== "audio";
          return (
            <div key={side.letter}>
              {i === leads ? (
                <Screen media={one} player={player} tracks={side.told.tracks} film={film} />
              ) : (
                <Follower path={one.path} name={side.head.file} player={player} film={film} />
              )}
            </div>
          );
        })}
      </div>
      <Stage player={player} step={step}>
        {sides.map(({ letter, told }) => {
          const faces = told.tracks.filter(({ model }) => model === "face");
          return faces.length > 0 && <PeopleLane key={letter} title={`${letter}: faces`} of={`${letter}: `} tracks={faces} />;
        })}
        {sides.map(({ letter, told }) => {
          const said = told.tracks.filter(({ model, text }) => model === "language" && text);
          return said.length > 0 && <WordsLane key={letter} title={`${letter}: what was said`} tracks={said} />;
        })}
        {[...chosen.value].flatMap(([pair, names]) => {
          const tracks = [a.told.tracks[pair.a!]!, b.told.tracks[pair.b!]!];
          const most = Math.max(...tracks.map((track) => highestOf(track, names.map((name) => track.emotions.names.indexOf(name)))));
          return tracks.map((track, i) => (
            <LinesLane
              key={`${pair.model} ${pair.person} ${i}`}
              track={track}
              title={`${sides[i]!.letter}: ${titleOf(track)}`}
              names={names}
              most={most}
              {...(i === 0 && { choose: (to: string[]) => choose(pair, to), remove: () => choose(pair, null) })}
            />
          ));
        })}
      </Stage>
      <p class="row small quiet under-lanes">
        <span class="grow">Both sides have one scale, in shares of raters. What is chosen for A is shown for B.</span>
        {waiting.length > 0 && (
          <select
            aria-label="Add a pair of lanes"
            value=""
            onChange={(event) => {
              const pair = waiting[Number(event.currentTarget.value)]!;
              choose(pair, sharedTops(a.told.spreads[pair.a!]!, b.told.spreads[pair.b!]!, TOPS));
              event.currentTarget.value = "";
            }}
          >
            <option value="">Add a pair of lanes…</option>
            {waiting.map((pair, i) => (
              <option key={i} value={i}>
                {titleOf(pair)}
              </option>
            ))}
          </select>
        )}
      </p>
    </section>
  );
}

/** Whether both were measured in the very same file. */
function same(a: Side, b: Side): boolean {
  const [one, other] = [a, b].map(({ result, head }) => result.opened.contents.sources[head.source]);
  if (one?.type === "file" && other?.type === "file") return one.md5sum === other.md5sum && a.head.file === b.head.file;
  return one?.type === "url" && other?.type === "url" && one.url === other.url && a.head.file === b.head.file;
}

/** Seconds by which a film may lag behind before it is told to jump. */
const LAG = 0.15;

/** A film or sound that keeps step with a player, silently. */
function Follower({ path, name, player, film }: { path: string; name: string; player: Player; film: boolean }) {
  const element = useRef<HTMLVideoElement>(null);
  useSignalEffect(() => {
    const at = player.axis.moment.value;
    const media = element.current;
    if (media && media.readyState >= 1 && Math.abs(media.currentTime - at) > LAG) media.currentTime = at;
  });
  useSignalEffect(() => {
    if (player.playing.value) void element.current?.play().catch(() => {});
    else element.current?.pause();
  });
  return film ? <video class="follower" ref={element} src={path} muted playsInline preload="auto" aria-label={name} /> : null;
}

function Written({ side: { result, head, told, letter } }: { side: Side }) {
  const host = useRef<HTMLDivElement>(null);
  const chosen = useSignal(-1);
  const spoken = useMemo(() => told.tracks.filter(({ model, text }) => model === "language" && text), [told]);
  const isString = result.opened.contents.sources[head.source]?.type === "text";
  const paragraphs = useMemo(() => paragraphsOf(spoken, (isString && result.texts[Number(head.file)]) || null), [spoken]);
  useEffect(() => void (chosen.value = -1), [told]);
  return (
    <div>
      <Reading
        paragraphs={paragraphs}
        spoken={spoken}
        tracks={told.tracks}
        coloring="first"
        chosen={chosen.value}
        choose={(number) => (chosen.value = number)}
        host={host}
        label={`The text of side ${letter}`}
      />
    </div>
  );
}

const SHOWN = 8;

/** The means of both sides, the greatest differences first. */
function Differences({ pair, a, b }: { pair: Pair; a: Side; b: Side }) {
  const all = useSignal(false);
  const [one, other] = [spreadsOf(a, pair.a), spreadsOf(b, pair.b)];
  if (!one || !other)
    return (
      <section>
        <h3>{titleOf(pair)}</h3>
        <p class="quiet small">Only side {one ? "A" : "B"} has it.</p>
      </section>
    );
  const differences = differencesOf(one, other);
  const shown = all.value ? differences : differences.slice(0, SHOWN);
  const most = Math.max(0.1, ...differences.slice(0, 1).map(({ a: x, b: y }) => Math.ceil(Math.abs(y - x) * 10) / 10));
  return (
    <section class="spreads differences">
      <h3>
        {titleOf(pair)} <span class="quiet small">{counted(a.told.tracks[pair.a!]!, b.told.tracks[pair.b!]!)}</span>
      </h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Mean of</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
            <th scope="col">
              <span class="strip-scale">
                <span>A by {most.toFixed(1)}</span>
                <span>higher</span>
                <span>B by {most.toFixed(1)}</span>
              </span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ name, a: x, b: y }) => (
            <tr key={name}>
              <th scope="row">
                <Swatch name={name} /> {name}
              </th>
              <td class="figures">{x.toFixed(2)}</td>
              <td class="figures">{y.toFixed(2)}</td>
              <td>
                <span class="difference">
                  <span class={y > x ? "B" : "A"} style={{ left: `${50 + (Math.min(0, y - x) / most) * 50}%`, width: `${(Math.abs(y - x) / most) * 50}%` }} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {differences.length > SHOWN && (
        <button class="bare small" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? "fewer" : `all ${differences.length}`}
        </button>
      )}
    </section>
  );
}

function spreadsOf({ told }: Side, track: number | null): Spread[] | null {
  return track === null ? null : told.spreads[track]!;
}

function counted(a: Track, b: Track): string {
  return a.rows === b.rows ? `${a.rows.toLocaleString("en")} rows each` : `${a.rows.toLocaleString("en")} and ${b.rows.toLocaleString("en")} rows`;
}
