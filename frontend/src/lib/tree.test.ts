import { expect, test } from "vitest";
import {
  add,
  type Chat,
  children,
  choose,
  path,
  received,
  replace,
  settled,
  type Turn,
  titleOf,
  united,
  upTo,
} from "./tree";

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

test("siblings that did not change are the same value", () => {
  const before = children(chat);
  const after = children(replace(chat, { ...turn("b", "a", "assistant"), text: "changed" }), before);
  expect(after.get("")).toBe(before.get(""));
  expect(after.get("c")).toBe(before.get("c"));
  expect(after.get("a")?.map(({ text }) => text)).toEqual(["changed", "c"]);
});

test("a choice that is gone falls back to the newest", () => {
  expect(path({ ...chat, chosen: { "": "zz", a: "zz" } }).map(({ id }) => id)).toEqual(["e"]);
});

test("what still streamed is cut off when it is read again", () => {
  const streaming = replace(chat, { ...turn("b", "a", "assistant"), state: "streaming" });
  expect(settled(streaming).turns.b?.state).toBe("cut");
});

test("two copies become one: all turns, each as far as it came, and the first one's title", () => {
  const growing: Turn = { ...turn("x", "a", "assistant"), text: "so far", state: "streaming" };
  const here = { ...add(add(chat, growing), turn("here", "e")), title: "ours" };
  const there = {
    ...add(add(chat, { ...turn("x", "a", "assistant"), text: "whole" }), turn("there", "d")),
    title: "theirs",
  };
  for (const [first, second] of [
    [here, there],
    [there, here],
  ] as const) {
    const both = united(first, second);
    expect(Object.keys(both.turns).sort()).toEqual(["a", "b", "c", "d", "e", "here", "there", "x"]);
    expect(both.turns.x).toMatchObject({ text: "whole" });
    expect(both.title).toBe(first.title);
    const parents = Object.keys(both.turns);
    for (const { id, parent } of Object.values(both.turns))
      expect(parents.indexOf(parent)).toBeLessThan(parents.indexOf(id));
  }
});

test("an answer that comes again takes the place of the one that failed, whichever copy is first", () => {
  const failure = { code: "throttled", message: "", status: 429, requestId: "", retryAfter: 0 };
  const failed: Turn = { ...turn("x", "a", "assistant"), text: "", failure };
  const again: Turn = { ...turn("x", "a", "assistant"), text: "", at: 2, state: "streaming" };
  for (const [first, second] of [
    [failed, again],
    [again, failed],
  ] as const)
    expect(united(add(chat, first), add(chat, second)).turns.x).toBe(again);
});

test("what another tab kept: its longer answers, this one's branch, and no life for what is dead", () => {
  const dead: Turn = { ...turn("x", "a", "assistant"), text: "so", state: "streaming" };
  const here = choose(settled(add(chat, dead)), turn("b", "a"));
  const there = choose({ ...add(chat, { ...dead, text: "so far" }), title: "theirs" }, turn("c", "a"));
  expect(received(here, there, "").turns.x).toMatchObject({ state: "cut", text: "so" });
  expect(received(here, there, "x").turns.x).toMatchObject({ state: "streaming", text: "so far" });
  expect(received(here, there, "").chosen.a).toBe("b");
  expect(received(here, there, "").title).toBe("theirs");
});

test("titles are one line, cut between letters", () => {
  expect(titleOf("  two\n lines ")).toBe("two lines");
  expect([...titleOf("👩‍💻".repeat(50))].length).toBe(59);
});
