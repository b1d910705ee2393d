import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Table, type Column } from "../components/table";
import { bandsOf, barPath, labelStep, ticksTo } from "./scale";
import "./charts.css";

export interface Series {
  readonly key: string;
  readonly label: string;
  /** Which of the chart's colours, 1 to 6. */
  readonly colour: number;
}

export interface Bar {
  readonly key: string;
  /** Under the bar. */
  readonly label: string;
  /** In the table, and read aloud. */
  readonly fullLabel: string;
  /** One value for each series; they are stacked in that order, the first at the bottom. */
  readonly values: readonly number[];
}

interface Props {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly series: readonly Series[];
  /** The heading of the table's first column. */
  readonly of: string;
  /** The chart in a sentence, for whoever does not see it. */
  readonly summary: string;
}

const HEIGHT = 220;
const PLOT = { top: 10, right: 4, bottom: 24, left: 34 } as const;
const LABEL_ROOM = 62;

/** Columns side by side, each a stack, with the same figures in a table below that opens. */
export function ColumnChart({ title, bars, series, of, summary }: Props) {
  const id = useId();
  const [box, width] = useWidth();
  const [pointed, setPointed] = useState<number | null>(null);
  const totals = bars.map((bar) => bar.values.reduce((sum, value) => sum + value, 0));
  const ticks = ticksTo(Math.max(0, ...totals));
  const top = ticks.at(-1) ?? 1;
  const inner = Math.max(0, width - PLOT.left - PLOT.right);
  const tall = HEIGHT - PLOT.top - PLOT.bottom;
  const yOf = (value: number) => PLOT.top + tall - (value / top) * tall;
  const bands = bandsOf(bars.length, inner);
  const every = labelStep(bars.length, inner, LABEL_ROOM);
  const step = bars.length > 0 ? inner / bars.length : 0;
  const bar = pointed === null ? undefined : bars[pointed];

  const point = (event: PointerEvent) => {
    const left = (event.currentTarget as SVGElement).getBoundingClientRect().left + PLOT.left;
    const index = Math.floor((event.clientX - left) / Math.max(step, 1));
    setPointed(index >= 0 && index < bars.length ? index : null);
  };

  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption class="chart-head">
        <h2 id={id}>{title}</h2>
        <Legend series={series} />
      </figcaption>
      <div class="chart-box" ref={box}>
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            role="img"
            aria-label={summary}
            onPointerMove={point}
            onPointerLeave={() => setPointed(null)}
          >
            {ticks.map((tick) => (
              <g key={tick}>
                <line class="chart-grid" x1={PLOT.left} x2={width - PLOT.right} y1={yOf(tick)} y2={yOf(tick)} />
                <text class="chart-tick" x={PLOT.left - 8} y={yOf(tick) + 4} text-anchor="end">
                  {tick.toLocaleString("en")}
                </text>
              </g>
            ))}
            {pointed !== null && (
              <rect class="chart-pointed" x={PLOT.left + pointed * step} y={PLOT.top} width={step} height={tall} />
            )}
            {bars.map((one, index) => {
              const band = bands[index];
              if (!band) return null;
              let below = 0;
              return (
                <g key={one.key}>
                  {one.values.map((value, place) => {
                    const bottom = yOf(below);
                    below += value;
                    const isTop = one.values.slice(place + 1).every((above) => above === 0);
                    const path = barPath(PLOT.left + band.x, band.width, bottom, bottom - yOf(below), isTop ? 3 : 0);
                    return (
                      path && <path key={series[place]?.key} class={`chart-fill-${series[place]?.colour ?? 6}`} d={path} />
                    );
                  })}
                  {index % every === 0 && index + every / 2 <= bars.length && (
                    <text
                      class="chart-tick"
                      x={PLOT.left + index * step + step / 2}
                      y={HEIGHT - 6}
                      text-anchor={index === 0 && step < LABEL_ROOM / 2 ? "start" : "middle"}
                    >
                      {one.label}
                    </text>
                  )}
                </g>
              );
            })}
          </svg>
        )}
        {bar && pointed !== null && (
          <div
            class={`chart-tip${pointed > bars.length / 2 ? " left" : ""}`}
            aria-hidden="true"
            style={{ left: `${PLOT.left + (pointed + 0.5) * step}px` }}
          >
            <strong>{bar.fullLabel}</strong>
            {series.map((one, place) => (
              <span key={one.key}>
                <Swatch colour={one.colour} />
                {one.label} <b class="number">{(bar.values[place] ?? 0).toLocaleString("en")}</b>
              </span>
            ))}
          </div>
        )}
      </div>
      <ChartTable caption={title} of={of} bars={bars} series={series} />
    </figure>
  );
}

function ChartTable({ caption, of, bars, series }: Pick<Props, "of" | "bars" | "series"> & { caption: string }) {
  const columns: Column<Bar>[] = [
    { key: "label", title: of, cell: (bar) => bar.fullLabel, isMain: true },
    ...series.map((one, place): Column<Bar> => ({
      key: one.key,
      title: one.label,
      align: "end",
      cell: (bar) => (bar.values[place] ?? 0).toLocaleString("en"),
    })),
  ];
  return (
    <details class="chart-table">
      <summary>Table</summary>
      <div class="chart-table-box" tabIndex={0} role="region" aria-label={`${caption}, table`}>
        <Table caption={caption} columns={columns} rows={bars} keyOf={(bar) => bar.key} />
      </div>
    </details>
  );
}

export function Swatch({ colour }: { colour: number }) {
  return <span class={`chart-swatch chart-back-${colour}`} aria-hidden="true" />;
}

function Legend({ series }: { series: readonly Series[] }) {
  if (series.length < 2) return null;
  return (
    <ul class="chart-legend">
      {series.map((one) => (
        <li key={one.key}>
          <Swatch colour={one.colour} />
          {one.label}
        </li>
      ))}
    </ul>
  );
}

/** The element's width in pixels, as it changes. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    setWidth(Math.floor(element.clientWidth));
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
