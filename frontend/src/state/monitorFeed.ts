/** Keeps the monitor fresh while it is open: requests by themselves where the server can stream them, else every 5 s. */
import { call } from "../lib/api";
import { ApiError } from "../lib/errors";
import { events } from "../lib/events";
import type { RequestRecord } from "../lib/wire";
import { isRefusal } from "./admitted";
import { askRecords, askStats, askUsage, came, held, paused, records, stats, streaming } from "./monitor";

const POLL = 5000;
/** Other processes of the server do not stream to us, and windows move on without requests. */
const REFRESH = 30_000;
const USAGE = 300_000;
/** Milliseconds between two readings of the totals while requests come. */
const LEAST = 1500;
/** Milliseconds without a sign of life, after which a stream counts as lost: the server's are 15 s apart as a rule. */
const SILENCE = 90_000;

/** Until the function that it returns is called. */
export function follow(): () => void {
  const end = new AbortController();
  if (!paused.value) {
    void askStats();
    void askRecords();
    void askUsage();
  }
  const timers = [
    setInterval(() => idle() || streaming.value || refresh(), POLL),
    setInterval(() => idle() || !streaming.value || refresh(), REFRESH),
    setInterval(() => idle() || void askUsage(), USAGE),
  ];
  void listen(end.signal);
  return () => {
    end.abort();
    timers.forEach(clearInterval);
    streaming.value = false;
  };
}

export function togglePause(): void {
  paused.value = !paused.value;
  if (paused.value) return;
  const waited = held.value;
  held.value = [];
  came(waited);
  refresh();
}

function idle(): boolean {
  const refused = stats.value instanceof ApiError && isRefusal(stats.value);
  return paused.value || document.hidden || refused;
}

function refresh(): void {
  void askStats();
  void askRecords(Array.isArray(records.value));
}

let due: ReturnType<typeof setTimeout> | undefined;
let last = 0;

/** The totals soon, however many requests come. */
function soon(): void {
  if (due !== undefined) return;
  due = setTimeout(
    () => {
      due = undefined;
      last = Date.now();
      if (!idle()) void askStats();
    },
    Math.max(100, last + LEAST - Date.now()),
  );
}

async function listen(signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const lost = new AbortController();
    const leave = () => lost.abort();
    signal.addEventListener("abort", leave);
    let watch = setTimeout(leave, SILENCE);
    try {
      const response = await call("/api/requests/live", { signal: lost.signal });
      for await (const told of events(response)) {
        if (signal.aborted) return;
        clearTimeout(watch);
        watch = setTimeout(leave, SILENCE);
        if (!streaming.value && failures && !idle()) refresh(); // what ended in between
        streaming.value = true;
        failures = 0;
        if (told.some(({ event }) => event === "missed") && !idle()) refresh();
        const fresh = told
          .filter(({ event }) => event === "request")
          .map(({ data }) => data as RequestRecord);
        if (fresh.length) {
          came(fresh);
          soon();
        }
      }
    } catch {
      // refused, or lost: asked for every 5 s until the next attempt
    } finally {
      clearTimeout(watch);
      signal.removeEventListener("abort", leave);
    }
    if (signal.aborted) return;
    streaming.value = false;
    failures += 1;
    await new Promise((resolve) => setTimeout(resolve, Math.min(60_000, 1000 * 2 ** Math.min(failures, 6))));
  }
}
