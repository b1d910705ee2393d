import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import { Empty } from "../components/page";
import { shareOf } from "../format/amount";
import "./charts.css";

export interface RowBar {
  readonly key: string;
  readonly label: ComponentChildren;
  readonly value: number;
  /** The part of the value that is drawn full; all of it when left out. */
  readonly part?: number;
  /** Cells behind the bar, one for each of `columns`. */
  readonly cells: readonly ComponentChildren[];
}

interface Props {
  readonly title: string;
  readonly of: string;
  readonly valueTitle: string;
  readonly columns?: readonly string[];
  readonly rows: readonly RowBar[];
  readonly colour?: number;
}

/** A table whose first column of figures is drawn as well: the chart and its table are one. */
export function RowChart({ title, of, valueTitle, columns = [], rows, colour = 1 }: Props) {
  const id = useId();
  const most = Math.max(1, ...rows.map((row) => row.value));
  const sum = rows.reduce((total, row) => total + row.value, 0);
  return (
    <section class="chart" aria-labelledby={id}>
      <header class="chart-head">
        <h2 id={id}>{title}</h2>
      </header>
      {rows.length === 0 ? (
        <Empty icon="chart" title="No calls in this time." />
      ) : (
        <table class="chart-rows">
          <caption class="unseen">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{of}</th>
              <th scope="col" class="end">
                {valueTitle}
              </th>
              <th scope="col" class="end">
                Share
              </th>
              {columns.map((column) => (
                <th key={column} scope="col" class="end">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  <span>{row.label}</span>
                  <svg class="chart-row-bar" width="100%" height="6" aria-hidden="true">
                    <rect class="chart-row-whole" width={`${(row.value / most) * 100}%`} height="6" rx="3" />
                    <rect
                      class={`chart-fill-${colour}`}
                      width={`${((row.part ?? row.value) / most) * 100}%`}
                      height="6"
                      rx="3"
                    />
                  </svg>
                </th>
                <td class="end number">{row.value.toLocaleString("en")}</td>
                <td class="end number soft">{shareOf(row.value, sum)}</td>
                {row.cells.map((cell, index) => (
                  <td key={columns[index]} class="end number">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
