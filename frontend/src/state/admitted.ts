/** Whether this browser may administer, and when what could not be had is worth asking for again. */
import { computed } from "@preact/signals";
import { apiKey } from "../lib/api";
import { ApiError } from "../lib/errors";
import { returns } from "./server";
import { opened } from "./session";

/** Changes when a key was entered, a session was opened, or the server is there again: pages ask anew then. */
export const occasion = computed(() => `${apiKey.value} ${opened.value} ${returns.value}`);

/** Whether it was refused for want of a right, and not because something is wrong. */
export function isRefusal({ code }: ApiError): boolean {
  return code === "invalid_api_key" || code === "forbidden";
}

/** An error of any kind as one of ours. */
export function asError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(String(error), 0, "page");
}
