/** The form of a new API key → what the server takes. */

export interface NewKey {
  name: string;
  models: string[];
  /** A day as a date field writes it, "" for never. */
  expires: string;
  perMinute: string;
  perDay: string;
  perMonth: string;
  login: string;
  /** Whether it reads /metrics and does nothing else; it takes no models and no limits then. */
  metrics: boolean;
}

export const EMPTY: NewKey = {
  name: "",
  models: [],
  expires: "",
  perMinute: "",
  perDay: "",
  perMonth: "",
  login: "",
  metrics: false,
};

/** Which field of the form a member of the request stands in. */
export const FIELDS: Record<string, keyof NewKey> = {
  name: "name",
  models: "models",
  expires_at: "expires",
  requests_per_minute: "perMinute",
  tokens_per_day: "perDay",
  credits_per_month: "perMonth",
  login: "login",
};

/** What POST /api/keys takes. What is no number is sent as it is, for the server to say so. */
export function keyBody(key: NewKey): Record<string, unknown> {
  const body: Record<string, unknown> = { name: key.name.trim() };
  if (key.expires) body.expires_at = endOf(key.expires);
  if (key.metrics) return { ...body, metrics: true };
  if (key.models.length) body.models = key.models;
  if (key.perMinute.trim()) body.requests_per_minute = number(key.perMinute);
  if (key.perDay.trim()) body.tokens_per_day = number(key.perDay);
  if (key.perMonth.trim()) body.credits_per_month = number(key.perMonth);
  if (key.login) body.login = key.login;
  return body;
}

/** "200 000" and "200,000" are numbers too; in "1,5" nobody knows what the comma is. */
function number(text: string): unknown {
  const plain = text.trim();
  const value = Number(/^\d{1,3}([\s,_]\d{3})+(\.\d+)?$/.test(plain) ? plain.replace(/[\s,_]/g, "") : plain);
  return Number.isFinite(value) ? value : text;
}

/** The end of a day where the reader is, in seconds since 1970. */
function endOf(day: string): number {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return Math.floor(new Date(year, month - 1, date, 23, 59, 59).getTime() / 1000);
}

/** How much of a limit is used, 0 to 1. */
export function share(used: number, limit: number): number {
  return limit > 0 ? Math.min(1, Math.max(0, used / limit)) : 0;
}
