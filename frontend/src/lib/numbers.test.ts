import { expect, test } from "vitest";
import { amount, brief, clock, day, duration, inFull, moment, percent, shortly, size } from "./numbers";
import { preferred } from "./t";

test("a number by itself has all of its digits", () => {
  const numbers = [0.044, 12.34, 999, 1000, 12_345.6, 1_200_000];
  expect(numbers.map((each) => inFull(each, "en"))).toEqual([
    "0.044",
    "12.3",
    "999",
    "1,000",
    "12,346",
    "1.2 M",
  ]);
});

test("numbers are brief", () => {
  expect([0, 999, 1000, 1234, 12_345, 200_000, 1_000_000].map(brief)).toEqual([
    "0",
    "999",
    "1 K",
    "1.2 K",
    "12 K",
    "200 K",
    "1 M",
  ]);
  expect([10, 840, 9_940, 12_300, 300_000].map(duration)).toEqual([
    "0.1 s",
    "0.8 s",
    "9.9 s",
    "12 s",
    "5 min",
  ]);
  expect([5, 1500, 30_000_000].map(size)).toEqual(["5 B", "2 KB", "30.0 MB"]);
});

test("days have names in both languages", () => {
  const now = new Date(2026, 5, 10, 12).getTime();
  const ago = (days: number) => now - days * 86_400_000;
  expect(day(ago(0), now, "en")).toBe("Today");
  expect(day(ago(1), now, "zh")).toBe("昨天");
  expect(day(ago(3), now, "en")).toBe("Sunday");
  expect(day(ago(60), now, "en")).toBe("April 2026");
});

test("the language is the chosen one, else the browser's first that we speak", () => {
  expect(preferred("zh", ["en"])).toBe("zh");
  expect(preferred(null, ["fr", "zh-TW", "en"])).toBe("zh");
  expect(preferred("xx", ["fr"])).toBe("en");
});

test("amounts, shares and seconds keep three figures", () => {
  expect([0, 0.0004, 0.0438, 1.017, 12.34, 962.5, 5, 3500].map(amount)).toEqual([
    ...["0", "<0.001", "0.044", "1.02", "12.3", "963", "5", "3.5 K"],
  ]);
  expect([0, 0.034, 0.2, 1].map((each) => percent(each))).toEqual(["0%", "3.4%", "20%", "100%"]);
  expect([percent(-0.46, true), percent(1.32, true)]).toEqual(["−46%", "+132%"]);
  expect([0.0006, 0.048, 0.9999, 1.337, 12.52, 130, 3600].map(shortly)).toEqual([
    ...["0.6 ms", "48 ms", "1 s", "1.34 s", "12.5 s", "130 s", "60 min"],
  ]);
});

test("days of a chart are the server's, hours the reader's", () => {
  const at = Date.UTC(2026, 5, 10) / 1000;
  expect(clock(at, 86_400, "en")).toEqual({ short: "Jun 10", long: "Jun 10 (UTC)" });
  expect(clock(at, 60, "en").short).toMatch(/^\d\d:\d\d$/);
  expect(moment(at, at, "en")).toMatch(/^\d\d:\d\d:\d\d$/);
  expect(moment(at, at + 3 * 86_400, "en")).toMatch(/Jun/);
});
