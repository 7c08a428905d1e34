import { expect, test } from "vitest";
import { clock, lifeLeft, remaining, standing } from "./remaining";

test.each([
  [65, "en", "1:05"],
  [42 * 60 + 5, "en", "42 minutes"],
  [100 * 60, "en", "100 minutes"],
  [3 * 3600, "en", "3 hours"],
  [4 * 86_400, "en", "4 days"],
  [4 * 86_400, "zh", "4天"],
] as const)("%d seconds in %s: %s", (seconds, language, told) => {
  expect(remaining(seconds, language)).toBe(told);
});

test("a clock never goes below nothing", () => {
  expect([clock(-5), clock(59.9), clock(600)]).toEqual(["0:00", "0:59", "10:00"]);
});

test("the bar is full for an hour and more", () => {
  expect([lifeLeft(7200), lifeLeft(1800), lifeLeft(-1)]).toEqual([1, 0.5, 0]);
});

test.each([
  [null, "missing"],
  [{ expires_at: null, renewable: false }, "good"],
  [{ expires_at: 1010, renewable: true }, "good"],
  [{ expires_at: 990, renewable: true }, "good"],
  [{ expires_at: 1010, renewable: false }, "soon"],
  [{ expires_at: 5000, renewable: false }, "good"],
  [{ expires_at: 990, renewable: false }, "ended"],
] as const)("%j stands %s", (login, told) => {
  expect(standing(login, 1000)).toBe(told);
});
