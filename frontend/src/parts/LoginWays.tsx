import { t } from "../lib/words/login";
import { device } from "../state/logins";
import { CopyButton } from "./CopyButton";
import { DeviceCode } from "./DeviceCode";
import { DeviceForm } from "./DeviceForm";
import { Marked } from "./Marked";

/** What there is to do for a login, or for another one. */
export function LoginWays() {
  return (
    <section class="ways" aria-label={t("ways")}>
      <h2>{t("ways")}</h2>
      <div class="ways-grid">
        <div class="way">
          <h3>{t("deviceTitle")}</h3>
          <p class="passport-small">{t("deviceText")}</p>
          {device.value ? <DeviceCode login={device.value} /> : <DeviceForm />}
        </div>
        <div class="way">
          <h3>{t("terminal")}</h3>
          <p class="passport-small">{t("cliText")}</p>
          <Command text="kiro-cli login" />
          <Command text="kiro2chat login" />
          <h3 class="way-next">{t("ksk")}</h3>
          <p class="passport-small">
            <Marked text={t("kskText")} /> <a href="/settings?part=login">{t("toSettings")}</a>
          </p>
        </div>
      </div>
    </section>
  );
}

/** A line to type, with a button that copies it. */
export function Command({ text }: { text: string }) {
  return (
    <p class="row command">
      <code class="grow">{text}</code>
      <CopyButton text={() => text} label={`${t("copyCommand")}: ${text}`} />
    </p>
  );
}
