/** One turn of a conversation: a question as a card, an answer as bare text. */
import type { Signal } from "@preact/signals";
import { memo } from "../lib/memo";
import type { Chat, Turn } from "../lib/tree";
import { Answer } from "./Answer";
import { Question } from "./Question";

interface Props {
  chat: Signal<Chat>;
  turn: Turn;
  siblings: Turn[];
  isLast: boolean;
}

export const Message = memo(function Message({ chat, turn, siblings, isLast }: Props) {
  if (turn.role === "user") return <Question chat={chat} turn={turn} siblings={siblings} />;
  return <Answer chat={chat} turn={turn} siblings={siblings} isLast={isLast} />;
});
