import { describe, expect, it } from "vitest";

import { at, carried, cut, leaning, placed, type Span } from "./words";

const read = (text: string, begin: number, end: number) => ({ text, position: { begin, end }, emotions: [] });
const span = (begin: number, end: number): Span => ({ begin, end, scores: [] });
const taken = (text: string, spans: Span[]) => spans.map(({ begin, end }) => text.slice(begin, end));

it("words are found although emoji count twice", () => {
  const text = "so 😢 sad";
  expect(taken(text, placed(text, [read("so", 0, 2), read("😢", 3, 4), read("sad", 5, 8)]))).toEqual(["so", "😢", "sad"]);
});

describe("while one types on", () => {
  const before = "I am happy today";
  const spans = [span(0, 1), span(2, 4), span(5, 10), span(11, 16)];

  it.each([
    ["I am happy today!", ["I", "am", "happy", "today"]],
    ["I am very happy today", ["I", "am", "happy", "today"]],
    ["I am happily today", ["I", "am", "today"]],
    ["I am today", ["I", "am", "today"]],
    ["So I am happy today", ["I", "am", "happy", "today"]],
    ["", []],
    ["something else", []],
  ])("%j keeps %j", (after, words) => expect(taken(after, carried(spans, before, after))).toEqual(words));
});

it("a text is cut into words and what lies between, and nothing is lost", () => {
  const text = "Hi, you two";
  const parts = cut(text, [span(0, 2), span(4, 7)]);
  expect(parts.map((part) => [part.text, part.span !== null])).toEqual([
    ["Hi", true],
    [", ", false],
    ["you", true],
    [" two", false],
  ]);
});

it("spans that overlap lose nothing and repeat nothing", () => {
  const text = "abcdef";
  expect(cut(text, [span(0, 4), span(2, 5)]).map((part) => part.text).join("")).toBe(text);
});

it("the word at the caret is the one it stands in or behind", () => {
  const spans = [span(0, 2), span(4, 7)];
  expect([at(spans, 1), at(spans, 3), at(spans, 5)]).toEqual([spans[0], spans[0], spans[1]]);
  expect(at([span(3, 4)], 1)).toBeNull();
});

it("sentiment leans where its nine shares do", () => {
  const shares = (...values: number[]) => values.map((score, i) => ({ name: String(i + 1), score }));
  expect(leaning(shares(0, 0, 0, 0, 1, 0, 0, 0, 0))).toBe(5);
  expect(leaning(shares(0, 0, 0, 0, 0, 0, 0, 0.5, 0.5))).toBe(8.5);
});
