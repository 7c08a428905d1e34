/** A run of the agent as it grows, and a session as it lies on the server: both as entries of steps. Pure. */
import type { ToolCall } from "./answer";
import type { Failure, Picture } from "./tree";
import type {
  AgentApproval,
  AgentCounted,
  AgentDone,
  AgentFailed,
  AgentMessage,
  AgentReasoning,
  AgentSession,
  AgentStart,
  AgentText,
  AgentToolEnd,
  AgentToolStart,
  AgentUsage,
} from "./wire";

export type AgentEvent =
  | AgentStart
  | AgentText
  | AgentReasoning
  | AgentToolStart
  | AgentToolEnd
  | AgentApproval
  | AgentCounted
  | AgentFailed
  | AgentDone;

export interface AgentCall extends ToolCall {
  source: string;
  pictures?: string[];
}

export interface Asked {
  id: string;
  name: string;
  source: string;
  arguments: string;
  touches: string;
}

export type Step =
  | { kind: "text"; text: string }
  | { kind: "thought"; text: string; since: number; took?: number }
  | { kind: "tool"; call: AgentCall; running: boolean }
  | { kind: "approval"; asked: Asked };

export interface Question {
  role: "user";
  text: string;
  pictures: Picture[];
}

export interface Work {
  role: "agent";
  steps: Step[];
  askedAt: number;
  firstAt?: number;
  usage?: AgentUsage;
  seconds?: number;
  /** Why it ended, where that is not the plain end. */
  ending?: string;
  failure?: Failure;
}

export type Entry = Question | Work;

export function begun(now: number): Work {
  return { role: "agent", steps: [], askedAt: now };
}

/** Take an event in. The work itself is changed: it may be long, and this happens for every few letters of it. */
export function take(work: Work, event: AgentEvent, now: number): void {
  if (event.type !== "start") work.firstAt ??= now;
  if (event.type !== "reasoning") endThought(work, now);
  switch (event.type) {
    case "text":
      grow(work, event.text);
      break;
    case "reasoning":
      think(work, event.text, now);
      break;
    case "tool_start":
      work.steps.push({ kind: "tool", call: callOf(event), running: true });
      break;
    case "tool_end":
      finish(work, event);
      break;
    case "approval":
      work.steps.push({
        kind: "approval",
        asked: { ...callOf(event), source: event.source, touches: event.touches },
      });
      break;
    case "usage":
      work.usage = event.usage;
      break;
    case "error": {
      const { message, code, request_id: requestId } = event.error;
      work.failure = { message, code, status: 200, requestId: requestId ?? "", retryAfter: 0 };
      break;
    }
    case "done":
      work.usage = event.usage;
      work.seconds = event.duration;
      if (!["end", "approval", "error"].includes(event.stop_reason)) work.ending = event.message;
  }
}

/** What is asked and not answered yet. */
export function asked(entries: readonly Entry[]): Asked[] {
  const last = entries.at(-1);
  if (last?.role !== "agent") return [];
  return last.steps.flatMap((step) => (step.kind === "approval" ? [step.asked] : []));
}

/** A session's messages as entries: everything between two questions is one piece of work. */
export function entriesOf(session: AgentSession): Entry[] {
  const entries: Entry[] = [];
  const calls = new Map<string, AgentCall>();
  for (const message of session.messages) {
    if (message.role === "user" && message.parts.some((part) => part.type !== "tool_result")) {
      entries.push(questionOf(message));
    }
    for (const part of message.parts) {
      if (part.type === "tool_result") {
        const call = calls.get(part.id);
        if (!call) continue;
        call.result = part.text;
        call.failed = part.is_error;
        if (part.images) call.pictures = part.images;
      } else if (message.role === "assistant") {
        const work = workAt(entries);
        if (part.type === "text") work.steps.push({ kind: "text", text: part.text });
        else if (part.type === "reasoning")
          work.steps.push({ kind: "thought", text: part.text, since: 0, took: 0 });
        else if (part.type === "tool_call") {
          const call = callOf({ ...part, source: "" });
          calls.set(part.id, call);
          work.steps.push({ kind: "tool", call, running: false });
        }
      }
    }
  }
  return waiting(entries, new Set(session.waiting_for));
}

/** Calls that wait for somebody's word are questions, and no calls yet. */
function waiting(entries: Entry[], ids: ReadonlySet<string>): Entry[] {
  const last = entries.at(-1);
  if (last?.role === "agent") {
    last.steps = last.steps.map((step) =>
      step.kind === "tool" && ids.has(step.call.id)
        ? { kind: "approval", asked: { ...step.call, touches: "" } }
        : step,
    );
  }
  return entries;
}

function questionOf(message: AgentMessage): Question {
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const urls = message.parts.flatMap((part) => (part.type === "image" ? [part.url] : []));
  return { role: "user", text, pictures: urls.map((url, at) => ({ url, name: `${at + 1}` })) };
}

function workAt(entries: Entry[]): Work {
  const last = entries.at(-1);
  if (last?.role === "agent") return last;
  const work = begun(0);
  entries.push(work);
  return work;
}

function grow(work: Work, text: string): void {
  const last = work.steps.at(-1);
  if (last?.kind === "text") last.text += text;
  else work.steps.push({ kind: "text", text });
}

function think(work: Work, text: string, now: number): void {
  const last = work.steps.at(-1);
  if (last?.kind === "thought" && last.took === undefined) last.text += text;
  else work.steps.push({ kind: "thought", text, since: now });
}

function endThought(work: Work, now: number): void {
  const last = work.steps.at(-1);
  if (last?.kind === "thought" && last.took === undefined) last.took = now - last.since;
}

function finish(work: Work, event: AgentToolEnd): void {
  const at = work.steps.findIndex((step) => step.kind === "tool" && step.call.id === event.id);
  const call = callOf(event);
  call.result = event.error ?? event.result ?? "";
  call.failed = event.error !== undefined;
  call.ms = event.duration * 1000;
  if (event.images) call.pictures = event.images;
  const step: Step = { kind: "tool", call, running: false };
  if (at >= 0) work.steps[at] = step;
  else work.steps.push(step);
}

function callOf(event: { id: string; name: string; source: string; arguments: unknown }): AgentCall {
  return { id: event.id, name: event.name, source: event.source, arguments: JSON.stringify(event.arguments) };
}
