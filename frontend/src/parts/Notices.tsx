import { t } from "../lib/words/shell";
import { dismiss, notices } from "../state/notices";
import { IconButton } from "./IconButton";
import { Marked } from "./Marked";

/** Sentences at the edge of the page, read out as they come. */
export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite" aria-label={t("notices")}>
      {notices.value.map((notice) => (
        <div key={notice.id} class={`notice ${notice.tone}`}>
          <span>
            <Marked text={notice.text} />
          </span>
          {notice.action && (
            <button
              type="button"
              class="link"
              onClick={() => {
                notice.action?.run();
                dismiss(notice.id);
              }}
            >
              {notice.action.label}
            </button>
          )}
          <IconButton icon="close" size={16} label={t("dismiss")} onClick={() => dismiss(notice.id)} />
        </div>
      ))}
    </div>
  );
}
