/** The frame of a chart: its title, lines across, times below, what lies under the pointer, and all of it as a table. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { type Box, columnAt, height, labelled, middles, ticks } from "../lib/charts";
import { t } from "../lib/words/monitor";
import { useWidth } from "./useWidth";

export interface Legend {
  name: string;
  class: string;
}

interface Props {
  title: string;
  about: string;
  /** Beside the title. */
  controls?: ComponentChildren;
  legend: Legend[];
  /** What each column is called below the chart, and in the table. */
  columns: { short: string; long: string }[];
  /** In the order of the legend; null where it is not known. */
  rows: (number | null)[][];
  greatest: number;
  told: (value: number) => string;
  draw: (top: number, box: Box) => ComponentChildren;
}

const TALL = 190;

export function Chart({ title, about, controls, legend, columns, rows, greatest, told, draw }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>(640);
  const [over, setOver] = useState<number | null>(null);
  const id = useId();
  const lines = ticks(greatest);
  const top = lines.at(-1) ?? 1;
  const box = { x: 52, y: 8, width: width - 60, height: TALL - 34 };
  const at = middles(columns.length, box);
  const shown = over !== null && over < columns.length ? over : null;
  return (
    <figure class="chart">
      <figcaption class="chart-head">
        <h2>{title}</h2>
        <span class="grow" />
        {controls}
      </figcaption>
      <div ref={ref} class="chart-room">
        <svg
          width={width}
          height={TALL}
          role="img"
          aria-labelledby={`${id}t ${id}d`}
          onPointerMove={(event) => setOver(columnAt(event.offsetX, columns.length, box))}
          onPointerLeave={() => setOver(null)}
        >
          <title id={`${id}t`}>{title}</title>
          <desc id={`${id}d`}>{about}</desc>
          {lines.map((value) => (
            <g key={value} class="chart-line">
              <line
                x1={box.x}
                x2={box.x + box.width}
                y1={height(value, top, box)}
                y2={height(value, top, box)}
              />
              <text x={box.x - 8} y={height(value, top, box) + 4} text-anchor="end">
                {told(value)}
              </text>
            </g>
          ))}
          {labelled(columns.length, box.width, 64).map((index) => (
            <text
              key={index}
              class="chart-time"
              x={Math.min(at[index] ?? 0, width - 18)}
              y={TALL - 8}
              text-anchor="middle"
            >
              {columns[index]?.short}
            </text>
          ))}
          {draw(top, box)}
          {shown !== null && (
            <line class="chart-cursor" x1={at[shown]} x2={at[shown]} y1={box.y} y2={box.y + box.height} />
          )}
        </svg>
      </div>
      <ul class="chart-legend">
        <li class="chart-when">{shown === null ? "" : columns[shown]?.long}</li>
        {legend.map((each, row) => (
          <li key={each.name}>
            <span class={`swatch ${each.class}`} />
            {each.name}
            {shown !== null && <b>{value(rows[row]?.[shown], told)}</b>}
          </li>
        ))}
      </ul>
      <AsTable title={title} legend={legend} columns={columns} rows={rows} told={told} />
    </figure>
  );
}

function value(of: number | null | undefined, told: (value: number) => string): string {
  return of === null || of === undefined ? "–" : told(of);
}

/** Made when somebody opens it only. The newest comes first. */
function AsTable({
  title,
  legend,
  columns,
  rows,
  told,
}: Pick<Props, "title" | "legend" | "columns" | "rows" | "told">) {
  const [open, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t("asTable")}
        <span class="unseen">: {title}</span>
      </summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows
        <section class="scroll-x chart-rows" aria-label={title} tabIndex={0}>
          <table class="plain-table numbers">
            <thead>
              <tr>
                <th scope="col">{t("time")}</th>
                {legend.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {columns
                .map((column, index) => (
                  <tr key={column.long}>
                    <th scope="row">{column.long}</th>
                    {legend.map(({ name }, row) => (
                      <td key={name}>{value(rows[row]?.[index], told)}</td>
                    ))}
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
