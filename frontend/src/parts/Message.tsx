/** One turn of a conversation: a question as a card, an answer as bare text. */
import type { Signal } from "@preact/signals";
import { memo } from "../lib/memo";
import type { Chat, Turn } from "../lib/tree";
import { t } from "../lib/words/chat";
import { growing } from "../state/answers";
import { AnswerBody } from "./AnswerBody";
import { Growing } from "./Growing";
import { Question } from "./Question";

interface Props {
  chat: Signal<Chat>;
  turn: Turn;
  siblings: Turn[];
  isLast: boolean;
}

export const Message = memo(function Message({ chat, turn, siblings, isLast }: Props) {
  if (turn.role === "user") return <Question chat={chat} turn={turn} siblings={siblings} />;
  const grows = growing.value.get(turn.id);
  return (
    <article
      class={isLast ? "answer last" : "answer"}
      aria-label={t("answerOf", { model: turn.model ?? "" })}
    >
      <h2 class="unseen">{t("answerOf", { model: turn.model ?? "" })}</h2>
      {grows ? <Growing growing={grows} /> : <AnswerBody chat={chat} turn={turn} siblings={siblings} />}
    </article>
  );
});
