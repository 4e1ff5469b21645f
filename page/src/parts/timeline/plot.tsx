/** One uPlot on the axis of its stage: lines, or whatever is painted on it. */

import { computed, effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { dark } from "../../theme";
import { clock } from "../clock";
import type { Axis, Span } from "./axis";
import { useStage } from "./stage";

/** Pixels beside the plotting area, the same in all lanes, so that they stand exactly below each other. */
export const LEFT = 40;
export const RIGHT = 18;

const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

export interface Line {
  name: string;
  color: () => string;
  dash: number[];
}

export interface PlotProps {
  height: number;
  /** What the plot is of: it is made anew when this changes. */
  of: string;
  lines?: Line[];
  /** The values of the lines within a span, about as many as there are pixels. */
  values?: (range: Span, pixels: number) => uPlot.AlignedData;
  /** Lowest and highest value; without them there is no scale beside the plot. */
  scale?: readonly [number, number];
  /** Times at the top: the ruler. */
  ruler?: boolean;
  paint?: (u: uPlot) => void;
}

export function Plot(props: PlotProps) {
  const { axis, width } = useStage();
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const plot = useRef<uPlot | null>(null);
  const { height, of, scale, ruler } = props;

  useEffect(() => {
    const empty = [[], ...(props.lines ?? []).map(() => [])] as uPlot.AlignedData;
    const paint = (u: uPlot) => latest.current.paint?.(u);
    const u = new uPlot(optionsOf({ ...props, paint }, axis, Math.max(width.peek(), 120)), empty, host.current!);
    plot.current = u;
    const stop = effect(() => {
      void dark.value;
      refresh(u, latest.current, axis.range.value, width.value);
    });
    return () => {
      stop();
      u.destroy();
      plot.current = null;
    };
  }, [of, height, scale?.[0], scale?.[1], ruler]);

  // what is painted may change while the plot stays
  useEffect(() => {
    if (plot.current) refresh(plot.current, props, axis.range.peek(), width.peek());
  });

  return <div class="plot" ref={host} />;
}

function refresh(u: uPlot, { values, lines, height }: PlotProps, range: Span, width: number): void {
  if (width <= 0) return;
  u.batch(() => {
    if (u.width !== width || u.height !== height) u.setSize({ width, height });
    u.setData(values ? values(range, width - LEFT - RIGHT) : ([[...range], ...(lines ?? []).map(() => [null, null])] as uPlot.AlignedData), false);
    u.setScale("x", { min: range[0], max: range[1] });
    u.redraw(true, true);
  });
}

function optionsOf({ height, lines = [], scale, ruler, paint }: PlotProps, axis: Axis, width: number): uPlot.Options {
  const quiet = () => css("--quiet");
  const grid = { stroke: () => css("--rule"), width: 1 };
  return {
    width,
    height,
    padding: [scale ? 6 : 0, RIGHT, scale ? 6 : 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: () => [...axis.range.peek()] as [number, number] },
      y: { range: () => [...(scale ?? [0, 1])] as [number, number] },
    },
    axes: [
      {
        side: 0,
        size: ruler ? height : 0,
        gap: 2,
        font: FONT,
        stroke: quiet,
        ticks: { show: Boolean(ruler), stroke: () => css("--edge"), width: 1, size: 5 },
        grid: ruler ? { show: false } : grid,
        space: 70,
        incrs: STEPS,
        values: (_, splits) => splits.map((split) => (ruler ? clock(split, (splits[1] ?? 1) - (splits[0] ?? 0) < 1) : "")),
      },
      {
        size: LEFT,
        gap: 4,
        font: FONT,
        stroke: quiet,
        ticks: { show: false },
        grid: scale ? grid : { show: false },
        space: 28,
        values: (_, splits) => splits.map((split) => (scale ? String(Math.round(split * 100) / 100).replace(/^0\./, ".") : "")),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, color, dash }) => ({ label: name, stroke: color, width: 1.75, dash, points: { show: false }, spanGaps: false })),
    ],
    hooks: paint ? { draw: [paint] } : {},
  };
}

export const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';

/** A colour of the page's style, for canvases. */
export function css(name: string): string {
  const known = colors.value.get(name);
  if (known) return known;
  // custom properties may hold light-dark(): an element that wears them tells what that comes to
  const wearing = document.createElement("i");
  wearing.style.color = `var(${name})`;
  document.body.append(wearing);
  const color = getComputedStyle(wearing).color;
  wearing.remove();
  colors.value.set(name, color);
  return color;
}

const colors = computed(() => (void dark.value, new Map<string, string>()));
