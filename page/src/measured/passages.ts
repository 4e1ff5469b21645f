/** A text as it is read: pieces that were measured, what stands between them, and paragraphs. */

import type { Track } from "./columns";

/** A word, sentence or turn that was measured. */
export interface Piece {
  /** Number among the tracks that the text was made of, and row in it. */
  track: number;
  row: number;
  text: string;
  /** What stands before it in the text. */
  before: string;
  /** Characters in the whole text. */
  begin: number;
  end: number;
}

export interface Paragraph {
  person: string;
  /** When it begins; NaN where the text was not spoken. */
  time: number;
  /** Number of its first piece. */
  first: number;
  pieces: Piece[];
  /** What stands after its last piece. */
  after: string;
}

const LONG = 60;
const PAUSE = 2;

/**
 * Paragraphs of language tracks (all persons of a file). Speech breaks where another speaks, after a pause, and
 * after a sentence when it has become long; written text where it has lines of its own.
 */
export function paragraphsOf(tracks: Track[], whole: string | null): Paragraph[] {
  const text = whole === null ? null : new Characters(whole);
  const paragraphs: Paragraph[] = [];
  let at = 0; // how far the text has been used
  let heard = NaN;
  for (const { track, row } of inOrder(tracks)) {
    const { person, begin, end, text: texts, position } = tracks[track]!;
    const from = position?.[2 * row] ?? at + 1;
    const to = position?.[2 * row + 1] ?? from + (texts?.[row]?.length ?? 0);
    const before = text ? text.between(at, from) : paragraphs.length ? " " : "";
    // what stands before a line break belongs to the line before
    const broken = paragraphs.length ? before.lastIndexOf("\n") + 1 : 0;
    if (broken) paragraphs.at(-1)!.after = before.slice(0, broken).trimEnd();
    const piece = { track, row, text: text && to > from ? text.between(from, to) : (texts?.[row] ?? ""), before: before.slice(broken), begin: from, end: to };
    const open = paragraphs.at(-1);
    const said = open?.pieces.at(-1)?.text ?? "";
    const breaks =
      !open ||
      open.person !== person ||
      broken > 0 ||
      begin[row]! - heard > PAUSE ||
      (open.pieces.length >= LONG && (/[.!?…]["”’)]?$/.test(said) || open.pieces.length >= 2 * LONG));
    if (breaks && !text) piece.before = "";
    if (breaks)
      paragraphs.push({ person, time: begin[row]!, first: (open?.first ?? 0) + (open?.pieces.length ?? 0), pieces: [piece], after: "" });
    else open.pieces.push(piece);
    at = Math.max(at, to);
    heard = end[row]!;
  }
  const last = paragraphs.at(-1);
  if (last && text) last.after = text.between(at, Infinity).trimEnd();
  return paragraphs;
}

export interface Entity {
  begin: number;
  end: number;
  text: string;
  kind: string;
  track: Track;
  row: number;
}

export function entitiesOf(tracks: Track[]): Entity[] {
  return tracks
    .filter(({ model }) => model === "ner")
    .flatMap((track) =>
      Array.from({ length: track.rows }, (_, row) => ({
        begin: track.position?.[2 * row] ?? 0,
        end: track.position?.[2 * row + 1] ?? 0,
        text: track.text?.[row] ?? "",
        kind: track.entityType?.[row] ?? "",
        track,
        row,
      })),
    )
    .sort((a, b) => a.begin - b.begin);
}

/** A piece of text in parts, those that are of an entity with it. */
export function marked({ text, begin, end }: Pick<Piece, "text" | "begin" | "end">, entities: Entity[]): { text: string; entity: Entity | null }[] {
  const within = entities.filter((entity) => entity.begin < end && entity.end > begin);
  if (!within.length) return [{ text, entity: null }];
  const characters = new Characters(text);
  const parts: { text: string; entity: Entity | null }[] = [];
  let at = 0;
  for (const entity of within) {
    const from = Math.max(at, entity.begin - begin);
    const to = entity.end - begin;
    if (from > at) parts.push({ text: characters.between(at, from), entity: null });
    if (to > from) parts.push({ text: characters.between(from, to), entity });
    at = Math.max(at, to);
  }
  const rest = characters.between(at, Infinity);
  return [...parts, ...(rest ? [{ text: rest, entity: null }] : [])];
}

/** A string counted as the server counts: emoji and the like are one character, where JavaScript has two. */
class Characters {
  private readonly starts: number[] | null;

  constructor(private readonly text: string) {
    this.starts = /[\ud800-\udbff][\udc00-\udfff]/.test(text) ? [...startsOf(text)] : null;
  }

  between(from: number, to: number): string {
    const place = (at: number) => (this.starts ? (this.starts[at] ?? this.text.length) : at);
    return from < to ? this.text.slice(place(from), place(to)) : "";
  }
}

function* startsOf(text: string): Generator<number> {
  let at = 0;
  for (const character of text) {
    yield at;
    at += character.length;
  }
}

function inOrder(tracks: Track[]): { track: number; row: number }[] {
  const rows = tracks.flatMap(({ rows: count }, track) => Array.from({ length: count }, (_, row) => ({ track, row })));
  const place = ({ track, row }: { track: number; row: number }) => tracks[track]!.position?.[2 * row] ?? tracks[track]!.begin[row] ?? 0;
  return tracks.length > 1 ? rows.sort((a, b) => place(a) - place(b)) : rows;
}
