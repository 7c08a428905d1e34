import { ApiError } from "../lib/errors";
import type { SettingsShown } from "../lib/wire";
import { t } from "../lib/words/shell";
import { Lacking } from "../parts/Lacking";
import { Page } from "../parts/Page";
import { useJson } from "../parts/useJson";

/** The settings as they are, and where each comes from. */
export default function Settings() {
  const shown = useJson<SettingsShown>("/api/settings");
  if (shown === undefined || shown instanceof ApiError) {
    return (
      <Page title={t("settings")}>
        <Lacking error={shown} />
      </Page>
    );
  }
  return (
    <Page title={t("settings")}>
      <p class="hint">
        <code>{shown.file}</code>
      </p>
      <table class="plain-table">
        <thead>
          <tr>
            <th>{t("setting")}</th>
            <th>{t("value")}</th>
            <th>{t("source")}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(shown.settings).map(([name, { variable, value, source }]) => (
            <tr key={name}>
              <td>
                <code>{variable}</code>
              </td>
              <td class="value">{value}</td>
              <td>{source}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Page>
  );
}
