/** Face meshes: what each of them expresses. */

import type { FileViewProps } from ".";
import { RowScores } from "../../parts/measured/scores";

export function MeshView({ told: { tracks } }: FileViewProps) {
  return (
    <div class="columns">
      {tracks.flatMap((track) =>
        Array.from({ length: track.rows }, (_, row) => (
          <section key={row}>
            <h3>Mesh {row + 1}</h3>
            <RowScores track={track} row={row} count={8} />
          </section>
        )),
      )}
    </div>
  );
}
