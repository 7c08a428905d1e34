/**
 * The one door to the server: address, key, the session's token, and errors as `ApiError`.
 *
 * `VITE_API_BASE` names a server elsewhere when the page lies on a static host; that server's CORS_ORIGINS must name the
 * host, and its administration takes the API key then, as cookies stay with their own origin.
 */
import { signal } from "@preact/signals";
import { ApiError, isAbort } from "./errors";
import { read, write } from "./stored";
import type { SessionOpened } from "./wire";

const BASE = (import.meta.env.VITE_API_BASE ?? "").replace(/\/$/, "");
/** Goes with whatever changes something: a foreign page can make a browser send its cookie, but not this. */
const CHANGES = "x-kiro2chat-token";

/** The API key that was typed into the page, "" for none. */
export const apiKey = signal(sendable(read("api-key") ?? "") ? (read("api-key") ?? "") : "");
/** Whether the server asked for a key and had none, or a wrong one. */
export const keyWanted = signal<"" | "missing" | "wrong">("");

/** False from the first request that got no answer to the first that did. */
export const reachable = signal(true);

/** Whether somebody wants to enter one now. */
export const keyAsked = signal(false);

export function address(path: string): string {
  return BASE + path;
}

/**
 * The response, once its status is known to be good.
 *
 * @throws {ApiError} whatever else happens; but an abort stays one.
 */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (apiKey.value) headers.set("authorization", `Bearer ${apiKey.value}`);
  const token = read("session-token");
  if (token && init.method && init.method !== "GET") headers.set(CHANGES, token);
  let response: Response;
  try {
    response = await fetch(address(path), { ...init, headers, referrerPolicy: "no-referrer" });
  } catch (failure) {
    if (isAbort(failure)) throw failure;
    reachable.value = false;
    throw ApiError.unreachable();
  }
  reachable.value = true;
  if (response.ok) return response;
  const error = await ApiError.of(response, path);
  if (error.code === "invalid_api_key" && path.startsWith("/v1"))
    keyWanted.value = apiKey.value ? "wrong" : "missing";
  throw error;
}

export async function getJson<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await call(path, init);
  try {
    return (await response.json()) as T;
  } catch (failure) {
    throw isAbort(failure) ? failure : new ApiError("", response.status, "unreadable");
  }
}

export function sendJson<T>(path: string, method: "POST" | "PUT" | "DELETE", body: unknown): Promise<T> {
  return getJson<T>(path, {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
}

/** Whether this browser has anything to show to who guards the administration. */
export function mayAdminister(): boolean {
  return Boolean(apiKey.value || read("session-token"));
}

/** Whether a header can hold it; a browser refuses to send any other. */
export function sendable(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key);
}

/** Only what is `sendable`; "" forgets the key. */
export function useKey(key: string): void {
  apiKey.value = key.trim();
  write("api-key", apiKey.value);
  keyWanted.value = "";
}

/** Trade the token of a link that the server printed for a session that may administer. */
export async function openSession(link: string): Promise<void> {
  const opened = await sendJson<SessionOpened>("/api/session", "POST", { link });
  write("session-token", opened.token);
}
