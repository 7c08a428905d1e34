/** A call that waits for somebody's word: exactly what would run, what it may touch, and three answers. */
import { useRef } from "preact/hooks";
import { plainly } from "../lib/plainly";
import type { Asked, Decision } from "../lib/run";
import { t } from "../lib/words/agent";
import { spokenHere } from "../lib/words/sentences";
import { decide } from "../state/agentRun";
import { Icon } from "./Icon";
import { Plainly } from "./Plainly";
import { useDecisionKeys } from "./useDecisionKeys";

interface Props {
  asked: Asked;
  /** What was said of it, while it is not heard yet. */
  decision: Decision | undefined;
  /** "others": other calls wait for a word; "sent": it is on its way; "unheard": it did not get through. */
  standing: "others" | "sent" | "unheard";
  /** The keys are for this one. */
  first: boolean;
}

const TOLD = {
  others: { allow: "allowed", deny: "denied" },
  sent: { allow: "allowedSent", deny: "deniedSent" },
  unheard: { allow: "allowedUnheard", deny: "deniedUnheard" },
} as const;

export function ApprovalCard({ asked, decision, standing, first }: Props) {
  const card = useRef<HTMLElement>(null);
  const answer = (word: Decision) => decide(asked.id, word);
  useDecisionKeys(card, first, answer);
  const what = plainly(exactly(asked.arguments));
  const brief = what.map((piece) => (piece.kind === "empty" ? " " : piece.text)).join("");
  return (
    <section
      ref={card}
      class="approval"
      tabIndex={-1}
      aria-label={`${t("asksFor", { name: asked.name })}: ${brief.slice(0, 80)}`}
    >
      <p class="approval-head" role="alert">
        <Icon name="alert" size={18} />
        <strong>{t("asksFor", { name: asked.name })}</strong>
      </p>
      <pre class="approval-what">
        <Plainly pieces={what} />
      </pre>
      {asked.touches && (
        <p class="approval-touches">
          {t("touches")}: {spokenHere(asked.touches)}
        </p>
      )}
      {decision && (
        <p class="approval-touches" role="status">
          {t(TOLD[standing][decision === "deny" ? "deny" : "allow"])}
        </p>
      )}
      {(!decision || standing === "unheard") && (
        <div class="row">
          <button type="button" class="primary" onClick={() => answer("allow")}>
            {t("allow")} <kbd>A</kbd>
          </button>
          <button type="button" class="secondary" onClick={() => answer("allow_session")}>
            {t("allowSession")} <kbd>S</kbd>
          </button>
          <button type="button" class="secondary" onClick={() => answer("deny")}>
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
