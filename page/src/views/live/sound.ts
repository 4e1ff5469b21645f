/** Sound on its way: samples that wait to be sent, pieces as WAV, and where somebody spoke. */

export interface Piece {
  samples: Float32Array;
  /** When its last sample was heard, on the clock of the view; seconds. */
  end: number;
  /** Sound before it was dropped, because the server was too slow. */
  gap: boolean;
}

/** Samples that wait for their turn. What is too old is dropped, so that what is measured is what is heard now. */
export class Unsent {
  private blocks: Float32Array[] = [];
  private length = 0;
  private end = 0;
  private gap = false;

  constructor(
    private readonly least: number,
    private readonly most: number,
  ) {}

  push(block: Float32Array, end: number): void {
    this.blocks.push(block);
    this.length += block.length;
    this.end = end;
    while (this.length > this.most) {
      this.length -= this.blocks.shift()!.length;
      this.gap = true;
    }
  }

  /** All that waits, once it is enough to be worth a message. */
  take(): Piece | null {
    if (this.length < this.least) return null;
    const piece = { samples: joined(this.blocks), end: this.end, gap: this.gap };
    this.clear();
    return piece;
  }

  clear(): void {
    this.blocks = [];
    this.length = 0;
    this.gap = false;
  }
}

/** Seconds of sound that the server looks at with a piece: it puts earlier sound before it, as far as there is any. */
export class Window {
  private heard = 0;

  constructor(private readonly seconds: number) {}

  /** Where the sound begins that is looked at with this piece, on the clock of the view; `first` of its connection. */
  begin(piece: Piece, rate: number, first: boolean): number {
    const length = piece.samples.length / rate;
    this.heard = (piece.gap || first ? 0 : this.heard) + length;
    return piece.end - Math.min(this.heard, Math.max(this.seconds, length));
  }
}

const PAUSE = 0.55;
const BEFORE = 0.3;
const LONGEST = 4.9;
const SHORTEST = 0.35;
/** From here on it may be speech, whatever the room is like; root mean square. */
const AUDIBLE = 0.006;
/** How much louder than the room speech is. */
const OVER_ROOM = 2.8;

/** Cuts sound where somebody pauses, by how loud it is: pieces that can be written down as they are. */
export class Utterances {
  private blocks: { samples: Float32Array; level: number; end: number }[] = [];
  private room = AUDIBLE;
  private voiced = 0;
  private quiet = 0;
  private kept = 0;

  constructor(private readonly rate: number) {}

  /** The piece that ended with this block, if one did. */
  push(samples: Float32Array, end: number): Piece | null {
    const level = loudness(samples);
    const seconds = samples.length / this.rate;
    const loud = level > Math.max(AUDIBLE, this.room * OVER_ROOM);
    // the room is what is left when nobody speaks: found quickly, given up slowly
    this.room += (level - this.room) * (level < this.room ? 0.3 : loud ? 0.002 : 0.03);
    this.blocks.push({ samples, level, end });
    this.kept += seconds;
    if (loud) {
      this.voiced += seconds;
      this.quiet = 0;
    } else {
      this.quiet += seconds;
    }
    if (!this.voiced) {
      while (this.kept > BEFORE && this.blocks.length > 1) this.kept -= this.seconds(this.blocks.shift()!);
      return null;
    }
    if (this.quiet >= PAUSE) return this.cut(this.blocks.length);
    return this.kept + seconds > LONGEST ? this.cut(this.quietest() + 1) : null;
  }

  clear(): void {
    this.blocks = [];
    this.voiced = this.quiet = this.kept = 0;
  }

  /** Where a piece that became too long hurts least: the quietest block of its second half. */
  private quietest(): number {
    let best = this.blocks.length - 1;
    for (let i = best; i >= this.blocks.length / 2; i--) {
      if (this.blocks[i]!.level < this.blocks[best]!.level) best = i;
    }
    return best;
  }

  private cut(count: number): Piece | null {
    const taken = this.blocks.slice(0, count);
    const rest = this.blocks.slice(count);
    const enough = this.voiced >= SHORTEST;
    this.clear();
    this.blocks = rest;
    this.kept = rest.reduce((sum, block) => sum + this.seconds(block), 0);
    this.voiced = enough && rest.length ? this.kept : 0;
    if (!enough) return null;
    return { samples: joined(taken.map((block) => block.samples)), end: taken.at(-1)!.end, gap: false };
  }

  private seconds(block: { samples: Float32Array }): number {
    return block.samples.length / this.rate;
  }
}

/** Root mean square. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length ? Math.sqrt(sum / samples.length) : 0;
}

/** A WAV file of one channel, 16 bits a sample, as base64. */
export function wav(samples: Float32Array, rate: number): string {
  const bytes = new Uint8Array(44 + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const word = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  word(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i++) {
    view.setInt16(44 + 2 * i, Math.round(Math.max(-1, Math.min(1, samples[i]!)) * 32767), true);
  }
  return base64(bytes);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function joined(blocks: Float32Array[]): Float32Array {
  const all = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}
