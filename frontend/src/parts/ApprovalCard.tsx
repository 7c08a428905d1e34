/** A call that waits for somebody's word: exactly what would run, what it may touch, and three answers. */
import { useEffect } from "preact/hooks";
import type { Asked, Decision } from "../lib/run";
import { t } from "../lib/words/agent";
import { spokenHere } from "../lib/words/sentences";
import { decide } from "../state/agent";
import { Icon } from "./Icon";

const KEYS: Record<string, Decision> = { a: "allow", s: "allow_session", d: "deny" };

interface Props {
  asked: Asked;
  /** What was said of it, while other calls still wait for a word. */
  decision: Decision | undefined;
  /** The keys are for this one. */
  first: boolean;
}

export function ApprovalCard({ asked, decision, first }: Props) {
  useEffect(() => {
    if (!first) return;
    const onKey = (event: KeyboardEvent) => {
      const decision = KEYS[event.key.toLowerCase()];
      const writing = (event.target as HTMLElement).closest?.("textarea, input, select, dialog");
      if (!decision || writing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      decide(asked.id, decision);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [asked.id, first]);
  const answer = (word: Decision) => () => decide(asked.id, word);
  const what = exactly(asked.arguments);
  return (
    <section class="approval" aria-label={`${t("asksFor", { name: asked.name })}: ${what.slice(0, 80)}`}>
      <p class="approval-head">
        <Icon name="alert" size={18} />
        <strong>{t("asksFor", { name: asked.name })}</strong>
      </p>
      <pre class="approval-what">{what}</pre>
      {asked.touches && (
        <p class="approval-touches">
          {t("touches")}: {spokenHere(asked.touches)}
        </p>
      )}
      {decision ? (
        <p class="approval-touches" role="status">
          {t(decision === "deny" ? "denied" : "allowed")}
        </p>
      ) : (
        <div class="row">
          <button type="button" class="primary" onClick={answer("allow")}>
            {t("allow")} <kbd>A</kbd>
          </button>
          <button type="button" class="secondary" onClick={answer("allow_session")}>
            {t("allowSession")} <kbd>S</kbd>
          </button>
          <button type="button" class="secondary" onClick={answer("deny")}>
            {t("deny")} <kbd>D</kbd>
          </button>
        </div>
      )}
    </section>
  );
}

/** A lone text as it is, such as a command; else the JSON. */
function exactly(text: string): string {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const values = Object.values(value);
    return values.length === 1 && typeof values[0] === "string" ? values[0] : JSON.stringify(value, null, 2);
  } catch {
    return text;
  }
}
