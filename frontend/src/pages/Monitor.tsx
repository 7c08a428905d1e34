import { useEffect } from "preact/hooks";
import { ApiError } from "../lib/errors";
import { moment } from "../lib/numbers";
import { language } from "../lib/t";
import type { Stats } from "../lib/wire";
import { t } from "../lib/words/monitor";
import { t as frame } from "../lib/words/shell";
import { AdminGate } from "../parts/AdminGate";
import { GroupTable } from "../parts/GroupTable";
import { Lacking } from "../parts/Lacking";
import { MonitorBar } from "../parts/MonitorBar";
import { MonitorCharts } from "../parts/MonitorCharts";
import { MonitorTiles, Sums } from "../parts/MonitorTiles";
import { Page } from "../parts/Page";
import { Requests } from "../parts/Requests";
import { isRefusal, occasion } from "../state/admitted";
import { askStats, leave, openAt, stale, stats, told } from "../state/monitor";
import { follow } from "../state/monitorFeed";
import "../styles/charts.css";
import "../styles/monitor.css";
import "../styles/request-details.css";
import "../styles/requests.css";
import "../styles/series.css";

/** What was asked of this server: how often, how fast, by whom, and each request by itself. */
export default function Monitor() {
  useEffect(() => {
    openAt(location.search);
    return leave;
  }, []);
  useEffect(follow, [occasion.value]);
  const shown = stats.value;
  if (shown instanceof ApiError && isRefusal(shown)) {
    return (
      <Page title={frame("monitor")}>
        <AdminGate error={shown} onRetry={askStats} />
      </Page>
    );
  }
  return (
    <Page title={frame("monitor")}>
      <MonitorBar />
      {stale.value && (
        <p class="hint" role="status">
          {t("failed", { time: moment(told.value, Date.now() / 1000, language.value) })}
        </p>
      )}
      {shown === undefined || shown instanceof ApiError ? (
        <Lacking error={shown} />
      ) : (
        <Numbers stats={shown} />
      )}
      <Requests />
    </Page>
  );
}

function Numbers({ stats }: { stats: Stats }) {
  return (
    <div class="monitor-numbers">
      <MonitorTiles stats={stats} />
      {stats.total.count === 0 ? (
        <div class="monitor-empty">
          <p>{t("nothing")}</p>
          <p class="hint">{t("nothingHint")}</p>
        </div>
      ) : (
        <>
          <Sums stats={stats} />
          <MonitorCharts stats={stats} />
          <GroupTable stats={stats} />
        </>
      )}
    </div>
  );
}
