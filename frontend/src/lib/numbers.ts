/** Numbers and times as a person reads them, in the language of the page. */
import type { Language } from "./t";

/** 1234 → "1.2 K"; Chinese readers use the same letters for tokens. */
export function brief(value: number): string {
  if (value < 1000) return String(Math.round(value));
  const [scaled, unit] = value < 999_950 ? [value / 1000, "K"] : [value / 1_000_000, "M"];
  return `${scaled < 10 ? scaled.toFixed(1).replace(/\.0$/, "") : Math.round(scaled)} ${unit}`;
}

/** Milliseconds → "0.8 s", "12 s", "3 min". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0.1, milliseconds / 1000);
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, "")} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Bytes → "3.2 MB". */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The day of a time as a heading of the list: how many days ago, or the month. */
export function day(time: number, now: number, language: Language): string {
  const days = Math.round((midnight(now) - midnight(time)) / 86_400_000);
  if (days <= 1) {
    const word = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-Math.max(0, days), "day");
    return word.charAt(0).toUpperCase() + word.slice(1);
  }
  if (days < 7) return new Intl.DateTimeFormat(language, { weekday: "long" }).format(time);
  return new Intl.DateTimeFormat(language, { month: "long", year: "numeric" }).format(time);
}

function midnight(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** A number of any size in three figures: 0.044, 3.2, 12, "1.2 K". */
export function amount(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 1000) return brief(value);
  if (value === 0 || Number.isInteger(value)) return String(value);
  if (value < 0.001) return "<0.001";
  return String(Number(value.toFixed(value < 0.1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0)));
}

/** A number to be looked at by itself, below a million with all of its digits: 12.3, 1,000, "1.2 M". */
export function inFull(value: number, language: Language): string {
  if (value < 1000 || value >= 999_999.5) return amount(value);
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}

/** A share: 0.034 → "3.4%"; `signed` with its plus or minus. */
export function percent(value: number, signed = false): string {
  const hundredfold = Math.abs(value * 100);
  const text = `${Number(hundredfold.toFixed(hundredfold < 9.95 && hundredfold > 0 ? 1 : 0))}%`;
  return !signed ? text : value < 0 ? `−${text}` : `+${text}`;
}

/** Seconds in three figures: "48 ms", "1.34 s", "12.5 s", "3.1 min". */
export function shortly(seconds: number): string {
  if (seconds < 0.9995)
    return `${seconds < 0.00995 ? Number((seconds * 1000).toFixed(1)) : Math.round(seconds * 1000)} ms`;
  if (seconds < 99.95) return `${Number(seconds.toFixed(seconds < 9.995 ? 2 : 1))} s`;
  return seconds < 600 ? `${Math.round(seconds)} s` : `${Number((seconds / 60).toFixed(1))} min`;
}

/** The beginning of a step of a chart, as `short` as it can be below it, and `long` by itself. Days of the server are UTC's. */
export function clock(at: number, step: number, language: Language): { short: string; long: string } {
  const days: Intl.DateTimeFormatOptions = { month: "short", day: "numeric", timeZone: "UTC" };
  if (step >= 86_400) {
    const short = new Intl.DateTimeFormat(language, days).format(at * 1000);
    return { short, long: `${short} (UTC)` };
  }
  const hours: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const long = { ...hours, month: "short", day: "numeric" } as const;
  return {
    short: new Intl.DateTimeFormat(language, hours).format(at * 1000),
    long: new Intl.DateTimeFormat(language, long).format(at * 1000),
  };
}

/** When something was: the time of today, else with its day. */
export function moment(at: number, now: number, language: Language): string {
  const time: Intl.DateTimeFormatOptions = {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  };
  const today = midnight(at * 1000) === midnight(now * 1000);
  return new Intl.DateTimeFormat(language, today ? time : { ...time, month: "short", day: "numeric" }).format(
    at * 1000,
  );
}
