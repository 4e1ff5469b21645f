/** Pictures: one with its faces, and the grid of all that were measured together. */

import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { colorOf } from "../../expressions";
import { topOf, type Head, type Track } from "../../measured/columns";
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
  const hidden = useSignal(false);
  const chosen = useSignal(0);
  const face = faces[chosen.value];
  const many = result.opened.contents.heads.filter(({ type }) => type === "image").length > 1;
  return (
    <>
      <div class="watch">
        <div>
          {media && !hidden.value ? (
            <Framed
              size={size.value}
              over={
                size.value &&
                faces.map(({ track, row }, i) => (
                  <FaceBox
                    key={i}
                    box={track.box!.subarray(row * 4, row * 4 + 4)}
                    size={size.value!}
                    chosen={i === chosen.value}
                    choose={() => (chosen.value = i)}
                  >
                    {faces.length > 1 && (faces.length <= FEW || i === chosen.value) ? i + 1 : null}
                  </FaceBox>
                ))
              }
            >
              <img
                src={media.path}
                alt={head.file}
                onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => (size.value = { width, height })}
                onError={() => (hidden.value = true)}
              />
            </Framed>
          ) : (
            <p class="quiet no-media">{media ? "The browser cannot show this image." : "The image itself is not stored here."}</p>
          )}
        </div>
        <aside class="panel moment-panel" aria-label="The chosen face" aria-live="polite">
          {faces.length > 1 && <Chooser faces={faces} chosen={chosen} />}
          {face ? <RowScores track={face.track} row={face.row} count={8} /> : <p>{nothingIn(head)}</p>}
        </aside>
      </div>
      {many && <Grid result={result} chosen={number} go={go} />}
    </>
  );
}

/** So many faces have a button and a number in the image; more would cover it, and what is told of them. */
const FEW = 8;

function Chooser({ faces, chosen }: { faces: { track: Track; row: number }[]; chosen: Signal<number> }) {
  if (faces.length > FEW)
    return (
      <label class="faces">
        <span class="small">{faces.length.toLocaleString("en")} faces: choose one here, or in the image</span>
        <select value={chosen.value} onChange={(event) => (chosen.value = Number(event.currentTarget.value))}>
          {faces.map(({ track, row }, i) => (
            <option key={i} value={i}>
              Face {i + 1}: {track.emotions.names[topOf(track.emotions, row, 1)[0]!]}
            </option>
          ))}
        </select>
      </label>
    );
  return (
    <div class="row faces" role="group" aria-label="Faces">
      {faces.map((_, i) => (
        <button key={i} aria-pressed={i === chosen.value} onClick={() => (chosen.value = i)}>
          Face {i + 1}
        </button>
      ))}
    </div>
  );
}

/** Why no face is shown of an image. */
function nothingIn({ counts, errors }: Head): string {
  if (errors.length) return "This image was not measured, see the top.";
  return counts.face === undefined ? "Faces were not measured in this job." : "No face was found in this image.";
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
        All images <span class="quiet">{thumbs.value.length}</span>
      </h2>
      <ul class="tiles">
        {thumbs.value.slice(0, shown.value).map((thumb) => {
          const head = result.opened.contents.heads[thumb.head]!;
          return <Tile key={thumb.head} thumb={thumb} head={head} media={result.mediaOf(head)} chosen={thumb.head === chosen} go={go} />;
        })}
      </ul>
      <div ref={end} />
    </section>
  );
}

interface TileProps {
  thumb: Thumb;
  head: Head;
  media: Media | null;
  chosen: boolean;
  go: (file: number) => void;
}

function Tile({ thumb, head, media, chosen, go }: TileProps) {
  const size = useSignal<Size | null>(null);
  const hidden = useSignal(false);
  const [top] = thumb.tops[0] ?? [];
  return (
    <li>
      <button class="tile" aria-current={chosen} onClick={() => go(thumb.head)}>
        {media && !hidden.value ? (
          <Framed size={size.value} over={size.value && thumb.boxes.map((box, i) => <FaceBox key={i} box={box} size={size.value!} />)}>
            <img
              src={media.path}
              alt=""
              loading="lazy"
              onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => (size.value = { width, height })}
              onError={() => (hidden.value = true)}
            />
          </Framed>
        ) : (
          <span class="tile-empty" />
        )}
        <span class="clip small" title={head.file}>
          {head.file}
        </span>
        <span class="small quiet">
          {top ? (
            <>
              <span class="swatch" style={{ background: colorOf(top[0]) }} /> {top[0]} <span class="figures">{top[1].toFixed(2)}</span>
              {thumb.tops.length > 1 ? `, ${thumb.tops.length} faces` : ""}
            </>
          ) : (
            head.errors.length ? "not measured" : "no face"
          )}
        </span>
      </button>
    </li>
  );
}
