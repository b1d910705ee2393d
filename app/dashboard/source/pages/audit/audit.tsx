import { useMemo, useState } from "preact/hooks";

import { usePages } from "../../api";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { DateField, FilterBar, SearchField, SelectField } from "../../components/filters";
import { Card, Empty, Facts, Page, Problem } from "../../components/page";
import { Pager, Table, type Column } from "../../components/table";
import { Instant } from "../../components/time";
import { ownZone } from "../../format/instant";
import { AuditEventsDocument, type AuditEventsQuery } from "../../generated/operations";
import { route, setQuery } from "../../router";
import { FILTER_NAMES, filterIn, keysOf } from "./asking";
import "./audit.css";

type Line = AuditEventsQuery["auditEvents"]["nodes"][number];

const ID = /^[a-z]+_[0-9a-z]{20,}$/;

const COLUMNS: readonly Column<Line>[] = [
  { key: "action", title: "Action", cell: (row) => <code>{row.action}</code>, isMain: true },
  {
    key: "outcome",
    title: "Outcome",
    cell: (row) => (
      <Badge tone={row.outcome === "OK" ? "green" : "red"}>{row.outcome === "OK" ? "Done" : row.outcome}</Badge>
    ),
  },
  { key: "actor", title: "By", cell: (row) => <ActorAndAddress line={row} /> },
  { key: "subject", title: "About", cell: (row) => (row.subjectId ? <code class="audit-id">{row.subjectId}</code> : "–"), isQuiet: true },
  { key: "at", title: "When", cell: (row) => <Instant at={row.at} withDate /> },
];

function Actor({ line }: { line: Line }) {
  return line.actor.id ? <code class="audit-id">{line.actor.id}</code> : <>Offhook</>;
}

/** Ids are set as they are everywhere else. */
function Detail({ value }: { value: string }) {
  return ID.test(value) ? <code>{value}</code> : <span>{value}</span>;
}

function ActorAndAddress({ line }: { line: Line }) {
  return (
    <span class="audit-by">
      <Actor line={line} />
      {line.remoteAddress && <span class="soft number">{line.remoteAddress}</span>}
    </span>
  );
}

export default function Audit() {
  const query = route.value.query;
  const filter = filterIn(query);
  const pages = usePages(AuditEventsDocument, { filter }, (data) => data.auditEvents);
  const [opened, setOpened] = useState<Line | null>(null);
  const keys = useMemo(() => keysOf(pages.rows ?? []), [pages.rows]);
  const value = (name: (typeof FILTER_NAMES)[number]) => query.get(name) ?? "";
  return (
    <Page title="Audit log" lead={`What was done and refused in this account, and by whom, by the clock of ${ownZone()}.`}>
      <FilterBar onReset={filter !== null && (() => setQuery(Object.fromEntries(FILTER_NAMES.map((name) => [name, ""]))))}>
        <SearchField
          label="Action"
          value={value("action")}
          placeholder="api_key.*"
          onInput={(action) => setQuery({ action })}
        />
        <SelectField
          label="Outcome"
          value={value("outcome")}
          options={[
            ["", "All"],
            ["DONE", "Done"],
            ["REFUSED", "Refused"],
          ]}
          onChange={(outcome) => setQuery({ outcome })}
        />
        <SearchField label="By key" value={value("actor")} placeholder="key_…" onInput={(actor) => setQuery({ actor })} />
        <SearchField
          label="About"
          value={value("subject")}
          placeholder="call_…"
          onInput={(subject) => setQuery({ subject })}
        />
        <DateField label="From" value={value("from")} onChange={(from) => setQuery({ from })} />
        <DateField label="To" value={value("to")} onChange={(to) => setQuery({ to })} />
      </FilterBar>
      <Problem error={pages.error} onRetry={pages.reload} />
      {!(pages.error && !pages.rows) && (
        <Card flush>
          <Table
            caption="Audit log"
            columns={COLUMNS}
            rows={pages.rows}
            keyOf={(row) => keys.get(row) ?? row.at}
            onOpen={setOpened}
            isLoading={pages.isLoading}
            empty={<Empty icon="audit" title={filter ? "No line is like that." : "Nothing was done yet."} />}
          />
          <Pager pages={pages} />
        </Card>
      )}
      {opened && (
        <Dialog
          title={opened.action}
          onClose={() => setOpened(null)}
          side
          actions={<Button onClick={() => setOpened(null)}>Close</Button>}
        >
          <Facts
            items={[
              ["Outcome", opened.outcome === "OK" ? "Done" : <code>{opened.outcome}</code>],
              ["When", <Instant at={opened.at} withDate />],
              ["By", <Actor line={opened} />],
              ["About", opened.subjectId && <code>{opened.subjectId}</code>],
              ["Address", opened.remoteAddress],
              ["Request", opened.requestId && <code>{opened.requestId}</code>],
              ...opened.details.map((detail) => [detail.name, <Detail value={detail.value} />] as const),
            ]}
          />
        </Dialog>
      )}
    </Page>
  );
}
