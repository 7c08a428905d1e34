/** A streamed chat completion as chunks: what one read from the network brought comes as one array. */
import { createParser } from "eventsource-parser";
import { ApiError, inBody, isAbort, requestId } from "./errors";
import type { ChatChunk } from "./wire";

/**
 * @throws {ApiError} the server's own error within the stream, or code "broken" where the stream ends before its end.
 */
export async function* chunks(response: Response): AsyncGenerator<ChatChunk[]> {
  const id = requestId(response);
  let read: ChatChunk[] = [];
  let ended = false;
  let failure: ApiError | null = null;
  const parser = createParser({
    onEvent({ data }) {
      if (failure || ended) return;
      if (data === "[DONE]") {
        ended = true;
        return;
      }
      const chunk = decoded(data);
      const error = inBody(chunk);
      if (error) failure = new ApiError(error.message, 200, error.code, id);
      else if (isChunk(chunk)) read.push(chunk);
      else failure = new ApiError("", 200, "unreadable", id);
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const bytes of body(response)) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      if (read.length) yield read;
      read = [];
      if (failure) throw failure;
    }
  } catch (broken) {
    if (isAbort(broken) || broken instanceof ApiError) throw broken;
    throw new ApiError("", 0, "broken", id);
  }
  if (!ended) throw new ApiError("", 0, "broken", id);
}

/** ReadableStream iterates by itself in Firefox and Chromium, not yet in every Safari. */
export async function* body(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function decoded(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function isChunk(value: unknown): value is ChatChunk {
  return typeof value === "object" && value !== null && Array.isArray((value as ChatChunk).choices);
}
