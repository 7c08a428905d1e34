import { useEffect } from "preact/hooks";
import { apiKey, keyAsked, keyWanted } from "../lib/api";
import type { ApiError } from "../lib/errors";
import { told } from "../lib/words/failures";
import { t } from "../lib/words/settings";
import { isRefusal } from "../state/admitted";
import { Marked } from "./Marked";

/** Instead of what is the administrator's: one sentence that says what to do. Else what went wrong, and another try. */
export function AdminGate({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  const closed = isRefusal(error);
  const { what, todo } = told(error);
  // Whoever opened the link in another tab comes back to this one.
  useEffect(() => {
    if (!closed) return;
    addEventListener("focus", onRetry);
    return () => removeEventListener("focus", onRetry);
  }, [closed, onRetry]);
  return (
    <div class="admin-gate" role={closed ? undefined : "alert"}>
      <p>
        {closed ? (
          <Marked text={t(apiKey.value ? "gateWrong" : "gate")} />
        ) : (
          <>
            {what} {error.message} <Marked text={todo} />
          </>
        )}
      </p>
      {closed ? (
        <button
          type="button"
          class="secondary"
          onClick={() => {
            keyWanted.value = apiKey.value ? "wrong" : "missing";
            keyAsked.value = true;
          }}
        >
          {t("gateEnter")}
        </button>
      ) : (
        <button type="button" class="secondary" onClick={onRetry}>
          {t("tryAgain")}
        </button>
      )}
    </div>
  );
}
