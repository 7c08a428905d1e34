import { useEffect } from "preact/hooks";
import { ApiError } from "../lib/errors";
import { t as frame } from "../lib/words/shell";
import { Lacking } from "../parts/Lacking";
import { MonitorBar } from "../parts/MonitorBar";
import { MonitorTiles } from "../parts/MonitorTiles";
import { Page } from "../parts/Page";
import { openAt, stats } from "../state/monitor";
import { follow } from "../state/monitorFeed";
import "../styles/monitor.css";

/** What was asked of this server: how often, how fast, by whom, and each request by itself. */
export default function Monitor() {
  useEffect(() => {
    openAt(location.search);
    return follow();
  }, []);
  const shown = stats.value;
  return (
    <Page title={frame("monitor")}>
      <MonitorBar />
      {shown === undefined || shown instanceof ApiError ? (
        <Lacking error={shown} />
      ) : (
        <MonitorTiles stats={shown} />
      )}
    </Page>
  );
}
