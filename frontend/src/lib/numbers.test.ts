import { expect, test } from "vitest";
import { brief, day, duration, size } from "./numbers";
import { preferred } from "./t";

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
