import type { ApiError } from "../lib/errors";
import { t as failures, told } from "../lib/words/failures";
import { t } from "../lib/words/shell";
import { Marked } from "./Marked";

interface Props {
  error: ApiError | undefined;
  /** Where it can be asked for again. */
  onRetry?: () => void;
}

/** Instead of what could not be had: that it still comes, that it is not for everybody, or what went wrong. */
export function Lacking({ error, onRetry }: Props) {
  if (!error) return <p class="hint">{t("loading")}</p>;
  const closed = error.status === 401 || error.status === 403;
  if (closed && error.path.startsWith("/api")) {
    return (
      <p class="hint">
        <Marked text={t("adminOnly")} />
      </p>
    );
  }
  const { what, todo } = told(error);
  return (
    <div class="hint" role="alert">
      <p>
        {what} {error.message} <Marked text={todo} />
      </p>
      {onRetry && (
        <button type="button" class="link" onClick={onRetry}>
          {failures("retry")}
        </button>
      )}
    </div>
  );
}
