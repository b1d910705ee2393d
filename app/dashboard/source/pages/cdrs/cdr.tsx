import { useQuery } from "../../api";
import { Badge } from "../../components/badge";
import { LinkButton } from "../../components/button";
import { Card, Empty, Facts, Loading, Page, Problem, Stat, Stats } from "../../components/page";
import { PartyName, partyText } from "../../components/party";
import { clockTime, Instant, lasting } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import { eventName } from "../../format/words";
import { CdrInFullDocument, type CdrInFullQuery } from "../../generated/operations";
import { address } from "../../router";
import { has } from "../../session";
import type { PageProps } from "../registry";
import "./cdrs.css";

type Record = NonNullable<CdrInFullQuery["cdr"]>;

const BACK = { href: address("/cdrs"), label: "Call records" };

export default function CdrPage({ params }: PageProps) {
  const asked = useQuery(CdrInFullDocument, { id: params["id"] ?? "", withCall: has("CALLS_READ") });
  const record = asked.data?.cdr;
  if (!record) {
    return (
      <Page title="Call record" back={BACK}>
        <Problem error={asked.error} onRetry={asked.reload} />
        {asked.isLoading && <Loading />}
        {asked.data && <Empty icon="list" title="There is no such record." />}
      </Page>
    );
  }
  const { call } = record;
  return (
    <Page
      title={partyText(record.customerParty)}
      lead={
        <>
          {inWords(record.direction)} · {inWords(record.kind)} · <Instant at={record.createdAt} withDate />
        </>
      }
      back={BACK}
      actions={
        has("RECORDINGS_READ") &&
        record.recordingIds.map((id, index) => (
          <LinkButton key={id} icon="play" href={address(`/recordings/${id}`)}>
            {record.recordingIds.length > 1 ? `Recording ${index + 1}` : "Recording"}
          </LinkButton>
        ))
      }
    >
      <Stats label="The call">
        <Stat label="Outcome">
          <Badge tone={toneOf(record.disposition)}>{inWords(record.disposition)}</Badge>
        </Stat>
        <Stat label="Ring">{lasting(record.ringSeconds)}</Stat>
        <Stat label="Talk">{lasting(record.talkSeconds)}</Stat>
        <Stat label="In all">{lasting(record.durationSeconds)}</Stat>
      </Stats>
      {call?.explain && call.explain.length > 0 && (
        <Card title="Why it went so">
          <ul class="cdr-explained">
            {call.explain.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Card>
      )}
      <Card title="Details">
        <Facts items={factsOf(record)} />
      </Card>
      {call?.events && call.events.nodes.length > 0 && (
        <Card title="What happened">
          <ol class="cdr-events">
            {call.events.nodes.map((event) => (
              <li key={event.id}>
                <time class="number soft" dateTime={event.timestamp}>
                  {clockTime(event.timestamp)}
                </time>
                <span>
                  <code>{eventName(event.type)}</code>
                  {"leg" in event && <span class="soft"> · {inWords(event.leg.role).toLowerCase()}</span>}
                </span>
              </li>
            ))}
          </ol>
        </Card>
      )}
    </Page>
  );
}

function factsOf(record: Record): Parameters<typeof Facts>[0]["items"] {
  const { endReason, quality } = record;
  const whose = [
    endReason.sipCode && `SIP ${endReason.sipCode}`,
    endReason.hangupCause && `cause ${endReason.hangupCause}`,
  ];
  const hasQueue = record.queueId !== null;
  const facts: [string, Parameters<typeof Facts>[0]["items"][number][1]][] = [
    ["Customer", <PartyName party={record.customerParty} />],
    [
      "Agent",
      <PartyName party={record.agentName ? { ...record.agentParty, display: record.agentName } : record.agentParty} />,
    ],
    ["Dialled", <PartyName party={record.dialledNumber} />],
    ["Caller id", <PartyName party={record.callerId} />],
    [
      "Ended by",
      [`${inWords(endReason.code)} (${inWords(endReason.party).toLowerCase()})`, ...whose].filter(Boolean).join(", "),
    ],
    ["Rang", <Instant at={record.ringingAt} />],
    ["Answered", <Instant at={record.answeredAt} />],
    ["Connected", <Instant at={record.connectedAt} />],
    ["Ended", <Instant at={record.endedAt} />],
    [
      "Quality",
      quality &&
        `MOS ${quality.mos.toFixed(1)}, ${quality.lossPercent.toFixed(1)} % lost, jitter ${quality.jitterMs.toFixed(0)} ms`,
    ],
    ...(hasQueue ? ([["Queue", `waited ${lasting(record.queueWaitSeconds ?? 0)}`]] as [string, string][]) : []),
    ["Keys pressed", record.dtmf],
    ["Campaign", record.campaignId && <code>{record.campaignId}</code>],
    ["Your id", record.externalId],
    ["Tags", record.tags.length > 0 ? record.tags.join(", ") : null],
    ...record.metadata.map((pair): [string, string] => [pair.key, pair.value]),
    ["Learnt", record.source === "LIVE" ? null : inWords(record.source)],
    ["Call", record.callId && <code>{record.callId}</code>],
    ["Unique id", <code>{record.uniqueId}</code>],
    ["Request", record.requestId && <code>{record.requestId}</code>],
  ];
  return facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
}
