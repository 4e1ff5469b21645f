import { expect, it } from "vitest";

import { lengthened, withLength } from "./webm";

const hex = (text: string) => Uint8Array.from(text.split(" "), (byte) => Number.parseInt(byte, 16));
const BEFORE = "1a 45 df a3 83 42 82 80 18 53 80 67 01 ff ff ff ff ff ff ff"; // EBML, and a segment of unknown length
const SCALE = "2a d7 b1 83 0f 42 40"; // a million nanoseconds
const AFTER = "16 54 ae 6b 80"; // tracks

it.each([
  ["one byte", `${BEFORE} 15 49 a9 66 87 ${SCALE} ${AFTER}`],
  ["eight bytes", `${BEFORE} 15 49 a9 66 01 00 00 00 00 00 00 07 ${SCALE} ${AFTER}`],
])("a recording whose head is sized in %s gets its length", (_, head) => {
  const expected = `${BEFORE} 15 49 a9 66 01 00 00 00 00 00 00 12 ${SCALE} 44 89 88 40 b3 88 00 00 00 00 00 ${AFTER}`;
  expect(lengthened(hex(head), 5)).toEqual(hex(expected));
});

it.each([
  ["tells it already", `${BEFORE} 15 49 a9 66 8b 44 89 88 40 b3 88 00 00 00 00 00`],
  ["has no head", BEFORE],
  ["ends in its head", `${BEFORE} 15 49 a9 66 87 2a d7`],
])("a recording that %s stays as it is", (_, head) => expect(lengthened(hex(head), 5)).toBeNull());

it("nothing but the head is changed, and other files not at all", async () => {
  const bytes = new Uint8Array(10_000).fill(7);
  bytes.set(hex(`${BEFORE} 15 49 a9 66 87 ${SCALE} ${AFTER}`));
  const longer = new Uint8Array(await (await withLength(new Blob([bytes], { type: "video/webm" }), 5)).arrayBuffer());
  expect(longer).toHaveLength(10_000 + 11 + 7);
  expect(longer.slice(-5900)).toEqual(bytes.slice(-5900));
  const film = new Blob([bytes], { type: "video/mp4" });
  expect(await withLength(film, 5)).toBe(film);
});
