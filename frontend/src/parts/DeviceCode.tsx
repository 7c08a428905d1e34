import { useEffect } from "preact/hooks";
import { clock } from "../lib/remaining";
import type { DeviceLogin } from "../lib/wire";
import { t } from "../lib/words/login";
import { followDevice, forgetDevice } from "../state/logins";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";
import { Marked } from "./Marked";
import { useNow } from "./useNow";

/** The code, where to confirm it, and for how long; then how it ended. */
export function DeviceCode({ login }: { login: DeviceLogin }) {
  const { state, user_code: code, address, expires_at: ends, message } = login;
  const now = useNow(1000);
  const isWaiting = state === "waiting";
  useEffect(() => {
    if (!isWaiting) return;
    const asking = setInterval(() => void followDevice(), 1500);
    return () => clearInterval(asking);
  }, [login.id, isWaiting]);
  if (isWaiting) {
    const isSafe = /^https?:/.test(address);
    return (
      <div class="device-code">
        <p class="passport-small">{t("code")}</p>
        <p class="row">
          <strong class="device-letters">{code}</strong>
          <CopyButton text={() => code} label={t("copyCode")} />
        </p>
        <p>
          {isSafe ? (
            <a class="primary as-link" href={address} target="_blank" rel="noreferrer">
              {t("openAddress")}
            </a>
          ) : (
            <code>{address}</code>
          )}
        </p>
        <p class="row">
          <span class="spinner" />
          <span class="grow" role="timer">
            {t("waiting", { time: clock(ends - now) })}
          </span>
          <button type="button" class="link" onClick={forgetDevice}>
            {t("cancel")}
          </button>
        </p>
      </div>
    );
  }
  const isDone = state === "done";
  return (
    <div class={isDone ? "device-end good" : "device-end bad"} role={isDone ? "status" : "alert"}>
      <p class="row">
        <Icon name={isDone ? "check" : "alert"} size={18} />
        <strong>{t(state)}</strong>
      </p>
      {(isDone || state === "failed") && (
        <p class="device-told">
          <Marked text={message || t("lost")} />
        </p>
      )}
      <div>
        <button type="button" class="secondary" onClick={forgetDevice}>
          {t("again")}
        </button>
      </div>
    </div>
  );
}
