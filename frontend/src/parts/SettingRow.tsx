import { before, defaultOf, type Edit, type Row, sourceOf } from "../lib/settings";
import { spokenHere } from "../lib/words/sentences";
import { helpOf, shownOf, t } from "../lib/words/settings";
import { edit, edits, faults } from "../state/settings";
import { Marked } from "./Marked";
import { SettingControl } from "./SettingControl";

const SOURCES = ["env", "file", "given", "default"] as const;

/** A setting: what it is called and for, its control, where its value comes from. */
export function SettingRow({ row }: { row: Row }) {
  const { name, setting, schema } = row;
  const change = edits.value[name];
  const isChanged = name in edits.value;
  const fault = faults.value[name];
  const source = SOURCES.find((each) => each === sourceOf(row)) ?? "default";
  const id = `setting-${name}`;
  const standard = defaultOf(schema, shownOf(schema));
  // What the control says itself, at full length, needs no second line.
  const isSaid = source === "default" && !isChanged && (shownOf(schema) ?? "").length < 30;
  const value: Edit = change === undefined || change === null ? before(row) : change;
  return (
    <div class={isChanged ? "setting changed" : "setting"} id={`row-${name}`}>
      <div class="setting-text">
        <label class="setting-name" for={id} id={`${id}-name`}>
          {setting.variable}
        </label>
        {isChanged && <span class="setting-mark">{t("changed")}</span>}
        <p class="setting-help" id={`${id}-help`}>
          <Marked text={helpOf(schema)} />
          {schema.minimum !== undefined && schema.maximum !== undefined && (
            <> {t("from", { low: schema.minimum, high: schema.maximum })}</>
          )}
        </p>
        {standard && !isSaid && <p class="setting-note">{t("defaultIs", { value: standard })}</p>}
        {setting.secret && setting.editable && <p class="setting-note">{t("secretHint")}</p>}
        {source === "env" && (
          <p class="setting-note">
            <Marked text={t("envWhy", { variable: setting.variable })} />
          </p>
        )}
        {source === "given" && <p class="setting-note">{t("givenWhy")}</p>}
        {setting.next && (
          <p class="setting-note waits">
            {t("next", { value: setting.next.value === "-" ? t("unset") : setting.next.value })}
          </p>
        )}
      </div>
      <div class="setting-hand">
        <SettingControl
          id={id}
          row={row}
          value={value}
          isReset={change === null}
          isWrong={Boolean(fault)}
          onChange={(next) => edit(row, next)}
        />
        {fault && (
          <p class="setting-fault" id={`${id}-fault`} role="alert">
            <Marked text={spokenHere(fault)} />
          </p>
        )}
        <div class="setting-foot">
          <span class={`badge ${source}`}>{t(source)}</span>
          {isChanged ? (
            <button
              type="button"
              class="link"
              aria-label={t("undoOf", { name: setting.variable })}
              onClick={() => edit(row, before(row))}
            >
              {t("undo")}
            </button>
          ) : (
            source === "file" && (
              <button
                type="button"
                class="link"
                aria-label={t("resetOf", { name: setting.variable })}
                onClick={() => edit(row, null)}
              >
                {t("reset")}
              </button>
            )
          )}
        </div>
      </div>
    </div>
  );
}
