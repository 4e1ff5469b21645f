import { describe, expect, it } from "vitest";

import type { Job } from "../wire";
import { estimate, timeLeft } from "./estimate";

function job(state: object, models: object = { prosody: {} }, transcription: object | null = {}): Job {
  return { type: "INFERENCE", job_id: "x", request: { models, transcription, files: [], urls: [], text: [] }, state } as never;
}

const choice = { models: { prosody: {} }, transcription: {} };

describe("estimate", () => {
  it("goes by what jobs with the same models took here", () => {
    const past = [job({ media_seconds: 100, work_seconds: 50 }), job({ media_seconds: 300, work_seconds: 50 })];
    expect(estimate(60, choice, past)).toEqual({ seconds: 15, known: true });
  });

  it.each([
    ["other models", job({ media_seconds: 100, work_seconds: 50 }, { face: {} })],
    ["no words", job({ media_seconds: 100, work_seconds: 50 }, { prosody: {} }, null)],
    ["a second of sound", job({ media_seconds: 1, work_seconds: 50 })],
    ["texts alone", job({})],
  ])("is a guess where there were jobs with %s only", (_, past) => {
    expect(estimate(60, choice, [past])).toEqual({ seconds: expect.closeTo(19.2), known: false });
  });

  it("says nothing where there is nothing to say", () => {
    expect(estimate(0, choice, [])).toBeNull();
    expect(estimate(60, { models: {}, transcription: {} }, [])).toBeNull();
  });
});

describe("timeLeft", () => {
  it("goes by how far a job is", () => {
    expect(timeLeft(job({ status: "IN_PROGRESS", started_timestamp_ms: 0, progress: 0.25 }), 10_000)).toBe(30);
  });

  it.each([
    { status: "IN_PROGRESS", started_timestamp_ms: 0, progress: 0 },
    { status: "IN_PROGRESS", started_timestamp_ms: 9_900, progress: 0.5 },
    { status: "QUEUED" },
    { status: "COMPLETED", started_timestamp_ms: 0, progress: 1 },
  ])("is not told of %o", (state) => expect(timeLeft(job(state), 10_000)).toBeNull());
});
