/** Whether this browser may administer: what the server said last, and what may have changed since. */
import { computed } from "@preact/signals";
import { apiKey } from "../lib/api";
import { ApiError } from "../lib/errors";
import { opened } from "./session";

/** Changes when a key was entered or a session was opened: whatever was refused is worth asking for again. */
export const admission = computed(() => `${apiKey.value} ${opened.value}`);

/** Whether it was refused for want of a right, and not because something is wrong. */
export function isRefusal({ code }: ApiError): boolean {
  return code === "invalid_api_key" || code === "forbidden";
}

/** An error of any kind as one of ours. */
export function asError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(String(error), 0, "page");
}
