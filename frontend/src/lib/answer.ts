/** An answer as it grows: chunks folded into text, reasoning, calls and counts, with the times at which they came. */
import type { ChatChunk, Usage } from "./wire";

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
  result?: string;
  failed?: boolean;
  /** Milliseconds it took, where that is known. */
  ms?: number;
}

export interface Answer {
  text: string;
  reasoning: string;
  calls: ToolCall[];
  usage?: Usage;
  finish?: string;
  /** Epoch milliseconds: the request, its first piece of anything, its first piece of reasoning and of the rest. */
  askedAt: number;
  firstAt?: number;
  thoughtAt?: number;
  spokeAt?: number;
  endedAt?: number;
}

export function begun(now: number): Answer {
  return { text: "", reasoning: "", calls: [], askedAt: now };
}

/** Take a chunk in. The answer itself is changed: it may be long, and this happens for every few letters of it. */
export function take(answer: Answer, chunk: ChatChunk, now: number): void {
  if (chunk.usage) answer.usage = chunk.usage;
  const choice = chunk.choices[0];
  if (!choice) return;
  if (choice.finish_reason) answer.finish = choice.finish_reason;
  const { content, reasoning_content: reasoning, tool_calls: calls } = choice.delta;
  if (reasoning) {
    answer.firstAt ??= now;
    answer.thoughtAt ??= now;
    answer.reasoning += reasoning;
  }
  if (content || calls?.length) {
    answer.firstAt ??= now;
    answer.spokeAt ??= now;
  }
  if (content) answer.text += content;
  for (const delta of calls ?? []) {
    answer.calls[delta.index] ??= { id: delta.id ?? "", name: "", arguments: "" };
    const call = answer.calls[delta.index] as ToolCall;
    call.name += delta.function?.name ?? "";
    call.arguments += delta.function?.arguments ?? "";
  }
}

/** Milliseconds of thinking: from the first thought to the first word, or to now. */
export function thoughtFor(answer: Answer, now: number): number {
  if (answer.thoughtAt === undefined) return 0;
  return (answer.spokeAt ?? answer.endedAt ?? now) - answer.thoughtAt;
}
