import { expect, it } from "vitest";

import { nameOf } from "../../parts/job";
import { day } from "./words";

const NOW = new Date(2026, 10, 28, 20, 0);

it.each([
  [new Date(2026, 10, 28, 9, 5), "09:05"],
  [new Date(2026, 10, 27, 23, 59), "Fri 23:59"],
  [new Date(2026, 10, 3, 9, 5), "3 Nov"],
  [new Date(2025, 10, 3, 9, 5), "3 Nov 2025"],
])("says when something was: %s is “%s”", (then, said) => expect(day(then.getTime(), NOW, "en-GB")).toBe(said));

it.each([
  ["a file", { files: [{ filename: "talk.mp4" }] }, "talk.mp4"],
  ["a file without a name", { files: [{ filename: null }] }, "a file"],
  ["an address", { urls: ["https://example.org/a/talk.mp3?x=1#t"] }, "talk.mp3"],
  ["an address without a path", { urls: ["https://example.org/"] }, "example.org"],
  ["several", { files: [{ filename: "a.wav" }], urls: ["https://example.org/b"], text: ["c"] }, "a.wav and 2 more"],
  ["a text", { text: ["Hello\n there."] }, "“Hello there.”"],
])("calls a job of %s by it", (_, request, name) => {
  const job = { request: { files: [], urls: [], text: [], models: {}, ...request } };
  expect(nameOf(job as never)).toBe(name);
});

it("counts the texts that a list does not hold", () => {
  const job = { request: { files: [], urls: [], text: ["a", "b", "c"], models: {} }, num_texts: 90 };
  expect(nameOf(job as never)).toBe("“a” and 89 more");
});
