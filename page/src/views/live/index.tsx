/** Camera, microphone and typing, measured while they go on. */

import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type uPlot from "uplot";

import { colorOf } from "../../expressions";
import { clock, megabytes } from "../../parts/clock";
import { Expression } from "../../parts/expression";
import { warnWhile } from "../../parts/leaving";
import { MODEL_NAMES, personName } from "../../parts/names";
import { notifyError } from "../../parts/notices";
import { Bars } from "./bars";
import { devices, unavailable, type Device, type Kind } from "./devices";
import { Lane } from "./lane";
import { Live as Session, SHOWN, STALE, type PartName } from "./live";
import { highest, type Rolling } from "./rolling";
import { Said } from "./said";
import { Stage } from "./stage";
import { Typing } from "./typing";
import "./live.css";

/** How often lines and bars are drawn anew; seldom where motion is not wanted. */
const FRAMES = 12;
const FRAMES_CALM = 2;

/** Seconds over which it is decided which names are shown. */
const BARS_OVER = 1.5;
const LINES_OVER = 30;

export function Live() {
  const live = useMemo(() => new Session(), []);
  const video = useRef<HTMLVideoElement>(null);
  const now = useSignal(0);
  const chosen = useSignal<Record<Kind, string | null>>({ camera: null, microphone: null });
  const known = useSignal<Record<Kind, Device[]>>({ camera: [], microphone: [] });
  const refusal = useSignal<string | null>(unavailable());
  const begun = useSignal<number | null>(null);
  const handedIn = useSignal<string | null>(null);

  useEffect(() => {
    const look = async () => {
      known.value = { camera: await devices("camera"), microphone: await devices("microphone") };
    };
    void look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    const stopped = live.camera.subscribe(() => void look()); // names are told once one is allowed
    const stoppedToo = live.microphone.subscribe(() => void look());
    const drawn = drawing(() => {
      now.value = live.clock.now;
    });
    const warned = warnWhile(() => live.recording.value);
    const speeds = setInterval(() => live.measureSpeeds(), 1000);
    return () => {
      navigator.mediaDevices?.removeEventListener("devicechange", look);
      stopped();
      stoppedToo();
      drawn();
      warned();
      clearInterval(speeds);
      void live.end();
    };
  }, []);

  const turnOn = async (kind: Kind) => {
    try {
      if (kind === "camera") await live.turnCameraOn(video.current!, chosen.value.camera);
      else await live.turnMicrophoneOn(chosen.value.microphone);
      refusal.value = null;
    } catch (error) {
      refusal.value = (error as Error).message;
    }
  };
  const toggle = (kind: Kind) => (live[kind].value ? live.turnOff(kind) : void turnOn(kind));
  const choose = (kind: Kind, id: string) => {
    chosen.value = { ...chosen.value, [kind]: id };
    if (live[kind].value) void turnOn(kind);
  };
  const record = () => {
    handedIn.value = null;
    live.record();
    begun.value = live.clock.now;
  };
  const measure = async () => {
    try {
      handedIn.value = await live.measureRecording();
    } catch (error) {
      notifyError(error);
    }
  };

  const nothing = !live.camera.value && !live.microphone.value;
  const blocked = unavailable() !== null;
  return (
    <div class="live">
      <div class="head">
        <h1>Live</h1>
        <p class="quiet">
          Images, audio and words go to this server ({location.host}) and nowhere else. Nothing is kept unless you
          record.
        </p>
      </div>

      <div class="top-part">
        <div class="left">
          <Stage live={live} video={video} now={now}>
            <p class="lead">{live.microphone.value ? "The camera is off." : "See what a face and a voice express, as it happens."}</p>
            {nothing && (
              <p class="row start">
                <button
                  class="primary"
                  disabled={blocked}
                  onClick={() => void turnOn("camera").then(() => turnOn("microphone"))}
                >
                  Camera and microphone
                </button>
                <button disabled={blocked} onClick={() => void turnOn("camera")}>
                  Camera only
                </button>
                <button disabled={blocked} onClick={() => void turnOn("microphone")}>
                  Microphone only
                </button>
              </p>
            )}
          </Stage>
          {refusal.value && (
            <p class="refusal" role="alert">
              {refusal.value}
            </p>
          )}
          <div class="controls row">
            {(["camera", "microphone"] as const).map((kind) => (
              <DeviceControl
                key={kind}
                kind={kind}
                on={live[kind].value !== null}
                known={known.value[kind]}
                chosen={chosen.value[kind]}
                disabled={blocked || live.recording.value}
                toggle={() => toggle(kind)}
                choose={(id) => choose(kind, id)}
              />
            ))}
            <span class="grow" />
            <button
              disabled={nothing}
              aria-pressed={live.paused.value}
              onClick={() => (live.paused.value ? live.resume() : live.pause())}
            >
              {live.paused.value ? "Go on" : "Pause"}
            </button>
            {!live.recording.value && (
              <button disabled={nothing || live.uploaded.value !== null || live.kept.value !== null} onClick={record}>
                <span class="dot" aria-hidden="true" /> Record
              </button>
            )}
          </div>
          {live.recording.value && (
            <p class="recording row" role="status">
              <span class="dot on" aria-hidden="true" />
              <span class="grow">
                Recording <Elapsed now={now} since={begun.value ?? 0} />
              </span>
              <button class="primary" onClick={() => void measure()}>
                Stop and measure
              </button>
              <button onClick={() => void live.discardRecording()}>Discard</button>
            </p>
          )}
          {live.uploaded.value !== null && (
            <p class="recording">
              <label>
                Handing the recording in <progress value={live.uploaded.value} max={1} />
              </label>
            </p>
          )}
          {handedIn.value && (
            <p class="recording" role="status">
              The recording is a job now: <a href={`/result/${handedIn.value}`}>see its result</a>, or find it in the{" "}
              <a href="/library">library</a>.
            </p>
          )}
          <Kept live={live} again={measure} />
        </div>

        <div class="right">
          <FacePanel live={live} now={now} />
          <VoicePanel live={live} now={now} />
        </div>
      </div>

      <Timeline live={live} now={now} />

      <div class="bottom-part">
        <Typing />
        <Said live={live} />
      </div>
    </div>
  );
}

function DeviceControl(props: {
  kind: Kind;
  on: boolean;
  known: Device[];
  chosen: string | null;
  disabled: boolean;
  toggle: () => void;
  choose: (id: string) => void;
}) {
  const name = props.kind === "camera" ? "Camera" : "Microphone";
  return (
    <span class="device">
      <button aria-pressed={props.on} disabled={props.disabled} onClick={props.toggle}>
        {name} {props.on ? "on" : "off"}
      </button>
      {props.known.length > 1 && (
        <select
          aria-label={`Which ${props.kind}`}
          disabled={props.disabled}
          value={props.chosen ?? props.known[0]!.id}
          onChange={(event) => props.choose(event.currentTarget.value)}
        >
          {props.known.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </span>
  );
}

/** A recording that the server did not take: it is not lost. */
function Kept({ live, again }: { live: Session; again: () => Promise<void> }) {
  const kept = live.kept.value;
  const address = useMemo(() => kept && URL.createObjectURL(kept.file), [kept]);
  useEffect(() => () => void (address && URL.revokeObjectURL(address)), [address]);
  if (!kept || !address || live.uploaded.value !== null) return null;
  return (
    <p class="recording row" role="status">
      <span class="grow">The recording ({megabytes(kept.file.size)}) was not handed in.</span>
      <button onClick={() => void again()}>Try again</button>
      <a class="button" href={address} download={kept.name}>
        Save the file
      </a>
      <button onClick={() => void live.discardRecording()}>Discard</button>
    </p>
  );
}

/** What is drawn anew all the time reads the clock itself: the rest of the view stands still. */
interface Moving {
  live: Session;
  now: ReadonlySignal<number>;
}

function Elapsed({ now, since }: { now: ReadonlySignal<number>; since: number }) {
  return <span class="figures">{clock(now.value - since)}</span>;
}

function FacePanel({ live, now }: Moving) {
  const on = live.camera.value !== null;
  const ids = [...new Set(live.seen.value?.faces.map(({ face_id }) => face_id) ?? [])].sort();
  return (
    <Panel title={MODEL_NAMES.face} live={live} part="face" unit="images">
      {ids.length > 1 && (
        <p class="row live-people" role="group" aria-label="Whose face">
          {ids.map((id) => (
            <button key={id} class="bare small" aria-pressed={live.chosen === id} onClick={() => (live.chosen = id)}>
              {personName(id)}
            </button>
          ))}
        </p>
      )}
      <Strongest rolling={live.face} on={on} paused={live.paused.value} now={now.value} label="What the face expresses" nothing="No face in the image." off="The camera is off." />
    </Panel>
  );
}

function VoicePanel({ live, now }: Moving) {
  const on = live.microphone.value !== null;
  return (
    <Panel title={MODEL_NAMES.prosody} live={live} part="prosody" unit="segments">
      <Strongest rolling={live.voice} on={on} paused={live.paused.value} now={now.value} label="What the voice expresses" nothing="Nobody speaks." off="The microphone is off." />
    </Panel>
  );
}

function Strongest(props: { rolling: Rolling; on: boolean; paused: boolean; now: number; label: string; nothing: string; off: string }) {
  const { rolling, on, now } = props;
  const scores = now - rolling.end < STALE ? rolling.latest : undefined;
  if (on && scores) return <Bars label={props.label} names={rolling.strongest(6, BARS_OVER)} scores={scores} />;
  const nothing = scores === null ? props.nothing : props.paused ? "Paused." : "Waiting for the server.";
  return <p class="quiet small">{on ? nothing : props.off}</p>;
}

function Panel(props: { title: string; live: Session; part: PartName; unit: string; children: preact.ComponentChildren }) {
  const { title, live, part } = props;
  const trouble = live.parts[part].trouble.value;
  const speed = live.speeds.value[part];
  const id = `${part}-title`;
  return (
    <section class="panel" aria-labelledby={id}>
      <div class="head">
        <h2 id={id}>{title}</h2>
        {speed && (
          <span class="quiet small figures" title="Round trip, and of it the time in the server">
            {speed.perSecond.toFixed(1)} {props.unit} per second, {speed.ms.toFixed(0)} ms round trip
            {speed.serverMs !== null && `, ${speed.serverMs.toFixed(0)} in the server`}
          </span>
        )}
      </div>
      {trouble && (
        <p class={trouble.over ? "quiet small" : "error small"} role="status">
          {trouble.text}
        </p>
      )}
      {!trouble?.over && props.children}
    </section>
  );
}

/** The last minute: lines for face and voice, and how loud it was, with bursts. */
function Timeline({ live, now: moving }: Moving) {
  const now = moving.value;
  if (!live.camera.value && !live.microphone.value && now === 0) return null;
  const faceNames = live.face.steady(4, LINES_OVER);
  const voiceNames = live.voice.steady(4, LINES_OVER);
  const trouble = live.parts.burst.trouble.value;
  const lane = { now, seconds: SHOWN };
  return (
    <section class="last-minute" aria-label="The last minute">
      <LaneHead title={MODEL_NAMES.face} names={faceNames} />
      <Lane {...lane} height={110} least={0.5} names={faceNames} data={live.face.columns(faceNames)} label={spoken("face", faceNames)} />
      <LaneHead title={MODEL_NAMES.prosody} names={voiceNames} />
      <Lane {...lane} height={110} least={0.3} names={voiceNames} data={live.voice.columns(voiceNames)} label={spoken("voice", voiceNames)} />
      <LaneHead title="Audio and bursts" names={[]} note={trouble?.text} />
      <Lane
        {...lane}
        height={82}
        least={0.08}
        names={["level"]}
        filled
        times
        data={live.level.columns(["level"])}
        draw={(plot) => drawBursts(plot, live)}
        label={live.bursts.marks.length ? `Bursts: ${live.bursts.marks.map((mark) => mark.scores[0]?.name).join(", ")}` : "How loud it was; no bursts"}
      />
    </section>
  );
}

function LaneHead({ title, names, note }: { title: string; names: string[]; note?: string | undefined }) {
  return (
    <p class="live-lane-head row small">
      <b>{title}</b>
      {names.map((name) => (
        <Expression key={name} name={name} />
      ))}
      {note && <span class="quiet">{note}</span>}
    </p>
  );
}

const spoken = (of: string, names: string[]) =>
  names.length ? `Lines of what the ${of} expresses most: ${names.join(", ")}` : `Nothing of the ${of} yet`;

/** Bursts as spans over the sound, each with the name of what it expresses most. */
function drawBursts(plot: uPlot, live: Session): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  for (const { begin, end, scores } of live.bursts.marks) {
    const name = highest(scores, 1)[0]?.name ?? "";
    const left = Math.max(bbox.left, plot.valToPos(begin, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(end, "x", true));
    if (right <= left) continue;
    ctx.fillStyle = ctx.strokeStyle = colorOf(name);
    ctx.globalAlpha = 0.16;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, bbox.top, right - left, 3 * ratio);
    ctx.fillText(name, left + 3 * ratio, bbox.top + 6 * ratio);
  }
  ctx.restore();
}

/** Call again and again while the view is open; gives what ends it. */
function drawing(draw: () => void): () => void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let [frame, last] = [0, 0];
  const next = (time: number) => {
    frame = requestAnimationFrame(next);
    if (time - last < 1000 / (calm.matches ? FRAMES_CALM : FRAMES)) return;
    last = time;
    draw();
  };
  frame = requestAnimationFrame(next);
  return () => cancelAnimationFrame(frame);
}
