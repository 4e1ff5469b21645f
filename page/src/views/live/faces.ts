/** Whose face the bars and lines follow. */

import type { FaceSeen } from "./stream";

/** The face that was chosen; the largest where none is, or it is not in the picture. */
export function followed(faces: FaceSeen[], chosen: string | null): FaceSeen | null {
  const area = (face: FaceSeen) => face.bbox.w * face.bbox.h;
  const same = faces.find((face) => chosen !== null && face.face_id === chosen);
  return same ?? faces.reduce<FaceSeen | null>((best, face) => (best && area(best) >= area(face) ? best : face), null);
}
