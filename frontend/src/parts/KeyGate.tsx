import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { keyAsked, keyWanted, sendable, useKey } from "../lib/api";
import { t } from "../lib/words/shell";
import { Marked } from "./Marked";

const OPENED = ["/monitor", "/settings", "/login"];

/**
 * Asks for the API key in place, when the server has asked for one. Pages that an administrator's session opens need none, and
 * ask only when somebody wants to enter it.
 */
export function KeyGate() {
  const { path } = useLocation();
  const [typed, setTyped] = useState("");
  const [isOdd, setOdd] = useState(false);
  if (!keyWanted.value || (OPENED.includes(path) && !keyAsked.value)) return null;
  const submit = (event: Event) => {
    event.preventDefault();
    if (!typed.trim()) return;
    setOdd(!sendable(typed.trim()));
    if (!sendable(typed.trim())) return;
    useKey(typed);
    setTyped("");
    keyAsked.value = false;
  };
  return (
    <form class="key-gate" onSubmit={submit} aria-label={t("keyTitle")}>
      <p>
        <strong>{t("keyTitle")}</strong>{" "}
        <Marked text={t(isOdd ? "keyOdd" : keyWanted.value === "wrong" ? "keyWrong" : "keyMissing")} />
      </p>
      <div class="row">
        <input
          type="password"
          class="field"
          autocomplete="off"
          placeholder={t("key")}
          aria-label={t("key")}
          aria-invalid={isOdd}
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
