/** Pictures: one with its faces, and the grid of all that were measured together. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { colorOf } from "../../expressions";
import type { Media } from "../../measured/media";
import type { Thumb } from "../../measured/worker";
import { FaceBox, Framed, type Size } from "../../parts/measured/picture";
import type { Result } from "../../measured/result";
import type { FileViewProps } from ".";
import { RowScores } from "../../parts/measured/scores";

export function PictureView({ result, number, head, told, media, go }: FileViewProps) {
  const faces = useMemo(
    () => told.tracks.filter(({ box }) => box).flatMap((track) => Array.from({ length: track.rows }, (_, row) => ({ track, row }))),
    [told],
  );
  const size = useSignal<Size | null>(null);
  const chosen = useSignal(0);
  const face = faces[chosen.value];
  const many = result.opened.contents.heads.filter(({ type }) => type === "image").length > 1;
  return (
    <>
      <div class="watch">
        <div>
          {media ? (
            <Framed
              size={size.value}
              over={
                size.value &&
                faces.map(({ track, row }, i) => (
                  <FaceBox key={i} box={track.box!.subarray(row * 4, row * 4 + 4)} size={size.value!} chosen={i === chosen.value}>
                    {faces.length > 1 ? i + 1 : null}
                  </FaceBox>
                ))
              }
            >
              <img src={media.path} alt={head.file} onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => (size.value = { width, height })} />
            </Framed>
          ) : (
            <p class="quiet no-media">The image itself is not stored here.</p>
          )}
        </div>
        <aside class="panel moment-panel" aria-label="The chosen face" aria-live="polite">
          {faces.length > 1 && (
            <div class="row faces" role="group" aria-label="Faces">
              {faces.map((_, i) => (
                <button key={i} aria-pressed={i === chosen.value} onClick={() => (chosen.value = i)}>
                  Face {i + 1}
                </button>
              ))}
            </div>
          )}
          {face ? <RowScores track={face.track} row={face.row} count={8} /> : <p>No face was found in this image.</p>}
        </aside>
      </div>
      {many && <Grid result={result} chosen={number} go={go} />}
    </>
  );
}

/** Tiles are made in lots, as they come near. */
const LOT = 60;

function Grid({ result, chosen, go }: { result: Result; chosen: number; go: (file: number) => void }) {
  const thumbs = useSignal<Thumb[]>([]);
  const shown = useSignal(LOT);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void result.opened.thumbs().then((found) => (thumbs.value = found));
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && (shown.value += LOT), { rootMargin: "800px" });
    watch.observe(end.current!);
    return () => watch.disconnect();
  }, []);
  return (
    <section aria-labelledby="grid-title">
      <h2 id="grid-title">
        All pictures <span class="quiet">{thumbs.value.length}</span>
      </h2>
      <ul class="tiles">
        {thumbs.value.slice(0, shown.value).map((thumb) => (
          <Tile key={thumb.head} thumb={thumb} name={result.opened.contents.heads[thumb.head]!.file} media={result.mediaOf(result.opened.contents.heads[thumb.head]!)} chosen={thumb.head === chosen} go={go} />
        ))}
      </ul>
      <div ref={end} />
    </section>
  );
}

function Tile({ thumb, name, media, chosen, go }: { thumb: Thumb; name: string; media: Media | null; chosen: boolean; go: (file: number) => void }) {
  const size = useSignal<Size | null>(null);
  const [top] = thumb.tops[0] ?? [];
  return (
    <li>
      <button class="tile" aria-current={chosen} onClick={() => go(thumb.head)}>
        {media ? (
          <Framed size={size.value} over={size.value && thumb.boxes.map((box, i) => <FaceBox key={i} box={box} size={size.value!} />)}>
            <img src={media.path} alt="" loading="lazy" onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => (size.value = { width, height })} />
          </Framed>
        ) : (
          <span class="tile-empty" />
        )}
        <span class="clip small">{name}</span>
        <span class="small quiet">
          {top ? (
            <>
              <span class="swatch" style={{ background: colorOf(top[0]) }} /> {top[0]} <span class="figures">{top[1].toFixed(2)}</span>
              {thumb.tops.length > 1 ? `, ${thumb.tops.length} faces` : ""}
            </>
          ) : (
            "no face"
          )}
        </span>
      </button>
    </li>
  );
}
