import { useLocation } from "preact-iso";
import { groupsOf } from "../lib/settings";
import { spokenHere } from "../lib/words/sentences";
import { t } from "../lib/words/settings";
import { tell } from "../state/notices";
import { busy, discard, editCount, faults, look, review, save, settings } from "../state/settings";
import { Dialog } from "./Dialog";
import { Marked } from "./Marked";

/** At the bottom while something is changed: how much, looking at it, saving it. */
export function SaveBar() {
  const { route } = useLocation();
  const count = editCount.value;
  const shown = settings.value;
  if (!shown) return null;
  /** Shows the setting that the server refused. */
  const blame = (name: string) => {
    if (!name) return;
    const group = groupsOf(shown).find(({ rows }) => rows.some((row) => row.name === name));
    if (group) route(`/settings?part=${group.name}`, true);
    setTimeout(() => document.getElementById(`setting-${name}`)?.focus(), 50);
  };
  const commit = () => void save(() => tell(t("saved"))).then(blame);
  const general = faults.value[""];
  const wrong = Object.keys(faults.value).filter(Boolean)[0];
  return (
    <>
      {count > 0 && (
        <section class="save-bar" aria-label={t("changed")}>
          <strong>{count === 1 ? t("oneChange") : t("changes", { count })}</strong>
          {(general !== undefined || wrong) && (
            <span class="setting-fault" role="alert">
              {wrong ? (
                t("wrong", { name: shown.settings[wrong]?.variable ?? wrong })
              ) : (
                <Marked text={spokenHere(general ?? "") || t("failed")} />
              )}
            </span>
          )}
          <span class="grow" />
          <button type="button" class="link" onClick={discard}>
            {t("discard")}
          </button>
          <button
            type="button"
            class="secondary"
            disabled={busy.value}
            onClick={() => void look().then(blame)}
          >
            {t("review")}
          </button>
          <button type="button" class="primary" disabled={busy.value} onClick={commit}>
            {t("save")}
          </button>
        </section>
      )}
      {review.value && <Review onSave={commit} />}
    </>
  );
}

function Review({ onSave }: { onSave: () => void }) {
  const shown = settings.value;
  const close = () => {
    review.value = null;
  };
  if (!shown) return null;
  const word = (text: string) => (text === "-" ? t("unset") : text);
  return (
    <Dialog title={t("reviewTitle")} onClose={close}>
      <table class="plain-table diff">
        <thead>
          <tr>
            <th scope="col">{t("setting")}</th>
            <th scope="col">{t("was")}</th>
            <th scope="col">{t("willBe")}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(review.value ?? {}).map(([name, { from, to }]) => (
            <tr key={name}>
              <th scope="row">
                <code>{shown.settings[name]?.variable}</code>
              </th>
              <td class="value was">{word(from)}</td>
              <td class="value">{shown.settings[name]?.secret && to !== "-" ? t("newSecret") : word(to)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="setting-note">{t("reviewHint", { file: shown.file })}</p>
      <div class="row end">
        <button type="button" class="primary" disabled={busy.value} onClick={onSave}>
          {t("save")}
        </button>
      </div>
    </Dialog>
  );
}
