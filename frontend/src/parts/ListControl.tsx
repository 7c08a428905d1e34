import { useState } from "preact/hooks";
import { wordsOf } from "../lib/settings";
import { t } from "../lib/words/settings";
import { IconButton } from "./IconButton";

interface Props {
  id: string;
  name: string;
  describedBy?: string;
  value: string[];
  /** The words there are; without them any can be typed. */
  options?: string[] | undefined;
  placeholder: string;
  disabled?: boolean;
  isWrong?: boolean;
  onChange: (value: string[]) => void;
}

/** Some words in an order: typed with commas between them, or chosen one by one where it is known what there is. */
export function ListControl(props: Props) {
  return props.options ? <Chosen {...props} options={props.options} /> : <Typed {...props} />;
}

function Typed({ id, name, describedBy, value, placeholder, disabled, isWrong, onChange }: Props) {
  const [text, setText] = useState(value.join(", "));
  // What is typed is shown as it is, as long as it means the same.
  const shown = wordsOf(text).join() === value.join() ? text : value.join(", ");
  return (
    <textarea
      id={id}
      class="field words"
      rows={1}
      aria-label={name}
      {...(describedBy ? { "aria-describedby": describedBy } : {})}
      aria-invalid={isWrong ?? false}
      autocomplete="off"
      spellcheck={false}
      placeholder={placeholder}
      disabled={disabled ?? false}
      value={shown}
      onInput={(event) => {
        setText(event.currentTarget.value);
        onChange(wordsOf(event.currentTarget.value));
      }}
    />
  );
}

function Chosen({
  id,
  name,
  describedBy,
  value,
  options,
  placeholder,
  disabled,
  onChange,
}: Props & { options: string[] }) {
  const left = options.filter((word) => !value.includes(word));
  return (
    <div class="list-control" role="group" aria-label={name} aria-describedby={describedBy}>
      {value.length > 0 && (
        <ul class="list-words">
          {value.map((word) => (
            <li key={word} class={disabled ? "chip plain" : "chip"}>
              <span>{word}</span>
              {!disabled && (
                <IconButton
                  icon="close"
                  size={14}
                  label={t("remove", { name: word })}
                  onClick={() => onChange(value.filter((each) => each !== word))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {!disabled && left.length > 0 && (
        <select
          id={id}
          class="field"
          aria-label={t("addTo", { name })}
          value=""
          onChange={(event) => {
            const word = event.currentTarget.value;
            event.currentTarget.value = "";
            if (word) onChange([...value, word]);
          }}
        >
          <option value="">{value.length ? `${t("add")} …` : placeholder}</option>
          {left.map((word) => (
            <option key={word} value={word}>
              {word}
            </option>
          ))}
        </select>
      )}
      {disabled && value.length === 0 && <p class="setting-note">{t("unset")}</p>}
    </div>
  );
}
