import { expect, it } from "vitest";

import { followed } from "./faces";

const face = (face_id: string, w: number) => ({ face_id, bbox: { x: 0, y: 0, w, h: w }, prob: 1, emotions: [] });

it("the largest face is followed, unless another was chosen and is there", () => {
  const faces = [face("face_0", 50), face("face_1", 90)];
  expect(followed(faces, null)?.face_id).toBe("face_1");
  expect(followed(faces, "face_0")?.face_id).toBe("face_0");
  expect(followed(faces, "face_7")?.face_id).toBe("face_1");
  expect(followed([], "face_0")).toBeNull();
});
