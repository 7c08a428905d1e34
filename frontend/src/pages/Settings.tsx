/** Settings: groups on the left, one of them on the right, and a bar while something is changed. */
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { found, groupsOf, waiting } from "../lib/settings";
import { groupName, t } from "../lib/words/settings";
import { AdminGate } from "../parts/AdminGate";
import { Connection } from "../parts/Connection";
import { KeyList } from "../parts/KeyList";
import { Lacking } from "../parts/Lacking";
import { Marked } from "../parts/Marked";
import { Page } from "../parts/Page";
import { SaveBar } from "../parts/SaveBar";
import { SettingRow } from "../parts/SettingRow";
import { SettingsNav } from "../parts/SettingsNav";
import { occasion } from "../state/admitted";
import { tell } from "../state/notices";
import { editCount, loadSettings, refused, settings } from "../state/settings";
import "../styles/forms.css";
import "../styles/setting.css";
import "../styles/settings.css";
import "../styles/keys.css";

export default function Settings() {
  const { query, route } = useLocation();
  const [search, setSearch] = useState("");
  useEffect(() => void loadSettings(), [occasion.value]);
  useEffect(
    () => () => {
      if (!editCount.value) return;
      tell(t("stillUnsaved"), { action: { label: t("toSettings"), run: () => route("/settings") } });
    },
    [],
  );
  const shown = settings.value;
  if (refused.value || !shown) {
    return (
      <Page title={t("settings")}>
        {refused.value ? (
          <AdminGate error={refused.value} onRetry={loadSettings} />
        ) : (
          <Lacking error={undefined} />
        )}
      </Page>
    );
  }
  const all = groupsOf(shown);
  const parts = [...all.map(({ name }) => name), "keys", "connection"];
  const part = parts.find((each) => each === query.part) ?? parts[0] ?? "";
  const isSearching = Boolean(search.trim());
  const groups = isSearching ? found(all, search) : all.filter(({ name }) => name === part);
  const waits = waiting(shown);
  return (
    <Page title={t("settings")}>
      <div class="settings">
        <SettingsNav groups={all} part={isSearching ? "" : part} search={search} onSearch={setSearch} />
        <div class="settings-main">
          {shown.problem && (
            <p class="banner bad" role="alert">
              {t("broken", { problem: shown.problem })}
            </p>
          )}
          {waits > 0 && (
            <p class="banner" role="status">
              <Marked text={waits === 1 ? t("restartOne") : t("restart", { count: waits })} />
            </p>
          )}
          {isSearching && groups.length === 0 && <p class="hint">{t("nothing")}</p>}
          {!isSearching && part === "keys" && <KeyList />}
          {!isSearching && part === "connection" && <Connection />}
          {groups.map(({ name, rows }) => (
            <section key={name} class="settings-group" aria-label={groupName(name)}>
              <h2>{groupName(name)}</h2>
              {rows.map((row) => (
                <SettingRow key={row.name} row={row} />
              ))}
            </section>
          ))}
          {groups.length > 0 && <p class="setting-note file">{t("kept", { file: shown.file })}</p>}
          <SaveBar />
        </div>
      </div>
    </Page>
  );
}
