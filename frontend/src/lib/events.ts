/** A stream of named events that goes on until somebody ends it. */
import { createParser } from "eventsource-parser";
import { body } from "./sse";

export interface Told {
  event: string;
  data: unknown;
}

/** What one read from the network brought, comments included, comes as one array: an empty one is a sign of life. */
export async function* events(response: Response): AsyncGenerator<Told[]> {
  let read: Told[] = [];
  const parser = createParser({
    onEvent({ event, data }) {
      try {
        read.push({ event: event ?? "message", data: JSON.parse(data) });
      } catch {
        // what cannot be read is one line less, not the end
      }
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of body(response)) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield read;
    read = [];
  }
}
