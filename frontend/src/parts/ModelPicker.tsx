/** Which model answers: a list with search, by mouse or arrows; the choice is remembered. */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { brief } from "../lib/numbers";
import { t } from "../lib/words/chat";
import { isComposing } from "../state/composing";
import { loadModels, modelNamed, models, modelsFailed } from "../state/models";
import { useFloating } from "./floating";
import { Icon } from "./Icon";
import { useDismissal } from "./Menu";

export function ModelPicker({ value, onChoose }: { value: string; onChoose: (model: string) => void }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (byKey = true) => {
    setOpen(false);
    if (byKey) button.current?.focus();
  };
  useDismissal(root, open, close);
  const context = modelNamed(value)?.context_window;
  return (
    <div class="menu" ref={root}>
      <button
        ref={button}
        type="button"
        class="model-button"
        aria-haspopup="listbox"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span class="unseen">{t("model")}: </span>
        <span class="model-name">{value}</span>
        <Icon name="down" size={16} />
        {context !== undefined && <span class="model-context">{brief(context)}</span>}
      </button>
      {open && (
        <Chooser
          value={value}
          button={button}
          onClose={close}
          onChoose={(model) => {
            close();
            onChoose(model);
          }}
        />
      )}
    </div>
  );
}

interface ChooserProps {
  button: { current: HTMLElement | null };
  value: string;
  onChoose: (model: string) => void;
  onClose: () => void;
}

function Chooser({ value, button, onChoose, onClose }: ChooserProps) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const id = useId();
  useFloating(button, sheet, true, "start");
  useLayoutEffect(() => input.current?.focus(), []);
  const words = query.toLowerCase().split(/\s+/);
  const found = models.value.filter((model) => {
    const text = `${model.id} ${model.name ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const active = found[Math.min(at, found.length - 1)];
  useEffect(() => list.current?.querySelector(".active")?.scrollIntoView({ block: "nearest" }), [active]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return event.stopPropagation();
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") active && onChoose(active.id);
    else if (event.key === "Tab") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu-list models" popover="manual" ref={sheet}>
      <input
        ref={input}
        class="field"
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={active ? `${id}-${active.id}` : undefined}
        aria-label={t("searchModels")}
        placeholder={t("searchModels")}
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={id} ref={list} role="listbox" aria-label={t("model")} class="model-list">
        {found.map((model) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: it is named by aria-activedescendant
          <div
            key={model.id}
            id={`${id}-${model.id}`}
            role="option"
            aria-selected={model.id === value}
            class={model === active ? "model active" : "model"}
            onClick={() => onChoose(model.id)}
          >
            <span class="model-id">
              {model.id}
              {model.id === value && <Icon name="check" size={16} />}
            </span>
            <span class="model-about">
              {model.context_window !== undefined && t("context", { size: brief(model.context_window) })}
              {model.rate !== undefined && ` · ${model.rate}×`}
            </span>
          </div>
        ))}
      </div>
      {!found.length && <p class="hint">{modelsFailed.value ? t("noModels") : t("nothingFound")}</p>}
      {modelsFailed.value && (
        <button type="button" class="secondary" onClick={() => void loadModels()}>
          {t("listAgain")}
        </button>
      )}
    </div>
  );
}
