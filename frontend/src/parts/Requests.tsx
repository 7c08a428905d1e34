/** Requests that have ended, the newest first: filters, rows that open, older ones. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../lib/errors";
import { BY, type By, brief, STATUSES } from "../lib/traffic";
import { t } from "../lib/words/monitor";
import {
  askOlder,
  choices,
  cursor,
  filter,
  filtered,
  MOST,
  records,
  recordsFailed,
  seen,
} from "../state/monitor";
import { Lacking } from "./Lacking";
import { status } from "./MonitorCharts";
import { RequestRow } from "./RequestRow";

export function Requests() {
  const found = records.value;
  return (
    <section class="requests" aria-labelledby="recent">
      <div class="requests-head">
        <h2 id="recent">{t("recent")}</h2>
        <span class="grow" />
        <Filters />
      </div>
      {recordsFailed.value && <Lacking error={recordsFailed.value} />}
      {found === undefined || found instanceof ApiError ? (
        <Lacking error={found} />
      ) : found.length === 0 ? (
        <p class="hint">{t(filtered.value ? "noFits" : "noRows")}</p>
      ) : (
        <Table />
      )}
    </section>
  );
}

const DIALECTS = ["chat", "messages", "responses", "agent"];
const ANY = { model: "anyModel", dialect: "anyDialect", key: "anyKey", status: "anyStatus" } as const;

function Filters() {
  const { filters } = choices.value;
  const known: Record<By, readonly string[]> = { ...seen.value, dialect: DIALECTS, status: STATUSES };
  return (
    <div class="filters" role="group" aria-label={t("filters")}>
      {BY.map((by) => {
        const chosen = filters[by];
        const values = chosen && !known[by].includes(chosen) ? [chosen, ...known[by]] : known[by];
        if (by === "key" && values.length === 0) return null;
        return (
          <select
            key={by}
            class={chosen ? "field short on" : "field short"}
            aria-label={t(by)}
            value={chosen}
            onChange={(event) => filter({ [by]: event.currentTarget.value })}
          >
            <option value="">{t(ANY[by])}</option>
            {values.map((each) => (
              <option key={each} value={each}>
                {by === "status" ? status(each) : brief(each)}
              </option>
            ))}
          </select>
        );
      })}
      {filtered.value && (
        <button
          type="button"
          class="link"
          onClick={() => filter({ model: "", dialect: "", key: "", status: "" })}
        >
          {t("clear")}
        </button>
      )}
    </div>
  );
}

function Table() {
  const [open, setOpen] = useState("");
  const table = useRef<HTMLTableElement>(null);
  const found = records.value;
  // What is being read stays where it is when requests come in above it.
  const read = () => table.current?.querySelector(".request.open")?.getBoundingClientRect().top;
  const stood = read();
  useLayoutEffect(() => {
    const stands = read();
    if (stood === undefined || stands === undefined || stands === stood) return;
    table.current?.closest(".page")?.scrollBy({ top: stands - stood, behavior: "instant" });
  }, [found]);
  if (!Array.isArray(found)) return null;
  return (
    <>
      <table ref={table} class="plain-table numbers request-table">
        <thead>
          <tr>
            <th scope="col">{t("time")}</th>
            <th scope="col">{t("status")}</th>
            <th scope="col">{t("model")}</th>
            <th scope="col" class="wide">
              {t("dialect")}
            </th>
            <th scope="col" class="wide">
              {t("key")}
            </th>
            <th scope="col" class="wide">
              {t("tokens")}
            </th>
            <th scope="col" class="wide">
              {t("first")}
            </th>
            <th scope="col">{t("total")}</th>
          </tr>
        </thead>
        <tbody>
          {found.map((each) => (
            <RequestRow key={each.id} record={each} open={open === each.id} toggle={setOpen} />
          ))}
        </tbody>
      </table>
      <Older count={found.length} />
    </>
  );
}

function Older({ count }: { count: number }) {
  const [state, setState] = useState<"" | "busy" | ApiError>("");
  if (count >= MOST) return <p class="hint">{t("most", { count })}</p>;
  if (!cursor.value) return null;
  const run = async () => {
    setState("busy");
    try {
      await askOlder();
      setState("");
    } catch (error) {
      setState(error instanceof ApiError ? error : "");
    }
  };
  return (
    <p class="requests-foot">
      <button type="button" class="secondary" disabled={state === "busy"} onClick={run}>
        {t("older")}
      </button>
      {state instanceof ApiError && <Lacking error={state} />}
    </p>
  );
}
