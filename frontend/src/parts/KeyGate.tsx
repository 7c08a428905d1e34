import { useState } from "preact/hooks";
import { keyWanted, useKey } from "../lib/api";
import { t } from "../lib/words/shell";
import { loadModels } from "../state/models";
import { look } from "../state/server";
import { Marked } from "./Marked";

/** Asks for the API key in place, when the server has asked for one. */
export function KeyGate() {
  const [typed, setTyped] = useState("");
  if (!keyWanted.value) return null;
  const submit = (event: Event) => {
    event.preventDefault();
    if (!typed.trim()) return;
    useKey(typed);
    setTyped("");
    void loadModels();
    void look();
  };
  return (
    <form class="key-gate" onSubmit={submit} aria-label={t("keyTitle")}>
      <p>
        <strong>{t("keyTitle")}</strong>{" "}
        <Marked text={t(keyWanted.value === "wrong" ? "keyWrong" : "keyMissing")} />
      </p>
      <div class="row">
        <input
          type="password"
          class="field"
          autocomplete="off"
          placeholder={t("key")}
          aria-label={t("key")}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          {t("useKey")}
        </button>
      </div>
    </form>
  );
}
