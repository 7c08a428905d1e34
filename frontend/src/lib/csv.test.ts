import { expect, test } from "vitest";
import { cell, csv } from "./csv";

test("fields are quoted where they must be", () => {
  expect(cell("plain")).toBe("plain");
  expect(cell('a "b", c')).toBe('"a ""b"", c"');
  expect(cell("two\nlines")).toBe('"two\nlines"');
  expect(cell(null)).toBe("");
  expect(cell(-1.5)).toBe("-1.5");
  expect(cell(Number.NaN)).toBe("");
});

test.each(["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "＝1", "\r=1"])("%j is no formula", (text) => {
  expect(cell(text).replace(/^"/, "")).toMatch(/^'/);
});

test("rows end as RFC 4180 has it, and Excel sees UTF-8", () => {
  expect(
    csv([
      ["a", "b"],
      [1, "模型"],
    ]),
  ).toBe("\ufeffa,b\r\n1,模型\r\n");
});
