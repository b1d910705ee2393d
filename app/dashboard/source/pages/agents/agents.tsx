import "./agents.css";

import { act, useQuery } from "../../api";
import { Badge } from "../../components/badge";
import { Button, LinkButton } from "../../components/button";
import { Card, Empty, Page, Problem } from "../../components/page";
import { Table, type Column } from "../../components/table";
import { Tabs } from "../../components/tabs";
import { Ticking } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import { QueueNamesDocument, SetAgentStateDocument, type AgentState } from "../../generated/operations";
import { LiveAgents, type LiveAgent } from "../../live/agents";
import { useLive } from "../../live/socket";
import { address, route, setQuery } from "../../router";
import { has } from "../../session";

const STATES: ReadonlyArray<AgentState> = ["AVAILABLE", "BUSY", "WRAP_UP", "PAUSED", "OFFLINE"];

export default function AgentsPage() {
  const live = useLive(() => new LiveAgents());
  const names = useQuery(QueueNamesDocument, {}, { skip: !has("ROUTING") });
  const agents = live.agents.value;
  const wanted = route.value.query.get("state") ?? "";
  const shown = agents?.filter((agent) => wanted === "" || agent.activity?.state === wanted) ?? null;
  const nameOf = (id: string) => names.data?.queues.nodes.find((queue) => queue.id === id)?.name;

  const columns: ReadonlyArray<Column<LiveAgent>> = [
    {
      key: "name",
      title: "Agent",
      isMain: true,
      cell: (agent) => (
        <span class="agent-name">
          <span class="agent-face" aria-hidden="true">
            {initials(agent.displayName ?? agent.name)}
          </span>
          <span>{agent.displayName ?? agent.name}</span>
        </span>
      ),
    },
    { key: "extension", title: "Extension", cell: (agent) => <span class="number">{agent.extension?.number ?? "–"}</span> },
    {
      key: "state",
      title: "State",
      cell: (agent) => {
        const state = agent.activity?.state ?? "OFFLINE";
        return (
          <span class="agent-states">
            <Badge tone={toneOf(state)} isLive={state === "BUSY"}>
              {inWords(state)}
            </Badge>
            {agent.activity?.reason && <span class="soft">{inWords(agent.activity.reason)}</span>}
          </span>
        );
      },
    },
    { key: "since", title: "For", align: "end", cell: (agent) => <Ticking since={agent.activity?.since} /> },
    {
      key: "queues",
      title: "Queues",
      isQuiet: true,
      cell: (agent) => {
        const ids = agent.activity?.queueIds ?? [];
        if (ids.length === 0) return <span class="faint">None</span>;
        const known = ids.map(nameOf).filter(Boolean);
        return <span class="soft">{known.length === ids.length ? known.join(", ") : ids.length}</span>;
      },
    },
    {
      key: "do",
      title: "What can be done",
      isBare: true,
      align: "end",
      cell: (agent) => doing(agent),
    },
  ];

  return (
    <Page title="Agents" lead="What everybody does, and since when.">
      <Problem error={live.problem.value ? new Error(live.problem.value) : null} />
      <Tabs
        label="Which agents"
        value={wanted}
        onChange={(key) => setQuery({ state: key })}
        tabs={[
          { key: "", title: "All", count: agents?.length },
          ...STATES.map((state) => ({
            key: state,
            title: inWords(state),
            count: agents?.filter((agent) => agent.activity?.state === state).length,
          })),
        ]}
      />
      <Card flush>
        <Table
          caption="Agents"
          columns={columns}
          rows={shown}
          keyOf={(agent) => agent.id}
          empty={
            <Empty icon="agents" title={wanted ? "Nobody right now." : "There are no agents yet."}>
              {!wanted && (
                <>
                  Make them with <code>createAgent</code>.
                </>
              )}
            </Empty>
          }
        />
      </Card>
    </Page>
  );
}

function doing(agent: LiveAgent) {
  const activity = agent.activity;
  if (!activity) return null;
  const name = agent.displayName ?? agent.name;
  const set = (state: AgentState) => act(SetAgentStateDocument, { id: agent.id, state, reason: null }, `${name}: ${inWords(state).toLowerCase()}.`);
  const isIdle = activity.state !== "BUSY";
  if (!isIdle && !activity.callId) return null;
  return (
    <span class="row end">
      {activity.callId && has("CALLS_READ") && (
        <LinkButton small href={address("/calls", { call: activity.callId })} icon="phone">
          Call
        </LinkButton>
      )}
      {activity.state === "AVAILABLE" && (
        <Button small label={`Pause ${name}`} onClick={() => set("PAUSED")}>
          Pause
        </Button>
      )}
      {(activity.state === "PAUSED" || activity.state === "WRAP_UP" || activity.state === "OFFLINE") && (
        <Button small label={`Make ${name} available`} onClick={() => set("AVAILABLE")}>
          Make available
        </Button>
      )}
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return `${words[0]?.[0] ?? "?"}${words[1]?.[0] ?? ""}`.toUpperCase();
}
