import { expect, test } from "vitest";
import { EMPTY, keyBody, share } from "./keys";

test("what is left empty is not sent: no limit must come of it, and none of a wrong one either", () => {
  expect(keyBody({ ...EMPTY, name: " laptop " })).toEqual({ name: "laptop" });
  expect(keyBody({ ...EMPTY, name: "x", perMinute: "200 000", perDay: "1,500", perMonth: "many" })).toEqual({
    name: "x",
    requests_per_minute: 200_000,
    tokens_per_day: 1500,
    credits_per_month: "many",
  });
});

test("a key for metrics takes its name and its end only", () => {
  expect(keyBody({ ...EMPTY, name: "x", models: ["auto"], perDay: "5", metrics: true })).toEqual({
    name: "x",
    metrics: true,
  });
});

test("a day ends where the reader is, at its last second", () => {
  const { expires_at } = keyBody({ ...EMPTY, name: "x", expires: "2030-02-28" });
  const end = new Date(Number(expires_at) * 1000);
  expect([end.getFullYear(), end.getMonth(), end.getDate(), end.getHours(), end.getSeconds()]).toEqual([
    2030, 1, 28, 23, 59,
  ]);
});

test.each([
  [0, 100, 0],
  [50, 100, 0.5],
  [500, 100, 1],
  [5, 0, 0],
])("%d of %d is %d", (used, limit, part) => {
  expect(share(used, limit)).toBe(part);
});
