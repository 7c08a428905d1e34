/** How long something still lasts, as a person reads it, and as a share of a bar. */
import type { Language } from "./t";

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** Seconds → "42 minutes", "3 days"; below two minutes "1:05". */
export function remaining(seconds: number, language: Language): string {
  if (seconds < 120) return clock(seconds);
  for (const [unit, length] of UNITS) {
    if (seconds >= 2 * length || unit === "minute") {
      const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
      return format.format(Math.floor(seconds / length));
    }
  }
  return "";
}

/** Seconds → "9:05", for what is waited for. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Tokens live for an hour as a rule: what is left of the last one, 0 to 1. */
export function lifeLeft(seconds: number): number {
  return Math.min(1, Math.max(0, seconds / 3600));
}

export type Standing = "missing" | "good" | "soon" | "ended";

/** How a login stands; one that is renewed by itself is good to its last second. */
export function standing(
  login: { expires_at: number | null; renewable: boolean } | null,
  now: number,
): Standing {
  if (!login) return "missing";
  const { expires_at: ends, renewable } = login;
  if (ends === null || renewable) return "good";
  if (ends <= now) return "ended";
  return ends - now < 15 * 60 ? "soon" : "good";
}
