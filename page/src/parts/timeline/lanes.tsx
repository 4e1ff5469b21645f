/** The lanes of a file: its sound, who speaks, whose face is seen, what is said, and expressions as lines. */

import { useComputed, useSignal } from "@preact/signals";
import { useId, useMemo } from "preact/hooks";

import type uPlot from "uplot";

import { colorOf, dashOf } from "../../expressions";
import { topOf, type Table, type Track } from "../../measured/columns";
import { linesOf } from "../../measured/decimate";
import { rowAt } from "../../measured/search";
import { personName, titleOf } from "../names";
import { paintBlocks, topColor, topScore } from "./blocks";
import { css, Plot } from "./plot";
import { Lane, useStage } from "./stage";

/** A second of the waveform as the server counts it: so many pairs of lowest and highest sample. */
export const PEAKS_A_SECOND = 50;

const WAVE_HEIGHT = 68;

/** The sound, with vocal bursts where there are any. */
export function SoundLane({ peaks, bursts }: { peaks: Int8Array | null; bursts: Track | null }) {
  return (
    <Lane
      label="Audio"
      name={
        <>
          <h3>Audio</h3>
          {bursts && <BurstName bursts={bursts} />}
        </>
      }
    >
      <Plot
        of="sound"
        height={WAVE_HEIGHT}
        paint={(u) => {
          if (peaks) paintPeaks(u, peaks);
          if (bursts)
            paintBlocks(u, {
              track: bursts,
              top: 3,
              height: WAVE_HEIGHT - 6,
              washed: true,
              color: topColor(bursts),
              weight: topScore(bursts),
              text: (row) => burstName(bursts, row),
            });
        }}
      />
    </Lane>
  );
}

function BurstName({ bursts }: { bursts: Track }) {
  const { axis } = useStage();
  const name = useComputed(() => {
    const row = rowAt(bursts, axis.looked.value);
    return row < 0 ? "" : burstName(bursts, row);
  });
  return (
    <p class="lane-note quiet">
      {bursts.rows} vocal {bursts.rows === 1 ? "burst" : "bursts"} <b>{name}</b>
    </p>
  );
}

/** What people call a burst, else what it expresses. */
export function burstName(bursts: Track, row: number): string {
  const table: Table = bursts.descriptions ?? bursts.emotions;
  const [top] = topOf(table, row, 1);
  return top === undefined ? "" : table.names[top]!;
}

function paintPeaks(u: uPlot, peaks: Int8Array): void {
  const { ctx, bbox } = u;
  const { min, max } = u.scales.x as { min: number; max: number };
  const middle = bbox.top + bbox.height / 2;
  const half = bbox.height / 2 - 4 * devicePixelRatio;
  const pixel = devicePixelRatio;
  const perPixel = ((max - min) * PEAKS_A_SECOND) / (bbox.width / pixel);
  ctx.save();
  ctx.fillStyle = css("--edge");
  for (let x = 0; x < bbox.width; x += pixel) {
    const from = Math.floor(min * PEAKS_A_SECOND + (x / pixel) * perPixel);
    const to = Math.max(from + 1, Math.floor(from + perPixel));
    let low = 0;
    let high = 0;
    for (let pair = from; pair < to && 2 * pair + 1 < peaks.length; pair++) {
      low = Math.min(low, peaks[2 * pair]!);
      high = Math.max(high, peaks[2 * pair + 1]!);
    }
    const top = middle - (high / 127) * half;
    ctx.fillRect(bbox.left + x, top, pixel * 0.8, Math.max(((high - low) / 127) * half, pixel));
  }
  ctx.restore();
}

const ROW = 15;
const SHOWN = 8;
/** How many persons are added at once: browsers draw nothing on a plot that is too high. */
const MORE = 40;

/** One row a person: speakers in one colour, faces in that of what comes first. */
interface PeopleLaneProps {
  title: string;
  tracks: Track[];
  speaking?: boolean;
  /** What stands before the names of persons. */
  of?: string;
}

export function PeopleLane({ title, tracks, speaking = false, of = "" }: PeopleLaneProps) {
  const count = useSignal(SHOWN);
  const shown = tracks.slice(0, count.value);
  const rest = tracks.length - shown.length;
  const top = (i: number) => 4 + i * (ROW + 3);
  return (
    <Lane
      label={title}
      name={
        <div class="people" style={{ paddingTop: "0.1rem" }}>
          {shown.map((track) => (
            <PersonName key={track.person} track={track} speaking={speaking} of={of} />
          ))}
          {tracks.length > SHOWN && (
            <button class="bare" onClick={() => (count.value = rest ? count.value + MORE : SHOWN)}>
              {rest ? `${Math.min(rest, MORE)} more of ${tracks.length}` : "fewer"}
            </button>
          )}
        </div>
      }
    >
      <Plot
        of={title}
        height={top(shown.length) + 4 + (tracks.length > SHOWN ? 24 : 0)}
        paint={(u) =>
          shown.forEach((track, i) =>
            paintBlocks(u, {
              track,
              top: top(i),
              height: ROW,
              color: speaking ? () => css("--accent") : topColor(track),
              weight: speaking ? () => 0 : topScore(track),
            }),
          )
        }
      />
    </Lane>
  );
}

function PersonName({ track, speaking, of }: { track: Track; speaking: boolean; of: string }) {
  const { axis } = useStage();
  const row = useComputed(() => rowAt(track, axis.looked.value)).value;
  const [top] = row < 0 || speaking ? [] : topOf(track.emotions, row, 1);
  return (
    <div class={row < 0 ? "person quiet" : "person"}>
      <b>{of}{personName(track.person) || (track.model === "face" ? "all faces" : "everybody")}</b>
      {top !== undefined && (
        <span>
          <span class="swatch" style={{ background: colorOf(track.emotions.names[top]!) }} /> {track.emotions.names[top]}
        </span>
      )}
    </div>
  );
}

const WORDS_HEIGHT = 26;

/** What is said, each piece in the colour of what comes first in it. */
export function WordsLane({ tracks, title }: { tracks: Track[]; title: string }) {
  return (
    <Lane label={title} name={<WordsName tracks={tracks} title={title} />}>
      <Plot
        of={title}
        height={WORDS_HEIGHT * tracks.length}
        paint={(u) =>
          tracks.forEach((track, i) =>
            paintBlocks(u, {
              track,
              top: i * WORDS_HEIGHT + 2,
              height: WORDS_HEIGHT - 4,
              washed: true,
              color: topColor(track),
              weight: topScore(track),
              text: (row) => track.text?.[row] ?? "",
            }),
          )
        }
      />
    </Lane>
  );
}

function WordsName({ tracks, title }: { tracks: Track[]; title: string }) {
  const { axis } = useStage();
  const said = useComputed(() => {
    for (const track of tracks) {
      const row = rowAt(track, axis.looked.value);
      if (row >= 0) return track.text?.[row] ?? "";
    }
    return "";
  });
  return (
    <>
      <h3>{title}</h3>
      <p class="lane-note clip" title={said.value}>
        {said}
      </p>
    </>
  );
}

interface LinesLaneProps {
  track: Track;
  title: string;
  names: string[];
  /** Told which names are chosen from now on. */
  choose?: (names: string[]) => void;
  /** Take the lane away. */
  remove?: () => void;
  /** The highest score to be shown, where lanes are to be compared. */
  most?: number;
}

/** How the scores of some names go up and down. */
export function LinesLane({ track, title, names, choose, remove, most }: LinesLaneProps) {
  const places = useMemo(() => names.map((name) => track.emotions.names.indexOf(name)), [track, names]);
  const scale = useMemo(() => [0, roundUp(most ?? highestOf(track, places))] as const, [track, places, most]);
  const gap = useMemo(() => gapOf(track), [track]);
  return (
    <Lane
      label={title}
      name={
        <>
          <div class="lane-head">
            <h3>{title}</h3>
            {remove && (
              <button class="bare" aria-label={`Take the lane ${title} away`} onClick={remove}>
                ×
              </button>
            )}
          </div>
          <ul class="lane-lines">
            {names.map((name, i) => (
              <ChosenName
                key={name}
                track={track}
                name={name}
                place={places[i]!}
                {...(choose && { remove: () => choose(names.filter((other) => other !== name)) })}
              />
            ))}
          </ul>
          {choose && <AddName track={track} names={names} add={(name) => choose([...names, name])} />}
        </>
      }
    >
      <Plot
        of={`${title} ${names.join()}`}
        height={Math.max(96, 44 + names.length * 21 + (choose ? 30 : 0))}
        scale={scale}
        lines={names.map((name) => ({ name, color: () => colorOf(name), dash: dashOf(name) }))}
        values={([from, to], pixels) => linesOf(track, places, from, to, pixels, gap) as uPlot.AlignedData}
      />
    </Lane>
  );
}

function ChosenName({ track, name, place, remove }: { track: Track; name: string; place: number; remove?: () => void }) {
  const { axis } = useStage();
  const score = useComputed(() => {
    const row = rowAt(track, axis.looked.value);
    const value = row < 0 ? NaN : track.emotions.values[row * track.emotions.names.length + place]!;
    return Number.isNaN(value) ? "–" : value.toFixed(2);
  });
  return (
    <li>
      <Dash name={name} />
      <span class="clip" title={name}>
        {name}
      </span>
      <span class="figures">{score}</span>
      {remove && (
        <button class="bare" aria-label={`Take ${name} away`} onClick={remove}>
          ×
        </button>
      )}
    </li>
  );
}

/** The line of a name as it is drawn: colour and dash. */
export function Dash({ name }: { name: string }) {
  return (
    <svg class="dash" width="18" height="8" aria-hidden="true">
      <line x1="0" y1="4" x2="18" y2="4" stroke={colorOf(name)} stroke-width="2.5" stroke-dasharray={dashOf(name).join(" ")} />
    </svg>
  );
}

function AddName({ track, names, add }: { track: Track; names: string[]; add: (name: string) => void }) {
  const list = useId();
  const left = track.emotions.names.filter((name) => !names.includes(name));
  const added = (input: HTMLInputElement) => {
    const name = left.find((one) => one.toLowerCase() === input.value.trim().toLowerCase());
    if (!name) return;
    add(name);
    input.value = "";
  };
  return (
    <>
      <input
        class="add"
        list={list}
        placeholder={`add one of ${left.length}`}
        aria-label={`Add an expression to ${titleOf(track)}`}
        onInput={(event) => added(event.currentTarget)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          const typed = event.currentTarget.value.trim().toLowerCase();
          const [only, ...others] = left.filter((one) => one.toLowerCase().includes(typed));
          if (typed && only && !others.length) event.currentTarget.value = only;
          added(event.currentTarget);
        }}
      />
      <datalist id={list}>
        {left.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

/** The highest score of some names in all rows. */
export function highestOf({ emotions: { names, values }, rows }: Track, places: number[]): number {
  let highest = 0;
  for (let row = 0; row < rows; row++)
    for (const place of places) {
      const value = values[row * names.length + place]!;
      if (value > highest) highest = value;
    }
  return highest;
}

/** A round number not below, so that scales do not differ by hairs. */
function roundUp(highest: number): number {
  return Math.max(0.2, Math.ceil(highest * 10 + 0.2) / 10);
}

/** Seconds of absence that break a line: faces are looked at evenly, speech has its pauses. */
function gapOf({ model, begin, end, rows }: Track): number {
  if (model === "language") return 1;
  if (model !== "face") return 0.05;
  return rows ? (end[0]! - begin[0]!) * 1.6 : 1;
}
