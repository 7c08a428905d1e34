import type { Failure } from "../lib/tree";
import { t, told } from "../lib/words/failures";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";
import { Marked } from "./Marked";

/** In the place of an answer: what happened, whose side it is on, what to do, and the id that finds it in the log. */
export function FailureCard({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  const { what, side, todo } = told(failure);
  return (
    <section class="failure" role="alert">
      <p class="failure-what">
        <Icon name="alert" size={18} />
        <strong>{what}</strong> <span class="failure-side">{side}</span>
      </p>
      {failure.message && <p class="failure-said">{failure.message}</p>}
      <p>
        <Marked text={todo} />
      </p>
      <div class="row">
        <button type="button" class="secondary" onClick={onRetry}>
          {t("retry")}
        </button>
        {failure.requestId && (
          <span class="failure-id">
            {t("requestId")} <code>{failure.requestId.slice(0, 16)}…</code>
            <CopyButton text={() => failure.requestId} label={t("copyId")} />
          </span>
        )}
      </div>
    </section>
  );
}
