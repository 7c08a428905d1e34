import { useState } from "preact/hooks";
import type { KeyListed } from "../lib/wire";
import { t } from "../lib/words/keys";
import { asError } from "../state/admitted";
import { revokeKey } from "../state/keys";
import { tell } from "../state/notices";
import { Dialog, shut } from "./Dialog";

/** Asks once more before a key is gone. */
export function RevokeKey({ value, onClose }: { value: KeyListed; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const revoke = async () => {
    setBusy(true);
    try {
      await revokeKey(value.id);
      tell(t("revoked", { name: value.name }));
    } catch (error) {
      tell(asError(error).message || t("failed"), { bad: true });
    }
    onClose();
  };
  return (
    <Dialog title={t("revokeTitle", { name: value.name })} onClose={onClose}>
      <p class="setting-help">{t("revokeHint")}</p>
      <div class="row end">
        <button type="button" class="secondary" onClick={shut}>
          {t("cancel")}
        </button>
        <button type="button" class="danger" disabled={busy} onClick={revoke}>
          {t("revoke")}
        </button>
      </div>
    </Dialog>
  );
}
