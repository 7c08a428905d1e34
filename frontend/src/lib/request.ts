/** A conversation as the body of a chat completion. */
import type { Chat, Turn } from "./tree";
import type { ChatMessage, ChatRequest } from "./wire";

export function requestOf(chat: Chat, turns: Turn[], model: string): ChatRequest {
  const body: ChatRequest = {
    model,
    messages: turns.flatMap(messages),
    stream: true,
    stream_options: { include_usage: true },
  };
  if (chat.system.trim()) body.messages.unshift({ role: "system", content: chat.system });
  if (chat.effort) body.reasoning_effort = chat.effort;
  if (chat.maxTokens > 0) body.max_tokens = chat.maxTokens;
  return body;
}

function messages(turn: Turn): ChatMessage[] {
  if (turn.role === "user") return [{ role: "user", content: content(turn) }];
  // An answer that failed before its first word says nothing; two questions in a row are fine with the server.
  return turn.text ? [{ role: "assistant", content: turn.text }] : [];
}

function content(turn: Turn): ChatMessage["content"] {
  if (!turn.pictures?.length) return turn.text;
  const pictures = turn.pictures.map(({ url }) => ({ type: "image_url" as const, image_url: { url } }));
  return turn.text ? [{ type: "text" as const, text: turn.text }, ...pictures] : pictures;
}
