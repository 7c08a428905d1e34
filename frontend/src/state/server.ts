/** What is known of the server: whether it answers, whether it is the demo, and how its login stands. */
import { computed, effect, signal } from "@preact/signals";
import { getJson, mayAdminister, reachable } from "../lib/api";
import { type Standing, standing } from "../lib/remaining";
import type { Health, LoginShown } from "../lib/wire";

export const health = signal<Health | null>(null);
/** How often it has come back after it had been gone. */
export const returns = signal(0);
/** Null until it is known; "hidden" where this browser may not see it. */
export const login = signal<LoginShown | "hidden" | null>(null);
/** A login error that came instead of an answer. */
export const loginRefused = signal(false);
/** The time in seconds since 1970, as the login's end is looked at. */
const now = signal(Date.now() / 1000);

const TICK = 15_000;
/** Milliseconds between two looks at the login: others renew it, or log out. */
const LOOK = 180_000;

export type LoginState = "demo" | "unknown" | Standing;

export const loginState = computed<LoginState>(() => {
  if (health.value?.demo) return "demo";
  if (loginRefused.value) return "missing";
  const shown = login.value;
  return shown === null || shown === "hidden" ? "unknown" : standing(shown.login, now.value);
});

export async function look(): Promise<void> {
  try {
    health.value = await getJson<Health>("/health");
  } catch {
    return; // `reachable` tells
  }
  if (!mayAdminister()) {
    login.value = "hidden";
    return;
  }
  try {
    seen(await getJson<LoginShown>("/api/login"));
  } catch {
    if (reachable.value) login.value = "hidden";
  }
  now.value = Date.now() / 1000;
}

/** The login as the server has it now. One that is good by its word, and another than was refused, is not refused. */
export function seen(found: LoginShown, asked = false): void {
  const before = login.value;
  const known = before !== null && before !== "hidden" ? before.login?.token : undefined;
  if (found.login && !found.error && (asked || found.login.token !== known)) loginRefused.value = false;
  login.value = found;
}

/** Keeps what is known fresh while somebody looks at the page, until the function that it returns is called. */
export function watch(): () => void {
  const visible = () => document.visibilityState === "visible";
  const again = () => {
    if (visible() && reachable.value) void look();
  };
  const tick = setInterval(() => {
    now.value = Date.now() / 1000;
  }, TICK);
  const looking = setInterval(again, LOOK);
  document.addEventListener("visibilitychange", again);
  return () => {
    clearInterval(tick);
    clearInterval(looking);
    document.removeEventListener("visibilitychange", again);
  };
}

/** A server that is gone is asked for until it answers. */
effect(() => {
  if (reachable.value) return;
  let timer = setTimeout(again, 800);
  async function again() {
    await getJson<Health>("/health").catch(() => {});
    if (!reachable.peek()) timer = setTimeout(again, 1500);
  }
  return () => {
    clearTimeout(timer);
    returns.value = returns.peek() + 1;
  };
});
