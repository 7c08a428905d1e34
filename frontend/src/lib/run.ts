/** A run of the agent as it grows: events become steps. Pure. */
import type { ToolCall } from "./answer";
import type { Failure, Picture } from "./tree";
import type {
  AgentApproval,
  AgentCounted,
  AgentDone,
  AgentFailed,
  AgentReasoning,
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
  /** Why it came to nothing, where this page knows: the run was stopped, or a new question went over it. */
  fate?: "cancelled" | "passed";
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
  | { kind: "approval"; asked: Asked; decision?: Decision };

export type Decision = "allow" | "allow_session" | "deny";

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
  /** It was found without an end, and nobody here knows why. */
  brokenOff?: boolean;
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
    case "start":
      work.steps = work.steps.filter((step) => step.kind !== "approval"); // what was decided has been heard
      break;
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
      if (event.stop_reason === "cancelled") cutOff(work);
  }
}

/** It was stopped: what still ran did not come to its end. */
export function cutOff(work: Work): void {
  work.steps = work.steps.map((step) =>
    step.kind === "tool" && step.running
      ? { ...step, running: false, call: { ...step.call, fate: "cancelled" } }
      : step,
  );
}

/** A new question goes over what waits: that counts as not allowed, as the server has it. */
export function passedOver(work: Work): Work {
  const steps = work.steps.map((step): Step => {
    if (step.kind !== "approval") return step;
    const { touches: _, ...call } = step.asked;
    return { kind: "tool", running: false, call: { ...call, fate: "passed" } };
  });
  return { ...work, steps };
}

/** What is asked and not answered yet. */
export function asked(entries: readonly Entry[]): Asked[] {
  const last = entries.at(-1);
  if (last?.role !== "agent") return [];
  return last.steps.flatMap((step) => (step.kind === "approval" && !step.decision ? [step.asked] : []));
}

/** Take a decision; once nothing is left to decide, all of them, as `decisions` has them. */
export function decided(work: Work, id: string, decision: Decision): Record<string, Decision> | null {
  work.steps = work.steps.map((step) =>
    step.kind === "approval" && step.asked.id === id ? { ...step, decision } : step,
  );
  return decisions(work);
}

/**
 * What was decided, by id: all goes to the server together, and is kept until the run goes on. Null where something is still
 * to be decided, or nothing was.
 */
export function decisions(work: Work): Record<string, Decision> | null {
  const all = work.steps.flatMap((step) =>
    step.kind === "approval" ? [[step.asked.id, step.decision]] : [],
  );
  return all.length && all.every(([, decision]) => decision) ? Object.fromEntries(all) : null;
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

export function callOf(event: { id: string; name: string; source: string; arguments: unknown }): AgentCall {
  return { id: event.id, name: event.name, source: event.source, arguments: JSON.stringify(event.arguments) };
}
