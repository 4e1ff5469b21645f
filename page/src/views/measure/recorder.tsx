/** Recording from microphone or camera: the recording is measured like any file. */

import { useEffect, useRef, useState } from "preact/hooks";

import { clock } from "../../parts/clock";
import { device, release } from "../../parts/devices";
import { warnWhile } from "../../parts/leaving";
import { Recording, type Recorded } from "../../parts/recording";

interface Running {
  stream: MediaStream;
  recording: Recording;
}

export function Recorder({ keep }: { keep: (recorded: Recorded) => void }) {
  const [running, setRunning] = useState<Running | null>(null);
  const [wrong, setWrong] = useState("");
  const current = useRef<Running | null>(null);
  current.current = running;
  useEffect(() => () => void (current.current && end(current.current)), []); // what was recorded until then is kept
  useEffect(() => warnWhile(() => running !== null), [running]);

  const begin = async (film: boolean) => {
    setWrong("");
    try {
      const stream = await device({ audio: true, video: film });
      setRunning({ stream, recording: new Recording(stream.getTracks(), film ? "film" : "sound") });
    } catch (error) {
      setWrong((error as Error).message);
    }
  };
  const end = async ({ stream, recording }: Running) => {
    const recorded = await recording.stop();
    release(stream);
    setRunning(null);
    keep(recorded);
  };

  return (
    <div class="recorder">
      {running ? (
        <InProgress running={running} end={() => void end(running)} />
      ) : (
        <p class="row">
          <button onClick={() => begin(false)}>Record audio</button>
          <button onClick={() => begin(true)}>Record video</button>
        </p>
      )}
      {wrong && (
        <p class="error" role="alert">
          {wrong}
        </p>
      )}
      {!wrong && !running && (
        <p class="quiet small">The browser asks whether it may. Nothing is measured before you say so.</p>
      )}
    </div>
  );
}

function InProgress({ running, end }: { running: Running; end: () => void }) {
  const { stream, recording } = running;
  const [seconds, setSeconds] = useState(0);
  const preview = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (preview.current) preview.current.srcObject = stream;
    const timer = setInterval(() => setSeconds(recording.seconds), 200);
    return () => clearInterval(timer);
  }, [stream, recording]);
  return (
    <>
      {stream.getVideoTracks().length > 0 && <video ref={preview} muted autoPlay playsInline />}
      <p class="row">
        <span class="recording-dot" aria-hidden="true" />
        <span class="figures" role="timer">
          {clock(seconds)}
        </span>
        <button class="primary" onClick={end}>
          Stop, and keep it
        </button>
      </p>
    </>
  );
}
