import { useQuery } from "../../api";
import { ColumnChart } from "../../charts/columns";
import { DateField, FilterBar } from "../../components/filters";
import { Card, Empty, Loading, Page, Problem, Stat, Stats } from "../../components/page";
import { Table, type Column } from "../../components/table";
import { inWords } from "../../components/words";
import { Instant } from "../../components/time";
import { moneyOf } from "../../format/amount";
import { lengthOf } from "../../format/duration";
import { dateOf, daysOn, isDate } from "../../format/instant";
import { counted } from "../../format/words";
import {
  AccountLimitsDocument,
  UsageOfDaysDocument,
  type AccountLimitsQuery,
  type UsageOfDaysQuery,
} from "../../generated/operations";
import { route, setQuery } from "../../router";
import { fullLabelOf, intervalOf, labelOf, pieceOfDay, piecesOf } from "../statistics/pieces";

type Line = UsageOfDaysQuery["usage"]["lines"][number];

const COUNTRIES = new Intl.DisplayNames("en", { type: "region" });

const COLUMNS: readonly Column<Line>[] = [
  { key: "day", title: "Day", cell: (row) => labelOf(row.day, "DAY"), isMain: true },
  { key: "kind", title: "Kind", cell: (row) => inWords(row.kind) },
  { key: "country", title: "Country", cell: (row) => (row.country ? (COUNTRIES.of(row.country) ?? row.country) : "–") },
  { key: "calls", title: "Calls", cell: (row) => row.callCount.toLocaleString("en"), align: "end" },
  { key: "answered", title: "Answered", cell: (row) => row.answeredCount.toLocaleString("en"), align: "end" },
  { key: "time", title: "Time", cell: (row) => lengthOf(row.seconds), align: "end" },
  { key: "cost", title: "Cost", cell: (row) => moneyOf(row.cost), align: "end" },
];

export default function UsagePage() {
  const query = route.value.query;
  const limits = useQuery(AccountLimitsDocument, {}, { every: 15 });
  // Days are those of the account, and the service says which one it is there.
  const today = limits.data?.accountLimits.day ?? dateOf(Date.now());
  const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
  const days = { from: isDate(from) ? from : daysOn(today, -29), to: isDate(to) ? to : today };
  // The API's last day is the one behind.
  const variables = { from: days.from, to: daysOn(days.to, 1), kinds: null };
  const asked = useQuery(UsageOfDaysDocument, variables, { skip: !limits.data && !limits.error });
  const isReset = !from && !to;
  return (
    <Page title="Usage" lead="Calls to outside numbers, by day, kind and country, and what they cost.">
      <Problem error={limits.error} onRetry={limits.reload} />
      {limits.data && <Today limits={limits.data.accountLimits} />}
      <FilterBar onReset={!isReset && (() => setQuery({ from: "", to: "" }))}>
        <DateField label="From" value={days.from} onChange={(from) => setQuery({ from })} />
        <DateField label="To" value={days.to} onChange={(to) => setQuery({ to })} />
      </FilterBar>
      <Problem error={asked.error} onRetry={asked.reload} />
      {asked.data ? <Ledger usage={asked.data.usage} days={days} /> : !asked.error && <Loading />}
    </Page>
  );
}

function Today({ limits }: { limits: AccountLimitsQuery["accountLimits"] }) {
  const { caps } = limits;
  return (
    <>
      {limits.suspendedAt && (
        <div class="problem" role="alert">
          <span>
            The account is suspended since <Instant at={limits.suspendedAt} withDate />
            {limits.suspensionReason ? `: ${limits.suspensionReason}` : "."}
          </span>
        </div>
      )}
      <Stats label="Limits">
        <Stat label="Calls at once" hint={caps.concurrentCalls === null ? undefined : `of ${caps.concurrentCalls}`}>
          {limits.concurrentCalls ?? "No limit"}
        </Stat>
        <Stat label="Spent today" hint={caps.dailySpend === null ? "no limit" : `of ${moneyOf(caps.dailySpend)}`}>
          {moneyOf(limits.spent)}
        </Stat>
        <Stat label="Reserved for calls under way">{moneyOf(limits.reserved)}</Stat>
        <Stat label="New calls a second">
          {caps.callsPerSecond === null ? "No limit" : `at most ${caps.callsPerSecond}`}
        </Stat>
      </Stats>
    </>
  );
}

function Ledger({ usage, days }: { usage: UsageOfDaysQuery["usage"]; days: { from: string; to: string } }) {
  if (usage.lines.length === 0) {
    return (
      <Card>
        <Empty icon="usage" title="No calls on these days." />
      </Card>
    );
  }
  const costs = usage.costs.map(moneyOf).join(" + ") || "nothing";
  const cut = intervalOf(days);
  const interval = cut === "HOUR" ? "DAY" : cut;
  const bars = piecesOf(days, interval).map((piece) => {
    const lines = usage.lines.filter((line) => pieceOfDay(line.day, interval) === piece);
    const answered = lines.reduce((sum, line) => sum + line.answeredCount, 0);
    const calls = lines.reduce((sum, line) => sum + line.callCount, 0);
    const fullLabel = fullLabelOf(piece, interval);
    return { key: piece, label: labelOf(piece, interval), fullLabel, values: [answered, calls - answered] };
  });
  return (
    <>
      <Stats label="All of these days">
        <Stat label="Calls">{usage.callCount.toLocaleString("en")}</Stat>
        <Stat label="Time">{lengthOf(usage.seconds)}</Stat>
        <Stat label="Cost">{costs}</Stat>
      </Stats>
      <ColumnChart
        title={`Calls by ${interval.toLowerCase()}`}
        of={inWords(interval)}
        series={[
          { key: "answered", label: "Answered", colour: 2 },
          { key: "other", label: "Not answered", colour: 6 },
        ]}
        summary={`Columns over time: ${counted(usage.callCount, "call")} in all. The table below has each figure.`}
        bars={bars}
      />
      <Card title="Ledger" flush>
        <Table
          caption="Usage by day, kind and country"
          columns={COLUMNS}
          rows={usage.lines}
          keyOf={(row) => `${row.day} ${row.kind} ${row.country} ${row.cost.currency}`}
        />
      </Card>
    </>
  );
}
