import { describe, expect, it } from "vitest";

import { Axis } from "./axis";

describe("axis", () => {
  it("shows all at first", () => expect(new Axis(90).range.value).toEqual([0, 90]));

  it("zooms around a place that stays where it is", () => {
    const axis = new Axis(100);
    axis.zoom(0.5, 20);
    expect(axis.range.value).toEqual([10, 60]);
  });

  it("never shows what lies outside", () => {
    const axis = new Axis(100);
    axis.show(90, 130);
    expect(axis.range.value).toEqual([60, 100]);
    axis.pan(-500);
    expect(axis.range.value).toEqual([0, 40]);
    axis.zoom(9);
    expect(axis.range.value).toEqual([0, 100]);
  });

  it("turns the page when the moment has left it", () => {
    const axis = new Axis(100);
    axis.show(0, 10);
    axis.moment.value = 10.1;
    axis.follow();
    expect(axis.range.value[0]).toBeCloseTo(9.1);
    expect(axis.range.value[1]).toBeCloseTo(19.1);
  });

  it("stays whole when the film is longer than what was measured", () => {
    const axis = new Axis(10);
    axis.lengthen(12);
    expect(axis.range.value).toEqual([0, 12]);
    axis.show(2, 4);
    axis.lengthen(14);
    expect(axis.range.value).toEqual([2, 4]);
    axis.lengthen(Infinity);
    expect(axis.length.value).toBe(14);
  });

  it("tells of what the pointer is at, else of the moment", () => {
    const axis = new Axis(10);
    axis.moment.value = 3;
    expect(axis.looked.value).toBe(3);
    axis.hover.value = 5;
    expect(axis.looked.value).toBe(5);
  });
});
