import { useRef, useState } from "preact/hooks";
import { Composition } from "../lib/ime";
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
  onChange: (value: string[]) => void;
}

/** Some words in an order: those that are in it, and what can be added at its end. */
export function ListControl({
  id,
  name,
  describedBy,
  value,
  options,
  placeholder,
  disabled,
  onChange,
}: Props) {
  const [typed, setTyped] = useState("");
  const composition = useRef(new Composition()).current;
  const field = useRef<HTMLInputElement>(null);
  const left = options?.filter((word) => !value.includes(word));
  const add = (text: string) => {
    const words = text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word && !value.includes(word));
    if (words.length) onChange([...value, ...words]);
    setTyped("");
  };
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
      {!disabled && !left && (
        <div class="row">
          <input
            id={id}
            ref={field}
            class="field"
            aria-label={t("addTo", { name })}
            autocomplete="off"
            spellcheck={false}
            placeholder={value.length ? t("listHint") : placeholder}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onCompositionStart={() => composition.start()}
            onCompositionEnd={() => composition.end(performance.now())}
            onBlur={() => add(typed)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || composition.holds(event, performance.now())) return;
              event.preventDefault();
              add(typed);
            }}
          />
        </div>
      )}
      {!disabled && left && left.length > 0 && (
        <select
          id={id}
          class="field"
          aria-label={t("addTo", { name })}
          value=""
          onChange={(event) => {
            add(event.currentTarget.value);
            event.currentTarget.value = "";
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
