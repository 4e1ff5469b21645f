/**
 * One model's connection to the stream. At most one message is under way: a second is not sent before the
 * first is answered, so nothing queues up, here or on the server.
 */

import { parsed, type Message, type PredictionOf, type Reply, type StreamModel } from "./stream";

/** The part of `WebSocket` that is used, so that tests can play it. */
export type Socket = Pick<WebSocket, "onopen" | "onmessage" | "onclose" | "send" | "close">;

export interface Answer<P> {
  reply: Reply<P>;
  /** From sending to the reply. */
  ms: number;
  /** Whether it is the first of a connection, which remembers nothing of those before it. */
  first: boolean;
}

/** The connection ended before the reply came. The next message opens another. */
export class Disconnected extends Error {}

const PATIENCE_MS = 30_000;

export class Channel<M extends StreamModel> {
  private socket: Socket | null = null;
  private pending: { resolve: (text: string) => void; reject: (error: Error) => void } | null = null;
  private asking = false;
  private closed = false;

  constructor(
    readonly model: M,
    /** Opens a socket. */
    private readonly open: () => Socket,
    /** Finds out why none was opened, and mends it where that can be done; throws where not. */
    private readonly admitted: () => Promise<unknown>,
  ) {}

  /** Whether a message is under way. */
  get busy(): boolean {
    return this.asking;
  }

  /** Send a message, opening the connection where there is none. Throws `Disconnected`, or what `admitted` throws. */
  async ask(message: Message): Promise<Answer<PredictionOf[M]>> {
    if (this.asking) throw new Error("one message at a time");
    this.asking = true;
    try {
      const first = !this.socket;
      const socket = this.socket ?? (await this.connected());
      const begun = performance.now();
      const text = await this.answered(socket, JSON.stringify({ ...message, timing: true }));
      return { reply: parsed(text, this.model), ms: performance.now() - begun, first };
    } finally {
      this.asking = false;
    }
  }

  close(): void {
    this.closed = true;
    this.socket?.close();
  }

  private async connected(): Promise<Socket> {
    for (let tries = 0; ; tries++) {
      const socket = await this.opening();
      if (this.closed) {
        socket?.close();
        throw new Disconnected("The connection was closed.");
      }
      if (socket) return (this.socket = socket);
      await this.admitted();
      if (tries) throw new Disconnected("The server opens no stream just now: it may have too many sessions.");
    }
  }

  private opening(): Promise<Socket | null> {
    return new Promise((resolve) => {
      const socket = this.open();
      socket.onopen = () => resolve(socket);
      socket.onclose = ({ reason }) => {
        resolve(null); // browsers do not say why
        if (this.socket === socket) this.socket = null;
        this.pending?.reject(new Disconnected(reason || "The connection to the server was lost."));
        this.pending = null;
      };
      socket.onmessage = ({ data }) => {
        this.pending?.resolve(data as string);
        this.pending = null;
      };
    });
  }

  private answered(socket: Socket, text: string): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      const given = setTimeout(() => {
        this.socket = this.pending = null;
        reject(new Disconnected("The server does not answer."));
        socket.close(); // what would come later belongs to no message any more
      }, PATIENCE_MS);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(given);
          settle(value);
        };
      this.pending = { resolve: settled(resolve), reject: settled(reject) };
      socket.send(text);
    });
  }
}
