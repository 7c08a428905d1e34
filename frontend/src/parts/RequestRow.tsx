/** One request, and below it, when it is open, all that is on record of it. */
import { memo } from "../lib/memo";
import { amount, moment, shortly } from "../lib/numbers";
import { language } from "../lib/t";
import { tone } from "../lib/traffic";
import type { RequestRecord } from "../lib/wire";
import { t } from "../lib/words/monitor";
import { status } from "./MonitorCharts";
import { RequestDetails } from "./RequestDetails";

interface Props {
  record: RequestRecord;
  open: boolean;
  /** Is given the id of what is to be open. */
  toggle: (id: string) => void;
}

export const RequestRow = memo<Props>(({ record, open, toggle }) => {
  const { id, at, model, dialect, key, tokens, first_token: first, seconds } = record;
  const switched = () => toggle(open ? "" : id);
  return (
    <>
      {/* The button is for the keys; the row is a larger target for the rest. */}
      <tr class={open ? "request open" : "request"} onClick={switched}>
        <td>
          <button
            type="button"
            class="request-button"
            aria-expanded={open}
            onClick={(event) => {
              event.stopPropagation();
              switched();
            }}
          >
            <span class="request-arrow" aria-hidden="true" />
            {moment(at, Date.now() / 1000, language.value)}
            <span class="unseen">: {t("details", { id })}</span>
          </button>
        </td>
        <td>
          <span class={`badge ${tone(record.result)}`} title={status(record.result)}>
            {record.result === "left" || record.result === "broken" ? status(record.result) : record.status}
          </span>
        </td>
        <td class="request-model">{model || <span class="request-path">{record.path}</span>}</td>
        <td class="wide">{dialect || "–"}</td>
        <td class="wide">{key || "–"}</td>
        <td class="wide">
          {tokens ? `${tokens.exact ? "" : "≈"}${amount(tokens.in)} / ${amount(tokens.out)}` : "–"}
        </td>
        <td class="wide">{first === null ? "–" : shortly(first)}</td>
        <td>{shortly(seconds)}</td>
      </tr>
      {open && (
        <tr class="request-more">
          <td colSpan={8}>
            <RequestDetails record={record} />
          </td>
        </tr>
      )}
    </>
  );
});
