/** The picture of the camera, with the faces that were found in it. */

import { useComputed, type ReadonlySignal } from "@preact/signals";
import type { RefObject } from "preact";

import { colorOf } from "../../expressions";
import { personName } from "../../parts/names";
import { STALE, type Live, type Seen } from "./live";
import { highest } from "./rolling";
import type { FaceSeen } from "./stream";

interface StageProps {
  live: Live;
  video: RefObject<HTMLVideoElement | null>;
  now: ReadonlySignal<number>;
  /** What stands there while the camera is off. */
  children: preact.ComponentChildren;
}

export function Stage({ live, video, now, children }: StageProps) {
  const on = live.camera.value !== null;
  const seen = live.seen.value;
  const isFresh = useComputed(() => live.seen.value !== null && now.value - live.seen.value.time < STALE).value;
  const mirrored = facesUser(live.camera.value);
  return (
    <div class="live-stage">
      <div class="picture" hidden={!on} style={seen ? { aspectRatio: `${seen.width} / ${seen.height}` } : {}}>
        <video ref={video} class={mirrored ? "mirrored" : undefined} muted playsInline aria-label="Your camera" />
        {seen &&
          isFresh &&
          seen.faces.map((face, i) => (
            <Face key={face.face_id === "unknown" ? i : face.face_id} face={face} seen={seen} mirrored={mirrored} />
          ))}
        {live.paused.value && <span class="paused">Paused</span>}
      </div>
      {!on && <div class="off">{children}</div>}
    </div>
  );
}

function Face({ face, seen, mirrored }: { face: FaceSeen; seen: Seen; mirrored: boolean }) {
  const { x, y, w, h } = face.bbox;
  const left = mirrored ? seen.width - x - w : x;
  const part = (value: number, of: number) => `${((100 * value) / of).toFixed(2)}%`;
  const top = highest(face.emotions, 2);
  // over the face, or under it where there is no room, or in it where there is none at all
  const where = y > 0.3 * seen.height ? "" : y + h < 0.7 * seen.height ? "below" : "within";
  const person = personName(face.face_id);
  const place = { left: part(left, seen.width), top: part(y, seen.height), width: part(w, seen.width), height: part(h, seen.height) };
  return (
    <div class="face" style={{ ...place, borderColor: top[0] ? colorOf(top[0].name) : "" }}>
      <span class={`tag ${where} ${left + w / 2 > seen.width / 2 ? "left" : ""}`}>
        {person && <b>{person}</b>}
        {top.map(({ name, score }) => (
          <span key={name} class="expression">
            <span class="swatch" style={{ background: colorOf(name) }} />
            {name} <span class="figures">{score.toFixed(2)}</span>
          </span>
        ))}
      </span>
    </div>
  );
}

/** People know themselves from mirrors; what a camera on the back of a phone sees is not mirrored. */
function facesUser(stream: MediaStream | null): boolean {
  return stream?.getVideoTracks()[0]?.getSettings().facingMode !== "environment";
}
