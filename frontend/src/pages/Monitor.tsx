import { ApiError } from "../lib/errors";
import { brief } from "../lib/numbers";
import type { Stats } from "../lib/wire";
import { t } from "../lib/words/shell";
import { Lacking } from "../parts/Lacking";
import { Page } from "../parts/Page";
import { useJson } from "../parts/useJson";

/** What was asked of this server in the last day. */
export default function Monitor() {
  const stats = useJson<Stats>("/api/stats?range=24h");
  if (stats === undefined || stats instanceof ApiError) {
    return (
      <Page title={t("monitor")}>
        <Lacking error={stats} />
      </Page>
    );
  }
  const { count, errors, tokens, credits } = stats.total;
  const tiles = [
    [t("requests24h"), brief(count)],
    [t("errors24h"), brief(errors)],
    [t("tokens24h"), brief(tokens.out)],
    [t("credits24h"), credits.toFixed(2)],
  ];
  return (
    <Page title={t("monitor")}>
      <dl class="tiles">
        {tiles.map(([name, value]) => (
          <div key={name} class="tile">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Page>
  );
}
