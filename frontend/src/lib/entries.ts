/** A session as it lies on the server, as entries: questions, and pieces of work in steps. Pure. */
import { type AgentCall, begun, callOf, type Entry, type Question, type Work } from "./run";
import type { AgentAsked, AgentMessage, AgentSession } from "./wire";

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
  if (session.broken_off) workAt(entries).brokenOff = true;
  return waiting(entries, session.approvals);
}

/** Calls that wait for somebody's word are questions, and no calls yet. */
function waiting(entries: Entry[], approvals: readonly AgentAsked[]): Entry[] {
  const asked = new Map(approvals.map((each) => [each.id, { ...callOf(each), touches: each.touches }]));
  const last = entries.at(-1);
  if (last?.role === "agent") {
    last.steps = last.steps.map((step) => {
      const question = step.kind === "tool" && asked.get(step.call.id);
      return question ? { kind: "approval", asked: question } : step;
    });
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
