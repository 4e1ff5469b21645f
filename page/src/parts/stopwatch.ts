/** Seconds since something began, which stand still while it is paused. */

export class Stopwatch {
  private begun: number | null = null;
  private before = 0;

  get now(): number {
    return this.before + (this.begun === null ? 0 : (performance.now() - this.begun) / 1000);
  }

  start(): void {
    this.begun ??= performance.now();
  }

  stop(): void {
    this.before = this.now;
    this.begun = null;
  }
}
