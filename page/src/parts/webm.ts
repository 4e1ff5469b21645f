/** Recordings of browsers do not say how long they are, and players cannot seek in what has no length: it is put in. */

const INFO = [0x15, 0x49, 0xa9, 0x66];
const DURATION = [0x44, 0x89];
/** Bytes in which the head of a recording lies. */
const HEAD = 4096;

/** The WebM file with its length; any other, or one that tells it already, as it is. */
export async function withLength(file: Blob, seconds: number): Promise<Blob> {
  if (!/webm/.test(file.type)) return file;
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  const longer = lengthened(head, seconds);
  return longer ? new Blob([longer as Uint8Array<ArrayBuffer>, file.slice(HEAD)], { type: file.type }) : file;
}

/** The head of a WebM file with a Duration in its Info; null where there is no place for it. */
export function lengthened(head: Uint8Array, seconds: number): Uint8Array | null {
  const at = found(head, INFO, 0, head.length);
  if (at < 0) return null;
  const sized = at + INFO.length;
  const width = Math.clz32(head[sized]!) - 23; // of the size: as many bytes as its first has leading zeros, and one
  let size = head[sized]! & (0xff >> width);
  for (let i = 1; i < width; i++) size = size * 256 + head[sized + i]!;
  const begin = sized + width;
  if (width > 8 || begin + size > head.length || found(head, DURATION, begin, begin + size) >= 0) return null;
  const duration = new Uint8Array(11);
  duration.set([...DURATION, 0x88]); // eight bytes follow
  new DataView(duration.buffer).setFloat64(3, seconds * 1000); // in the milliseconds that browsers count in
  const grown = new Uint8Array(8);
  new DataView(grown.buffer).setBigUint64(0, BigInt(size + duration.length));
  grown[0] = 1; // a size of eight bytes
  return joined(head.subarray(0, sized), grown, head.subarray(begin, begin + size), duration, head.subarray(begin + size));
}

function found(bytes: Uint8Array, wanted: number[], from: number, to: number): number {
  for (let at = from; at <= to - wanted.length; at++) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
