/** The one axis of time that a player and all lanes share. Seconds everywhere. */

import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

export type Span = readonly [from: number, to: number];

/** Nobody needs to see less than this. */
const NARROWEST = 0.25;

export class Axis {
  /** How long the whole is. */
  readonly length: Signal<number>;
  /** What is seen of it. */
  readonly range: Signal<Span>;
  /** Where the player, or whoever steps without one, is. */
  readonly moment = signal(0);
  /** Where the pointer is, when it is over a lane. */
  readonly hover = signal<number | null>(null);
  /** What values are told of: under the pointer, else at the moment. */
  readonly looked: ReadonlySignal<number> = computed(() => this.hover.value ?? this.moment.value);

  constructor(length: number) {
    this.length = signal(Math.max(length, NARROWEST));
    this.range = signal<Span>([0, this.length.value]);
  }

  /** It turns out to be longer: a player knows better than the last prediction. */
  lengthen(length: number): void {
    if (!(length > this.length.value) || !Number.isFinite(length)) return;
    const whole = this.isWhole();
    this.length.value = length;
    if (whole) this.range.value = [0, length];
  }

  isWhole(): boolean {
    const [from, to] = this.range.value;
    return from <= 0 && to >= this.length.value;
  }

  show(from: number, to: number): void {
    const width = Math.min(Math.max(to - from, NARROWEST), this.length.value);
    const begin = Math.min(Math.max(0, (from + to - width) / 2), this.length.value - width);
    this.range.value = [begin, begin + width];
  }

  showAll(): void {
    this.range.value = [0, this.length.value];
  }

  /** See `factor` times as much, with `around` staying where it is. */
  zoom(factor: number, around = this.moment.value): void {
    const [from, to] = this.range.value;
    const fixed = around >= from && around <= to ? around : (from + to) / 2;
    this.show(fixed - (fixed - from) * factor, fixed + (to - fixed) * factor);
  }

  pan(seconds: number): void {
    const [from, to] = this.range.value;
    const by = Math.min(Math.max(seconds, -from), this.length.value - to);
    this.range.value = [from + by, to + by];
  }

  /** Turn the page when the moment has left it. */
  follow(): void {
    const [from, to] = this.range.value;
    const at = this.moment.value;
    if (at < from || at > to) this.show(at - (to - from) * 0.1, at + (to - from) * 0.9);
  }
}
