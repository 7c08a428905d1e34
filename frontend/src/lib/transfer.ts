/** Conversations as files: JSON that comes back as it was, Markdown to read. What is imported is built anew, member by member. */
import type { ToolCall } from "./answer";
import { newId } from "./ids";
import { type Chat, type Failure, type Picture, path, type Turn, titleOf } from "./tree";
import type { Usage } from "./wire";

const FORMAT = "kiro2chat-conversations";
const EFFORTS = ["low", "medium", "high"];
export const LARGEST_IMPORT = 200_000_000; // bytes

export function toJson(chats: Chat[]): string {
  return JSON.stringify({ format: FORMAT, version: 1, chats }, null, 1);
}

export function toMarkdown(chat: Chat, you: string): string {
  const title = chat.title || titleOf(Object.values(chat.turns)[0]?.text ?? "");
  const parts = [`# ${title}`];
  if (chat.system.trim()) parts.push(`> ${chat.system.trim().replace(/\n/g, "\n> ")}`);
  for (const turn of path(chat)) {
    const pictures = (turn.pictures ?? []).map(({ name }) => `*[${name}]*`);
    parts.push(`## ${turn.role === "user" ? you : (turn.model ?? "")}`, ...pictures, turn.text.trim());
  }
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

/** What is wrong with a file. */
export class Unreadable extends Error {
  constructor(readonly why: "whyNotJson" | "whyShape") {
    super(why);
  }
}

/**
 * The conversations of a file, under new names, so that nothing that is there is overwritten.
 *
 * @throws {Unreadable} it is not one of ours.
 */
export function fromJson(text: string, now: number): Chat[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Unreadable("whyNotJson");
  }
  if (!isRecord(value) || value.format !== FORMAT || !Array.isArray(value.chats))
    throw new Unreadable("whyShape");
  return value.chats.map((each) => chatOf(each, now));
}

function chatOf(value: unknown, now: number): Chat {
  if (!isRecord(value) || !isRecord(value.turns)) throw new Unreadable("whyShape");
  const chosen = isRecord(value.chosen) ? value.chosen : {};
  const chat: Chat = {
    id: newId(),
    title: text(value.title).slice(0, 200),
    named: value.named === true,
    pinned: value.pinned === true,
    created: time(value.created, now),
    updated: time(value.updated, now),
    model: text(value.model),
    system: text(value.system),
    effort: EFFORTS.find((each) => each === value.effort) ?? "",
    maxTokens: number(value.maxTokens) ?? 0,
    turns: {},
    chosen: {},
  };
  for (const each of Object.values(value.turns)) {
    const turn = turnOf(each, now);
    if (turn.parent && !chat.turns[turn.parent]) throw new Unreadable("whyShape"); // parents come first: no circles
    chat.turns[turn.id] = turn;
  }
  if (!Object.keys(chat.turns).length) throw new Unreadable("whyShape");
  for (const [parent, child] of Object.entries(chosen))
    if ((parent === "" || isName(parent)) && isName(child)) chat.chosen[parent] = child;
  return chat;
}

function turnOf(value: unknown, now: number): Turn {
  if (!isRecord(value) || !isName(value.id) || (value.parent !== "" && !isName(value.parent))) {
    throw new Unreadable("whyShape");
  }
  if (value.role !== "user" && value.role !== "assistant") throw new Unreadable("whyShape");
  const turn: Turn = {
    id: value.id,
    parent: value.parent as string,
    role: value.role,
    text: text(value.text),
    at: time(value.at, now),
  };
  if (value.model) turn.model = text(value.model);
  if (value.reasoning) turn.reasoning = text(value.reasoning);
  if (value.finish) turn.finish = text(value.finish);
  for (const name of ["thoughtMs", "ttftMs", "totalMs"] as const) {
    const found = number(value[name]);
    if (found !== undefined) turn[name] = found;
  }
  if (Array.isArray(value.pictures))
    turn.pictures = value.pictures.filter(isPicture).map(({ name, url }) => ({ name, url }));
  if (Array.isArray(value.calls)) turn.calls = value.calls.filter(isRecord).map(callOf);
  if (isRecord(value.usage)) turn.usage = usageOf(value.usage);
  if (isRecord(value.failure)) turn.failure = failureOf(value.failure);
  if (value.state === "stopped") turn.state = "stopped";
  else if (value.state) turn.state = "cut";
  return turn;
}

function callOf(value: Record<string, unknown>): ToolCall {
  const call: ToolCall = { id: text(value.id), name: text(value.name), arguments: text(value.arguments) };
  if (value.result !== undefined) call.result = text(value.result);
  if (value.failed === true) call.failed = true;
  const ms = number(value.ms);
  if (ms !== undefined) call.ms = ms;
  return call;
}

function usageOf(value: Record<string, unknown>): Usage {
  const prompt = isRecord(value.prompt_tokens_details) ? value.prompt_tokens_details : {};
  const completion = isRecord(value.completion_tokens_details) ? value.completion_tokens_details : {};
  const count = (found: unknown) => number(found) ?? 0;
  return {
    prompt_tokens: count(value.prompt_tokens),
    completion_tokens: count(value.completion_tokens),
    total_tokens: count(value.total_tokens),
    prompt_tokens_details: {
      cached_tokens: count(prompt.cached_tokens),
      audio_tokens: count(prompt.audio_tokens),
    },
    completion_tokens_details: {
      reasoning_tokens: count(completion.reasoning_tokens),
      audio_tokens: count(completion.audio_tokens),
      accepted_prediction_tokens: count(completion.accepted_prediction_tokens),
      rejected_prediction_tokens: count(completion.rejected_prediction_tokens),
    },
    estimated: value.estimated === true,
  };
}

function failureOf(value: Record<string, unknown>): Failure {
  return {
    code: text(value.code),
    message: text(value.message),
    status: number(value.status) ?? 0,
    requestId: text(value.requestId),
    retryAfter: number(value.retryAfter) ?? 0,
  };
}

function isPicture(value: unknown): value is Picture {
  return (
    isRecord(value) &&
    typeof value.name === "string" &&
    /^data:image\/(png|jpeg|gif|webp);base64,/.test(text(value.url))
  );
}

/** Names become keys of objects, so they are held to what we make ourselves. */
function isName(value: unknown): value is string {
  return typeof value === "string" && /^x[0-9a-f]{1,64}$/.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function time(value: unknown, now: number): number {
  const found = number(value);
  return found !== undefined && found <= now ? found : now;
}
