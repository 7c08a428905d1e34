import type { Edit, Row } from "../lib/settings";
import { shownOf, t } from "../lib/words/settings";
import { ListControl } from "./ListControl";

interface Props {
  id: string;
  row: Row;
  value: Edit;
  isReset: boolean;
  isWrong: boolean;
  onChange: (value: Edit) => void;
}

/** The control for a kind of setting. What the environment holds is shown, and cannot be touched. */
export function SettingControl({ id, row, value, isReset, isWrong, onChange }: Props) {
  const { schema, setting } = row;
  const about = {
    id,
    "aria-describedby": isWrong ? `${id}-fault ${id}-help` : `${id}-help`,
    "aria-invalid": isWrong,
  };
  if (isReset) {
    return (
      <p class="setting-reset" id={id}>
        {t("resetDone")}
      </p>
    );
  }
  if (schema.type === "boolean") {
    return (
      <label class="switch">
        <input
          {...about}
          type="checkbox"
          role="switch"
          aria-checked={value === true}
          aria-labelledby={`${id}-name`}
          checked={value === true}
          disabled={!setting.editable}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span>{t(value === true ? "on" : "off")}</span>
      </label>
    );
  }
  if (schema.type === "array") {
    return (
      <ListControl
        id={id}
        name={setting.variable}
        describedBy={about["aria-describedby"]}
        value={Array.isArray(value) ? value : []}
        options={schema.items?.enum}
        placeholder={shownOf(schema) ?? t("unset")}
        disabled={!setting.editable}
        isWrong={isWrong}
        onChange={onChange}
      />
    );
  }
  if (schema.enum) {
    const mayBeNone = schema.default === undefined || schema.default === null;
    return (
      <select
        {...about}
        class="field"
        value={String(value)}
        disabled={!setting.editable}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {mayBeNone && <option value="">{shownOf(schema) ?? t("choose")}</option>}
        {schema.enum.map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
      </select>
    );
  }
  const isNumber = schema.type === "integer" || schema.type === "number";
  const isThere = setting.value !== "-";
  return (
    <input
      {...about}
      class="field"
      type={setting.secret ? "password" : "text"}
      inputMode={schema.type === "integer" ? "numeric" : isNumber ? "decimal" : "text"}
      autocomplete={setting.secret ? "new-password" : "off"}
      spellcheck={false}
      placeholder={setting.secret ? t(secretWord(isThere, setting.editable)) : (shownOf(schema) ?? "")}
      value={String(value ?? "")}
      disabled={!setting.editable}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function secretWord(isThere: boolean, editable: boolean) {
  if (!isThere) return "secretNone";
  return editable ? "secretThere" : "secretSet";
}
