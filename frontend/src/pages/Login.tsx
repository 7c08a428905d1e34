import { ApiError } from "../lib/errors";
import { language } from "../lib/t";
import type { LoginShown } from "../lib/wire";
import { t } from "../lib/words/shell";
import { Lacking } from "../parts/Lacking";
import { Page } from "../parts/Page";
import { useJson } from "../parts/useJson";

/** The login in use, masked, and where one was looked for. */
export default function Login() {
  const shown = useJson<LoginShown>("/api/login");
  if (shown === undefined || shown instanceof ApiError) {
    return (
      <Page title={t("login")}>
        <Lacking error={shown} />
      </Page>
    );
  }
  const { login } = shown;
  const ends = login?.expires_at ? new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }).format(login.expires_at * 1000) : "–"; // biome-ignore format: one value
  return (
    <Page title={t("login")}>
      {login ? (
        <dl class="facts">
          <dt>{t("loginKind")}</dt>
          <dd>{login.kind}</dd>
          <dt>{t("loginSource")}</dt>
          <dd>{login.source}</dd>
          <dt>{t("loginExpires")}</dt>
          <dd>{ends}</dd>
          <dt>{t("loginRegion")}</dt>
          <dd>{login.region ?? "–"}</dd>
        </dl>
      ) : (
        <p class="hint">{shown.error ?? t("noLogin")}</p>
      )}
      <table class="plain-table">
        <tbody>
          {shown.places.map(({ place, why }) => (
            <tr key={place}>
              <td>{place}</td>
              <td class="value">{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Page>
  );
}
