/** How long answers took, and what was asked, over the time of the window. */
import { band, line, stack } from "../lib/charts";
import { amount, clock, shortly } from "../lib/numbers";
import { language } from "../lib/t";
import { BY, type By, brief, grouped, MEASURES, type Measure, TIMES, tone } from "../lib/traffic";
import type { Stats } from "../lib/wire";
import { t } from "../lib/words/monitor";
import { choices, choose } from "../state/monitor";
import { Chart } from "./Chart";
import { Choice } from "./Choice";

export function MonitorCharts({ stats }: { stats: Stats }) {
  return (
    <div class="charts">
      <Latency stats={stats} />
      <Traffic stats={stats} />
    </div>
  );
}

const SHARES = ["p50", "p95", "p99"] as const;

function Latency({ stats }: { stats: Stats }) {
  const { times } = choices.value;
  const rows = SHARES.map((share) => stats.series.map((point) => point.total[times][share]));
  const [p50 = [], p95 = [], p99 = []] = rows;
  return (
    <Chart
      title={t("latency")}
      about={t("latencyAbout", { step: step(stats) })}
      controls={
        <Choice
          label={t("latency")}
          values={TIMES}
          word={(each) => t(each)}
          value={times}
          choose={(each) => choose({ times: each })}
        />
      }
      legend={SHARES.map((share) => ({ name: share, class: share }))}
      columns={columns(stats)}
      rows={rows}
      greatest={Math.max(0, ...p99.map((each) => each ?? 0))}
      told={(seconds) => (seconds === 0 ? "0" : shortly(seconds))}
      draw={(top, box) => (
        <>
          <path class="band p99" d={band(p95, p99, top, box)} />
          <path class="band p95" d={band(p50, p95, top, box)} />
          <path class="course p50" d={line(p50, top, box)} />
          <path class="course p95" d={line(p95, top, box)} />
          <path class="course p99" d={line(p99, top, box)} />
        </>
      )}
    />
  );
}

function Traffic({ stats }: { stats: Stats }) {
  const { measure } = choices.value;
  const by = stats.by as By;
  const { names, columns: stacked } = grouped(stats, measure);
  const title = `${t("traffic")}`;
  return (
    <Chart
      title={title}
      about={t("trafficAbout", { measure: t(`m_${measure}`), by: t(by), step: step(stats) })}
      controls={
        <>
          <Select
            label={t("measure")}
            values={MEASURES}
            word={(each) => t(`m_${each}`)}
            value={measure}
            name="measure"
          />
          <Select label={t("by")} values={BY} word={(each) => t(each)} value={choices.value.by} name="by" />
        </>
      }
      legend={names.map((name) => ({
        name: brief(named(by, name)),
        class: shade(by, name, names),
      }))}
      columns={columns(stats)}
      rows={names.map((_, row) => stacked.map((column) => column[row] ?? 0))}
      greatest={Math.max(0, ...stacked.map((column) => column.reduce((sum, each) => sum + each, 0)))}
      told={amount}
      draw={(top, box) =>
        stack(stacked, top, box).map(({ column, row, x, y, width, height }) => (
          <rect
            key={`${column} ${row}`}
            class={`bar ${shade(by, names[row] ?? null, names)}`}
            x={x}
            y={y}
            width={width}
            height={height}
          />
        ))
      }
    />
  );
}

interface SelectProps<T extends Measure | By> {
  label: string;
  values: readonly T[];
  word: (value: T) => string;
  value: T;
  name: "measure" | "by";
}

function Select<T extends Measure | By>({ label, values, word, value, name }: SelectProps<T>) {
  return (
    <select
      class="field short"
      aria-label={label}
      title={label}
      value={value}
      onChange={(event) => choose({ [name]: event.currentTarget.value })}
    >
      {values.map((each) => (
        <option key={each} value={each}>
          {word(each)}
        </option>
      ))}
    </select>
  );
}

/** Colours that groups were seen in: one keeps its own as long as the page is open. */
const given = new Map<string, number>();
const COLOURS = 6;

/** The class that colours a group: statuses have their own, the others the first that no other of these has. */
function shade(by: By, name: string | null, names: (string | null)[]): string {
  if (name === null) return "row-rest";
  if (by !== "status") return `row-${colour(by, name, names)}`;
  return name === "broken" ? "tone-broken" : `tone-${tone(name)}`;
}

function colour(by: By, name: string, names: (string | null)[]): number {
  const taken = new Set(
    names.flatMap((each) => (each === null || each === name ? [] : [given.get(`${by} ${each}`)])),
  );
  const own = given.get(`${by} ${name}`);
  if (own !== undefined && !taken.has(own)) return own;
  const all = Array.from({ length: COLOURS }, (_, at) => at + 1);
  const free = all.find((each) => !taken.has(each)) ?? 1;
  given.set(`${by} ${name}`, free);
  return free;
}

/** What a group is called. */
export function named(by: By, name: string | null): string {
  if (name === null) return t("others");
  if (by === "status") return status(name);
  if (name) return name;
  return t(by === "model" ? "noModel" : by === "key" ? "noKey" : "none");
}

export function status(result: string): string {
  const known = ["1xx", "2xx", "3xx", "4xx", "5xx", "broken", "left"] as const;
  const found = known.find((each) => each === result);
  return found ? t(`s${found}`) : result;
}

function step({ step }: Stats): string {
  return t(step === 60 ? "stepMinute" : step === 3600 ? "stepHour" : "stepDay");
}

function columns(stats: Stats) {
  return stats.series.map(({ at }) => clock(at, stats.step, language.value));
}
