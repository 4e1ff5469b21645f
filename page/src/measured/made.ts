/** A made-up file, for tests. */

import type { FilePredictions, LanguagePrediction, Score } from "../wire";

export const NAMES = ["Anger", "Calmness", "Joy", "Sadness"];

export function scores(values: number[], names: string[] = NAMES): Score[] {
  return values.map((score, i) => ({ name: names[i]!, score }));
}

/** A film of two people: one looked at three times a second, who is away from 2 to 4 s. */
export function film(): FilePredictions {
  const face = (frame: number, values: number[]) => ({
    frame,
    time: frame / 30,
    prob: 0.99,
    box: { x: frame, y: 10, w: 80, h: 100 },
    emotions: scores(values),
    facs: null,
    descriptions: null,
  });
  const here = [0, 10, 20, 30, 40, 50, 60, 120, 130, 140];
  return {
    file: "two.mp4",
    file_type: "video",
    models: {
      face: {
        metadata: null,
        grouped_predictions: [
          { id: "face_10", predictions: [face(30, [0.1, 0.2, 0.3, 0.4])] },
          { id: "face_2", predictions: here.map((frame) => face(frame, [0.1, 0.6, frame === 120 ? 0.9 : 0.2, 0])).reverse() },
        ],
      },
      language: {
        metadata: { confidence: 0.9, detected_language: "en" },
        grouped_predictions: [{ id: "unknown", predictions: ["Well,", "yes."].map((text, i) => word(text, i)) }],
      },
    },
  };
}

export function word(text: string, i: number): LanguagePrediction {
  return {
    text,
    position: { begin: i * 6, end: i * 6 + text.length },
    time: { begin: i * 0.5, end: i * 0.5 + 0.4 },
    confidence: i ? null : 0.8,
    speaker_confidence: null,
    emotions: scores([0, 0.5, 0.25 * i, 0]),
    sentiment: null,
    toxicity: null,
  };
}
