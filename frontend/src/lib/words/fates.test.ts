import { expect, test } from "vitest";
import type { AgentCall } from "../run";
import { fateOf } from "./fates";

const call: AgentCall = { id: "c", name: "shell", source: "", arguments: "{}" };

test.each<[Partial<AgentCall>, string]>([
  [{ result: "a\n[exit code 0]" }, ""],
  [{ result: "a\n[exit code 3]" }, "exit 3"],
  [{ result: "[ended by signal 9]" }, "ended by signal 9"],
  [{ result: "[exit code 3]", name: "file_read" }, ""],
  [{ result: "[The command was stopped: it took more than 5 seconds.]", failed: true }, ""],
  [{ fate: "cancelled" }, "cancelled"],
  [{ fate: "passed" }, "not allowed; the conversation went on"],
  [
    { result: "This call was not allowed, and the conversation went on.", failed: true },
    "not allowed; the conversation went on",
  ],
  [{ result: "This call did not end: the run was broken off.", failed: true }, "broken off"],
])("%j", (more, told) => {
  expect(fateOf({ ...call, ...more })).toBe(told);
});
