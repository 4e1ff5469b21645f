import { describe, expect, it } from "vitest";

import { about, clock, megabytes } from "./clock";

describe("clock", () => {
  it.each([
    [0, "0:00"],
    [7.9, "0:07"],
    [59.999, "0:59"],
    [750, "12:30"],
    [3723, "1:02:03"],
  ])("writes %d s as %s", (seconds, written) => expect(clock(seconds)).toBe(written));

  it("carries when tenths round up", () => expect(clock(59.97, true)).toBe("1:00.0"));
});

it.each([
  [2, "a few seconds"],
  [31, "about 30 seconds"],
  [240, "about 4 minutes"],
  [3700, "about an hour"],
  [5400, "about 1.5 hours"],
])("says %d s as “%s”", (seconds, said) => expect(about(seconds)).toBe(said));

it.each([
  [999, "999 B"],
  [1_500_000, "1.5 MB"],
  [42_000_000, "42 MB"],
])("says %d bytes as %s", (bytes, said) => expect(megabytes(bytes)).toBe(said));
