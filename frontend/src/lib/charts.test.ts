import { expect, test } from "vitest";
import { band, columnAt, height, labelled, line, middles, spark, stack, ticks } from "./charts";

const box = { x: 10, y: 0, width: 100, height: 50 };

test("ticks are round, begin at 0 and reach the greatest value", () => {
  expect(ticks(10)).toEqual([0, 5, 10]);
  expect(ticks(7)).toEqual([0, 5, 10]);
  expect(ticks(0.034)).toEqual([0, 0.02, 0.04]);
  expect(ticks(3)).toEqual([0, 1, 2, 3]);
  for (const greatest of [0.000_3, 0.9, 1, 99, 1234, 5e6]) {
    const found = ticks(greatest);
    expect(found.at(-1)).toBeGreaterThanOrEqual(greatest);
    expect(found.length).toBeLessThan(7);
  }
  for (const nothing of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(ticks(nothing)).toEqual([0, 1]);
});

test("heights stay within the box", () => {
  expect(height(0, 10, box)).toBe(50);
  expect(height(10, 10, box)).toBe(0);
  expect(height(99, 10, box)).toBe(0);
  expect(height(-1, 10, box)).toBe(50);
  expect(height(1, 0, box)).toBe(50);
});

test("columns are found where they are drawn", () => {
  const at = middles(4, box);
  expect(at).toEqual([22.5, 47.5, 72.5, 97.5]);
  at.forEach((x, index) => {
    expect(columnAt(x, 4, box)).toBe(index);
  });
  expect(columnAt(-5, 4, box)).toBe(0);
  expect(columnAt(500, 4, box)).toBe(3);
});

test("a line breaks where nothing is known; a value alone is a dash", () => {
  expect(line([0, 10, null, 5], 10, box)).toBe("M22.5 50L47.5 0M93.5 25h8");
  expect(line([null, null], 10, box)).toBe("");
  expect(line([], 10, box)).toBe("");
});

test("a band is closed, and only where both ends are known", () => {
  expect(band([0, 0], [10, 5], 10, box)).toBe("M35 0L85 25L85 50L35 50Z");
  expect(band([0, null, 1], [10, 5, null], 10, box).match(/M/g)).toHaveLength(1);
});

test("bars lie upon each other and add up", () => {
  const bars = stack(
    [
      [1, 0, 3],
      [0, 0, 0],
      [4, 0, 0],
    ],
    4,
    box,
  );
  expect(bars.map(({ column, row }) => [column, row])).toEqual([
    [0, 0],
    [0, 2],
    [2, 0],
  ]);
  const [low, high, alone] = bars;
  expect(low).toMatchObject({ y: 37.5, height: 12.5 });
  expect(high).toMatchObject({ y: 0, height: 37.5 });
  expect(alone?.height).toBe(50);
  for (const { x, width } of bars) expect(x >= 10 && x + width <= 110 && width > 0).toBe(true);
});

test("bars of many columns do not overlap", () => {
  const bars = stack(
    Array.from({ length: 60 }, () => [1]),
    1,
    { ...box, width: 90 },
  );
  for (const [index, bar] of bars.entries()) {
    const next = bars[index + 1];
    if (next) expect(bar.x + bar.width).toBeLessThanOrEqual(next.x + 0.02);
  }
});

test("a sparkline of nothing is nothing, of zeros a line at the bottom", () => {
  expect(spark([null], 120, 36)).toEqual({ line: "", area: "" });
  expect(spark([0, 0], 120, 36).line).toBe("M30 34L90 34");
});

test("labels that fit, the newest among them", () => {
  expect(labelled(5, 500, 60)).toEqual([0, 1, 2, 3, 4]);
  expect(labelled(60, 300, 60).at(-1)).toBe(59);
  expect(labelled(60, 300, 60).length).toBeLessThanOrEqual(5);
  expect(labelled(3, 10, 60)).toEqual([2]);
});
