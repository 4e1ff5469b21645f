/** Measures the newest of what changes quickly: waits for a short rest, and skips what was overtaken. */

export class Latest<T> {
  private waiting: { value: T } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;

  constructor(
    private readonly measure: (value: T) => Promise<void>,
    private readonly restMs: number,
  ) {}

  offer(value: T): void {
    this.waiting = { value };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.go(), this.restMs);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.waiting = null;
  }

  private async go(): Promise<void> {
    if (this.busy) return; // taken up when the one under way is done
    this.busy = true;
    try {
      while (this.waiting) {
        const { value } = this.waiting;
        this.waiting = null;
        await this.measure(value);
      }
    } finally {
      this.busy = false;
    }
  }
}
