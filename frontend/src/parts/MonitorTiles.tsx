/** The four numbers to look at first, each with its course and what became of it since the window before. */
import { spark } from "../lib/charts";
import { amount, inFull, percent, shortly } from "../lib/numbers";
import { language } from "../lib/t";
import { change, minutes, share } from "../lib/traffic";
import type { Stats } from "../lib/wire";
import { t } from "../lib/words/monitor";
import { told, usage } from "../state/monitor";

export function MonitorTiles({ stats }: { stats: Stats }) {
  const { total, before, series } = stats;
  const now = minutes(stats, told.value);
  const whole = (stats.to - stats.from) / 60;
  const per = stats.step / 60;
  return (
    <dl class="tiles monitor-tiles">
      <Tile
        name={t("rate")}
        value={amount(total.count / now)}
        aside={
          total.count === 1 ? t("requestIn") : t("requestsIn", { count: inFull(total.count, language.value) })
        }
        change={change(total.count / now, before.count / whole)}
        course={series.map((point) => point.total.count / per)}
        stats={stats}
      />
      <Tile
        name={t("errors")}
        value={total.count ? percent(share(total) ?? 0) : "–"}
        aside={t("errorsOf", {
          errors: inFull(total.errors, language.value),
          count: inFull(total.count, language.value),
        })}
        change={change(share(total), share(before))}
        worse
        course={series.map((point) => share(point.total))}
        stats={stats}
      />
      <Tile
        name={t("p95")}
        value={total.seconds.p95 === null ? "–" : shortly(total.seconds.p95)}
        aside={total.seconds.p99 === null ? t("noAnswers") : t("p99Is", { time: shortly(total.seconds.p99) })}
        change={change(total.seconds.p95, before.seconds.p95)}
        worse
        course={series.map((point) => point.total.seconds.p95)}
        stats={stats}
      />
      <Credits stats={stats} />
    </dl>
  );
}

/** What is left of the plan, and beside it what was spent here; the course is what was spent. */
function Credits({ stats }: { stats: Stats }) {
  const plan = usage.value;
  const counted = typeof plan === "object" ? plan.allowances : [];
  const left = counted.reduce((sum, each) => sum + each.left + each.free_trial_left, 0);
  const known = counted.length > 0;
  const word = plan === undefined ? "…" : t(plan === "refused" ? "refused" : "unknown");
  return (
    <Tile
      name={t("creditsLeft")}
      value={known ? inFull(left, language.value) : word}
      small={!known}
      aside={t("spent", { count: amount(stats.total.credits) })}
      change={null}
      course={stats.series.map((point) => point.total.credits)}
      stats={stats}
    />
  );
}

interface Props {
  name: string;
  value: string;
  aside: string;
  /** As a share; null where it cannot be known. */
  change: number | null;
  course: (number | null)[];
  stats: Stats;
  /** Whether more is worse. */
  worse?: boolean;
  small?: boolean;
}

function Tile({ name, value, aside, change, course, stats, worse = false, small = false }: Props) {
  const { line, area } = spark(course, 120, 36);
  return (
    <div class="tile monitor-tile">
      <dt>{name}</dt>
      <dd class={small ? "tile-word" : ""}>{value}</dd>
      <dd class="tile-aside">
        {aside}
        {change !== null && <Change change={change} worse={worse} range={stats.range} />}
      </dd>
      <dd class="tile-course" aria-hidden="true">
        <svg aria-hidden="true" viewBox="0 0 120 36" preserveAspectRatio="none" focusable="false">
          <path class="spark-area" d={area} />
          <path class="spark-line" d={line} />
        </svg>
      </dd>
    </div>
  );
}

function Change({ change, worse, range }: { change: number; worse: boolean; range: string }) {
  const still = Math.abs(change) < 0.005;
  const tone = still || !worse ? "" : change > 0 ? "bad" : "good";
  const told = change > 9.99 ? `×${amount(change + 1)}` : percent(change, true);
  const text = still ? t("same") : told;
  const full = t("against", { change: told, range: t(`r${range as "5m"}`) });
  return (
    <span class={`change ${tone}`} title={full} lang={language.value}>
      <span aria-hidden="true">{still ? "=" : change > 0 ? "▲" : "▼"}</span> {text}
      <span class="unseen"> {full}</span>
    </span>
  );
}

/** What the tiles leave out. */
export function Sums({ stats: { total } }: { stats: Stats }) {
  const about = total.estimated ? "≈" : "";
  const { p50, p95 } = total.first_token;
  const time = (seconds: number | null) => (seconds === null ? "–" : shortly(seconds));
  const sums = [
    [t("ttft"), `${time(p50)} / ${time(p95)}`],
    [t("inTokens"), about + amount(total.tokens.in)],
    [t("cached"), amount(total.tokens.cache_read)],
    [t("outTokens"), about + amount(total.tokens.out)],
    [t("totalCredits"), amount(total.credits)],
  ];
  return (
    <dl class="sums">
      {sums.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
