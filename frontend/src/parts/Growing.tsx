/** An answer while it comes: a caret at once, quiet seconds after two of them, then what is there, once a frame. */
import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../lib/answer";
import { duration } from "../lib/numbers";
import { spoken } from "../lib/spoken";
import { t } from "../lib/words/chat";
import { Markdown } from "./Markdown";
import { Reasoning } from "./Reasoning";
import { ToolCard } from "./ToolCard";

interface Props {
  growing: { beat: { value: number }; answer: Answer };
}

export function Growing({ growing }: Props) {
  growing.beat.value; // subscribes: the answer itself is changed in place
  const { answer } = growing;
  const isThinking = answer.reasoning !== "" && answer.spokeAt === undefined;
  return (
    <div class="growing-answer" aria-busy="true">
      {answer.reasoning && (
        <Reasoning text={answer.reasoning} thinking={isThinking} since={answer.thoughtAt ?? 0} />
      )}
      {answer.firstAt === undefined && <Waiting since={answer.askedAt} />}
      {answer.text && <Markdown text={answer.text} growing />}
      {answer.calls.map((call) => (
        <ToolCard key={call.id} call={call} running />
      ))}
      {/* Finished sentences are read out, not every piece of a word. */}
      <p class="unseen" aria-live="polite">
        {spoken(answer.text)}
      </p>
    </div>
  );
}

export function Waiting({ since }: { since: number }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="waiting">
      <span class="caret" />
      {now - since >= 2000 && <span>{t("waiting", { time: duration(now - since) })}</span>}
    </p>
  );
}
