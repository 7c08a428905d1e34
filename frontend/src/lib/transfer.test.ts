import { expect, test } from "vitest";
import { fromJson, toJson, toMarkdown, Unreadable } from "./transfer";
import type { Chat } from "./tree";

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
      id: "xb",
      parent: "xa",
      role: "assistant",
      text: "a",
      at: 2,
      model: "m",
      reasoning: "r",
      state: "stopped",
    },
  },
  chosen: { "": "xa", xa: "xb" },
};

test("what is exported comes back as it was, under a new name", () => {
  const [back] = fromJson(toJson([CHAT]), 10);
  expect({ ...back, id: "x1" }).toEqual(CHAT);
  expect(back?.id).not.toBe("x1");
  expect(toMarkdown(CHAT, "You")).toBe("# T\n\n> s\n\n## You\n\n*[p]*\n\nq\n\n## m\n\na\n");
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
