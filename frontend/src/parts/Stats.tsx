import { brief, duration } from "../lib/numbers";
import type { Turn } from "../lib/tree";
import { t } from "../lib/words/chat";

/** "claude-sonnet-4.5 · ≈1.2 K tokens · 0.8 s · 74 tok/s": the tokens of the answer, its first word, its pace. */
export function Stats({ turn }: { turn: Turn }) {
  const { usage, ttftMs, totalMs } = turn;
  if (!usage || totalMs === undefined) return <span class="stats">{turn.model}</span>;
  const about = usage.estimated ? "≈" : "";
  const seconds = Math.max(0.05, (totalMs - (ttftMs ?? 0)) / 1000);
  const parts = [
    turn.model,
    about + t("tokens", { count: brief(usage.completion_tokens) }),
    ttftMs === undefined ? "" : duration(ttftMs),
    about + t("perSecond", { rate: Math.round(usage.completion_tokens / seconds) }),
  ];
  const title = t("statsTitle", {
    input: about + brief(usage.prompt_tokens),
    output: about + brief(usage.completion_tokens),
    reasoning: brief(usage.completion_tokens_details.reasoning_tokens),
    ttft: duration(ttftMs ?? totalMs),
    total: duration(totalMs),
  });
  return (
    <span class="stats" title={title}>
      {parts.filter(Boolean).join(" · ")}
    </span>
  );
}
