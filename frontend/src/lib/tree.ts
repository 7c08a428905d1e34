/**
 * A conversation as a tree: an edited question or a second answer is a sibling, and `chosen` says which child of a turn is
 * shown. All functions are pure; a changed conversation is a new value.
 */
import type { ToolCall } from "./answer";
import type { Usage } from "./wire";

export interface Picture {
  name: string;
  /** A data: address. */
  url: string;
}

export interface Failure {
  code: string;
  message: string;
  status: number;
  requestId: string;
  retryAfter: number;
}

export interface Turn {
  id: string;
  /** "" for the first. */
  parent: string;
  role: "user" | "assistant";
  text: string;
  at: number;
  pictures?: Picture[];
  model?: string;
  reasoning?: string;
  thoughtMs?: number;
  calls?: ToolCall[];
  usage?: Usage;
  finish?: string;
  ttftMs?: number;
  totalMs?: number;
  failure?: Failure;
  /** Only while an answer is not whole: it still comes, a person stopped it, or the page went while it came. */
  state?: "streaming" | "stopped" | "cut";
}

export interface Chat {
  id: string;
  title: string;
  /** The title was given by a person. */
  named?: boolean;
  pinned?: boolean;
  created: number;
  updated: number;
  model: string;
  system: string;
  effort: string;
  maxTokens: number;
  turns: Record<string, Turn>;
  chosen: Record<string, string>;
}

export type Children = Map<string, Turn[]>;

/** Siblings that are the same as `before` are the same value. */
export function children(chat: Chat, before?: Children): Children {
  const found: Children = new Map();
  for (const turn of Object.values(chat.turns)) {
    const siblings = found.get(turn.parent);
    if (siblings) siblings.push(turn);
    else found.set(turn.parent, [turn]);
  }
  for (const [parent, siblings] of found) {
    const known = before?.get(parent);
    const isSame = known?.length === siblings.length && known.every((turn, at) => turn === siblings[at]);
    if (isSame) found.set(parent, known);
  }
  return found;
}

/** What is shown, from the first turn to the last. */
export function path(chat: Chat, of: Children = children(chat)): Turn[] {
  const shown: Turn[] = [];
  for (let parent = ""; ; ) {
    const siblings = of.get(parent);
    if (!siblings?.length) return shown;
    const turn = siblings.find((each) => each.id === chat.chosen[parent]) ?? siblings[siblings.length - 1];
    if (!turn) return shown;
    shown.push(turn);
    parent = turn.id;
  }
}

/** From the first turn to this one, whatever is shown. */
export function upTo(chat: Chat, id: string): Turn[] {
  const turns: Turn[] = [];
  for (let turn = chat.turns[id]; turn; turn = chat.turns[turn.parent]) turns.push(turn);
  return turns.reverse();
}

export function add(chat: Chat, turn: Turn): Chat {
  return {
    ...chat,
    updated: turn.at,
    turns: { ...chat.turns, [turn.id]: turn },
    chosen: { ...chat.chosen, [turn.parent]: turn.id },
  };
}

export function replace(chat: Chat, turn: Turn): Chat {
  return chat.turns[turn.id] ? { ...chat, turns: { ...chat.turns, [turn.id]: turn } } : chat;
}

export function choose(chat: Chat, turn: Turn): Chat {
  return { ...chat, chosen: { ...chat.chosen, [turn.parent]: turn.id } };
}

/** Whatever still streamed when the page went is marked as cut off. */
export function settled(chat: Chat): Chat {
  const cut = Object.values(chat.turns).filter((turn) => turn.state === "streaming");
  return cut.reduce((changed, turn) => replace(changed, { ...turn, state: "cut" }), chat);
}

const RANK = { cut: 0, streaming: 1, stopped: 2, whole: 2 };

/** Whether this copy of an answer has come further than that one; a new attempt in the place of one that failed always has. */
function isFurther(one: Turn, other: Turn): boolean {
  if (one.at !== other.at) return one.at > other.at;
  const ranks = RANK[one.state ?? "whole"] - RANK[other.state ?? "whole"];
  return ranks > 0 || (ranks === 0 && one.text.length > other.text.length);
}

/** Two tabs' copies of a conversation as one: all turns of both, each as far as it came; all else is of the first. */
export function united(first: Chat, second: Chat): Chat {
  const turns = { ...second.turns, ...first.turns };
  for (const turn of Object.values(second.turns)) {
    const known = first.turns[turn.id];
    if (known && isFurther(turn, known)) turns[turn.id] = turn;
  }
  return { ...first, turns, chosen: { ...second.chosen, ...first.chosen } };
}

/** What another tab has kept, which still writes the answer `live`; which branch is shown is each tab's own. */
export function received(here: Chat, there: Chat, live: string): Chat {
  const both = united({ ...there, chosen: { ...there.chosen, ...here.chosen } }, here);
  const dead = Object.values(here.turns).filter(
    ({ id, state }) => state === "cut" && id !== live && there.turns[id]?.state === "streaming",
  );
  return dead.reduce(replace, both);
}

/** The beginning of the first question, as long as nobody gave a title. */
export function titleOf(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 60 ? `${[...line].slice(0, 58).join("")}…` : line;
}
