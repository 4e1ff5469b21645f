/** A socket that tests play the server's side of. */

import type { Socket } from "./channel";

export class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: string[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    if (!this.closed) this.hangUp();
  }

  // ── the server's side

  accept(): void {
    this.onopen?.call(this as never, {} as Event);
  }

  hangUp(reason = ""): void {
    this.closed = true;
    this.onclose?.call(this as never, { code: 1000, reason } as CloseEvent);
  }

  reply(said: object): void {
    this.onmessage?.call(this as never, { data: JSON.stringify(said) } as MessageEvent);
  }
}

/** Opens sockets, and keeps them for the test; `accepting` ones at once. */
export function opener(accepting = true): { open: () => FakeSocket; sockets: FakeSocket[] } {
  const sockets: FakeSocket[] = [];
  const open = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    if (accepting) queueMicrotask(() => socket.accept());
    return socket;
  };
  return { open, sockets };
}

/** Let all that is ready go on. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
