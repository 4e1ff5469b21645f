/** One lane of the rolling timeline: lines over the last minute. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { colorOf, dashOf } from "../../expressions";
import { clock } from "../../parts/clock";
import { dark } from "../../theme";

export interface LaneProps {
  /** What people who do not see the lines are told. */
  label: string;
  /** A line each, in the colour and dash of its name. */
  names: string[];
  data: uPlot.AlignedData;
  /** The end of the time that is shown; seconds. */
  now: number;
  seconds: number;
  height: number;
  /** Where the scale ends at least. */
  least: number;
  /** Write times under it. */
  times?: boolean;
  /** Fill under one line, for how loud it is. */
  filled?: boolean;
  /** Draw something more. */
  draw?: (plot: uPlot) => void;
}

export function Lane(props: LaneProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const look = `${props.names.join()} ${dark.value}`;

  useEffect(() => {
    const at = holder.current!;
    const made = new uPlot(options(latest, at), latest.current.data, at);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: at.clientWidth, height: latest.current.height }));
    observer.observe(at);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [look]);

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current!.setData(props.data, false);
      plot.current!.setScale("x", { min: props.now - props.seconds, max: props.now });
    });
  }, [props.now, look]);

  return <div class="live-lane" ref={holder} role="img" aria-label={props.label} />;
}

function options(latest: { current: LaneProps }, at: HTMLElement): uPlot.Options {
  const { names, height, times, filled } = latest.current;
  const style = getComputedStyle(at);
  const [quiet, rule] = [style.getPropertyValue("--quiet"), style.getPropertyValue("--rule")];
  const resolved = (color: string) => schemed(color);
  const axis = { stroke: resolved(quiet), font: "12px system-ui, sans-serif" };
  const grid = { stroke: resolved(rule), width: 1 };
  return {
    width: at.clientWidth || 300,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 4, times ? 0 : 6, 0],
    scales: {
      x: { time: false, auto: false, range: (_, min, max) => [min, max] },
      y: { range: (_, __, max) => [0, Math.max(latest.current.least, (max ?? 0) * 1.08)] },
    },
    axes: [
      {
        ...axis,
        show: !!times,
        size: 24,
        gap: 2,
        grid: { show: false },
        ticks: { show: false },
        values: (_, values) => values.map((value) => (value < 0 ? "" : clock(value))),
        incrs: [10, 15, 30],
      },
      {
        ...axis,
        size: 34,
        gap: 2,
        grid,
        ticks: { show: false },
        splits: (_, __, ___, max) => (filled ? [] : [0, 1, 2, 3, 4].map((i) => i * (max > 0.7 ? 0.5 : 0.2)).filter((v) => v < max)),
        values: (_, values) => values.map((value) => value.toFixed(1)),
      },
    ],
    series: [
      {},
      ...names.map((name) => ({
        label: name,
        stroke: filled ? resolved(quiet) : colorOf(name),
        width: filled ? 1 : 2,
        dash: dashOf(name),
        points: { show: false },
        ...(filled && { fill: resolved(rule) }),
      })),
    ],
    hooks: { draw: [(plot) => latest.current.draw?.(plot)] },
  };
}

/** Of `light-dark(a, b)`, which canvases do not know, the one that is shown. */
function schemed(color: string): string {
  const both = /^light-dark\(\s*([^,]+),\s*([^)]+)\)$/.exec(color.trim());
  return both ? both[dark.value ? 2 : 1]! : color.trim();
}
