import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { apiKey, getJson } from "../lib/api";
import { EMPTY, FIELDS, type NewKey } from "../lib/keys";
import type { KeyMade, LoginShown } from "../lib/wire";
import { t } from "../lib/words/keys";
import { asError } from "../state/admitted";
import { makeKey } from "../state/keys";
import { Dialog, shut } from "./Dialog";
import { KeySecret } from "./KeySecret";
import { ListControl } from "./ListControl";

const WRONG = {
  expires: "wrongEnd",
  perMinute: "wrongCount",
  perDay: "wrongCount",
  perMonth: "wrongAmount",
} as const;

/** What is wrong with a field in words of the form; the server's where it knows more. */
function wrong(field: keyof NewKey, message: string): string {
  return field in WRONG ? t(WRONG[field as keyof typeof WRONG]) : message;
}

function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** A new API key; then its secret, this once. */
export function KeyForm({ isFirst: first, onClose }: { isFirst: boolean; onClose: () => void }) {
  const [isFirst] = useState(first); // once it is made, it no longer is
  const [key, setKey] = useState(EMPTY);
  const [fault, setFault] = useState({ field: "", message: "" });
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<KeyMade | null>(null);
  const [logins, setLogins] = useState<string[]>([]);
  useEffect(() => {
    getJson<LoginShown>("/api/login").then(
      ({ names }) => setLogins(names),
      () => {}, // then there is nothing to choose from
    );
  }, []);
  if (made) return <KeySecret made={made} mayUse={isFirst && !apiKey.value} onClose={onClose} />;

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      setMade(await makeKey(key));
    } catch (error) {
      const { param, message } = asError(error);
      const field = FIELDS[param] ?? "";
      setFault({ field, message: field ? wrong(field, message) : message || t("failed") });
    }
    setBusy(false);
  };
  const set = (name: keyof NewKey) => (value: string | string[] | boolean) =>
    setKey({ ...key, [name]: value });
  const field = (
    name: Exclude<keyof NewKey, "models" | "metrics">,
    label: string,
    rest: JSX.IntrinsicElements["input"],
  ) => (
    <label class="labelled">
      <span>{label}</span>
      <input
        class="field"
        autocomplete="off"
        aria-invalid={fault.field === name}
        value={key[name]}
        onInput={(event) => set(name)(event.currentTarget.value)}
        {...rest}
      />
      {fault.field === name && (
        <span class="setting-fault" role="alert">
          {fault.message}
        </span>
      )}
    </label>
  );
  return (
    <Dialog title={t("create")} onClose={onClose}>
      <form class="key-form" onSubmit={submit}>
        {isFirst && <p class="banner">{t("open")}</p>}
        {field("name", t("name"), {
          placeholder: t("nameHint"),
          required: true,
          maxLength: 100,
          autofocus: true,
        })}
        {!key.metrics && (
          <div class="labelled">
            <span>{t("models")}</span>
            <ListControl
              id="key-models"
              name={t("models")}
              value={key.models}
              placeholder={t("allModels")}
              onChange={set("models")}
            />
            <small>{t("modelsHint")}</small>
            {fault.field === "models" && (
              <span class="setting-fault" role="alert">
                {fault.message}
              </span>
            )}
          </div>
        )}
        <div class="key-pairs">
          {!key.metrics &&
            field("perMinute", t("perMinute"), { inputMode: "numeric", placeholder: t("noLimit") })}
          {!key.metrics && field("perDay", t("perDay"), { inputMode: "numeric", placeholder: t("noLimit") })}
          {!key.metrics &&
            field("perMonth", t("perMonth"), { inputMode: "decimal", placeholder: t("noLimit") })}
          {field("expires", `${t("expires")} (${t("expiresHint")})`, { type: "date", min: today() })}
        </div>
        {!key.metrics && logins.length > 0 && (
          <label class="labelled">
            <span>{t("login")}</span>
            <select
              class="field"
              value={key.login}
              onChange={(event) => set("login")(event.currentTarget.value)}
            >
              <option value="">{t("loginMain")}</option>
              {logins.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            aria-checked={key.metrics}
            checked={key.metrics}
            onChange={(event) => set("metrics")(event.currentTarget.checked)}
          />
          <span class="labelled">
            <span>{t("metrics")}</span>
            <small>{t("metricsHint")}</small>
          </span>
        </label>
        {fault.message && !fault.field && (
          <p class="setting-fault" role="alert">
            {fault.message}
          </p>
        )}
        <div class="row end">
          <button type="button" class="secondary" onClick={shut}>
            {t("cancel")}
          </button>
          <button type="submit" class="primary" disabled={busy}>
            {t("make")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
