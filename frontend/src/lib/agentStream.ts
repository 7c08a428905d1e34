/** The events of an agent's run: what one read from the network brought comes as one array. */
import { createParser } from "eventsource-parser";
import { ApiError, isAbort, requestId } from "./errors";
import type { AgentEvent } from "./run";
import { body } from "./sse";

/** @throws {ApiError} code "broken" where the stream ends before its end. */
export async function* agentEvents(response: Response): AsyncGenerator<AgentEvent[]> {
  let read: AgentEvent[] = [];
  let ended = false;
  const parser = createParser({
    onEvent({ data }) {
      const event = decoded(data);
      if (!event) return;
      read.push(event);
      ended ||= event.type === "done";
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const bytes of body(response)) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      if (read.length) yield read;
      read = [];
    }
  } catch (broken) {
    if (isAbort(broken)) throw broken;
    throw new ApiError("", 0, "broken", requestId(response));
  }
  if (!ended) throw new ApiError("", 0, "broken", requestId(response));
}

function decoded(data: string): AgentEvent | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof (value as { type?: unknown } | null)?.type === "string" ? (value as AgentEvent) : null;
  } catch {
    return null;
  }
}
