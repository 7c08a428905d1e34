import { expect, test } from "vitest";
import { asked, query } from "./asked";
import { csv } from "./csv";
import { events } from "./events";
import { change, fits, grouped, merged, minutes, share, table, timing, tone } from "./traffic";
import type { RequestRecord, Stats, StatsTotal } from "./wire";

const none = { p50: null, p95: null, p99: null };
const total = (count: number, errors = 0): StatsTotal => ({
  count,
  errors,
  tokens: { in: count * 10, out: count, cache_read: 0, cache_write: 0 },
  estimated: 0,
  credits: count / 100,
  seconds: none,
  first_token: none,
});

const record = (id: string, rest: Partial<RequestRecord> = {}): RequestRecord => ({
  ...{
    id,
    at: 1_700_000_000,
    path: "/v1/messages",
    dialect: "messages",
    model: "m",
    asked: "alias",
    key: "k1",
    key_name: "one",
  },
  ...{ status: 200, result: "2xx", error: null, outcome: "end", stream: true, tokens: null, credits: null },
  ...{
    first_token: 0.25,
    seconds: 1,
    received: 1,
    sent: 2,
    attempts: 1,
    repairs: [],
    ignored: [],
    dropped: [],
  },
  backend_id: "",
  ...rest,
});

const stats = (names: string[]): Stats => ({
  ...{ range: "5m", by: "model", step: 60, from: 0, to: 300 },
  ...{ total: total(10), before: total(5) },
  groups: names.map((name, index) => ({ name, ...total(names.length - index) })),
  series: [
    {
      at: 0,
      total: total(10),
      groups: Object.fromEntries(names.map((name, index) => [name, total(names.length - index)])),
    },
    { at: 60, total: total(0), groups: {} },
  ],
});

test("groups become rows; those without one are the rest, and nothing is lost", () => {
  expect(grouped(stats(["a", "b"]), "requests")).toEqual({
    names: ["a", "b"],
    columns: [
      [2, 1],
      [0, 0],
    ],
  });
  const many = grouped(stats(["a", "b", "c", "d", "e", "f", "g", "h"]), "in");
  expect(many.names).toEqual(["a", "b", "c", "d", "e", null]);
  expect(many.columns[0]?.reduce((sum, each) => sum + each, 0)).toBe(360);
  expect(many.columns[0]).toHaveLength(6);
});

test("rates, shares and changes, where they can be known", () => {
  expect(minutes({ from: 0, to: 300 }, 270)).toBe(4.5);
  expect(minutes({ from: 0, to: 300 }, 999)).toBe(5);
  expect(minutes({ from: 0, to: 300 }, -50)).toBeGreaterThan(0);
  expect(share(total(0))).toBeNull();
  expect(share(total(4, 1))).toBe(0.25);
  expect(change(3, 2)).toBe(0.5);
  expect(change(3, 0)).toBeNull();
  expect(change(null, 2)).toBeNull();
});

test("filters fit as the server's do", () => {
  const any = { model: "", dialect: "", key: "", key_name: "", status: "" };
  expect(fits(record("a"), any)).toBe(true);
  const right = [{ model: "m" }, { model: "alias" }, { key: "k1" }, { status: "200" }, { status: "2xx" }];
  for (const each of right) expect(fits(record("a"), { ...any, ...each })).toBe(true);
  for (const name of ["model", "dialect", "key", "status"] as const)
    expect(fits(record("a"), { ...any, [name]: "x" })).toBe(false);
});

test("new records come first, none twice, and no more than wanted", () => {
  const old = [record("b", { at: 2 }), record("a", { at: 1 })];
  const found = merged([record("c", { at: 3 }), record("b", { at: 2 })], old, 3);
  expect(found.map(({ id }) => id)).toEqual(["c", "b", "a"]);
  expect(merged([record("d", { at: 4 })], found, 3).map(({ id }) => id)).toEqual(["d", "c", "b"]);
});

test("the timing of a request", () => {
  expect(timing({ first_token: 0.25, seconds: 1 })).toEqual({ waited: 0.25, streamed: 0.75, answered: true });
  expect(timing({ first_token: null, seconds: 1 })).toEqual({ waited: 1, streamed: 0, answered: false });
  expect(timing({ first_token: 0, seconds: 0 }).waited).toBe(0);
  expect(["2xx", "4xx", "5xx", "broken", "left"].map(tone)).toEqual(["good", "warn", "bad", "bad", "muted"]);
});

test("a table for programs: as many cells as names, and no formula gets through", () => {
  const [head = [], row = []] = table([record("a", { model: "=1+1", repairs: ["x", "y"] })]);
  expect(row).toHaveLength(head.length);
  expect(row[0]).toBe("2023-11-14T22:13:20.000Z");
  expect(csv([head, row])).toContain(",'=1+1,");
});

test("the address keeps what was asked, and forgives what is not known", () => {
  const said = "?range=24h&by=key&of=credits&latency=first_token&model=a%26b&status=4xx";
  expect(query(asked(said))).toBe(said);
  expect(query(asked(""))).toBe("");
  expect(asked("?range=9y&by=<b>&of=1").range).toBe("1h");
  expect(asked(`?model=${"x".repeat(500)}`).filters.model).toHaveLength(100);
});

test("events come with their names; comments are a sign of life, and rubbish is left out", async () => {
  const parts = [
    ": hello\n\n",
    'event: request\ndata: {"id"',
    ':"a"}\n\nevent: missed\ndata: {"missed": 2}\n\n',
    "data: {\n\n",
  ];
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const each of parts) controller.enqueue(new TextEncoder().encode(each));
      controller.close();
    },
  });
  const reads = [];
  for await (const read of events(new Response(stream))) reads.push(read);
  expect(reads[0]).toEqual([]);
  expect(reads.flat()).toEqual([
    { event: "request", data: { id: "a" } },
    { event: "missed", data: { missed: 2 } },
  ]);
});
