import { describe, expect, it } from "vitest";

import { parsed, protocols } from "./stream";

describe("a reply", () => {
  it("holds what was found, and how long the server took", () => {
    const face = { bbox: { x: 1, y: 2, w: 3, h: 4 }, prob: 1, face_id: "face_0", emotions: [] };
    const reply = parsed(JSON.stringify({ face: { predictions: [face] }, timing: { waited_ms: 0.5, measured_ms: 20 } }), "face");
    expect(reply).toEqual({ found: [face], serverMs: 20.5 });
  });

  it("may say that there is nothing", () => {
    const text = '{"prosody":{"warning":"No speech detected.","code":"W0105"}}';
    expect(parsed(text, "prosody")).toEqual({ found: [], serverMs: null });
  });

  it("may be an error, which keeps its code", () => {
    expect(parsed('{"error":"no engine","code":"I0102"}', "burst")).toEqual({ error: "no engine", code: "I0102" });
  });

  it.each(["", "[]", "null", "{}", '{"face":null}', '{"face":{}}', '{"prosody":{"predictions":[]}}', "<html>"])(
    "%j is an error rather than nothing found",
    (text) => expect(parsed(text, "face")).toHaveProperty("error"),
  );
});

describe("the protocols", () => {
  it("carry the key as a token", () => {
    const [first, second] = protocols("ключ+/=?");
    expect(first).toBe("mien.stream");
    expect(second).toMatch(/^mien\.key\.[\w-]+$/);
    const bytes = Uint8Array.from(atob(second!.slice(9).replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    expect(new TextDecoder().decode(bytes)).toBe("ключ+/=?");
  });

  it("say nothing of a key where there is none", () => expect(protocols(null)).toEqual(["mien.stream"]));
});
