/** What is told of a whole file: of each person what was highest, and the moments that stood out. */

import { useSignal } from "@preact/signals";

import type { Track } from "../../measured/columns";
import type { Moment, Spread } from "../../measured/summary";
import { clock } from "../clock";
import { Swatch } from "../expression";
import { titleOf } from "../names";
import "./summary.css";

const SHOWN = 6;

/** One table a track: mean, spread, how often first. */
export function Spreads({ track, spreads }: { track: Track; spreads: Spread[] }) {
  const all = useSignal(false);
  const shown = all.value ? spreads : spreads.slice(0, SHOWN);
  const most = Math.max(0.2, ...spreads.slice(0, SHOWN).map(({ high }) => Math.ceil(high * 10) / 10));
  return (
    <section class="spreads">
      <h3>
        {titleOf(track)} <span class="quiet small">{count(track)}</span>
      </h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Expression</th>
            <th scope="col">Mean</th>
            <th scope="col">
              <span class="strip-scale">
                <span>0</span>
                <span>share of raters</span>
                <span>{most.toFixed(1)}</span>
              </span>
            </th>
            <th scope="col" title="Share of the rows in which it is the highest">
              First
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((spread) => (
            <tr key={spread.name}>
              <th scope="row">
                <Swatch name={spread.name} /> {spread.name}
              </th>
              <td class="figures">{spread.mean.toFixed(2)}</td>
              <td>
                <Strip spread={spread} most={most} />
              </td>
              <td class="figures quiet">{spread.first >= 0.005 ? `${Math.round(spread.first * 100)} %` : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {spreads.length > SHOWN && (
        <button class="bare small" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? "fewer" : `all ${spreads.length}`}
        </button>
      )}
    </section>
  );
}

/** From the lowest tenth to the highest, with the median as a line. */
function Strip({ spread: { low, median, high }, most }: { spread: Spread; most: number }) {
  const at = (value: number) => `${Math.min(1, Math.max(0, value / most)) * 100}%`;
  return (
    <span class="strip" title={`8 of 10 lie between ${low.toFixed(2)} and ${high.toFixed(2)}, half below ${median.toFixed(2)}`}>
      <span class="strip-span" style={{ left: at(low), right: `calc(100% - ${at(high)})` }} />
      <span class="strip-median" style={{ left: at(median) }} />
    </span>
  );
}

function count({ model, rows }: Track): string {
  const [one, many] = { face: ["detection", "detections"], burst: ["burst", "bursts"], language: ["passage", "passages"], prosody: ["segment", "segments"], ner: ["entity", "entities"], facemesh: ["mesh", "meshes"] }[model] as [string, string];
  return `${rows.toLocaleString("en")} ${rows === 1 ? one : many}`;
}

/** What was said, with the words around it where it is but one. */
function said({ text }: Track, row: number): string {
  if (!text) return "";
  const around = text[row]!.includes(" ") ? [text[row]!] : text.slice(Math.max(0, row - 3), row + 4);
  return ` “${around.join(" ")}”`;
}

/** When a score stood furthest above what is usual. */
export function Moments({ moments, tracks, go }: { moments: Moment[]; tracks: Track[]; go: (time: number) => void }) {
  const shown = moments.slice(0, 8).sort((a, b) => a.time - b.time);
  if (!shown.length) return null;
  return (
    <section class="moments">
      <h3>Moments that stand out</h3>
      <ol>
        {shown.map(({ track, row, time, name, score, rise }) => (
          <li key={`${track}-${row}`}>
            <button class="bare moment" onClick={() => go(time)}>
              <span class="figures">{clock(time, true)}</span>
              <span>
                <Swatch name={name} /> {name} <span class="figures">{score.toFixed(2)}</span>
              </span>
              <span class="quiet clip">
                {titleOf(tracks[track]!)}
                {said(tracks[track]!, row)}
              </span>
              <span class="quiet figures">+{rise.toFixed(2)}</span>
            </button>
          </li>
        ))}
      </ol>
      <p class="quiet small">Where a score lies furthest above its mean for this person and model (+).</p>
    </section>
  );
}
