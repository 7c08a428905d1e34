/** What a page was asked to show, in its address: so that it can be reloaded, and sent to somebody. */
import {
  BY,
  type By,
  type Filters,
  MEASURES,
  type Measure,
  RANGES,
  type Range,
  TIMES,
  type Times,
} from "./traffic";

export interface Asked {
  range: Range;
  by: By;
  measure: Measure;
  times: Times;
  filters: Filters;
}

export function asked(query: string): Asked {
  const given = new URLSearchParams(query);
  const text = (name: string) => (given.get(name) ?? "").slice(0, 100);
  return {
    range: one(RANGES, given.get("range"), "1h"),
    by: one(BY, given.get("by"), "model"),
    measure: one(MEASURES, given.get("of"), "requests"),
    times: one(TIMES, given.get("latency"), "seconds"),
    filters: { model: text("model"), dialect: text("dialect"), key: text("key"), status: text("status") },
  };
}

/** "" where everything is as it would be anyway. */
export function query({ range, by, measure, times, filters }: Asked): string {
  const plain = asked("");
  const said = new URLSearchParams();
  if (range !== plain.range) said.set("range", range);
  if (by !== plain.by) said.set("by", by);
  if (measure !== plain.measure) said.set("of", measure);
  if (times !== plain.times) said.set("latency", times);
  for (const [name, value] of Object.entries(filters)) if (value) said.set(name, value);
  return said.size ? `?${said}` : "";
}

function one<T extends string>(known: readonly T[], value: string | null, otherwise: T): T {
  return known.find((each) => each === value) ?? otherwise;
}
