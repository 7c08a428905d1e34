/** What the monitor shows: asked of the server when the page opens, and again as requests end. */
import { batch, computed, signal } from "@preact/signals";
import { getJson, mayAdminister } from "../lib/api";
import { type Asked, asked, query } from "../lib/asked";
import { ApiError, isAbort } from "../lib/errors";
import { type Filters, fits, merged, SECONDS } from "../lib/traffic";
import type { PlanShown, RequestRecord, RequestsFound, Stats } from "../lib/wire";

export const choices = signal<Asked>(asked(""));
export const stats = signal<Stats | ApiError | undefined>(undefined);
/** When `stats` were told, in seconds; and whether asking again has failed since. */
export const told = signal(0);
export const stale = signal(false);
export const records = signal<RequestRecord[] | ApiError | undefined>(undefined);
/** Why the records are not those that the filters ask for. */
export const recordsFailed = signal<ApiError | null>(null);
/** Where older records begin, null where there are none. */
export const cursor = signal<string | null>(null);
export const usage = signal<PlanShown | "refused" | "unknown" | undefined>(undefined);
export const paused = signal(false);
/** Whether requests come by themselves; else they are asked for. */
export const streaming = signal(false);
/** Requests that came while it was paused. */
export const held = signal<RequestRecord[]>([]);

export const filtered = computed(() => Object.values(choices.value.filters).some(Boolean));
/** Values to filter by that were seen so far. */
export const seen = signal<{ model: string[]; key: string[] }>({ model: [], key: [] });

const PAGE = 100;
export const MOST = 500;

let statsAsked = 0;
let recordsAsked = 0;

export function choose(some: Partial<Omit<Asked, "filters">>): void {
  choices.value = { ...choices.value, ...some };
  keep();
  if (some.range || some.by) void askStats();
}

export function filter(some: Partial<Filters>): void {
  choices.value = { ...choices.value, filters: { ...choices.value.filters, ...some } };
  keep();
  held.value = [];
  const { filters } = choices.value;
  if (Array.isArray(records.value)) records.value = records.value.filter((each) => fits(each, filters));
  void askRecords();
}

export function openAt(address: string): void {
  choices.value = asked(address);
  records.value = undefined;
  recordsFailed.value = null;
  cursor.value = null;
}

/** Whoever comes back finds it live. */
export function leave(): void {
  paused.value = false;
  held.value = [];
}

function keep(): void {
  history.replaceState(history.state, "", location.pathname + query(choices.value));
}

export async function askStats(): Promise<void> {
  const mine = ++statsAsked;
  const { range, by } = choices.value;
  try {
    const found = await getJson<Stats>(`/api/stats?range=${range}&by=${by}`);
    if (mine !== statsAsked) return;
    batch(() => {
      stats.value = found;
      told.value = Date.now() / 1000;
      stale.value = false;
      if (by === "model" || by === "key")
        notice(
          by,
          found.groups.map((group) => group.name),
        );
    });
  } catch (error) {
    if (mine !== statsAsked) return;
    if (stats.value === undefined || stats.value instanceof ApiError) stats.value = known(error);
    else stale.value = true;
  }
}

function address(limit: number, before: string | null): string {
  const said = new URLSearchParams({ limit: String(limit) });
  if (before) said.set("before", before);
  for (const [name, value] of Object.entries(choices.value.filters)) if (value) said.set(name, value);
  return `/api/requests?${said}`;
}

/** The newest records; `again` keeps the older ones that are shown already. */
export async function askRecords(again = false): Promise<void> {
  const mine = ++recordsAsked;
  const of = choices.value.filters;
  try {
    const found = await getJson<RequestsFound>(address(PAGE, null));
    if (mine !== recordsAsked || of !== choices.value.filters) return;
    const shown = new Set(Array.isArray(records.value) ? records.value.map(({ id }) => id) : []);
    const joins = found.next === null || found.requests.some(({ id }) => shown.has(id)); // else there is a gap
    const old = again && joins && Array.isArray(records.value) ? records.value : [];
    batch(() => {
      recordsFailed.value = null;
      records.value = merged(found.requests, old, MOST);
      if (!old.length) cursor.value = found.next;
      noticeAll(found.requests);
    });
  } catch (error) {
    if (mine !== recordsAsked) return;
    if (!Array.isArray(records.value)) records.value = known(error);
    else if (!again) recordsFailed.value = known(error);
  }
}

export async function askOlder(): Promise<void> {
  const of = choices.value.filters;
  const found = await getJson<RequestsFound>(address(PAGE, cursor.value));
  if (of !== choices.value.filters || !Array.isArray(records.value)) return;
  const old = records.value;
  batch(() => {
    records.value = merged(old, found.requests, MOST);
    cursor.value = found.next;
    noticeAll(found.requests);
  });
}

/** Up to 1000 records of the range, for a file. */
export async function askMany(): Promise<RequestRecord[]> {
  const since = Date.now() / 1000 - SECONDS[choices.value.range];
  return (await getJson<RequestsFound>(address(1000, null))).requests.filter(({ at }) => at >= since);
}

/** The plan is asked of Kiro itself, so seldom; and only where the server would tell. */
export async function askUsage(): Promise<void> {
  if (!mayAdminister()) {
    usage.value = "refused";
    return;
  }
  try {
    usage.value = await getJson<PlanShown>("/api/usage");
  } catch (error) {
    if (isAbort(error)) return;
    const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
    usage.value = refused ? "refused" : "unknown";
  }
}

/** Requests that have just ended. */
export function came(fresh: RequestRecord[]): void {
  noticeAll(fresh);
  const wanted = fresh.filter((each) => fits(each, choices.value.filters));
  if (!wanted.length) return;
  if (paused.value) held.value = merged(wanted, held.value, MOST);
  else if (Array.isArray(records.value)) records.value = merged(wanted, records.value, MOST);
}

function noticeAll(some: RequestRecord[]): void {
  notice(
    "model",
    some.map((each) => each.model),
  );
  notice(
    "key",
    some.map((each) => each.key),
  );
}

function notice(kind: "model" | "key", names: string[]): void {
  const all = new Set([...seen.value[kind], ...names.filter(Boolean)]);
  if (all.size > seen.value[kind].length) seen.value = { ...seen.value, [kind]: [...all].sort() };
}

function known(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(String(error), 0, "page");
}
