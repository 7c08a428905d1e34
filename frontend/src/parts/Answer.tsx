/**
 * An answer, while it comes and afterwards. Both are the same elements: when it ends, what was opened stays open, what was
 * selected stays selected, and only what stands below it is new.
 */
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { spoken } from "../lib/spoken";
import type { Chat, Turn } from "../lib/tree";
import { t } from "../lib/words/chat";
import { growing, watch } from "../state/answers";
import { AnswerEnd } from "./AnswerEnd";
import { Markdown } from "./Markdown";
import { Reasoning } from "./Reasoning";
import { ToolCard } from "./ToolCard";
import { Waiting } from "./Waiting";

interface Props {
  chat: Signal<Chat>;
  turn: Turn;
  siblings: Turn[];
  isLast: boolean;
}

export function Answer({ chat, turn, siblings, isLast }: Props) {
  const one = growing.value.get(turn.id);
  one?.beat.value; // subscribes: the answer itself is changed in place
  const coming = one?.answer;
  const { text, reasoning, calls } = coming ?? turn;
  const isElsewhere = !coming && turn.state === "streaming";
  useEffect(() => (isElsewhere ? watch(chat, turn.id) : undefined), [isElsewhere]);
  const isThinking = coming !== undefined && coming.spokeAt === undefined;
  const took = turn.thoughtMs ?? (coming?.spokeAt ?? 0) - (coming?.thoughtAt ?? 0);
  return (
    <article
      class={`answer ${isLast ? "last" : ""} ${coming ? "growing-answer" : ""}`}
      aria-label={t("answerOf", { model: turn.model ?? "" })}
      aria-busy={coming !== undefined}
    >
      <h2 class="unseen">{t("answerOf", { model: turn.model ?? "" })}</h2>
      {reasoning && (
        <Reasoning
          text={reasoning}
          thinking={isThinking}
          since={coming?.thoughtAt ?? 0}
          {...(isThinking ? {} : { took })}
        />
      )}
      {coming && coming.firstAt === undefined && <Waiting since={coming.askedAt} />}
      {text && <Markdown text={text} growing={coming !== undefined || isElsewhere} />}
      {calls?.map((call) => (
        <ToolCard key={call.id} call={call} running={coming !== undefined} />
      ))}
      {/* Finished sentences are read out, not every piece of a word. */}
      {coming ? (
        <p class="unseen" aria-live="polite">
          {spoken(text)}
        </p>
      ) : (
        <AnswerEnd chat={chat} turn={turn} siblings={siblings} />
      )}
    </article>
  );
}
