import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Channel } from "./channel";
import { opener, settled } from "./fake";
import { Middle, Pace, pump, Rate } from "./pump";

const FACE = { face: { predictions: [] } };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function pumping(pace = new Pace(100)) {
  const { open, sockets } = opener();
  const channel = new Channel("face", open, () => Promise.resolve());
  const stop = new AbortController();
  let frame = 0;
  const answers: number[] = [];
  const failures: string[] = [];
  const done = pump(
    {
      channel,
      pace,
      take: () => ({ message: { data: String(++frame) }, about: frame }),
      answered: (_, about) => answers.push(about) < 5,
      failed: (error) => failures.push(error.message) < 3,
    },
    stop.signal,
  );
  return { sockets, stop, answers, failures, done, newest: (at: number) => (frame = at) };
}

const sent = (socket: { sent: string[] }) => socket.sent.map((text) => (JSON.parse(text) as { data: string }).data);

describe("a pump", () => {
  it("sends nothing while a message is under way, and then the newest there is", async () => {
    const { sockets, stop, newest } = pumping();
    await settled();
    vi.advanceTimersByTime(5000); // the camera goes on meanwhile
    await settled();
    expect(sent(sockets[0]!)).toEqual(["1"]);

    newest(40);
    sockets[0]!.reply(FACE);
    await settled();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent(sockets[0]!)).toEqual(["1", "41"]);
    stop.abort();
  });

  it("is no faster than it was told", async () => {
    const { sockets, stop } = pumping();
    await settled();
    sockets[0]!.reply(FACE);
    await settled();
    await vi.advanceTimersByTimeAsync(99);
    expect(sockets[0]!.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(sockets[0]!.sent).toHaveLength(2);
    stop.abort();
  });

  it("ends when who takes the answers has had enough", async () => {
    const { sockets, done, answers } = pumping(new Pace(0));
    for (let i = 0; i < 5; i++) {
      await settled();
      sockets[0]!.reply(FACE);
      await vi.advanceTimersByTimeAsync(1);
    }
    await done;
    expect(answers).toEqual([1, 2, 3, 4, 5]);
  });

  it("tries again after a failure, later each time, until it is told not to", async () => {
    const { sockets, done, failures } = pumping();
    await settled();
    sockets[0]!.hangUp("gone");
    await vi.advanceTimersByTimeAsync(499);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    sockets[1]!.hangUp("gone");
    await vi.advanceTimersByTimeAsync(999);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    sockets[2]!.hangUp("gone");
    await done;
    expect(failures).toEqual(["gone", "gone", "gone"]);
  });

  it("stops when it is told to, and minds no late answer", async () => {
    const { sockets, stop, answers, done } = pumping();
    await settled();
    stop.abort();
    sockets[0]!.reply(FACE);
    await done;
    expect(answers).toEqual([]);
  });
});

describe("the pace", () => {
  it("leaves a machine that is slow a quarter of the time", () => {
    const pace = new Pace(66);
    for (let i = 0; i < 30; i++) pace.took(300);
    expect(pace.interval).toBeCloseTo(400);
  });

  it("is soon that of the machine again after something slow", () => {
    const pace = new Pace(0);
    pace.took(6000); // an engine was loaded
    expect(pace.interval).toBeCloseTo(8000);
    pace.took(60);
    expect(pace.interval).toBeCloseTo(80);
  });

  it("follows a machine that has become slower", () => {
    const pace = new Pace(0);
    for (const ms of [60, 60, 60, 300, 300, 300]) pace.took(ms);
    expect(pace.interval).toBeCloseTo(400);
  });
});

it("a rate is what happened in the last three seconds", () => {
  const rate = new Rate();
  for (let at = 0; at < 10_000; at += 100) rate.count(at);
  expect(rate.perSecond(9_900)).toBeCloseTo(10, 0);
  expect(rate.perSecond(14_000)).toBe(0);
});

it("the middle does not mind a single slow one", () => {
  const middle = new Middle();
  expect(middle.value).toBeNull();
  for (const value of [20, 22, 900, 21, 23]) middle.add(value);
  expect(middle.value).toBe(22);
});
