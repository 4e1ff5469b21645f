/** Scores of one row, highest first, as bars from 0 to 1. */

import { useSignal } from "@preact/signals";

import { colorOf, lookOf } from "../../expressions";
import { topOf, type Table } from "../../measured/columns";
import "./bars.css";

interface BarsProps {
  table: Table;
  /** A row, or -1 for none: the room stays. */
  row: number;
  count?: number;
  /** Whether all can be asked for. */
  more?: boolean;
  label: string;
}

export function Bars({ table, row, count = 5, more = false, label }: BarsProps) {
  const all = useSignal(false);
  const shown = Math.min(all.value ? table.names.length : count, table.names.length);
  const tops = row < 0 ? [] : topOf(table, row, shown);
  return (
    <>
      <ol class="bars" aria-label={label} style={{ minHeight: `${shown * 1.5}rem` }}>
        {tops.map((place) => {
          const name = table.names[place]!;
          const score = table.values[row * table.names.length + place]!;
          return (
            <li key={place}>
              <span class="clip" title={name}>
                {name}
              </span>
              <span class="bar">
                <span style={{ width: `${Math.min(Math.max(score, 0), 1) * 100}%`, background: lookOf(name) ? colorOf(name) : "var(--accent)" }} />
              </span>
              <span class="figures">{score.toFixed(2)}</span>
            </li>
          );
        })}
      </ol>
      {more && table.names.length > count && (
        <button class="bare small" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? "fewer" : `all ${table.names.length}`}
        </button>
      )}
    </>
  );
}
