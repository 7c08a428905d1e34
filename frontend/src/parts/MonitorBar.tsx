/** Above the numbers of the monitor: the range, whether they are live, pause, CSV. */
import { useState } from "preact/hooks";
import { csv } from "../lib/csv";
import { ApiError } from "../lib/errors";
import { save } from "../lib/save";
import { RANGES, table } from "../lib/traffic";
import { told } from "../lib/words/failures";
import { t } from "../lib/words/monitor";
import { askMany, choices, choose, held, paused, streaming } from "../state/monitor";
import { togglePause } from "../state/monitorFeed";
import { tell } from "../state/notices";
import { Choice } from "./Choice";

export function MonitorBar() {
  return (
    <div class="monitor-bar">
      <Choice
        label={t("range")}
        values={RANGES}
        word={(each) => t(`r${each}`)}
        value={choices.value.range}
        choose={(range) => choose({ range })}
      />
      <span class="grow" />
      <Pulse />
      <button type="button" class="secondary" aria-pressed={paused.value} onClick={togglePause}>
        {t(paused.value ? "resume" : "pause")}
      </button>
      <Csv />
    </div>
  );
}

function Pulse() {
  const state = paused.value ? "paused" : streaming.value ? "live" : "polling";
  const waiting = paused.value && held.value.length > 0;
  return (
    <span class={`pulse ${state}`}>
      <span class="pulse-dot" />
      <span role="status">{t(state)}</span>
      {waiting && <span class="pulse-new">{t("waiting", { count: held.value.length })}</span>}
    </span>
  );
}

function Csv() {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const day = new Date().toISOString().slice(0, 10);
      save(`kiro2chat-requests-${day}.csv`, "text/csv", csv(table(await askMany())));
    } catch (error) {
      const why = error instanceof ApiError ? `${told(error).what} ${error.message}` : String(error);
      tell(t("csvFailed", { why }), { bad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" class="secondary" title={t("csvTitle")} disabled={busy} onClick={run}>
      {t("csv")}
    </button>
  );
}
