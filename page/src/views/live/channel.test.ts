import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Channel, Disconnected } from "./channel";
import { opener, settled } from "./fake";

const FACE = { face: { warning: "No faces detected.", code: "W0103" }, timing: { waited_ms: 1, measured_ms: 9 } };
const fine = () => Promise.resolve();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a channel", () => {
  it("opens a socket when it is first used, and asks the server how long it took", async () => {
    const { open, sockets } = opener();
    const channel = new Channel("face", open, fine);
    expect(sockets).toEqual([]);

    const answer = channel.ask({ data: "x", models: { face: {} } });
    await settled();
    expect(JSON.parse(sockets[0]!.sent[0]!)).toEqual({ data: "x", models: { face: {} }, timing: true });
    sockets[0]!.reply(FACE);

    expect(await answer).toMatchObject({ reply: { found: [], serverMs: 10 }, first: true });
  });

  it("has one message under way at most", async () => {
    const { open, sockets } = opener();
    const channel = new Channel("face", open, fine);
    const answer = channel.ask({ data: "1" });
    await settled();

    expect(channel.busy).toBe(true);
    await expect(channel.ask({ data: "2" })).rejects.toThrow("one message at a time");
    expect(sockets[0]!.sent).toHaveLength(1);

    sockets[0]!.reply(FACE);
    await answer;
    expect(channel.busy).toBe(false);
  });

  it("tells who waits that the connection was lost, and opens another for the next", async () => {
    const { open, sockets } = opener();
    const channel = new Channel("face", open, fine);
    const lost = channel.ask({ data: "1" });
    await settled();
    sockets[0]!.hangUp("the server ends");
    await expect(lost).rejects.toThrow("the server ends");

    const next = channel.ask({ data: "2" });
    await settled();
    sockets[1]!.reply(FACE);
    expect(await next).toMatchObject({ first: true });
  });

  it("comes back by itself when the server closed it for being idle", async () => {
    const { open, sockets } = opener();
    const channel = new Channel("face", open, fine);
    const before = channel.ask({});
    await settled();
    sockets[0]!.reply(FACE);
    await before;
    sockets[0]!.hangUp("nothing was said for 60 seconds");

    const after = channel.ask({});
    await settled();
    sockets[1]!.reply(FACE);
    expect(await after).toMatchObject({ reply: { found: [] } });
  });

  it("finds out why it was not let in, and tries once more", async () => {
    const { open, sockets } = opener(false);
    const admitted = vi.fn(fine); // asks for a key, say
    const channel = new Channel("face", open, admitted);
    const answer = channel.ask({});
    sockets[0]!.hangUp();
    await settled();
    expect(admitted).toHaveBeenCalledOnce();
    sockets[1]!.accept();
    await settled();
    sockets[1]!.reply(FACE);
    await answer;
  });

  it("gives up when it is not let in although nothing is wrong", async () => {
    const { open, sockets } = opener(false);
    const answer = new Channel("face", open, fine).ask({});
    answer.catch(() => {});
    sockets[0]!.hangUp();
    await settled();
    sockets[1]!.hangUp();
    await expect(answer).rejects.toThrow(Disconnected);
    expect(sockets).toHaveLength(2);
  });

  it("passes on why nobody is let in", async () => {
    const { open, sockets } = opener(false);
    const answer = new Channel("face", open, () => Promise.reject(new Error("no key"))).ask({});
    answer.catch(() => {});
    sockets[0]!.hangUp();
    await expect(answer).rejects.toThrow("no key");
  });

  it("does not wait for ever, and takes no late reply for another", async () => {
    const { open, sockets } = opener();
    const channel = new Channel("face", open, fine);
    const never = channel.ask({ data: "1" });
    never.catch(() => {});
    await settled();
    vi.advanceTimersByTime(30_000);
    await expect(never).rejects.toThrow("does not answer");
    expect(sockets[0]!.closed).toBe(true);

    const next = channel.ask({ data: "2" });
    await settled();
    sockets[1]!.reply(FACE);
    expect(await next).toMatchObject({ first: true });
  });
});
