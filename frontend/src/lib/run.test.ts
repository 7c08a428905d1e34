import { describe, expect, test } from "vitest";
import { entriesOf } from "./entries";
import { type AgentEvent, asked, begun, decided, decisions, type Entry, passedOver, take } from "./run";
import type { AgentUsage } from "./wire";

const usage: AgentUsage = {
  input_tokens: 5,
  output_tokens: 2,
  total_tokens: 7,
  reasoning_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  credits: 0.1,
  estimated: false,
  rounds: 1,
};
const call = { id: "c1", name: "shell", source: "built-in", arguments: { command: "ls" } };

function run(...events: AgentEvent[]) {
  const work = begun(0);
  events.forEach((event, at) => {
    take(work, event, at * 100);
  });
  return work;
}

describe("a run as it grows", () => {
  test("text, thoughts and tools are steps in their order; a thought has its time", () => {
    const work = run(
      { type: "start", session_id: "s", model: "m" },
      { type: "reasoning", text: "hm" },
      { type: "reasoning", text: "m" },
      { type: "text", text: "I'll " },
      { type: "text", text: "look." },
      { type: "tool_start", ...call },
      { type: "tool_end", ...call, duration: 0.4, result: "a\nb" },
      { type: "text", text: "Two." },
      { type: "usage", usage },
      { type: "done", stop_reason: "end", message: "", duration: 1.5, usage, session_id: "s" },
    );
    expect(work.steps.map((step) => step.kind)).toEqual(["thought", "text", "tool", "text"]);
    expect(work.steps[0]).toEqual({ kind: "thought", text: "hmm", since: 100, took: 200 });
    expect(work.steps[2]).toMatchObject({ running: false, call: { result: "a\nb", failed: false, ms: 400 } });
    expect(work).toMatchObject({ usage, seconds: 1.5, firstAt: 100 });
    expect(work.ending).toBeUndefined();
  });

  test("two tools at once end in any order", () => {
    const other = { ...call, id: "c2" };
    const work = run(
      { type: "tool_start", ...call },
      { type: "tool_start", ...other },
      { type: "tool_end", ...other, duration: 0, error: "no" },
      { type: "tool_end", ...call, duration: 0, result: "yes" },
    );
    expect(work.steps).toMatchObject([{ call: { result: "yes" } }, { call: { result: "no", failed: true } }]);
  });

  test("what is asked waits, and a limit says why it ended", () => {
    const work = run(
      { type: "approval", ...call, touches: "Runs any command.", session_id: "s" },
      { type: "done", stop_reason: "approval", message: "Waiting.", duration: 1, usage, session_id: "s" },
    );
    expect(asked([work])).toMatchObject([{ id: "c1", touches: "Runs any command." }]);
    expect(work.ending).toBeUndefined();
    const limited = run({
      type: "done",
      stop_reason: "limit_rounds",
      message: "Ended after 3 rounds.",
      duration: 1,
      usage,
      session_id: "s",
    });
    expect(limited.ending).toBe("Ended after 3 rounds.");
  });

  test("an error is a failure in its place", () => {
    const work = run({
      type: "error",
      error: { message: "m", code: "rate_limit_exceeded", param: null, request_id: "r" },
    });
    expect(work.failure).toMatchObject({ message: "m", code: "rate_limit_exceeded", requestId: "r" });
  });
});

test("decisions go together, once the last is taken", () => {
  const work = begun(0);
  for (const id of ["a", "b"]) {
    const call = { id, name: "shell", source: "built-in", arguments: {}, touches: "", session_id: "s" };
    take(work, { type: "approval", ...call }, 1);
  }
  expect(asked([work]).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(decided(work, "b", "deny")).toBeNull();
  expect(asked([work]).map(({ id }) => id)).toEqual(["a"]);
  expect(decided(work, "a", "allow")).toEqual({ a: "allow", b: "deny" });
  expect(work.steps).toHaveLength(2); // they may not get through
  expect(decisions(work)).toEqual({ a: "allow", b: "deny" });
  expect(decided(work, "a", "deny")).toEqual({ a: "deny", b: "deny" });
  take(work, { type: "start", session_id: "s", model: "m" }, 0);
  expect(work.steps).toEqual([]);
  expect(decisions(work)).toBeNull();
});

test.each([true, false])("a piece of a session's last answer says whether it broke off: %s", (broken_off) => {
  const [, work] = entriesOf({
    id: "s",
    title: "t",
    model: "m",
    created_at: 1,
    updated_at: 1,
    broken_off,
    waiting_for: [],
    approvals: [],
    messages: [
      { role: "user", parts: [{ type: "text", text: "tell" }] },
      { role: "assistant", parts: [{ type: "text", text: "Once up" }] },
    ],
  });
  expect(work).toMatchObject({ role: "agent", steps: [{ kind: "text", text: "Once up" }] });
  expect(work?.role === "agent" && work.brokenOff).toBe(broken_off || undefined);
});

test("a session's messages are questions and pieces of work, with results at their calls", () => {
  const entries: Entry[] = entriesOf({
    id: "s",
    title: "t",
    model: "m",
    created_at: 1,
    updated_at: 1,
    broken_off: false,
    waiting_for: ["c2"],
    approvals: [
      { id: "c2", name: "shell", source: "built-in", arguments: { command: "ls" }, touches: "all" },
    ],
    messages: [
      {
        role: "user",
        parts: [
          { type: "text", text: "look" },
          { type: "image", url: "data:image/png;base64,AA" },
        ],
      },
      { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "x", arguments: {} }] },
      { role: "user", parts: [{ type: "tool_result", id: "c1", text: "done", is_error: false }] },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "hm" },
          { type: "text", text: "more" },
          { type: "tool_call", id: "c2", name: "shell", arguments: { command: "ls" } },
        ],
      },
    ],
  });
  expect(entries).toHaveLength(2);
  expect(entries[0]).toMatchObject({ role: "user", text: "look", pictures: [{ name: "1" }] });
  expect(entries[1]).toMatchObject({
    role: "agent",
    steps: [
      { kind: "tool", call: { result: "done" } },
      { kind: "thought" },
      { kind: "text" },
      { kind: "approval", asked: { id: "c2", arguments: '{"command":"ls"}' } },
    ],
  });
  expect(asked(entries)).toHaveLength(1);
});

test("what a new question goes over counts as not allowed, and what is stopped as cancelled", () => {
  const waiting = run({ type: "approval", ...call, touches: "", session_id: "s" });
  expect(passedOver(waiting).steps).toMatchObject([
    { kind: "tool", running: false, call: { fate: "passed" } },
  ]);
  const stopped = run(
    { type: "tool_start", ...call },
    { type: "done", stop_reason: "cancelled", message: "Cancelled.", duration: 1, usage, session_id: "s" },
  );
  expect(stopped.steps).toMatchObject([{ kind: "tool", running: false, call: { fate: "cancelled" } }]);
});
