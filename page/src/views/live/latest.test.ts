import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Latest } from "./latest";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("waits for a rest, does one at a time, and skips what was overtaken", async () => {
  const begun: string[] = [];
  let finish = () => {};
  const latest = new Latest<string>((text) => {
    begun.push(text);
    return new Promise((done) => (finish = done));
  }, 100);

  for (const text of ["a", "ab", "abc"]) latest.offer(text);
  await vi.advanceTimersByTimeAsync(99);
  expect(begun).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(["abc"]);

  latest.offer("abcd");
  await vi.advanceTimersByTimeAsync(500);
  latest.offer("abcde");
  await vi.advanceTimersByTimeAsync(500);
  expect(begun).toEqual(["abc"]); // still under way
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["abc", "abcde"]);

  finish();
  latest.offer("late");
  latest.stop();
  await vi.advanceTimersByTimeAsync(500);
  expect(begun).toHaveLength(2);
});
