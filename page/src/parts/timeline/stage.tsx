/** Lanes on one axis of time: what they share is the ruler, the pointer, the brush, the wheel and the keys. */

import { signal, useComputed, useSignalEffect, type Signal } from "@preact/signals";
import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useMemo, useRef } from "preact/hooks";

import { clock } from "../clock";
import type { Axis } from "./axis";
import type { Player } from "./player";
import { LEFT, Plot, RIGHT } from "./plot";
import "./stage.css";

interface Shared {
  axis: Axis;
  player: Player;
  /** Pixels that a plot may be wide. */
  width: Signal<number>;
}

const StageContext = createContext<Shared | null>(null);

export const useStage = () => useContext(StageContext)!;

interface StageProps {
  player: Player;
  /** A step of the arrow keys in seconds. */
  step: number;
  children: ComponentChildren;
}

export function Stage({ player, step, children }: StageProps) {
  const { axis } = player;
  const width = useMemo(() => signal(0), []);
  const shared = useMemo(() => ({ axis, player, width }), [player]);
  const stage = useRef<HTMLDivElement>(null);
  const over = useRef<HTMLDivElement>(null);
  const brush = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const seen = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry!.contentRect.width) + LEFT + RIGHT;
    });
    seen.observe(over.current!);
    return () => seen.disconnect();
  }, []);

  useEffect(() => gestures(stage.current!, over.current!, brush.current!, player), [player]);

  return (
    <StageContext.Provider value={shared}>
      <div class="stage" ref={stage} style={{ "--left": `${LEFT}px`, "--right": `${RIGHT}px` }}>
        <Ruler step={step} />
        {children}
        <div class="stage-over" ref={over} aria-hidden="true">
          <div class="brush" ref={brush} hidden />
          <Marks />
        </div>
      </div>
    </StageContext.Provider>
  );
}

/** A line at the moment, and one under the pointer: over the lanes, whose names cover them, and in the ruler, which covers
    the names that scroll below it. */
function Marks({ told = false }: { told?: boolean }) {
  const { axis } = useStage();
  const head = useRef<HTMLDivElement>(null);
  const pointer = useRef<HTMLDivElement>(null);
  useSignalEffect(() => place(head.current!, axis, axis.moment.value));
  useSignalEffect(() => place(pointer.current!, axis, axis.hover.value));
  const time = useComputed(() => (axis.hover.value === null ? "" : clock(axis.hover.value, true)));
  return (
    <>
      <div class="playhead" ref={head} />
      <div class="pointer" ref={pointer}>
        {told && <span class="figures">{time}</span>}
      </div>
    </>
  );
}

/** The times above the lanes: a slider for who has no pointer. */
function Ruler({ step }: { step: number }) {
  const { axis, player } = useStage();
  const slider = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    const at = axis.moment.value;
    slider.current!.setAttribute("aria-valuenow", at.toFixed(1));
    slider.current!.setAttribute("aria-valuetext", clock(at, true));
    slider.current!.setAttribute("aria-valuemax", axis.length.value.toFixed(1));
  });
  return (
    <div class="lane ruler">
      <div class="lane-name">
        <Zoom />
      </div>
      <div
        class="lane-plot"
        ref={slider}
        role="slider"
        tabIndex={0}
        aria-label="Moment"
        aria-valuemin={0}
        onKeyDown={(event) => moved(event, player, step)}
      >
        <Plot of="ruler" height={28} ruler />
        <div class="ruler-over" aria-hidden="true">
          <Marks told />
        </div>
      </div>
    </div>
  );
}

function Zoom() {
  const { axis } = useStage();
  const whole = axis.isWhole();
  return (
    <span class="zoom">
      <button class="bare" aria-label="See less of the time" title="Zoom in (+)" onClick={() => axis.zoom(0.5)}>
        +
      </button>
      <button class="bare" aria-label="See more of the time" title="Zoom out (−)" disabled={whole} onClick={() => axis.zoom(2)}>
        −
      </button>
      <button class="bare" title="See the whole (0)" disabled={whole} onClick={() => axis.showAll()}>
        whole
      </button>
    </span>
  );
}

/** What keys do to the time. */
function moved(event: KeyboardEvent, player: Player, step: number): void {
  const { axis } = player;
  const at = axis.moment.value;
  const acts: Record<string, () => void> = {
    ArrowLeft: () => player.seek(at - (event.shiftKey ? 5 : step)),
    ArrowRight: () => player.seek(at + (event.shiftKey ? 5 : step)),
    PageUp: () => player.seek(at - 30),
    PageDown: () => player.seek(at + 30),
    Home: () => player.seek(0),
    End: () => player.seek(axis.length.value),
    " ": () => player.toggle(),
    "+": () => axis.zoom(0.5),
    "=": () => axis.zoom(0.5),
    "-": () => axis.zoom(2),
    "0": () => axis.showAll(),
  };
  const act = acts[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  event.preventDefault();
  act();
}

/** Keys move the time wherever the focus is in a view, unless it is on something that wants them itself. */
export function useKeys(player: Player, step: number): void {
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if (!isOperated(event.target)) moved(event, player, step);
    };
    addEventListener("keydown", heard);
    return () => removeEventListener("keydown", heard);
  }, [player, step]);
}

function isOperated(target: EventTarget | null): boolean {
  const wanting = "input, select, textarea, button, a, summary, video, audio, dialog, [role=slider], [data-keys]";
  return target instanceof Element && target.closest(wanting) !== null;
}

function place(line: HTMLElement, axis: Axis, at: number | null): void {
  const [from, to] = axis.range.value;
  const share = at === null ? -1 : (at - from) / (to - from);
  line.hidden = !(share >= 0 && share <= 1);
  line.style.left = `${share * 100}%`;
  line.style.setProperty("--share", String(share));
}

/** Pixels that a pointer may tremble while it clicks. */
const TREMBLE = 4;

function gestures(stage: HTMLElement, over: HTMLElement, brush: HTMLElement, player: Player): () => void {
  const { axis } = player;
  const ends = new AbortController();
  let pressed: { x: number; touch: boolean } | null = null;

  const on = <K extends keyof HTMLElementEventMap>(name: K, heard: (event: HTMLElementEventMap[K]) => void, passive = true) =>
    stage.addEventListener(name, heard, { signal: ends.signal, passive });
  const onPlot = (event: Event) => event.target instanceof Element && event.target.closest(".lane-plot") !== null;
  const timeAt = (x: number) => {
    const { left, width } = over.getBoundingClientRect();
    const [from, to] = axis.range.peek();
    return from + (Math.min(Math.max(0, x - left), width) / width) * (to - from);
  };
  const brushed = (a: number, b: number) => {
    const { left, width } = over.getBoundingClientRect();
    const clip = (x: number) => Math.min(Math.max(0, x - left), width);
    brush.hidden = false;
    brush.style.left = `${Math.min(clip(a), clip(b))}px`;
    brush.style.width = `${Math.abs(clip(a) - clip(b))}px`;
  };
  const isDrag = (event: PointerEvent) => pressed !== null && Math.abs(event.clientX - pressed.x) > TREMBLE;

  on("pointerdown", (event) => {
    if (!onPlot(event) || event.button) return;
    pressed = { x: event.clientX, touch: event.pointerType === "touch" };
  });
  on("pointermove", (event) => {
    if (!pressed && !onPlot(event)) axis.hover.value = null;
    else if (event.pointerType !== "touch") axis.hover.value = timeAt(event.clientX);
    if (!isDrag(event)) return;
    // from now on wherever it goes; not before, or a double click would be one on the stage
    if (event.isTrusted) stage.setPointerCapture(event.pointerId);
    // a finger scrubs, a mouse chooses what to look at closer; on the ruler both scrub
    if (pressed!.touch || scrubs(event)) player.seek(timeAt(event.clientX), false);
    else brushed(pressed!.x, event.clientX);
  });
  on("pointerup", (event) => {
    if (!pressed) return;
    if (isDrag(event) && !brush.hidden) {
      const [from, to] = [timeAt(pressed.x), timeAt(event.clientX)].sort((a, b) => a - b) as [number, number];
      axis.show(from, to);
    } else player.seek(timeAt(event.clientX), false);
    brush.hidden = true;
    pressed = null;
  });
  on("pointercancel", () => {
    pressed = null;
    brush.hidden = true;
  });
  on("pointerleave", () => (axis.hover.value = null));
  on("dblclick", (event) => onPlot(event) && axis.showAll());
  on(
    "wheel",
    (event) => {
      if (!onPlot(event)) return;
      const [from, to] = axis.range.peek();
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? event.deltaX : event.deltaY)) {
        event.preventDefault();
        axis.pan((sideways / over.clientWidth) * (to - from));
      } else if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        axis.zoom(Math.exp(event.deltaY / 300), timeAt(event.clientX));
      }
    },
    false,
  );

  /** Whether the drag began on the ruler. */
  function scrubs(event: PointerEvent): boolean {
    const ruler = stage.querySelector(".ruler")!.getBoundingClientRect();
    return event.clientY <= ruler.bottom && Boolean(brush.hidden);
  }
  return () => ends.abort();
}

export interface LaneProps {
  name: ComponentChildren;
  children: ComponentChildren;
  /** How its name is told apart in tests and by screen readers. */
  label: string;
}

export function Lane({ name, label, children }: LaneProps) {
  return (
    <div class="lane" role="group" aria-label={label}>
      <div class="lane-name">{name}</div>
      <div class="lane-plot">{children}</div>
    </div>
  );
}
