/** What goes with every message of a conversation: its system prompt, how much to think, how long to answer. */
import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { Chat } from "../lib/tree";
import { t } from "../lib/words/chat";
import { change } from "../state/keeping";
import { forgetPreset, presets, savePreset } from "../state/presets";
import { Dialog } from "./Dialog";
import { IconButton } from "./IconButton";
import { lengthClass, refuse } from "./pasting";

export function Instructions({ chat, onClose }: { chat: Signal<Chat>; onClose: () => void }) {
  const value = chat.value;
  const set = (part: Partial<Chat>) => change(chat, (old) => ({ ...old, ...part }));
  return (
    <Dialog title={t("instructions")} onClose={onClose}>
      <label class="labelled">
        <span>{t("system")}</span>
        <textarea
          class={`field ${lengthClass(value.system)}`}
          onPaste={refuse}
          onDrop={refuse}
          rows={6}
          value={value.system}
          onInput={(event) => set({ system: event.currentTarget.value })}
        />
        <small>{t("systemHint")}</small>
      </label>
      <Presets text={value.system} onTake={(system) => set({ system })} />
      <div class="row top">
        <label class="labelled">
          <span>{t("effort")}</span>
          <select
            class="field"
            value={value.effort}
            onChange={(event) => set({ effort: event.currentTarget.value })}
          >
            <option value="">{t("effortDefault")}</option>
            <option value="low">{t("effortLow")}</option>
            <option value="medium">{t("effortMedium")}</option>
            <option value="high">{t("effortHigh")}</option>
          </select>
        </label>
        <label class="labelled">
          <span>{t("maxTokens")}</span>
          <input
            class="field"
            type="number"
            min="1"
            step="1"
            value={value.maxTokens || ""}
            onInput={(event) =>
              set({ maxTokens: Math.max(0, Math.floor(event.currentTarget.valueAsNumber || 0)) })
            }
          />
          <small>{t("maxTokensHint")}</small>
        </label>
      </div>
    </Dialog>
  );
}

function Presets({ text, onTake }: { text: string; onTake: (text: string) => void }) {
  const [name, setName] = useState("");
  const save = (event: Event) => {
    event.preventDefault();
    if (!name.trim() || !text.trim()) return;
    savePreset({ name: name.trim().slice(0, 60), text });
    setName("");
  };
  return (
    <fieldset class="presets">
      <legend>{t("presets")}</legend>
      {presets.value.map((preset) => (
        <span key={preset.name} class="chip">
          <button type="button" onClick={() => onTake(preset.text)}>
            {preset.name}
          </button>
          <IconButton
            icon="close"
            size={14}
            label={t("deletePreset", { name: preset.name })}
            onClick={() => forgetPreset(preset.name)}
          />
        </span>
      ))}
      <form class="row" onSubmit={save}>
        <input
          class="field"
          placeholder={t("presetName")}
          aria-label={t("presetName")}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="secondary" disabled={!name.trim() || !text.trim()}>
          {t("savePreset")}
        </button>
      </form>
    </fieldset>
  );
}
