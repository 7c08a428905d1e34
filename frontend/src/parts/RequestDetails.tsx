/** What is on record of one request: its times as a bar, and the rest as facts. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { amount, shortly, size } from "../lib/numbers";
import { timing } from "../lib/traffic";
import type { RequestRecord } from "../lib/wire";
import { t } from "../lib/words/monitor";
import { CopyButton } from "./CopyButton";
import { status } from "./MonitorCharts";

export function RequestDetails({ record }: { record: RequestRecord }) {
  const { id, backend_id: backend, tokens } = record;
  const list = (names: string[]) => (names.length ? names.join("; ") : "–");
  return (
    <div class="request-details">
      <TimingBar record={record} />
      <dl class="request-facts">
        <Fact name={t("requestId")} broad>
          <code>{id}</code>
          <CopyButton text={() => id} label={t("copyId")} />
        </Fact>
        {backend && (
          <Fact name={t("backendId")} broad>
            <code>{backend}</code>
            <CopyButton text={() => backend} label={t("copyBackend")} />
          </Fact>
        )}
        <Fact name={t("status")}>
          {record.status || "–"} · {status(record.result)}
        </Fact>
        {record.error && (
          <Fact name={t("error")}>
            <code>{record.error}</code>
          </Fact>
        )}
        <Fact name={t("outcome")}>{record.outcome || "–"}</Fact>
        <Fact name={t("asked")}>{record.asked || "–"}</Fact>
        <Fact name={t("dialect")}>
          {record.dialect || "–"} <code>{record.path}</code>
        </Fact>
        <Fact name={t("key")}>{record.key || t("noKey")}</Fact>
        <Fact name={t("attempts")}>{record.attempts}</Fact>
        <Fact name={t("repairs")}>{list(record.repairs)}</Fact>
        {record.dropped.length > 0 && <Fact name={t("dropped")}>{list(record.dropped)}</Fact>}
        {record.ignored.length > 0 && <Fact name={t("ignored")}>{list(record.ignored)}</Fact>}
        <Fact name={t("tokens")}>
          {tokens ? `${tokens.exact ? "" : "≈"}${amount(tokens.in)} / ${amount(tokens.out)}` : "–"}
        </Fact>
        <Fact name={t("creditsSpent")}>{record.credits === null ? "–" : amount(record.credits)}</Fact>
        <Fact name={t("streamed")}>{t(record.stream ? "yes" : "no")}</Fact>
        <Fact name={t("size")}>
          {size(record.received)} / {size(record.sent)}
        </Fact>
      </dl>
    </div>
  );
}

function Fact({ name, broad, children }: { name: string; broad?: boolean; children: ComponentChildren }) {
  return (
    <div class={broad ? "broad" : ""}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Start → first token → end. */
function TimingBar({ record }: { record: RequestRecord }) {
  const { waited, answered } = timing(record);
  const id = useId();
  const end = shortly(record.seconds);
  const first = record.first_token === null ? "" : shortly(record.first_token);
  const told = answered ? t("timingAbout", { first, end }) : t("timingNone", { end });
  const split = Math.round(waited * 1000);
  return (
    <div class="timing">
      <svg role="img" aria-labelledby={id} viewBox="0 0 1000 12" preserveAspectRatio="none" focusable="false">
        <title id={id}>{told}</title>
        <rect class={answered ? "timing-wait" : "timing-none"} x="0" y="0" width={split} height="12" />
        {answered && <rect class="timing-stream" x={split} y="0" width={1000 - split} height="12" />}
        {answered && (
          <rect class="timing-mark" x={Math.min(996, Math.max(0, split - 2))} y="0" width="4" height="12" />
        )}
      </svg>
      <div class="timing-words" aria-hidden="true">
        <span>{t("start")}</span>
        {answered && (
          <span class="timing-first" style={{ left: `clamp(3.5rem, ${split / 10}%, 100% - 12rem)` }}>
            {t("first")} {first}
          </span>
        )}
        <span>
          {t("end")} {end}
        </span>
      </div>
    </div>
  );
}
