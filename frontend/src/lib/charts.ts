/** Geometry of the small charts: numbers in, points and paths out. Units are those of the drawing, y grows downward. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Round values from 0 to at least `greatest`, for lines across a chart. The last is its top. */
export function ticks(greatest: number, wanted = 3): number[] {
  if (!(greatest > 0) || !Number.isFinite(greatest)) return [0, 1];
  const rough = greatest / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((each) => each * power >= rough * 0.999_999) ?? 10) * power;
  const count = Math.max(1, Math.ceil(greatest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Where a value lies: `top` is the value of the box's upper edge. */
export function height(value: number, top: number, box: Box): number {
  return fine(box.y + box.height * (1 - (top > 0 ? Math.min(1, Math.max(0, value / top)) : 0)));
}

/** The middle of each of `count` equal columns. */
export function middles(count: number, box: Box): number[] {
  return Array.from({ length: count }, (_, index) => fine(box.x + (box.width * (index + 0.5)) / count));
}

/** The column that lies at `x`; the nearest where it is outside. */
export function columnAt(x: number, count: number, box: Box): number {
  return Math.min(count - 1, Math.max(0, Math.floor(((x - box.x) / box.width) * count)));
}

type Values = readonly (number | null)[];

/** The stretches of indices without a gap. */
function stretches(values: Values): number[][] {
  const found: number[][] = [];
  let open: number[] | null = null;
  values.forEach((value, index) => {
    if (value === null) open = null;
    else if (open) open.push(index);
    else {
      open = [index];
      found.push(open);
    }
  });
  return found;
}

/** A line through what is known; a value alone between gaps becomes a short dash, so that it can be seen. */
export function line(values: Values, top: number, box: Box): string {
  const at = middles(values.length, box);
  const dash = Math.min(4, box.width / Math.max(1, values.length) / 3);
  return stretches(values)
    .map((indices) => {
      const points = indices.map((index) => [at[index] ?? 0, height(values[index] ?? 0, top, box)] as const);
      const [only] = points;
      if (points.length === 1 && only) return `M${fine(only[0] - dash)} ${only[1]}h${fine(2 * dash)}`;
      return points.map(([x, y], index) => `${index ? "L" : "M"}${x} ${y}`).join("");
    })
    .join("");
}

/** The area between two lines, where both are known. */
export function band(low: Values, high: Values, top: number, box: Box): string {
  const at = middles(low.length, box);
  const half = Math.min(4, box.width / Math.max(1, low.length) / 3);
  const both = low.map((value, index) => (value === null || high[index] == null ? null : value));
  return stretches(both)
    .map((indices) => {
      const x = (index: number) => at[index] ?? 0;
      const single = indices.length === 1;
      const forth = indices.map((index) => [x(index), height(high[index] ?? 0, top, box)] as const);
      const back = indices.map((index) => [x(index), height(low[index] ?? 0, top, box)] as const).reverse();
      const widened = single
        ? [
            ...forth.flatMap(([a, b]) => [
              [a - half, b],
              [a + half, b],
            ]),
            ...back.flatMap(([a, b]) => [
              [a + half, b],
              [a - half, b],
            ]),
          ]
        : [...forth, ...back];
      return `M${widened.map(([a, b]) => `${fine(a ?? 0)} ${b}`).join("L")}Z`;
    })
    .join("");
}

export interface Bar extends Box {
  column: number;
  row: number;
}

/** Columns of stacked bars; `columns[i][row]` is a value, and the first row lies at the bottom. */
export function stack(columns: readonly (readonly number[])[], top: number, box: Box): Bar[] {
  const room = box.width / Math.max(1, columns.length);
  const gap = room > 12 ? Math.min(10, room * 0.3) : room > 4 ? 1.5 : 0.5;
  const width = fine(Math.min(48, room - gap));
  return columns.flatMap((values, column) => {
    let sum = 0;
    return values.flatMap((value, row) => {
      if (!(value > 0)) return [];
      const below = height(sum, top, box);
      sum += value;
      const y = height(sum, top, box);
      const x = fine(box.x + room * (column + 0.5) - width / 2);
      return [{ column, row, x, y, width, height: fine(below - y) }];
    });
  });
}

/** The line of a sparkline, and the area below it, within a width and a height. */
export function spark(values: Values, width: number, tall: number): { line: string; area: string } {
  const box = { x: 0, y: 2, width, height: tall - 4 };
  const top = Math.max(0, ...values.map((value) => value ?? 0)) || 1;
  return {
    line: line(values, top, box),
    area: band(
      values.map((value) => (value === null ? null : 0)),
      values,
      top,
      box,
    ),
  };
}

/** Which of `count` labels fit where each needs `room`: the last always does, as it is now. */
export function labelled(count: number, width: number, room: number): number[] {
  const every = Math.max(1, Math.ceil(count / Math.max(1, Math.floor(width / room))));
  const found: number[] = [];
  for (let index = count - 1; index >= 0; index -= every) found.unshift(index);
  return found;
}

function fine(value: number): number {
  return Math.round(value * 100) / 100;
}
