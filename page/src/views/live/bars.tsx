/** What is strongest just now, as bars. */

import { Swatch } from "../../parts/expression";
import { colorOf } from "../../expressions";
import type { Scores } from "./rolling";

/** Where a bar is full: scores have no upper end, but hardly any is higher. */
const FULL = 1;

export function Bars({ names, scores, label }: { names: string[]; scores: Scores | null; label: string }) {
  return (
    <ul class="live-bars" aria-label={label}>
      {names.map((name) => {
        const score = scores?.[name];
        const share = Math.min(1, (score ?? 0) / FULL);
        return (
          <li key={name}>
            <span class="expression">
              <Swatch name={name} />
              {name}
            </span>
            <span class="track" aria-hidden="true">
              <span style={{ background: colorOf(name), transform: `scaleX(${share.toFixed(3)})` }} />
            </span>
            <span class="figures">{score === undefined ? "–" : score.toFixed(2)}</span>
          </li>
        );
      })}
    </ul>
  );
}
