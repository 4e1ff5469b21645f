/** What one row of a track holds. */

import type { Track } from "../../measured/columns";
import { sentimentOf } from "../../measured/summary";
import { personName } from "../names";
import { Bars } from "./bars";
import "./scores.css";

/** All that a row holds: expressions, and what else was asked for. */
export function RowScores({ track, row, count = 5 }: { track: Track; row: number; count?: number }) {
  const { facs, descriptions, sentiment, toxicity } = track;
  return (
    <>
      <Bars table={track.emotions} row={row} count={count} more label={`Expressions, ${personName(track.person) || track.model}`} />
      {sentiment && (
        <div class="sub">
          <h4>
            Sentiment <span class="quiet">{row < 0 ? "" : `${sentimentOf(sentiment, row).toFixed(1)} of 1 (negative) to 9 (positive)`}</span>
          </h4>
          <Steps values={row < 0 ? null : sentiment.values.subarray(row * 9, row * 9 + 9)} />
        </div>
      )}
      {toxicity && (
        <details class="sub">
          <summary>Toxicity</summary>
          <Bars table={toxicity} row={row} count={6} label="Toxicity" />
        </details>
      )}
      {facs && (
        <details class="sub" open>
          <summary>Facial actions (FACS)</summary>
          <Bars table={facs} row={row} more label="Facial actions" />
        </details>
      )}
      {descriptions && (
        <details class="sub" open>
          <summary>Descriptions</summary>
          <Bars table={descriptions} row={row} more label="Descriptions" />
        </details>
      )}
    </>
  );
}

/** The nine steps of sentiment as columns. */
function Steps({ values }: { values: Float32Array | null }) {
  return (
    <ol class="steps" aria-label="Shares of the nine steps of sentiment">
      {Array.from({ length: 9 }, (_, i) => {
        const share = values?.[i] ?? 0;
        return (
          <li key={i} title={`${i + 1}: ${share.toFixed(2)}`}>
            <span class={i < 4 ? "negative" : i > 4 ? "positive" : ""} style={{ height: `${Math.min(1, share) * 100}%` }} />
            <b>{i + 1}</b>
          </li>
        );
      })}
    </ol>
  );
}
