import { describe, expect, it } from "vitest";

import { isJunk } from "./collect";
import { addresses, planned, refusal, type Staged } from "./jobs";

const LIMITS = { max_upload_mb: 1, max_files: 3, max_urls: 2, max_texts: 2, max_text_mb: 1, max_media_hours: 1 };
const choice = { models: { face: {} }, transcription: null };

let id = 0;
const file = (name: string, size = 10, seconds: number | null = null): Staged => ({
  id: ++id, kind: "file", name, file: new Blob([new Uint8Array(size)]), seconds,
});
const url = (address: string): Staged => ({ id: ++id, kind: "url", url: address });
const text = (words: string): Staged => ({ id: ++id, kind: "text", text: words });

describe("planned", () => {
  it("is one job for all kinds together", () => {
    const [job, ...others] = planned([text("a"), file("b.wav"), url("https://example.org/c")], choice, LIMITS);
    expect(others).toEqual([]);
    expect(job!.request).toEqual({ ...choice, urls: ["https://example.org/c"], text: ["a"] });
    expect(job!.uploads.map(({ name }) => name)).toEqual(["b.wav"]);
    expect(job!.bytes).toBe(10);
  });

  it("is several where one would hold too much, and nothing is lost or sent twice", () => {
    const jobs = planned([..."abcdefg"].map((name) => file(name)), choice, LIMITS);
    expect(jobs.map(({ uploads }) => uploads.map(({ name }) => name).join(""))).toEqual(["abc", "def", "g"]);
  });

  it("is none for nothing", () => expect(planned([], choice, LIMITS)).toEqual([]));
});

describe("refusal", () => {
  it.each<[string, Staged, RegExp | null]>([
    ["a file that fits", file("a"), null],
    ["an empty file", file("a", 0), /empty/],
    ["a large file", file("a", 1_000_001), /MIEN_MAX_UPLOAD_MB/],
    ["a long film", file("a", 10, 3601), /1 hours/],
    ["an address", url("https://example.org/a.mp4"), null],
    ["another scheme", url("ftp://example.org"), /http/],
    ["no address", url("talk"), /http/],
    ["blanks", text("  \n"), /empty/],
  ])("of %s", (_, staged, why) => {
    const said = refusal(staged, LIMITS);
    if (why) expect(said).toMatch(why);
    else expect(said).toBeNull();
  });
});

it("addresses may stand without their scheme, several at once", () => {
  expect(addresses("https://a.org/x\n example.org/talk.mp3  ftp://b.org oops")).toEqual([
    "https://a.org/x", "https://example.org/talk.mp3", "ftp://b.org", "oops",
  ]);
});

it.each([
  [".DS_Store", true],
  ["folder/.hidden/a.wav", true],
  ["__MACOSX/a.wav", true],
  ["folder/Thumbs.db", true],
  ["folder/my.talk.mp4", false],
])("junk: %s %s", (path, junk) => expect(isJunk(path)).toBe(junk));
