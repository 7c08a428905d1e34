/** What is known of the server: whether it answers, whether it is the demo, and how its login stands. */
import { computed, signal } from "@preact/signals";
import { getJson, mayAdminister } from "../lib/api";
import { ApiError } from "../lib/errors";
import type { Health, LoginShown } from "../lib/wire";

export const health = signal<Health | null>(null);
/** False from the first request that got no answer to the first that did. */
export const reachable = signal(true);
/** Null until it is known; "hidden" where this browser may not see it. */
export const login = signal<LoginShown | "hidden" | null>(null);
/** A login error that came instead of an answer. */
export const loginRefused = signal(false);

export type LoginState = "demo" | "good" | "soon" | "missing" | "unknown";

export const loginState = computed<LoginState>(() => {
  if (health.value?.demo) return "demo";
  const shown = login.value;
  if (loginRefused.value) return "missing";
  if (shown === null || shown === "hidden") return "unknown";
  if (!shown.login) return "missing";
  const { expires_at: expires, renewable } = shown.login;
  return !renewable && expires !== null && expires * 1000 - Date.now() < 15 * 60_000 ? "soon" : "good";
});

export async function look(): Promise<void> {
  try {
    health.value = await getJson<Health>("/health");
    reachable.value = true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "unreachable") lost();
    return;
  }
  if (!mayAdminister()) {
    login.value = "hidden";
    return;
  }
  try {
    login.value = await getJson<LoginShown>("/api/login");
  } catch {
    login.value = "hidden";
  }
}

let asking = false;

/** The server did not answer: ask again until it does. */
export function lost(): void {
  reachable.value = false;
  if (asking) return;
  asking = true;
  const again = () =>
    getJson<Health>("/health").then(
      (found) => {
        asking = false;
        health.value = found;
        reachable.value = true;
      },
      () => setTimeout(again, 1500),
    );
  setTimeout(again, 800);
}
