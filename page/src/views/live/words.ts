/** A text with what its words express: as it was read, and while it is typed on. */

import type { Score } from "../../wire";
import type { ReadText } from "./stream";

/** A stretch of a text, in the units of JavaScript strings, and what it expresses. */
export interface Span {
  begin: number;
  end: number;
  scores: Score[];
  sentiment?: Score[];
}

/** The API counts characters, JavaScript counts an emoji twice. */
export function placed(text: string, read: ReadText[]): Span[] {
  const units = [0];
  for (const character of text) units.push(units.at(-1)! + character.length);
  const unit = (at: number) => units[Math.min(at, units.length - 1)]!;
  return read.map(({ position, emotions, sentiment }) => ({
    begin: unit(position.begin),
    end: unit(position.end),
    scores: emotions,
    ...(sentiment && { sentiment }),
  }));
}

/** The spans of a text that has been changed in one place: those that the change does not touch. */
export function carried(spans: Span[], before: string, after: string): Span[] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const moved = after.length - before.length;
  return spans.flatMap((span) => {
    if (span.end <= head) return [span];
    if (span.begin >= before.length - tail) return [{ ...span, begin: span.begin + moved, end: span.end + moved }];
    return [];
  });
}

/** The text in order, cut into spans and what lies between them. */
export function cut(text: string, spans: Span[]): { text: string; span: Span | null }[] {
  const parts: { text: string; span: Span | null }[] = [];
  let at = 0;
  for (const span of spans) {
    if (span.begin > at) parts.push({ text: text.slice(at, span.begin), span: null });
    if (span.end > at) parts.push({ text: text.slice(Math.max(at, span.begin), span.end), span });
    at = Math.max(at, span.end);
  }
  if (at < text.length) parts.push({ text: text.slice(at), span: null });
  return parts;
}

/** The span at a place of the text, or the last before it. */
export function at(spans: Span[], place: number): Span | null {
  return spans.findLast(({ begin }) => begin <= place) ?? null;
}

/** Where sentiment lies on its scale, 1 (negative) to 9 (positive): the mean of the nine shares. */
export function leaning(sentiment: Score[]): number {
  const sum = sentiment.reduce((total, { score }) => total + score, 0);
  return sentiment.reduce((total, { name, score }) => total + Number(name) * score, 0) / (sum || 1);
}
