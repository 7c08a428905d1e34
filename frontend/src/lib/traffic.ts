/** What the monitor shows, worked out from the server's numbers. */
import type { RequestRecord, Stats, StatsPoint, StatsTotal } from "./wire";

export const RANGES = ["5m", "1h", "24h", "30d"] as const;
/** How long they are. */
export const SECONDS: Record<Range, number> = { "5m": 300, "1h": 3600, "24h": 86_400, "30d": 2_592_000 };
export const BY = ["model", "dialect", "key", "status"] as const;
export const MEASURES = ["requests", "errors", "in", "out", "credits"] as const;
export const TIMES = ["seconds", "first_token"] as const;
export type Range = (typeof RANGES)[number];
export type By = (typeof BY)[number];
export type Measure = (typeof MEASURES)[number];
export type Times = (typeof TIMES)[number];
export type Filters = Record<By, string>;

export const STATUSES = ["2xx", "4xx", "5xx", "broken", "left"] as const;

export function measured(total: StatsTotal, measure: Measure): number {
  if (measure === "requests") return total.count;
  if (measure === "errors") return total.errors;
  if (measure === "credits") return total.credits;
  return total.tokens[measure];
}

/** Minutes that a window has lasted so far: its last step is not over yet. */
export function minutes(stats: Pick<Stats, "from" | "to">, now: number): number {
  return Math.max(1, Math.min(stats.to, now) - stats.from) / 60;
}

/** A name that fits into a list: models may be called whatever a client likes. */
export function brief(name: string): string {
  return name.length > 42 ? `${name.slice(0, 30)}…${name.slice(-10)}` : name;
}

export function share(total: StatsTotal): number | null {
  return total.count ? total.errors / total.count : null;
}

/** How much more `now` is than `before`, as a share; null where there is nothing to compare with. */
export function change(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return now / before - 1;
}

const MOST = 6;

export interface Rows {
  /** Null is everything that has no row of its own. */
  names: (string | null)[];
  columns: number[][];
}

/** The points as columns: a row to each of the largest groups, and one for the rest. */
export function grouped(stats: Stats, measure: Measure): Rows {
  const ordered = [...stats.groups].sort((a, b) => measured(b, measure) - measured(a, measure));
  const names = ordered.map((group) => group.name).filter((name) => stats.by !== "status" || name);
  const shown = names.length > MOST ? names.slice(0, MOST - 1) : names;
  const rest = names.length > shown.length;
  const of = (point: StatsPoint, name: string) => {
    const group = point.groups[name];
    return group ? measured(group, measure) : 0;
  };
  const columns = stats.series.map((point) => {
    const column = shown.map((name) => of(point, name));
    if (rest) {
      const others = Object.keys(point.groups).filter((name) => !shown.includes(name));
      column.push(others.reduce((sum, name) => sum + of(point, name), 0));
    }
    return column;
  });
  return { names: rest ? [...shown, null] : shown, columns };
}

/** Whether a record is looked for; the server decides the same for those it sends as a list. */
export function fits(record: RequestRecord, { model, dialect, key, status }: Filters): boolean {
  return (
    (!model || model === record.model || model === record.asked) &&
    (!dialect || dialect === record.dialect) &&
    (!key || key === record.key) &&
    (!status || status === String(record.status) || status === record.result)
  );
}

/** New records before those that are there; none twice, the newest first, at most `most`. */
export function merged(fresh: RequestRecord[], old: RequestRecord[], most: number): RequestRecord[] {
  const seen = new Set<string>();
  return [...fresh, ...old]
    .filter(({ id }) => !seen.has(id) && seen.add(id))
    .sort((a, b) => b.at - a.at)
    .slice(0, most);
}

export type Tone = "good" | "warn" | "bad" | "muted";

export function tone(result: string): Tone {
  if (result === "2xx" || result === "3xx" || result === "1xx") return "good";
  if (result === "4xx") return "warn";
  return result === "left" ? "muted" : "bad";
}

/** The parts of a request in time, as shares of the whole: until the first token, and from then on. */
export function timing({ first_token: first, seconds }: Pick<RequestRecord, "first_token" | "seconds">) {
  const whole = Math.max(seconds, first ?? 0, 0.0001);
  const waited = first === null ? 1 : first / whole;
  return { waited, streamed: 1 - waited, answered: first !== null };
}

const COLUMNS = [
  "time",
  "request_id",
  "status",
  "result",
  "error",
  "model",
  "asked",
  "dialect",
  "key",
  "stream",
  "input_tokens",
  "output_tokens",
  "reasoning_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "estimated",
  "credits",
  "first_token_s",
  "total_s",
  "attempts",
  "repairs",
  "backend_request_id",
];

/** Records as rows of a table, the first with names, in English whatever the page speaks: programs read them. */
export function table(records: readonly RequestRecord[]): (string | number | null)[][] {
  const rows = records.map((each) => [
    new Date(each.at * 1000).toISOString(),
    each.id,
    each.status,
    each.result,
    each.error,
    each.model,
    each.asked,
    each.dialect,
    each.key,
    String(each.stream),
    each.tokens?.in ?? null,
    each.tokens?.out ?? null,
    each.tokens?.reasoning ?? null,
    each.tokens?.cache_read ?? null,
    each.tokens?.cache_write ?? null,
    each.tokens ? String(!each.tokens.exact) : null,
    each.credits,
    each.first_token,
    each.seconds,
    each.attempts,
    each.repairs.join("; "),
    each.backend_id,
  ]);
  return [COLUMNS, ...rows];
}
