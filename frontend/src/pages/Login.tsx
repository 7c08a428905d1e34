/** The login: the one in use as a passport, what to do where something is missing, and the ways to log in. */
import { useEffect } from "preact/hooks";
import { t } from "../lib/words/login";
import { AdminGate } from "../parts/AdminGate";
import { Lacking } from "../parts/Lacking";
import { Command, LoginWays } from "../parts/LoginWays";
import { Marked } from "../parts/Marked";
import { Page } from "../parts/Page";
import { Passport } from "../parts/Passport";
import { occasion } from "../state/admitted";
import { findDevice, loadLogin, shown, shownFailed } from "../state/logins";
import { health } from "../state/server";
import "../styles/forms.css";
import "../styles/keys.css";
import "../styles/login.css";

export default function Login() {
  useEffect(() => {
    void loadLogin();
    void findDevice();
  }, [occasion.value]);
  const found = shown.value;
  if (shownFailed.value || !found) {
    return (
      <Page title={t("login")}>
        {shownFailed.value ? (
          <AdminGate error={shownFailed.value} onRetry={loadLogin} />
        ) : (
          <Lacking error={undefined} />
        )}
      </Page>
    );
  }
  const isDemo = health.value?.demo ?? false;
  return (
    <Page title={t("login")}>
      {isDemo && (
        <p class="banner demo">
          <strong>{t("demoTitle")}</strong> <Marked text={t("demoText")} />
        </p>
      )}
      {found.login ? (
        <Passport login={found.login} fault={found.error} isDemo={isDemo} />
      ) : (
        <section class="passport" aria-label={t("stateMissing")}>
          <header class="passport-head">
            <h2 class="grow">{t("stateMissing")}</h2>
            <span class="dot missing" />
          </header>
          <p class="passport-error">
            <Marked text={found.error} />
          </p>
        </section>
      )}
      {found.next && (
        <section class="next-command" aria-label={t("nextTitle")}>
          <h2>{t("nextTitle")}</h2>
          <Command text={found.next} />
        </section>
      )}
      <LoginWays />
      <details class="looked">
        <summary>{t("looked")}</summary>
        <table class="plain-table">
          <tbody>
            {found.places.map(({ place, found: isThere, why }) => (
              <tr key={place}>
                <td class="value">{place}</td>
                <td class="value">{why || t(isThere ? "found" : "notFound")}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {found.names.length > 0 && (
          <p class="passport-small">{t("others", { names: found.names.join(", ") })}</p>
        )}
      </details>
    </Page>
  );
}
