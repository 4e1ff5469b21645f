/** What devices give: samples of the microphone as they come, and the picture of the camera when it is asked for. */

import worklet from "./microphone.worklet.ts?worker&url";

/** What the networks hear; also what saves most on the way. */
const RATE = 16_000;

const STARTS_WITHIN_MS = 8000;

export interface Listening {
  readonly rate: number;
  /** Gets the sound, twenty blocks a second. */
  heard: (block: Float32Array) => void;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): void;
}

/** Hear a microphone, sample by sample: pieces of the sound join without a seam. */
export async function listening(stream: MediaStream): Promise<Listening> {
  const [context, source] = connected(stream);
  const listening: Listening = {
    rate: context.sampleRate,
    heard: () => {},
    pause: () => context.suspend(),
    resume: () => context.resume(),
    stop: () => void context.close(),
  };
  try {
    await context.audioWorklet.addModule(worklet);
    const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => listening.heard(data as Float32Array);
    source.connect(node);
    await Promise.race([context.resume(), tooLate()]);
  } catch (error) {
    void context.close();
    throw error;
  }
  return listening;
}

/** Firefox waits for ever where there is nothing to play sound on. */
function tooLate(): Promise<never> {
  const error = new Error("the browser's audio does not start; some browsers need a loudspeaker or headphones for it.");
  return new Promise((_, reject) => setTimeout(() => reject(error), STARTS_WITHIN_MS));
}

function connected(stream: MediaStream): [AudioContext, MediaStreamAudioSourceNode] {
  const context = new AudioContext({ sampleRate: RATE });
  try {
    return [context, context.createMediaStreamSource(stream)];
  } catch {
    // Firefox changes no rates between a microphone and a context: it is sent as it is, and the server does
    void context.close();
    const own = new AudioContext();
    return [own, own.createMediaStreamSource(stream)];
  }
}

/** Pixels of the longer side of a picture that is sent: what networks see of a face gains nothing from more. */
const SIDE = 640;

export interface Picture {
  /** A data URL. */
  data: string;
  width: number;
  height: number;
}

const canvas = document.createElement("canvas");

/** What the camera shows now; null before its first picture. */
export function picture(video: HTMLVideoElement): Picture | null {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth) return null;
  const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d", { willReadFrequently: true })!.drawImage(video, 0, 0, canvas.width, canvas.height);
  // a few milliseconds, where `toBlob` waits until the page has nothing else to do: up to a second while it draws
  return { data: canvas.toDataURL("image/jpeg", 0.85), width: canvas.width, height: canvas.height };
}
