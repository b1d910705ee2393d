import { usePages } from "../../api";
import { Badge } from "../../components/badge";
import { IconButton } from "../../components/button";
import { DateField, FilterBar, SearchField, SelectField } from "../../components/filters";
import { Card, Empty, Page, Problem } from "../../components/page";
import { PartyName, partyText } from "../../components/party";
import { Pager, Table, type Column } from "../../components/table";
import { Instant, Lasting } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import { sizeOf } from "../../format/amount";
import { ownZone } from "../../format/instant";
import { RecordingsDocument, type RecordRecordingFragment } from "../../generated/operations";
import { address, route, setQuery } from "../../router";
import { downloadRecording } from "./download";
import { filterIn, KINDS, STATES } from "./filters";

const COLUMNS: readonly Column<RecordRecordingFragment>[] = [
  { key: "customer", title: "Customer", cell: (row) => <PartyName party={row.customerParty} />, isMain: true },
  { key: "extension", title: "Extension", cell: (row) => row.extension ?? "–" },
  { key: "created", title: "Recorded", cell: (row) => <Instant at={row.createdAt} withDate /> },
  { key: "kind", title: "Kind", cell: (row) => inWords(row.kind), isQuiet: true },
  { key: "state", title: "State", cell: (row) => <Badge tone={toneOf(row.state)}>{inWords(row.state)}</Badge> },
  { key: "length", title: "Length", cell: (row) => <Lasting seconds={row.durationSeconds} />, align: "end" },
  {
    key: "size",
    title: "Size",
    cell: (row) => (row.sizeBytes === null ? "–" : sizeOf(row.sizeBytes)),
    align: "end",
    isQuiet: true,
  },
  {
    key: "download",
    title: "Download",
    isBare: true,
    align: "end",
    cell: (row) =>
      row.state === "SAVED" && (
        <IconButton
          icon="download"
          label={`Download the recording with ${partyText(row.customerParty)}`}
          onClick={() => downloadRecording(row.id)}
        />
      ),
  },
];

export default function Recordings() {
  const query = route.value.query;
  const filter = filterIn(query);
  const pages = usePages(RecordingsDocument, { filter }, (data) => data.recordings);
  const value = (name: string) => query.get(name) ?? "";
  return (
    <Page title="Recordings" lead={`Every recording of a call, voicemail and message, newest first, by the clock of ${ownZone()}.`}>
      <FilterBar
        onReset={filter !== null && (() => setQuery({ number: "", extension: "", kind: "", state: "", from: "", to: "" }))}
      >
        <SearchField
          label="Customer’s number"
          value={value("number")}
          placeholder="+15550100000"
          onInput={(number) => setQuery({ number })}
        />
        <SearchField label="Extension" value={value("extension")} onInput={(extension) => setQuery({ extension })} />
        <SelectField
          label="Kind"
          value={value("kind")}
          options={[["", "All"], ...KINDS.map((one) => [one, inWords(one)] as const)]}
          onChange={(kind) => setQuery({ kind })}
        />
        <SelectField
          label="State"
          value={value("state")}
          options={[["", "All"], ...STATES.map((one) => [one, inWords(one)] as const)]}
          onChange={(state) => setQuery({ state })}
        />
        <DateField label="From" value={value("from")} onChange={(from) => setQuery({ from })} />
        <DateField label="To" value={value("to")} onChange={(to) => setQuery({ to })} />
      </FilterBar>
      <Problem error={pages.error} onRetry={pages.reload} />
      {!(pages.error && !pages.rows) && (
        <Card flush>
          <Table
            caption="Recordings"
            columns={COLUMNS}
            rows={pages.rows}
            keyOf={(row) => row.id}
            href={(row) => address(`/recordings/${row.id}`)}
            isLoading={pages.isLoading}
            empty={
              filter ? (
                <Empty icon="search" title="No recording is like that." />
              ) : (
                <Empty icon="recording" title="Nothing was recorded yet.">
                  Calls are recorded when <code>originateCall</code> or <code>startRecording</code> asks for it.
                </Empty>
              )
            }
          />
          <Pager pages={pages} />
        </Card>
      )}
    </Page>
  );
}
