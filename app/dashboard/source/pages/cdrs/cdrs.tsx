import { useState } from "preact/hooks";

import { usePages } from "../../api";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { DateField, FilterBar, SearchField, SelectField } from "../../components/filters";
import { Icon, type IconName } from "../../components/icon";
import { Card, Empty, Page, Problem } from "../../components/page";
import { PartyName } from "../../components/party";
import { Pager, Table, type Column } from "../../components/table";
import { Instant, Lasting } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import { ownZone } from "../../format/instant";
import { CdrsDocument, type Direction, type RecordCdrFragment, type RecordJobFragment } from "../../generated/operations";
import { address, route, setQuery } from "../../router";
import { beginExport, ExportNote } from "./export";
import { DIRECTIONS, DISPOSITIONS, FILTER_NAMES, filterIn, KINDS, ORDERS, orderIn, waysThrough } from "./filters";
import "./cdrs.css";

const WAYS: Readonly<Partial<Record<Direction, IconName>>> = { INBOUND: "phoneIn", OUTBOUND: "phoneOut" };

const COLUMNS: readonly Column<RecordCdrFragment>[] = [
  {
    key: "customer",
    title: "Customer",
    isMain: true,
    cell: (row) => (
      <span class="cdr-way">
        <Icon name={WAYS[row.direction] ?? "phone"} size={15} />
        <span class="unseen">{inWords(row.direction)}</span>
        <PartyName party={row.customerParty} />
      </span>
    ),
  },
  {
    key: "agent",
    title: "Agent",
    cell: (row) => <PartyName party={row.agentName ? { ...row.agentParty, display: row.agentName } : row.agentParty} />,
  },
  { key: "created", title: "Called", cell: (row) => <Instant at={row.createdAt} withDate /> },
  { key: "kind", title: "Kind", cell: (row) => inWords(row.kind), isQuiet: true },
  {
    key: "disposition",
    title: "Outcome",
    cell: (row) => <Badge tone={toneOf(row.disposition)}>{inWords(row.disposition)}</Badge>,
  },
  { key: "talk", title: "Talk", cell: (row) => <Lasting seconds={row.talkSeconds} />, align: "end" },
  { key: "whole", title: "In all", cell: (row) => <Lasting seconds={row.durationSeconds} />, align: "end", isQuiet: true },
];

const words = (values: readonly string[]) =>
  [["", "All"], ...values.map((one) => [one, inWords(one)])] as [string, string][];

export default function Cdrs() {
  const query = route.value.query;
  const filter = filterIn(query);
  const order = orderIn(query);
  const pages = usePages(CdrsDocument, { filter, order }, (data) => data.cdrs);
  const [job, setJob] = useState<RecordJobFragment | null>(null);
  const value = (name: (typeof FILTER_NAMES)[number]) => query.get(name) ?? "";
  return (
    <Page
      title="Call records"
      lead={`One record for each call that has ended, by the clock of ${ownZone()}. Records never change.`}
      actions={
        <Button icon="download" onClick={async () => setJob((await beginExport(filter)) ?? job)}>
          Export CSV
        </Button>
      }
    >
      {job && <ExportNote key={job.id} begun={job} onClose={() => setJob(null)} />}
      <FilterBar onReset={filter !== null && (() => setQuery(Object.fromEntries(FILTER_NAMES.map((name) => [name, ""]))))}>
        <SearchField
          label="Customer’s number"
          value={value("number")}
          placeholder="+15550100000"
          onInput={(number) => setQuery({ number })}
        />
        <SearchField label="Extension" value={value("extension")} onInput={(extension) => setQuery({ extension })} />
        <SearchField label="Your id" value={value("externalId")} onInput={(externalId) => setQuery({ externalId })} />
        <SearchField label="Tag" value={value("tag")} onInput={(tag) => setQuery({ tag })} />
        <SelectField
          label="Outcome"
          value={value("disposition")}
          options={words(DISPOSITIONS)}
          onChange={(disposition) => setQuery({ disposition })}
        />
        <SelectField label="Kind" value={value("kind")} options={words(KINDS)} onChange={(kind) => setQuery({ kind })} />
        <SelectField
          label="Direction"
          value={value("direction")}
          options={words(DIRECTIONS)}
          onChange={(direction) => setQuery({ direction })}
        />
        <DateField label="From" value={value("from")} onChange={(from) => setQuery({ from })} />
        <DateField label="To" value={value("to")} onChange={(to) => setQuery({ to })} />
        <SelectField
          label="Order"
          value={order}
          options={Object.entries(ORDERS)}
          onChange={(order) => setQuery({ order })}
        />
      </FilterBar>
      <Problem error={pages.error} onRetry={pages.reload} />
      {!(pages.error && !pages.rows) && (
        <Card flush>
          <Table
            caption="Call records"
            columns={COLUMNS}
            rows={pages.rows}
            keyOf={(row) => row.id}
            href={(row) => address(`/cdrs/${row.id}`)}
            isLoading={pages.isLoading}
            empty={
              filter ? (
                <Empty icon="search" title="No record is like that." />
              ) : (
                <Empty icon="list" title="No call has ended yet." />
              )
            }
          />
          <Pager pages={pages} labels={waysThrough(order)} />
        </Card>
      )}
    </Page>
  );
}
