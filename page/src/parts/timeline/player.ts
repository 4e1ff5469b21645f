/** Moves the moment of an axis: with the film or sound where there is one, without it too. */

import { signal } from "@preact/signals";

import type { Axis } from "./axis";

export class Player {
  readonly playing = signal(false);
  /** Why it cannot be played, once that is known. */
  readonly trouble = signal("");
  private media: HTMLMediaElement | null = null;
  private frame = 0;

  constructor(readonly axis: Axis) {}

  /** Follow a player of the page from now on; null lets go of it. */
  attach(media: HTMLMediaElement | null): void {
    cancelAnimationFrame(this.frame);
    this.media = media;
    this.playing.value = false;
    if (!media) return;
    const heard = (event: string, then: () => void) => media.addEventListener(event, then);
    heard("loadedmetadata", () => {
      this.axis.lengthen(media.duration);
      if (this.axis.moment.value) media.currentTime = this.axis.moment.value;
    });
    heard("play", () => this.run());
    heard("pause", () => (this.playing.value = false));
    heard("seeking", () => this.seen());
    heard("seeked", () => this.seen());
    heard("error", () => (this.trouble.value = "The browser cannot play this file. What was measured is below."));
    if (media.error) this.trouble.value = "The browser cannot play this file. What was measured is below.";
    if (media.readyState >= 1) media.dispatchEvent(new Event("loadedmetadata"));
  }

  seek(time: number, follow = true): void {
    const { axis, media } = this;
    axis.moment.value = Math.min(Math.max(0, time), axis.length.value);
    if (media && media.readyState >= 1) media.currentTime = axis.moment.value;
    if (follow) axis.follow();
  }

  toggle(): void {
    if (!this.media) return;
    if (this.media.paused) void this.media.play().catch(() => {});
    else this.media.pause();
  }

  private run(): void {
    this.playing.value = true;
    const tick = () => {
      if (!this.media || this.media.paused) return;
      this.seen();
      this.axis.follow();
      this.frame = requestAnimationFrame(tick);
    };
    tick();
  }

  private seen(): void {
    // a seek that has not arrived yet would throw the moment back
    if (this.media && this.media.readyState >= 1) this.axis.moment.value = this.media.currentTime;
  }
}
