import "./calls.css";

import { Button } from "../../components/button";
import { Icon } from "../../components/icon";
import { Card, Empty, Page, Problem, Stat, Stats } from "../../components/page";
import { PartyName, partyText } from "../../components/party";
import { Table, type Column } from "../../components/table";
import { Tabs } from "../../components/tabs";
import { inWords } from "../../components/words";
import { LiveCalls, type LiveCall } from "../../live/calls";
import { LiveFigures } from "../../live/figures";
import { useLive } from "../../live/socket";
import { route, setQuery } from "../../router";
import { has } from "../../session";
import { endCall } from "./actions";
import { agentOf, CallTime, Marks } from "./parts";
import { CallSheet } from "./sheet";

type View = "all" | "talking" | "ringing" | "waiting";

const BELONGS: Readonly<Record<View, (call: LiveCall) => boolean>> = {
  all: () => true,
  talking: (call) => call.state === "CONNECTED",
  ringing: (call) => ["PENDING", "DIALING", "RINGING", "ANSWERED"].includes(call.state),
  waiting: (call) => call.state === "WAITING_IN_QUEUE",
};

const COLUMNS: ReadonlyArray<Column<LiveCall>> = [
  {
    key: "customer",
    title: "Customer",
    isMain: true,
    cell: (call) => (
      <span class="calls-who">
        <span class="calls-way">
          <Icon name={call.direction === "INBOUND" ? "phoneIn" : "phoneOut"} size={16} />
        </span>
        <span class="unseen">{inWords(call.direction)} call:</span>
        <PartyName party={call.customerParty ?? call.dialledNumber} />
      </span>
    ),
  },
  { key: "agent", title: "Agent", cell: (call) => <PartyName party={agentOf(call)} /> },
  { key: "state", title: "State", cell: (call) => <Marks call={call} /> },
  { key: "kind", title: "Kind", isQuiet: true, cell: (call) => <span class="soft">{inWords(call.kind)}</span> },
  { key: "time", title: "Time", align: "end", cell: (call) => <CallTime call={call} /> },
  {
    key: "end",
    title: "End the call",
    isBare: true,
    align: "end",
    cell: (call) =>
      has("CALLS_CONTROL") &&
      call.state !== "ENDED" && (
        <Button small icon="hangup" label={`End the call with ${partyText(call.customerParty ?? call.dialledNumber)}`} onClick={() => endCall(call)}>
          End
        </Button>
      ),
  },
];

export default function CallsPage() {
  const live = useLive(() => new LiveCalls());
  const counters = useLive(() => new LiveFigures());
  const calls = live.calls.value;
  const figures = counters.figures.value;
  const view = (route.value.query.get("view") ?? "all") as View;
  const belongs = BELONGS[view] ?? BELONGS.all;
  const opened = route.value.query.get("call");
  const count = (name: View) => calls?.filter((call) => call.state !== "ENDED" && BELONGS[name](call)).length;
  const available = figures?.agents?.find((one) => one.state === "AVAILABLE")?.agents ?? 0;
  const today = figures?.today;
  const problem = live.problem.value ?? counters.problem.value;

  return (
    <Page title="Calls" lead="Every call that is on right now.">
      <Problem error={problem ? new Error(problem) : null} />
      <Stats label="Right now and today">
        <Stat label="Live calls">{figures?.liveCalls ?? "–"}</Stat>
        <Stat label="Waiting in queues">{figures?.waitingCalls ?? "–"}</Stat>
        <Stat label="Agents available">{figures?.agents ? available : "–"}</Stat>
        <Stat label="Calls today">{today?.calls ?? "–"}</Stat>
        <Stat label="Connected today" hint={today && today.calls > 0 ? share(today.connectedCalls, today.calls) : undefined}>
          {today?.connectedCalls ?? "–"}
        </Stat>
      </Stats>
      <Tabs
        label="Which calls"
        value={view}
        onChange={(key) => setQuery({ view: key === "all" ? undefined : key })}
        tabs={[
          { key: "all", title: "All", count: count("all") },
          { key: "talking", title: "Talking", count: count("talking") },
          { key: "ringing", title: "Ringing", count: count("ringing") },
          { key: "waiting", title: "In queue", count: count("waiting") },
        ]}
      />
      <Card flush>
        <Table
          caption="Live calls"
          columns={COLUMNS}
          rows={calls?.filter(belongs) ?? null}
          keyOf={(call) => call.id}
          onOpen={(call) => setQuery({ call: call.id })}
          empty={
            <Empty icon="phone" title={view === "all" ? "No calls right now." : "None of them right now."}>
              They appear here the moment they begin.
            </Empty>
          }
        />
      </Card>
      {opened && <CallSheet key={opened} id={opened} live={live} onClose={() => setQuery({ call: undefined })} />}
    </Page>
  );
}

function share(part: number, whole: number): string {
  return `${Math.round((part / whole) * 100)} %`;
}
