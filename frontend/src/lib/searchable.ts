/** A conversation as text to search in, and what to show of it. */
import type { Chat } from "./tree";

export function plain(chat: Chat): string {
  return Object.values(chat.turns)
    .map((turn) => turn.text)
    .join("\n");
}

/** The surroundings of the first word that is found, "" where only the title has it. */
export function excerptOf(text: string, words: string[]): string {
  const lower = text.toLowerCase();
  const at = words.map((word) => lower.indexOf(word)).find((place) => place >= 0);
  if (at === undefined) return "";
  const from = Math.max(0, at - 24);
  return `${from ? "…" : ""}${text
    .slice(from, at + 60)
    .replace(/\s+/g, " ")
    .trim()}`;
}
