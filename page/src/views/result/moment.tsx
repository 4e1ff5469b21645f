/** What was measured at the moment that is looked at: of each person the names that come first. */

import { useComputed } from "@preact/signals";

import type { Track } from "../../measured/columns";
import { rowsAt } from "../../measured/search";
import { sentimentOf } from "../../measured/summary";
import { clock } from "../../parts/clock";
import { Bars } from "../../parts/measured/bars";
import { personName, titleOf } from "../../parts/names";
import type { Player } from "../../parts/timeline/player";

/** More persons than these are shown only while they are there. */
const ALWAYS = 4;

export function MomentPanel({ tracks, player }: { tracks: Track[]; player: Player }) {
  const { axis } = player;
  const time = useComputed(() => clock(axis.looked.value, true));
  return (
    <aside class="panel moment-panel" aria-label="At this moment">
      <div class="lane-head">
        <h2>
          At <span class="figures">{time}</span>
        </h2>
        <MomentLink player={player} />
      </div>
      {tracks
        .filter(({ model }) => model !== "ner")
        .map((track) => (
          <TrackNow key={`${track.model} ${track.person}`} track={track} player={player} always={tracks.length <= ALWAYS} />
        ))}
    </aside>
  );
}

/** The address of this moment, in the bar and, where the browser lets us, copied. */
function MomentLink({ player }: { player: Player }) {
  const here = () => {
    const url = new URL(location.href);
    url.searchParams.set("t", player.axis.moment.peek().toFixed(1));
    return url;
  };
  return (
    <button
      class="bare small"
      title="Puts this moment into the address, and copies it"
      onClick={() => {
        history.replaceState(history.state, "", here());
        void navigator.clipboard?.writeText(here().href).catch(() => {});
      }}
    >
      link to this moment
    </button>
  );
}

function TrackNow({ track, player, always }: { track: Track; player: Player; always: boolean }) {
  const at = useComputed(() => rowsAt(track, player.axis.looked.value).join());
  const rows = at.value ? at.value.split(",").map(Number) : [];
  if (!rows.length && !always) return null;
  return (
    <section class="now">
      <h3>
        {titleOf(track)}
        {rows.length > 1 && <span class="quiet"> the first of {rows.length}</span>}
      </h3>
      {track.text && <p class="said clip">{rows.length ? track.text[rows[0]!] : <span class="quiet">nothing</span>}</p>}
      <RowScores track={track} row={rows[0] ?? -1} />
    </section>
  );
}

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
