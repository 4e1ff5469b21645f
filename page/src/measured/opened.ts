/** A predictions JSON that has been opened: what is in it, and the columns of a file when it is looked at. */

import type { Contents } from "./columns";
import type { Answer, Ask, Thumb, Told } from "./worker";

export class Opened {
  private constructor(
    private readonly calls: Calls,
    readonly contents: Contents,
  ) {}

  /** Read a JSON in a worker of its own. Rejects with a message that can be shown. */
  static async from(json: Blob): Promise<Opened> {
    const calls = new Calls();
    try {
      const answer = await calls.ask({ what: "open", json });
      return new Opened(calls, (answer as { contents: Contents }).contents);
    } catch (error) {
      calls.end();
      throw error;
    }
  }

  async file(head: number): Promise<Told> {
    return ((await this.calls.ask({ what: "file", head })) as { file: Told }).file;
  }

  async thumbs(): Promise<Thumb[]> {
    return ((await this.calls.ask({ what: "thumbs" })) as { thumbs: Thumb[] }).thumbs;
  }

  close(): void {
    this.calls.end();
  }
}

type Asked = Ask extends infer One ? (One extends Ask ? Omit<One, "id"> : never) : never;

/** Questions to a worker, each with its answer. */
class Calls {
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  private last = 0;

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const { resolve, reject } = this.waiting.get(data.id)!;
      this.waiting.delete(data.id);
      if ("refused" in data) reject(new Error(data.refused));
      else resolve(data);
    };
    // out of memory, or the script could not be fetched
    this.worker.onerror = () => {
      for (const { reject } of this.waiting.values()) reject(new Error("These predictions could not be read: memory ran out, or mien was updated and this page has to be reloaded."));
      this.waiting.clear();
    };
  }

  ask(what: Asked): Promise<Answer> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...what });
    });
  }

  end(): void {
    this.worker.terminate();
  }
}
