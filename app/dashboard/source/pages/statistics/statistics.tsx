import { useMemo } from "preact/hooks";

import { useQuery } from "../../api";
import { ColumnChart, type Series } from "../../charts/columns";
import { RowChart } from "../../charts/rows";
import { DateField, FilterBar, SelectField } from "../../components/filters";
import { Loading, Page, Problem, Stat, Stats } from "../../components/page";
import { inWords } from "../../components/words";
import { shareOf } from "../../format/amount";
import { lengthOf } from "../../format/duration";
import { dateOf, isDate, ownZone, rangeOfDates } from "../../format/instant";
import { counted } from "../../format/words";
import { CdrStatisticsDocument, type CdrStatisticsQuery, type Direction } from "../../generated/operations";
import { route, setQuery } from "../../router";
import { DIRECTIONS } from "../cdrs/filters";
import { daysOfPreset, filledIn, fullLabelOf, intervalOf, labelOf, PRESETS, type Days } from "./pieces";
import "./statistics.css";

const SERIES: readonly Series[] = [
  { key: "connected", label: "Connected", colour: 2 },
  { key: "other", label: "Not connected", colour: 6 },
];

export default function Statistics() {
  const query = route.value.query;
  const zone = ownZone();
  const preset = query.get("range") ?? "week";
  const days = daysIn(query, preset, dateOf(Date.now(), zone));
  const interval = intervalOf(days);
  const direction = DIRECTIONS.find((one) => one === query.get("direction"));
  const filter = direction ? { directions: [direction] as Direction[] } : null;
  const range = rangeOfDates(days.from, days.to, zone) ?? {};
  const asked = useQuery(CdrStatisticsDocument, { range, interval, timeZone: zone, filter });
  // Until the answer for other days is there, the figures stay with the days that they are of.
  const drawn = useMemo(() => asked.data && { data: asked.data, days }, [asked.data]);
  const isReset = preset === "week" && !direction;
  return (
    <Page title="Statistics" lead={`Counted from call detail records, by the clock of ${zone}.`}>
      <FilterBar onReset={!isReset && (() => setQuery({ range: "", from: "", to: "", direction: "" }))}>
        <SelectField
          label="Time"
          value={preset in PRESETS ? preset : "week"}
          options={Object.entries(PRESETS)}
          onChange={(range) =>
            setQuery(range === "own" ? { range, from: days.from, to: days.to } : { range, from: "", to: "" })
          }
        />
        {preset === "own" && (
          <>
            <DateField label="From" value={days.from} onChange={(from) => setQuery({ from })} />
            <DateField label="To" value={days.to} onChange={(to) => setQuery({ to })} />
          </>
        )}
        <SelectField
          label="Direction"
          value={direction ?? ""}
          options={[["", "All"], ...DIRECTIONS.map((one) => [one, inWords(one)] as const)]}
          onChange={(chosen) => setQuery({ direction: chosen })}
        />
      </FilterBar>
      <Problem error={asked.error} onRetry={asked.reload} />
      {drawn ? <Figures {...drawn} zone={zone} /> : !asked.error && <Loading label="Counting" />}
    </Page>
  );
}

function daysIn(query: URLSearchParams, preset: string, today: string): Days {
  if (preset !== "own") return daysOfPreset(preset, today);
  const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
  const usual = daysOfPreset("week", today);
  const own = { from: isDate(from) ? from : usual.from, to: isDate(to) ? to : usual.to };
  return own.from <= own.to ? own : { from: own.to, to: own.from };
}

function Figures({ data, days, zone }: { data: CdrStatisticsQuery; days: Days; zone: string }) {
  const { total } = data.overTime;
  const interval = intervalOf(days);
  const pieces = filledIn(data.overTime.groups, days, interval, zone);
  const hours = Array.from({ length: 24 }, (_, hour) => {
    const found = data.byHour.groups.find((group) => group.hour === hour);
    return { hour, calls: found?.calls ?? 0, connected: found?.connectedCalls ?? 0 };
  });
  const busiest = hours.reduce((best, one) => (one.calls > best.calls ? one : best));
  const connected = `${counted(total.calls, "call")}, ${total.connectedCalls.toLocaleString("en")} of them connected`;
  const extensions = (
    <RowChart
      title="By extension"
      of="Extension"
      valueTitle="Calls"
      columns={["Connected", "Talk", "Average"]}
      rows={[...data.byExtension.groups]
        .sort((one, other) => other.calls - one.calls)
        .map((group) => ({
          key: group.extension ?? "",
          label: group.extension ?? "No extension",
          value: group.calls,
          part: group.connectedCalls,
          cells: [
            group.connectedCalls.toLocaleString("en"),
            lengthOf(group.talkSeconds),
            group.averageTalkSeconds === null ? "–" : lengthOf(group.averageTalkSeconds),
          ],
        }))}
    />
  );
  // Within a day or two the hours are what the first chart shows.
  const hourly = (
    <ColumnChart
      title="Calls by hour of the day"
      of="Hour"
      series={SERIES}
      summary={`Columns for the hours of the day: most calls, ${busiest.calls}, begin from ${busiest.hour}:00.`}
      bars={hours.map((one) => ({
        key: String(one.hour),
        label: `${one.hour}`,
        fullLabel: `${one.hour}:00 – ${one.hour}:59`,
        values: [one.connected, one.calls - one.connected],
      }))}
    />
  );
  return (
    <>
      <Stats label="All calls of this time">
        <Stat label="Calls">{total.calls.toLocaleString("en")}</Stat>
        <Stat label="Connected" hint={total.calls > 0 ? shareOf(total.connectedCalls, total.calls) : undefined}>
          {total.connectedCalls.toLocaleString("en")}
        </Stat>
        <Stat label="Talk">{lengthOf(total.talkSeconds)}</Stat>
        <Stat label="Average talk">{total.averageTalkSeconds === null ? "–" : lengthOf(total.averageTalkSeconds)}</Stat>
        <Stat label="Longest talk">{lengthOf(total.longestTalkSeconds)}</Stat>
      </Stats>
      <ColumnChart
        title={{ HOUR: "Calls by the hour", DAY: "Calls by day", WEEK: "Calls by week", MONTH: "Calls by month" }[interval]}
        of={inWords(interval)}
        series={SERIES}
        summary={`Columns over time: ${connected}. The table below has each figure.`}
        bars={pieces.map((piece) => ({
          key: piece.name,
          label: labelOf(piece.name, interval),
          fullLabel: fullLabelOf(piece.name, interval),
          values: [piece.connected, piece.calls - piece.connected],
        }))}
      />
      <div class="statistics-grid">
        <RowChart
          title="How calls came out"
          of="Outcome"
          valueTitle="Calls"
          rows={[...data.byDisposition.groups]
            .sort((one, other) => other.calls - one.calls)
            .map((group) => ({
              key: group.disposition ?? "",
              label: group.disposition ? inWords(group.disposition) : "–",
              value: group.calls,
              cells: [],
            }))}
        />
        {interval === "HOUR" ? extensions : hourly}
      </div>
      {interval !== "HOUR" && extensions}
    </>
  );
}
