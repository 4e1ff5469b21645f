/** What goes on in the view: devices on one side, the stream on the other, what was found between them. */

import { signal } from "@preact/signals";

import { fetched, start } from "../../api";
import { release } from "../../parts/devices";
import { warnWhile } from "../../parts/leaving";
import { Recording, type Recorded } from "../../parts/recording";
import { Stopwatch } from "../../parts/stopwatch";
import type { Models, Score } from "../../wire";
import { listening, picture, type Listening } from "./capture";
import { Channel } from "./channel";
import { turnedOn, type Kind } from "./devices";
import { followed } from "./faces";
import { Part, type Measuring, type Speed } from "./part";
import type { Shot } from "./pump";
import { byName, highest, Marks, Rolling } from "./rolling";
import { loudness, Unsent, Utterances, wav, Window, type Piece } from "./sound";
import { opened, type FaceSeen, type Message, type StreamModel } from "./stream";

/** What is measured live, each over a connection of its own: what one is slow at or cannot do, holds up no other. */
export type PartName = "face" | "prosody" | "burst" | "said";

/** Seconds that are drawn. */
export const SHOWN = 60;

/** Seconds of sound that are looked at together: as long as the windows of jobs; bursts are short. */
const VOICE_WINDOW = 4;
const BURST_WINDOW = 2;

/** Seconds of sound that a message has at least, and at most: more the stream does not take. */
const LEAST_PIECE = 0.35;
const MOST_PIECE = 4.5;

/** What is said may wait a little, since every word counts; of more than this the oldest is left out. */
const UTTERANCES = 3;
const LINES = 60;

/** Seconds after which an answer is no longer what happens now. */
export const STALE = 3;

export interface Seen {
  faces: FaceSeen[];
  /** When the picture was taken. */
  time: number;
  width: number;
  height: number;
}

/** Something that was said. */
export interface Line {
  id: number;
  time: number;
  text: string;
  top: Score[];
}

const admitted = () => fetched("/mien/jobs?limit=1", { impatient: true });

/** A connection for one model, opened when it is first used. */
export const channel = <M extends StreamModel>(model: M) => new Channel(model, opened, admitted);

/** It outlives the view: nothing else has it. */
const kept = signal<Recorded | null>(null);
warnWhile(() => kept.value !== null);

export class Live {
  readonly camera = signal<MediaStream | null>(null);
  readonly microphone = signal<MediaStream | null>(null);
  readonly paused = signal(false);
  readonly recording = signal(false);
  /** How much of the recording has been uploaded, 0 to 1. */
  readonly uploaded = signal<number | null>(null);
  /** A recording that could not be handed in, or was going on when the view was left. */
  readonly kept = kept;
  readonly seen = signal<Seen | null>(null);
  readonly said = signal<Line[]>([]);
  readonly notUnderstood = signal(false);
  readonly parts: Record<PartName, Part> = {
    face: new Part(66),
    prosody: new Part(350),
    burst: new Part(350),
    said: new Part(0),
  };
  /** Brought up to date now and then: figures that flicker cannot be read. */
  readonly speeds = signal<Partial<Record<PartName, Speed | null>>>({});

  readonly clock = new Stopwatch();
  readonly face = new Rolling(SHOWN);
  readonly voice = new Rolling(SHOWN);
  readonly level = new Rolling(SHOWN);
  readonly bursts = new Marks(SHOWN);
  /** The face that the lines follow; null is the largest. */
  chosen: string | null = null;

  private readonly stops: Record<Kind, AbortController | null> = { camera: null, microphone: null };
  private listener: Listening | null = null;
  private recorder: Recording | null = null;
  private lines = 0;

  // ── devices

  /** Turn the camera on, shown in `video`. Throws an error whose message can be shown. */
  async turnCameraOn(video: HTMLVideoElement, deviceId: string | null): Promise<void> {
    const stream = await this.begun("camera", deviceId);
    const signal = this.stops.camera!.signal;
    video.srcObject = stream;
    video.play().catch(() => {}); // was turned off again at once
    this.camera.value = stream;
    this.clock.start();
    void this.pumpFaces(video, signal);
  }

  async turnMicrophoneOn(deviceId: string | null): Promise<void> {
    const stream = await this.begun("microphone", deviceId);
    const signal = this.stops.microphone!.signal;
    try {
      this.listener = await listening(stream);
    } catch (error) {
      this.turnOff("microphone");
      throw new Error(`The microphone's audio cannot be read: ${(error as Error).message}`);
    }
    this.microphone.value = stream;
    this.clock.start();
    this.listener.heard = this.hearing(this.listener.rate, signal);
  }

  turnOff(kind: Kind): void {
    this.stops[kind]?.abort();
    this.stops[kind] = null;
    release(this[kind].value);
    this[kind].value = null;
    if (kind === "camera") {
      this.seen.value = null;
    } else {
      this.listener?.stop();
      this.listener = null;
      this.notUnderstood.value = false;
    }
    this.measureSpeeds();
    if (!this.camera.value && !this.microphone.value) {
      this.clock.stop();
      this.paused.value = false;
    }
  }

  pause(): void {
    this.paused.value = true;
    this.clock.stop();
    void this.listener?.pause();
    this.recorder?.pause();
  }

  resume(): void {
    this.paused.value = false;
    this.clock.start();
    void this.listener?.resume();
    this.recorder?.resume();
  }

  /** The view is left. What was recorded until then is kept. */
  async end(): Promise<void> {
    if (this.recorder) this.kept.value = await this.recorded();
    this.turnOff("camera");
    this.turnOff("microphone");
  }

  // ── recording

  record(): void {
    const tracks = [this.camera.value, this.microphone.value].flatMap((stream) => stream?.getTracks() ?? []);
    this.recorder = new Recording(tracks, "live");
    if (this.paused.value) this.recorder.pause();
    this.recording.value = true;
  }

  /** End the recording and hand it in as a job; gives its id. What cannot be handed in stays in `kept`. */
  async measureRecording(): Promise<string> {
    const recorded = this.kept.value ?? (await this.recorded());
    if (!recorded) throw new Error("Nothing was recorded.");
    this.uploaded.value = 0;
    try {
      const models = this.modelsOf(recorded);
      const id = await start({ models }, [recorded], (done) => (this.uploaded.value = done));
      this.kept.value = null;
      return id;
    } catch (error) {
      this.kept.value = recorded;
      throw error;
    } finally {
      this.uploaded.value = null;
    }
  }

  async discardRecording(): Promise<void> {
    await this.recorded();
    this.kept.value = null;
  }

  private async recorded(): Promise<Recorded | null> {
    const recorded = (await this.recorder?.stop()) ?? null;
    this.recorder = null;
    this.recording.value = false;
    return recorded;
  }

  /** All that can look at it; what the server has told to have no engine for would only fail. */
  private modelsOf({ file }: Recorded): Models {
    const lacks = (part: PartName) => this.parts[part].trouble.value?.over;
    return {
      ...(file.type.startsWith("video/") && !lacks("face") && { face: { fps_pred: 5 } }),
      ...(!lacks("prosody") && { prosody: {} }),
      ...(!lacks("burst") && { burst: {} }),
      ...(!lacks("said") && { language: {} }),
    };
  }

  // ── measuring

  private async begun(kind: Kind, deviceId: string | null): Promise<MediaStream> {
    const stream = await turnedOn(kind, deviceId);
    this.turnOff(kind);
    this.stops[kind] = new AbortController();
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.turnOff(kind)); // pulled out
    return stream;
  }

  private async pumpFaces(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
    let identify = true;
    const how: Measuring<"face", { width: number; height: number; time: number }> = {
      take: () => {
        const shown = this.paused.value ? null : picture(video);
        if (!shown) return null;
        const { data, ...size } = shown;
        const options = identify ? { identify_faces: true } : {};
        return { message: { models: { face: options }, data }, about: { ...size, time: this.clock.now } };
      },
      found: (faces, { width, height, time }) => {
        this.seen.value = { faces, time, width, height };
        const face = followed(faces, this.chosen);
        this.face.push(time, face && byName(face.emotions));
      },
      // a server may find faces without telling them apart
      missing: () => identify && !(identify = false),
    };
    await this.parts.face.measure(channel("face"), how, signal);
  }

  /** Starts what looks at sound, and takes its blocks. */
  private hearing(rate: number, signal: AbortSignal): (block: Float32Array) => void {
    const voice = new Unsent(LEAST_PIECE * rate, MOST_PIECE * rate);
    const bursts = new Unsent(LEAST_PIECE * rate, MOST_PIECE * rate);
    const utterances = new Utterances(rate);
    const spoken: Piece[] = [];
    void this.pumpVoice(voice, rate, signal);
    void this.pumpBursts(bursts, rate, signal);
    void this.pumpSaid(spoken, rate, signal);
    return (block) => {
      const time = this.clock.now;
      this.level.push(time, { level: loudness(block) });
      voice.push(block, time);
      bursts.push(block, time);
      const piece = utterances.push(block, time);
      if (piece) spoken.push(piece);
      if (spoken.length > UTTERANCES) spoken.shift();
    };
  }

  private async pumpVoice(unsent: Unsent, rate: number, signal: AbortSignal): Promise<void> {
    const how: Measuring<"prosody", Piece> = {
      take: () => soundShot(unsent, rate, "prosody", VOICE_WINDOW),
      found: (pieces, { end }) => this.voice.push(end, pieces[0] ? byName(pieces[0].emotions) : null),
    };
    await this.parts.prosody.measure(channel("prosody"), how, signal);
  }

  private async pumpBursts(unsent: Unsent, rate: number, signal: AbortSignal): Promise<void> {
    const window = new Window(BURST_WINDOW);
    const how: Measuring<"burst", Piece> = {
      take: () => soundShot(unsent, rate, "burst", BURST_WINDOW),
      found: (bursts, piece, first) => {
        const zero = window.begin(piece, rate, first);
        for (const { time, emotions } of bursts) {
          const mark = { begin: zero + time.begin, end: zero + time.end, scores: highest(emotions, 3) };
          this.bursts.add(mark, this.clock.now);
        }
      },
    };
    await this.parts.burst.measure(channel("burst"), how, signal);
  }

  private async pumpSaid(spoken: Piece[], rate: number, signal: AbortSignal): Promise<void> {
    const how: Measuring<"language", Piece> = {
      take: () => {
        const piece = spoken.shift();
        return piece ? { message: saidMessage(piece, rate), about: piece } : null;
      },
      found: (sentences, piece) => {
        this.notUnderstood.value = false;
        const begin = piece.end - piece.samples.length / rate;
        const lines = sentences.map(({ text, emotions }) => ({
          id: ++this.lines,
          time: Math.max(0, begin),
          text,
          top: highest(emotions, 2),
        }));
        this.said.value = [...this.said.value, ...lines].slice(-LINES);
      },
      // a piece that was not understood is no trouble: one says so, and hears on
      refused: ({ code }) => code.startsWith("E02") && (this.notUnderstood.value = true),
    };
    await this.parts.said.measure(channel("language"), how, signal);
  }

  /** Bring `speeds` up to date. */
  measureSpeeds(): void {
    const { face, prosody, burst, said } = this.parts;
    this.speeds.value = { face: face.speed, prosody: prosody.speed, burst: burst.speed, said: said.speed };
  }
}

function soundShot(unsent: Unsent, rate: number, model: "prosody" | "burst", seconds: number): Shot<Piece> | null {
  const piece = unsent.take();
  if (!piece) return null;
  const message: Message = {
    models: { [model]: {} },
    data: wav(piece.samples, rate),
    stream_window_ms: seconds * 1000,
    ...(piece.gap && { reset_stream: true }), // what came before does not join
  };
  return { message, about: piece };
}

function saidMessage(piece: Piece, rate: number): Message {
  return { models: { language: { granularity: "sentence" } }, data: wav(piece.samples, rate), transcription: {} };
}
