/** Keeps what is shown and heard as one file. */

import { withLength } from "./webm";
import { Stopwatch } from "./stopwatch";

/** No codecs for film: Firefox never ends a recording whose form names a codec for sound that is not there. */
const FORMS = {
  film: ["video/webm", "video/mp4"],
  sound: ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"],
};

/** Bits a second: a picture of 640 × 480 keeps what networks see of faces. */
const RATES = { videoBitsPerSecond: 1_200_000, audioBitsPerSecond: 96_000 };

export interface Recorded {
  file: Blob;
  name: string;
  seconds: number;
}

export class Recording {
  private readonly recorder: MediaRecorder;
  private readonly chunks: Blob[] = [];
  private readonly begun = new Date();
  private readonly length = new Stopwatch();

  /** `title` begins the name of the file. */
  constructor(
    tracks: MediaStreamTrack[],
    private readonly title: string,
  ) {
    const forms = FORMS[tracks.some((track) => track.kind === "video") ? "film" : "sound"];
    const mimeType = forms.find((form) => MediaRecorder.isTypeSupported(form));
    this.recorder = new MediaRecorder(new MediaStream(tracks), { ...RATES, ...(mimeType && { mimeType }) });
    this.recorder.ondataavailable = ({ data }) => this.chunks.push(data);
    this.length.start();
    this.recorder.start(1000); // what was recorded is here even if a device goes away
  }

  get seconds(): number {
    return this.length.now;
  }

  pause(): void {
    if (this.recorder.state !== "recording") return;
    this.recorder.pause();
    this.length.stop();
  }

  resume(): void {
    if (this.recorder.state !== "paused") return;
    this.recorder.resume();
    this.length.start();
  }

  async stop(): Promise<Recorded> {
    this.length.stop();
    if (this.recorder.state !== "inactive") {
      const stopped = new Promise((done) => (this.recorder.onstop = done));
      this.recorder.stop();
      await stopped;
    }
    const type = this.recorder.mimeType.split(";")[0] || "video/webm";
    const file = await withLength(new Blob(this.chunks, { type }), this.length.now);
    return { file, seconds: this.length.now, name: `${this.title}-${stamp(this.begun)}.${type.split("/")[1]}` };
  }
}

/** 2026-11-28-2015, by the clock on the wall. */
function stamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}`;
}
