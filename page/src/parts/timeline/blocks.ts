/** Paints rows of a track as blocks on a plot: who speaks, whose face is seen, which word is said. */

import type uPlot from "uplot";

import { colorOf } from "../../expressions";
import { topOf, type Track } from "../../measured/columns";
import { rowsBetween } from "../../measured/search";
import { css, FONT } from "./plot";

export interface Blocks {
  track: Track;
  /** Pixels from the top of the plot, and of height. */
  top: number;
  height: number;
  color: (row: number) => string;
  /** A wash with a line of the colour below it, on which text can be read; else all of the colour. */
  washed?: boolean;
  /** What stands in a block that is wide enough. */
  text?: (row: number) => string;
  /** How much a row counts where several fall on one pixel. */
  weight?: (row: number) => number;
}

/** Pixels of the line below a wash. */
const LINE = 3;

/** Narrower blocks are drawn this wide, so that a moment in an hour is seen. */
const NARROWEST = 1.5;

export function paintBlocks(u: uPlot, { track, top, height, color, washed, text, weight = () => 0 }: Blocks): void {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  const [from, to] = [u.scales.x!.min!, u.scales.x!.max!];
  const x = (time: number) => u.valToPos(time, "x", true);
  const [first, last] = rowsBetween(track, from, to);
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  for (let row = first; row < last; ) {
    const left = x(track.begin[row]!);
    let best = row;
    let right = x(track.end[row]!);
    let next = row + 1;
    for (; next < last && x(track.begin[next]!) < left + ratio; next++) {
      if (weight(next) > weight(best)) best = next;
      right = Math.max(right, x(track.end[next]!));
    }
    const width = Math.max(right - left - (right - left > 6 * ratio ? ratio : 0), NARROWEST * ratio);
    ctx.fillStyle = color(best);
    if (washed) {
      ctx.globalAlpha = 0.2;
      ctx.fillRect(left, top * ratio, width, height * ratio);
      ctx.globalAlpha = 1;
      ctx.fillRect(left, (top + height - LINE) * ratio, width, LINE * ratio);
    } else ctx.fillRect(left, top * ratio, width, height * ratio);
    if (text && width > 22 * ratio) label(ctx, text(best), Math.max(left, u.bbox.left), left + width, top, height);
    row = next;
  }
  ctx.restore();
}

function label(ctx: CanvasRenderingContext2D, text: string, left: number, right: number, top: number, height: number): void {
  const ratio = devicePixelRatio;
  const pad = 3 * ratio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top * ratio, right - left - pad / 2, height * ratio);
  ctx.clip();
  ctx.font = FONT.replace(/\d+/, (size) => String(Number(size) * ratio));
  ctx.textAlign = "left"; // uPlot leaves it as its axes want it
  ctx.textBaseline = "middle";
  ctx.fillStyle = css("--ink");
  ctx.fillText(text, left + pad, (top + height / 2 + 0.5) * ratio);
  ctx.restore();
}

/** The colour of the name that comes first in a row, as strong as its score where `strong` says how. */
export function topColor(track: Track): (row: number) => string {
  const tops = topsOf(track);
  return (row) => (tops[row]! < 0 ? css("--rule") : colorOf(track.emotions.names[tops[row]!]!));
}

/** The highest score of a row. */
export function topScore(track: Track): (row: number) => number {
  const tops = topsOf(track);
  const { names, values } = track.emotions;
  return (row) => (tops[row]! < 0 ? 0 : values[row * names.length + tops[row]!]!);
}

/** The name that comes first in each row, -1 where none does. */
export function topsOf(track: Track): Int16Array {
  let tops = known.get(track);
  if (!tops) {
    tops = Int16Array.from({ length: track.rows }, (_, row) => topOf(track.emotions, row, 1)[0] ?? -1);
    known.set(track, tops);
  }
  return tops;
}

const known = new WeakMap<Track, Int16Array>();
