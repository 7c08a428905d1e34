import type { ApiError } from "../lib/errors";
import { told } from "../lib/words/failures";
import { t } from "../lib/words/shell";
import { Marked } from "./Marked";

/** Instead of what could not be had: that it still comes, that it is not for everybody, or what went wrong. */
export function Lacking({ error }: { error: ApiError | undefined }) {
  if (!error) return <p class="hint">{t("loading")}</p>;
  if (error.status === 401 || error.status === 403) {
    return (
      <p class="hint">
        <Marked text={t("adminOnly")} />
      </p>
    );
  }
  const { what, todo } = told(error);
  return (
    <p class="hint" role="alert">
      {what} {error.message} <Marked text={todo} />
    </p>
  );
}
