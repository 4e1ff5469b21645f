/** The film or sound that was measured, with what was seen in it drawn over it. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { Track } from "../../measured/columns";
import type { Media } from "../../measured/media";
import type { Player } from "../timeline/player";
import { FacesAt, Framed, type Size } from "./picture";
import "./screen.css";

/** Where the film or sound would be. */
export function NoMedia() {
  return <p class="quiet no-media">The file itself is not here: what was measured in it is. Times go by the predictions.</p>;
}

interface ScreenProps {
  media: Media;
  player: Player;
  tracks: Track[];
  /** Whether there is a picture. */
  film: boolean;
}

/** The film or sound in the browser's own player. */
export function Screen({ media, player, tracks, film }: ScreenProps) {
  const element = useRef<HTMLVideoElement>(null);
  const size = useSignal<Size | null>(null);
  const boxes = useSignal(true);
  useEffect(() => {
    player.attach(element.current);
    return () => player.attach(null);
  }, [player]);
  const faces = tracks.filter(({ box }) => box);
  const sized = ({ currentTarget: { videoWidth: width, videoHeight: height } }: { currentTarget: HTMLVideoElement }) => {
    if (width) size.value = { width, height };
  };
  if (!film)
    return (
      <div class="screen">
        <audio ref={element as never} src={media.path} controls preload="auto" aria-label={media.file} />
        <Trouble player={player} />
      </div>
    );
  return (
    <div class="screen">
      <Framed
        size={size.value}
        over={boxes.value && size.value && faces.map((track) => <FacesAt key={track.person} track={track} time={player.axis.moment} size={size.value!} />)}
      >
        <video ref={element} src={media.path} controls playsInline preload="auto" aria-label={media.file} onLoadedMetadata={sized} />
      </Framed>
      {faces.length > 0 && (
        <label class="row small boxes-switch">
          <input type="checkbox" checked={boxes.value} onChange={(event) => (boxes.value = event.currentTarget.checked)} />
          Faces, with their names and what comes first
        </label>
      )}
      <Trouble player={player} />
    </div>
  );
}

function Trouble({ player }: { player: Player }) {
  return player.trouble.value ? <p class="problem">{player.trouble}</p> : null;
}
