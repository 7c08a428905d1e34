import { expect, test } from "vitest";
import { add, type Chat, children, choose, path, replace, settled, type Turn, titleOf, upTo } from "./tree";

const EMPTY: Chat = {
  id: "c", title: "", created: 0, updated: 0, model: "", system: "", effort: "", maxTokens: 0, turns: {}, chosen: {},
}; // biome-ignore format: one line is enough

function turn(id: string, parent: string, role: Turn["role"] = "user"): Turn {
  return { id, parent, role, text: id, at: 1 };
}

const chat = [
  turn("a", ""),
  turn("b", "a", "assistant"),
  turn("c", "a", "assistant"),
  turn("d", "c"),
  turn("e", ""),
].reduce(add, EMPTY);

test("the newest branch is shown, and another can be chosen at every turn", () => {
  expect(path(chat).map(({ id }) => id)).toEqual(["e"]);
  const first = choose(chat, turn("a", ""));
  expect(path(first).map(({ id }) => id)).toEqual(["a", "c", "d"]);
  const other = choose(first, turn("b", "a"));
  expect(path(other).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(path(chat).map(({ id }) => id)).toEqual(["e"]);
});

test("siblings are in the order in which they came", () => {
  expect(
    children(chat)
      .get("a")
      ?.map(({ id }) => id),
  ).toEqual(["b", "c"]);
  expect(upTo(chat, "d").map(({ id }) => id)).toEqual(["a", "c", "d"]);
});

test("a choice that is gone falls back to the newest", () => {
  expect(path({ ...chat, chosen: { "": "zz", a: "zz" } }).map(({ id }) => id)).toEqual(["e"]);
});

test("what still streamed is cut off when it is read again", () => {
  const streaming = replace(chat, { ...turn("b", "a", "assistant"), state: "streaming" });
  expect(settled(streaming).turns.b?.state).toBe("cut");
});

test("titles are one line, cut between letters", () => {
  expect(titleOf("  two\n lines ")).toBe("two lines");
  expect([...titleOf("👩‍💻".repeat(50))].length).toBe(59);
});
