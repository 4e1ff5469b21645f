/** Boxes of faces over a picture or a film, each with its id and what comes first. */

import { useComputed, type ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

import { colorOf } from "../../expressions";
import { topOf, type Track } from "../../measured/columns";
import { rowsAt } from "../../measured/search";
import { personName } from "../names";
import "./picture.css";

export interface Size {
  width: number;
  height: number;
}

/** A picture with what is drawn over it, in the size that it is shown in. */
export function Framed({ children, over, size }: { children: ComponentChildren; over: ComponentChildren; size: Size | null }) {
  return (
    <div class="framed" style={size ? shaped(size) : {}}>
      {children}
      {size && <div class="boxes">{over}</div>}
    </div>
  );
}

/** As large as there is room for, without being stretched. */
function shaped({ width, height }: Size) {
  return { aspectRatio: `${width} / ${height}`, maxWidth: `calc(min(62vh, 36rem) * ${width / height})` };
}

/** The faces of a film at a moment. */
export function FacesAt({ track, time, size }: { track: Track; time: ReadonlySignal<number>; size: Size }) {
  const rows = useComputed(() => rowsAt(track, time.value).join());
  const numbers = rows.value ? rows.value.split(",").map(Number) : [];
  return (
    <>
      {numbers.map((row) => (
        <FaceBox key={row} box={track.box!.subarray(row * 4, row * 4 + 4)} size={size}>
          {track.person !== "unknown" && <b>{personName(track.person)}</b>} <Tops track={track} row={row} />
        </FaceBox>
      ))}
    </>
  );
}

function Tops({ track, row }: { track: Track; row: number }) {
  const { names, values } = track.emotions;
  return (
    <>
      {topOf(track.emotions, row, 2).map((place) => (
        <span key={place} class="top-name">
          <span class="swatch" style={{ background: colorOf(names[place]!) }} />
          {names[place]} <span class="figures">{values[row * names.length + place]!.toFixed(2)}</span>
        </span>
      ))}
    </>
  );
}

interface FaceBoxProps {
  box: ArrayLike<number>;
  size: Size;
  chosen?: boolean;
  /** With a pointer; who has none chooses elsewhere. */
  choose?: () => void;
  children?: ComponentChildren;
}

export function FaceBox({ box, size, chosen, choose, children }: FaceBoxProps) {
  const [x, y, w, h] = [box[0]!, box[1]!, box[2]!, box[3]!];
  const share = (part: number, whole: number) => `${(part / whole) * 100}%`;
  return (
    <div
      class={`face-box ${chosen ? "chosen" : ""} ${choose ? "choosable" : ""}`}
      onClick={choose}
      style={{ left: share(x, size.width), top: share(y, size.height), width: share(w, size.width), height: share(h, size.height) }}
    >
      {children && <span class={`face-label ${x + w / 2 > size.width / 2 ? "left" : ""} ${y < size.height * 0.07 ? "within" : ""}`}>{children}</span>}
    </div>
  );
}
