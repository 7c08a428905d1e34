/** What the agent did for a question, step by step, while it grows and afterwards. */

import { memo } from "../lib/memo";
import { brief, duration } from "../lib/numbers";
import { type AgentCall, asked, type Work } from "../lib/run";
import { spoken } from "../lib/spoken";
import { t } from "../lib/words/agent";
import { t as chat } from "../lib/words/chat";
import { fateOf } from "../lib/words/fates";
import { spokenHere } from "../lib/words/sentences";
import { running } from "../state/agent";
import { again } from "../state/agentRun";
import { ApprovalCard } from "./ApprovalCard";
import { CopyButton } from "./CopyButton";
import { FailureCard } from "./FailureCard";
import { Markdown } from "./Markdown";
import { Pictures } from "./Pictures";
import { Reasoning } from "./Reasoning";
import { ToolCard } from "./ToolCard";
import { Waiting } from "./Waiting";

export const Steps = memo(function Steps({ work, last }: { work: Work; last: boolean }) {
  const one = running.value;
  const grows = last && one?.work === work;
  if (grows) one.beat.value; // subscribes: the work itself is changed in place
  const first = asked([work])[0];
  const standing = first ? "others" : grows || !work.failure ? "sent" : "unheard";
  const text = work.steps.flatMap((step) => (step.kind === "text" ? [step.text] : [])).join("\n\n");
  return (
    <article class={last ? "answer last" : "answer"} aria-label={t("agent")} aria-busy={grows}>
      <h2 class="unseen">{t("agent")}</h2>
      {grows && !work.steps.length && <Waiting since={work.askedAt} />}
      {work.steps.map((step, at) => {
        const open = grows && at === work.steps.length - 1;
        switch (step.kind) {
          case "text":
            return <Markdown key={at} text={step.text} growing={open} />;
          case "thought":
            return (
              <Reasoning
                key={at}
                text={step.text}
                thinking={open}
                since={step.since}
                {...(step.took === undefined ? {} : { took: step.took })}
              />
            );
          case "tool":
            return (
              <div key={step.call.id}>
                <ToolCard
                  call={translated(step.call)}
                  running={step.running && grows}
                  fate={fateOf(step.call)}
                />
                {step.call.pictures && (
                  <Pictures
                    pictures={step.call.pictures.map((url, n) => ({
                      url,
                      name: `${step.call.name} ${n + 1}`,
                    }))}
                  />
                )}
              </div>
            );
          default:
            return (
              <ApprovalCard
                key={step.asked.id}
                asked={step.asked}
                decision={step.decision}
                standing={standing}
                first={last && step.asked === first}
              />
            );
        }
      })}
      {work.brokenOff && (
        <p class="ending">
          {t("brokenOff")}{" "}
          {!work.steps.length && last && (
            <button type="button" class="link" onClick={again}>
              {t("askAgain")}
            </button>
          )}
        </p>
      )}
      {work.ending && <p class="ending">{spokenHere(work.ending)}</p>}
      {work.failure && <FailureCard failure={work.failure} onRetry={again} />}
      {!grows && (
        <div class="actions">
          {text && <CopyButton text={() => text} label={chat("copy")} />}
          {work.usage && <span class="stats">{numbers(work)}</span>}
        </div>
      )}
      {grows && (
        <p class="unseen" aria-live="polite">
          {spoken(text)}
        </p>
      )}
    </article>
  );
});

/** What the server itself says of a call that came to nothing, in the language of the page. */
function translated(call: AgentCall): AgentCall {
  return call.failed && call.result ? { ...call, result: spokenHere(call.result) } : call;
}

function numbers({ usage, seconds = 0 }: Work): string {
  if (!usage) return "";
  return t("stats", {
    about: usage.estimated ? "≈" : "",
    tokens: brief(usage.total_tokens),
    credits: usage.credits?.toFixed(2) ?? "?",
    time: duration(seconds * 1000),
  });
}
