import { expect, test } from "vitest";
import { fromJson, toJson, toMarkdown, Unreadable } from "./transfer";
import type { Chat, Turn } from "./tree";

/** Every member that there is: a new one is a type error here, and then in the test. */
type Whole = { [K in keyof Turn]-?: NonNullable<Turn[K]> };

const CHAT: Chat = {
  id: "x1",
  title: "T",
  named: true,
  pinned: false,
  created: 1,
  updated: 2,
  model: "m",
  system: "s",
  effort: "low",
  maxTokens: 5,
  turns: {
    xa: {
      id: "xa",
      parent: "",
      role: "user",
      text: "q",
      at: 1,
      pictures: [{ name: "p", url: "data:image/png;base64,AA" }],
    },
    xb: {
      pictures: [],
      id: "xb",
      parent: "xa",
      role: "assistant",
      text: "a",
      at: 2,
      model: "m",
      reasoning: "r",
      thoughtMs: 3,
      calls: [{ id: "c", name: "n", arguments: "{}", result: "r", failed: true, ms: 7 }],
      usage: {
        prompt_tokens: 1,
        completion_tokens: 2,
        total_tokens: 3,
        prompt_tokens_details: { cached_tokens: 4, audio_tokens: 5 },
        completion_tokens_details: {
          reasoning_tokens: 6,
          audio_tokens: 7,
          accepted_prediction_tokens: 8,
          rejected_prediction_tokens: 9,
        },
        estimated: true,
      },
      finish: "length",
      ttftMs: 4,
      totalMs: 5,
      failure: { code: "c", message: "m", status: 500, requestId: "r", retryAfter: 6 },
      state: "stopped",
    } satisfies Whole,
  },
  chosen: { "": "xa", xa: "xb" },
};

test("what is exported comes back as it was, under a new name", () => {
  const [back] = fromJson(toJson([CHAT]), 10);
  expect({ ...back, id: "x1" }).toEqual(CHAT);
  expect(back?.id).not.toBe("x1");
  expect(toMarkdown(CHAT, "You")).toBe("# T\n\n> s\n\n## You\n\n*[p]*\n\nq\n\n## m\n\na\n");
});

test("an effort that no server knows is none", () => {
  const [back] = fromJson(toJson([{ ...CHAT, effort: "<b>extreme</b>" }]), 10);
  expect(back?.effort).toBe("");
});

const wrapped = (turns: unknown) =>
  JSON.stringify({ format: "kiro2chat-conversations", version: 1, chats: [{ turns }] });

test.each([
  ["", "whyNotJson"],
  ["{", "whyNotJson"],
  ["null", "whyShape"],
  ["[]", "whyShape"],
  ['{"format":"kiro2chat-conversations"}', "whyShape"],
  [wrapped({}), "whyShape"],
  [wrapped([]), "whyShape"],
  [wrapped({ xa: { id: "xa", parent: "xb", role: "user" } }), "whyShape"],
  [wrapped({ xa: { id: "__proto__", parent: "", role: "user" } }), "whyShape"],
  [wrapped({ xa: { id: "xa", parent: "", role: "system" } }), "whyShape"],
])("what was not exported from here is refused: %s", (text, why) => {
  try {
    fromJson(text, 1);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(Unreadable);
    expect((error as Unreadable).why).toBe(why);
  }
});

test("only pictures that are pictures come in", () => {
  const turn = { id: "xa", parent: "", role: "user", pictures: [{ name: "p", url: "javascript:1" }, 5] };
  expect(fromJson(wrapped({ xa: turn }), 1)[0]?.turns.xa?.pictures).toEqual([]);
});
