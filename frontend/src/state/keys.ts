/** API keys: the list, making one, taking one back. A new key's secret is nowhere but in what `makeKey` returns. */
import { signal } from "@preact/signals";
import { getJson, sendJson } from "../lib/api";
import type { ApiError } from "../lib/errors";
import { keyBody, type NewKey } from "../lib/keys";
import type { KeyList, KeyListed, KeyMade } from "../lib/wire";
import { asError } from "./admitted";

export const keys = signal<KeyListed[] | null>(null);
export const keysFailed = signal<ApiError | null>(null);

export async function loadKeys(): Promise<void> {
  try {
    keys.value = (await getJson<KeyList>("/api/keys")).keys;
    keysFailed.value = null;
  } catch (error) {
    keysFailed.value = asError(error);
  }
}

/** @throws {ApiError} its `param` names what is wrong. */
export async function makeKey(key: NewKey): Promise<KeyMade> {
  const made = await sendJson<KeyMade>("/api/keys", "POST", keyBody(key));
  await loadKeys();
  return made;
}

/** @throws {ApiError} */
export async function revokeKey(id: string): Promise<void> {
  await sendJson(`/api/keys/${encodeURIComponent(id)}`, "DELETE", {});
  await loadKeys();
}
