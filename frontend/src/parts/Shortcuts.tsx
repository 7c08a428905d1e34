import { t } from "../lib/words/chat";
import { Dialog } from "./Dialog";

/** The keys, for whoever asks. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  const command = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  const keys: [string[], string][] = [
    [["Enter"], t("keySend")],
    [["Shift", "Enter"], t("keyLine")],
    [["Esc"], t("keyStop")],
    [["↑"], t("keyEdit")],
    [["A", "S", "D"], t("keyDecide")],
    [[command, "K"], t("keyNew")],
    [[command, "Shift", "K"], t("keySearch")],
    [[command, "/"], t("keyHelp")],
  ];
  return (
    <Dialog title={t("shortcuts")} onClose={onClose}>
      <dl class="keys">
        {keys.map(([combination, what]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {combination.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
