/** An expression's name with its colour, and how high it scores. */

import { colorOf } from "../expressions";

export function Swatch({ name }: { name: string }) {
  return <span class="swatch" aria-hidden="true" style={{ background: colorOf(name) }} />;
}

/** A name as it stands in lists and legends. */
export function Expression({ name, score }: { name: string; score?: number }) {
  return (
    <span class="expression">
      <Swatch name={name} />
      {name}
      {score !== undefined && <span class="figures quiet"> {score.toFixed(2)}</span>}
    </span>
  );
}
