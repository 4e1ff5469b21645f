/** Parses predictions beside the page, so that nothing stands still meanwhile, and hands over columns. */

import type { FilePredictions, SourceResult } from "../wire";
import { contentsOf, NoPredictions, sourcesIn, topOf, tracksOf, type Contents, type Track } from "./columns";
import { moments, spreads, type Moment, type Spread } from "./summary";

export interface Told {
  tracks: Track[];
  /** Of each track. */
  spreads: Spread[][];
  moments: Moment[];
}

/** A picture in a grid: its faces, each with the names that come first. */
export interface Thumb {
  head: number;
  boxes: number[][];
  tops: [name: string, score: number][][];
}

export type Ask = { id: number } & ({ what: "open"; json: Blob } | { what: "file"; head: number } | { what: "thumbs" });
export type Answer = { id: number } & ({ contents: Contents } | { file: Told } | { thumbs: Thumb[] } | { refused: string });

const MOMENTS = 12;
const TOPS = 3;

let files: FilePredictions[] = [];
let contents: Contents = { heads: [], sources: [], lost: [] };

async function answer(ask: Ask): Promise<Answer> {
  const { id } = ask;
  switch (ask.what) {
    case "open":
      contents = open(await parsed(ask.json));
      return { id, contents };
    case "file":
      return { id, file: told(files[ask.head]!) };
    case "thumbs":
      return { id, thumbs: contents.heads.flatMap(({ type }, head) => (type === "image" ? [thumb(head)] : [])) };
  }
}

async function parsed(json: Blob): Promise<unknown> {
  try {
    return JSON.parse(await json.text());
  } catch {
    throw new NoPredictions("This is not JSON.");
  }
}

function open(json: unknown): Contents {
  const results: SourceResult[] = sourcesIn(json);
  files = results.flatMap(({ results: found }) => found?.predictions ?? []);
  return contentsOf(results);
}

function told(file: FilePredictions): Told {
  const tracks = tracksOf(file);
  const ends = tracks.map(({ end, rows }) => end[rows - 1] ?? 0).filter((end) => end > 0);
  const apart = Math.max(1, Math.max(0, ...ends) / 40);
  return { tracks, spreads: tracks.map(({ emotions }) => spreads(emotions)), moments: moments(tracks, MOMENTS, apart) };
}

function thumb(head: number): Thumb {
  const boxes: number[][] = [];
  const tops: Thumb["tops"] = [];
  for (const { box, emotions, rows } of tracksOf(files[head]!))
    if (box)
      for (let row = 0; row < rows; row++) {
        boxes.push([...box.subarray(row * 4, row * 4 + 4)]);
        tops.push(topOf(emotions, row, TOPS).map((i) => [emotions.names[i]!, emotions.values[row * emotions.names.length + i]!]));
      }
  return { head, boxes, tops };
}

/** The memory that can be handed over instead of copied. */
function buffers(reply: Answer): ArrayBuffer[] {
  if (!("file" in reply)) return [];
  return reply.file.tracks.flatMap(({ begin, end, box, position, confidence, ...rest }) =>
    [begin, end, box, position, confidence, ...[rest.emotions, rest.facs, rest.descriptions, rest.sentiment, rest.toxicity].map((table) => table?.values)]
      .filter((array) => array != null)
      .map(({ buffer }) => buffer as ArrayBuffer),
  );
}

onmessage = async ({ data }: MessageEvent<Ask>) => {
  try {
    const reply = await answer(data);
    postMessage(reply, { transfer: buffers(reply) });
  } catch (error) {
    const refused = error instanceof NoPredictions ? error.message : `These predictions cannot be read: ${String(error)}`;
    postMessage({ id: data.id, refused } satisfies Answer);
  }
};
