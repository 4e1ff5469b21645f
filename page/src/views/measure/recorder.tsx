/** Recording from microphone or camera: the recording is measured like any file. */

import { useEffect, useRef, useState } from "preact/hooks";

import { clock } from "../../parts/clock";
import { device, release } from "../../parts/devices";

type Kind = "sound" | "film";

/** What a browser can write of these, the better first. */
const TYPES: Record<Kind, string[]> = {
  sound: ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"],
  film: ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"],
};

interface Recording {
  kind: Kind;
  stream: MediaStream;
  recorder: MediaRecorder;
  begun: number;
}

let count = 0;

export function Recorder({ keep }: { keep: (file: Blob, name: string, seconds: number) => void }) {
  const [recording, setRecording] = useState<Recording | null>(null);
  const [seconds, setSeconds] = useState(0);
  const [wrong, setWrong] = useState("");
  const preview = useRef<HTMLVideoElement>(null);
  const current = useRef<Recording | null>(null);
  current.current = recording;

  useEffect(() => () => release(current.current?.stream ?? null), []);
  useEffect(() => {
    if (!recording) return;
    if (preview.current) preview.current.srcObject = recording.stream;
    const timer = setInterval(() => setSeconds((performance.now() - recording.begun) / 1000), 200);
    return () => clearInterval(timer);
  }, [recording]);

  const begin = async (kind: Kind) => {
    setWrong("");
    try {
      const stream = await device({ audio: true, video: kind === "film" });
      const mimeType = TYPES[kind].find((type) => MediaRecorder.isTypeSupported(type));
      const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
      const parts: Blob[] = [];
      const begun = performance.now();
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onstop = () => {
        release(stream);
        setRecording(null);
        const type = recorder.mimeType.split(";")[0] || (kind === "film" ? "video/webm" : "audio/webm");
        const name = `${kind === "film" ? "Film" : "Recording"} ${++count}.${type.split("/")[1]}`;
        keep(new Blob(parts, { type }), name, (performance.now() - begun) / 1000);
      };
      recorder.start(1000);
      setSeconds(0);
      setRecording({ kind, stream, recorder, begun });
    } catch (error) {
      setWrong((error as Error).message);
    }
  };

  return (
    <div class="recorder">
      {recording ? (
        <>
          {recording.kind === "film" && <video ref={preview} muted autoPlay playsInline />}
          <p class="row">
            <span class="recording-dot" aria-hidden="true" />
            <span class="figures" role="timer">
              {clock(seconds)}
            </span>
            <button class="primary" onClick={() => recording.recorder.stop()}>
              Stop, and keep it
            </button>
          </p>
        </>
      ) : (
        <p class="row">
          <button onClick={() => begin("sound")}>Record sound</button>
          <button onClick={() => begin("film")}>Record a film</button>
        </p>
      )}
      {wrong && (
        <p class="error" role="alert">
          {wrong}
        </p>
      )}
      {!wrong && !recording && (
        <p class="quiet small">The browser asks whether it may. Nothing is measured before you say so.</p>
      )}
    </div>
  );
}
