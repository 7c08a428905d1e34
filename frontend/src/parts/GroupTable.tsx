/** The numbers of each group; a name filters the requests below. */
import { amount, percent, shortly } from "../lib/numbers";
import { type By, share } from "../lib/traffic";
import type { Stats } from "../lib/wire";
import { t } from "../lib/words/monitor";
import { choices, filter } from "../state/monitor";
import { named } from "./MonitorCharts";

export function GroupTable({ stats }: { stats: Stats }) {
  const by = stats.by as By;
  const time = (seconds: number | null) => (seconds === null ? "–" : shortly(seconds));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows
    <section class="scroll-x" aria-label={t("groups")} tabIndex={0}>
      <table class="plain-table numbers">
        <thead>
          <tr>
            <th scope="col">{t(by)}</th>
            <th scope="col">{t("m_requests")}</th>
            <th scope="col">{t("share")}</th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
            <th scope="col">p99</th>
            <th scope="col">{t("ttft")}</th>
            <th scope="col">{t("tokens")}</th>
            <th scope="col">{t("creditsSpent")}</th>
          </tr>
        </thead>
        <tbody>
          {stats.groups.map((group) => (
            <tr key={group.name}>
              <th scope="row">
                <Name by={by} name={group.name} />
              </th>
              <td>{amount(group.count)}</td>
              <td class={group.errors ? "is-bad" : ""}>{percent(share(group) ?? 0)}</td>
              <td>{time(group.seconds.p50)}</td>
              <td>{time(group.seconds.p95)}</td>
              <td>{time(group.seconds.p99)}</td>
              <td>
                {time(group.first_token.p50)} / {time(group.first_token.p95)}
              </td>
              <td>
                {group.estimated ? "≈" : ""}
                {amount(group.tokens.in)} / {amount(group.tokens.out)}
              </td>
              <td>{amount(group.credits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The server finds requests by a name, not by its lack; and "other" stands for many. */
function Name({ by, name }: { by: By; name: string }) {
  if (!name || name === "other") return <span class="group-name">{named(by, name)}</span>;
  const on = choices.value.filters[by] === name;
  return (
    <button
      type="button"
      class="link group-name"
      title={name.length > 40 ? name : undefined}
      aria-pressed={on}
      onClick={() => filter({ [by]: on ? "" : name })}
    >
      {named(by, name)}
    </button>
  );
}
