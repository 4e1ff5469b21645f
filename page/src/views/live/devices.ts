/** Camera and microphone: getting them, and saying in plain words why one cannot be had. */

export type Kind = "camera" | "microphone";

/** Why this page gets no device at all, if it does not. */
export function unavailable(): string | null {
  if (!globalThis.isSecureContext) {
    return (
      "Browsers give camera and microphone only to pages from this machine or over https. Open the page at " +
      `http://localhost:${location.port || "8734"} on the machine that serves it, or start the server with ` +
      "--ssl-certfile. Typing works here too."
    );
  }
  return navigator.mediaDevices ? null : "This browser gives pages no camera and no microphone. Typing works here too.";
}

/** Sound as it is: what browsers do to make calls pleasant changes how loud and how clear a voice is. */
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

/** Turn a device on. Throws an error whose message can be shown. */
export async function turnedOn(kind: Kind, deviceId: string | null): Promise<MediaStream> {
  const chosen = deviceId ? { deviceId: { exact: deviceId } } : {};
  const constraints =
    kind === "camera"
      ? { video: { width: { ideal: 640 }, height: { ideal: 480 }, ...chosen } }
      : { audio: { ...AS_IT_IS, ...chosen } };
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    if (deviceId && (error as Error).name === "OverconstrainedError") return turnedOn(kind, null); // it is gone
    throw new Error(explained(error as Error, kind));
  }
}

export function explained(error: Error, kind: Kind): string {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return `The browser refuses the ${kind}. Allow it for this page (the sign left of the address), then try again.`;
    case "NotFoundError":
      return `The browser finds no ${kind}.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${kind} is there, but cannot be used: perhaps another program holds it.`;
    default:
      return `The ${kind} cannot be used: ${error.message || error.name}.`;
  }
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
