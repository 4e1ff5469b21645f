/** What was measured at the moment that is looked at: of each person the names that come first. */

import { useComputed } from "@preact/signals";

import type { Track } from "../../measured/columns";
import { rowsAt } from "../../measured/search";
import { clock } from "../../parts/clock";
import { RowScores } from "../../parts/measured/scores";
import { titleOf } from "../../parts/names";
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
      {!tracks.length && <p class="quiet">Nothing was measured in this file.</p>}
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
      title="Copy a link to this moment"
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
  // bursts are seldom: no room is kept for them
  if (!rows.length && (!always || track.model === "burst")) return null;
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
