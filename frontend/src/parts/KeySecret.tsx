import { useState } from "preact/hooks";
import { useKey as keepKey } from "../lib/api";
import type { KeyMade } from "../lib/wire";
import { t } from "../lib/words/keys";
import { CopyButton } from "./CopyButton";
import { Dialog, shut } from "./Dialog";

/** The secret of a key that has just been made: shown this once. */
export function KeySecret({
  made,
  mayUse,
  onClose,
}: {
  made: KeyMade;
  mayUse: boolean;
  onClose: () => void;
}) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={t("madeTitle", { name: made.key.name })} held={!copied} onClose={onClose}>
      <div class="row key-secret">
        <code class="grow" onCopy={() => setCopied(true)}>
          {made.secret}
        </code>
        <CopyButton text={() => made.secret} label={t("copySecret")} onCopied={() => setCopied(true)} />
      </div>
      <p class="setting-help">{t("madeHint")}</p>
      <div class="row end">
        {mayUse && (
          <button
            type="button"
            class="secondary"
            onClick={() => {
              keepKey(made.secret);
              onClose();
            }}
          >
            {t("useHere")}
          </button>
        )}
        <button type="button" class="primary" onClick={shut}>
          {t("done")}
        </button>
      </div>
    </Dialog>
  );
}
