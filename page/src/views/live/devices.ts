/** Which camera and microphone there are, and how they are asked for. */

import { device } from "../../parts/devices";

export type Kind = "camera" | "microphone";

/** Why this page gets no device at all, if it does not. */
export function unavailable(): string | null {
  if (globalThis.isSecureContext && navigator.mediaDevices) return null;
  if (globalThis.isSecureContext) return "This browser gives pages no camera and no microphone. Typing works here too.";
  return (
    "Browsers give camera and microphone to pages of this machine or behind https alone. Open the page as " +
    `http://localhost:${location.port} on the machine that serves it, or serve it with --ssl-certfile. ` +
    "Typing works here too."
  );
}

/** Sound as it is: what browsers do to make calls pleasant changes how loud and how clear a voice is. */
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

/** Turn a device on, the chosen one if it is still there. Throws an error whose message can be shown. */
export function turnedOn(kind: Kind, deviceId: string | null): Promise<MediaStream> {
  const chosen = deviceId ? { deviceId } : {}; // wished for rather than `exact`: it may have been pulled out
  return device(
    kind === "camera"
      ? { video: { width: { ideal: 640 }, height: { ideal: 480 }, ...chosen } }
      : { audio: { ...AS_IT_IS, ...chosen } },
  );
}

export interface Device {
  id: string;
  name: string;
}

/** The devices there are. Browsers tell their names once one has been allowed. */
export async function devices(kind: Kind): Promise<Device[]> {
  const wanted = kind === "camera" ? "videoinput" : "audioinput";
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all
    .filter((one) => one.kind === wanted && one.deviceId)
    .map((one, i) => ({ id: one.deviceId, name: one.label || `${kind === "camera" ? "Camera" : "Microphone"} ${i + 1}` }));
}
