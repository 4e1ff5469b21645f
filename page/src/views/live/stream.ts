/** What is said on the stream, and what it answers: its JSON as types, and how a page opens it. */

import { key } from "../../key";
import type { Box, Interval, Score } from "../../wire";

export type StreamModel = "face" | "burst" | "prosody" | "language";

export interface Message {
  data?: string;
  models?: Partial<Record<StreamModel, object>>;
  raw_text?: boolean;
  stream_window_ms?: number;
  reset_stream?: boolean;
  /** Ours: what is said is written down, so that `language` can read sound. */
  transcription?: { language?: string | null } | null;
}

export interface FaceSeen {
  bbox: Box;
  prob: number;
  /** `unknown` while faces are not told apart. */
  face_id: string;
  emotions: Score[];
}

/** A piece of prosody or a burst; seconds from the begin of the sound that was looked at. */
export interface Heard {
  time: Interval;
  emotions: Score[];
}

export interface ReadText {
  text: string;
  /** In characters (code points, not the units of JavaScript). */
  position: Interval;
  emotions: Score[];
  sentiment?: Score[];
  toxicity?: Score[];
}

export interface PredictionOf {
  face: FaceSeen;
  prosody: Heard;
  burst: Heard;
  language: ReadText;
}

/** The reply to one message: what one model found, which may be nothing, or why it cannot say. */
export type Reply<P> =
  | { found: P[]; serverMs: number | null }
  | { error: string; code: string };

/** What the server says when it has no engine for a model. */
export const ENGINE_MISSING = "I0102";

/** A reply, for the model that was asked. What is no reply counts as an error of the server. */
export function parsed<M extends StreamModel>(text: string, model: M): Reply<PredictionOf[M]> {
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { error: "The server's reply is not JSON.", code: "" };
  }
  if (typeof said?.error === "string") return { error: said.error, code: String(said.code ?? "") };
  const of = said?.[model] as { predictions?: PredictionOf[M][]; warning?: string } | undefined;
  if (!of || !(Array.isArray(of.predictions) || typeof of.warning === "string")) {
    return { error: `The server's reply says nothing of ${model}.`, code: "" };
  }
  const timing = said.timing as { waited_ms: number; measured_ms: number } | undefined;
  return { found: of.predictions ?? [], serverMs: timing ? timing.waited_ms + timing.measured_ms : null };
}

/** A new socket. The key goes among the protocols: sockets have no headers, and an address is no place for it. */
export function opened(): WebSocket {
  const address = new URL("/v0/stream/models", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return new WebSocket(address, protocols(key()));
}

export function protocols(known: string | null): string[] {
  if (!known) return ["mien.stream"];
  const bytes = String.fromCharCode(...new TextEncoder().encode(known));
  const coded = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return ["mien.stream", `mien.key.${coded}`];
}
