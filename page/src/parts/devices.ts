/** Camera and microphone: asked for, and what to do where the browser refuses. */

/** Why a device cannot be had, in words that say what to do. */
export function refused(error: unknown, device: string): string {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return `The browser was not allowed to use the ${device}. Allow it for this page in the browser's settings (beside the address), then try again.`;
    case "NotFoundError":
    case "OverconstrainedError":
      return `No ${device} was found on this machine.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${device} is there, but cannot be used: perhaps another program has it.`;
    default:
      return error instanceof Error ? error.message : `The ${device} cannot be used.`;
  }
}

/** A camera's or microphone's stream. Raises an Error whose message can be shown. */
export async function device(constraints: MediaStreamConstraints): Promise<MediaStream> {
  const wanted = constraints.video ? (constraints.audio ? "camera or microphone" : "camera") : "microphone";
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error(
      `Browsers give the ${wanted} to pages on this machine or behind https alone. Open the page as http://127.0.0.1:…, or serve it with --ssl-certfile.`,
    );
  }
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    throw new Error(refused(error, wanted));
  }
}

export function release(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
