import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "../../api";
import { Channel } from "./channel";
import { opener, settled } from "./fake";
import { Part, type Measuring } from "./part";

const MISSING = { error: "face: nothing here tells faces apart", code: "I0102" };
const FOUND = { face: { predictions: [] }, timing: { waited_ms: 1, measured_ms: 4 } };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function measuring(more: Partial<Measuring<"face", number>> = {}, admitted?: () => Promise<void>) {
  const { open, sockets } = opener(!admitted);
  const part = new Part(100);
  const stop = new AbortController();
  const found: boolean[] = [];
  const told: (string | null)[] = [];
  part.trouble.subscribe((trouble) => told.push(trouble && trouble.text));
  let frame = 0;
  const done = part.measure(
    new Channel("face", open, admitted ?? (() => Promise.resolve())),
    { take: () => ({ message: {}, about: ++frame }), found: (_, __, first) => found.push(first), ...more },
    stop.signal,
  );
  const reply = async (said: object) => {
    await settled();
    sockets.at(-1)!.reply(said);
    await vi.advanceTimersByTimeAsync(150);
  };
  return { part, stop, sockets, found, told, done, reply };
}

describe("a part", () => {
  it("tells of an error once, goes on, and takes it back with the next answer", async () => {
    const { part, told, found, reply, stop } = measuring();
    const broken = { error: "something broke", code: "I0100" };
    await reply(broken);
    await reply(broken);
    expect(part.trouble.value).toEqual({ text: "something broke", over: false });
    await reply(FOUND);
    expect(told).toEqual([null, "something broke", null]);
    expect(found).toEqual([false]); // not the first of its connection
    stop.abort();
  });

  it("ends where the server has no engine, and says so", async () => {
    const { part, reply, done, sockets } = measuring();
    await reply(MISSING);
    await done;
    expect(part.trouble.value).toEqual({ text: MISSING.error, over: true });
    expect(sockets[0]!.sent).toHaveLength(1);
    expect(sockets[0]!.closed).toBe(true);
  });

  it("tries in another way where there is one", async () => {
    let identify = true;
    const { part, found, reply, stop } = measuring({ missing: () => identify && !(identify = false) });
    await reply(MISSING);
    expect(part.trouble.value).toBeNull();
    await reply(FOUND);
    expect(found).toHaveLength(1);
    stop.abort();
  });

  it("says nothing of what has been dealt with", async () => {
    const { told, reply, stop } = measuring({ refused: ({ code }) => code === "E0200" });
    await reply({ error: "not understood", code: "E0200" });
    expect(told).toEqual([null]);
    stop.abort();
  });

  it("does not ask again who gave no key", async () => {
    const refused = () => Promise.reject(new ApiError("no key", 401));
    const { part, sockets, done } = measuring({}, refused);
    await settled();
    sockets[0]!.hangUp();
    await done;
    expect(part.trouble.value).toEqual({ text: "no key", over: true });
  });

  it("knows how fast it goes, and forgets it when it is stopped", async () => {
    const { part, reply, stop } = measuring();
    expect(part.speed).toBeNull();
    await reply(FOUND);
    await reply(FOUND);
    expect(part.speed).toMatchObject({ perSecond: 2 / 3, serverMs: 5 });
    stop.abort();
    expect(part.speed).toBeNull();
  });
});
