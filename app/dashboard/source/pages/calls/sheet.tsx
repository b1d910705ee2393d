import { act, useQuery } from "../../api";
import { Badge } from "../../components/badge";
import { Button, Copy } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Empty, Facts, Loading, Problem } from "../../components/page";
import { PartyName, partyText } from "../../components/party";
import { Instant, Ticking } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import {
  CallByIdDocument,
  CallTimelineDocument,
  StopSupervisionDocument,
  UpdateSupervisionDocument,
  type SupervisionMode,
} from "../../generated/operations";
import type { LiveCall, LiveCalls } from "../../live/calls";
import { has } from "../../session";
import { CallActions } from "./actions";
import { CallTime, Marks } from "./parts";

/** One call, as it goes on; once it has ended, as it was. */
export function CallSheet({ id, live, onClose }: { id: string; live: LiveCalls; onClose: () => void }) {
  const current = live.find(id);
  // Not on the list: over already, or not come yet.
  const asked = useQuery(
    CallByIdDocument,
    { id, withRecordings: has("RECORDINGS_READ") },
    { skip: live.calls.value === null || current !== null },
  );
  const call = current ?? asked.data?.call ?? null;
  const title = call ? partyText(call.customerParty ?? call.dialledNumber) : "Call";
  return (
    <Dialog side title={title} onClose={onClose} lead={call && `${inWords(call.direction)} · ${inWords(call.kind).toLowerCase()}`}>
      {call ? <Body call={call} /> : asked.isLoading ? <Loading /> : <Missing error={asked.error} />}
    </Dialog>
  );
}

function Missing({ error }: { error: unknown }) {
  return error ? <Problem error={error} /> : <Empty icon="phone" title="There is no such call." />;
}

function Body({ call }: { call: LiveCall }) {
  return (
    <div class="stack">
      <div class="sheet-top">
        <Marks call={call} />
        <span class="sheet-time">
          <CallTime call={call} />
        </span>
      </div>
      <CallActions call={call} />
      <section class="sheet-section" aria-label="Parties">
        <h3>Parties</h3>
        <ul class="legs">
          {call.legs.map((leg) => (
            <li key={leg.id} class="leg">
              <span>
                <PartyName party={leg.party} />
                <br />
                <span class="leg-role">{inWords(leg.role)}</span>
              </span>
              <span class="leg-marks">
                {leg.isOnHold && leg.state !== "ENDED" && <Badge tone="amber">On hold</Badge>}
                {leg.isMuted && leg.state !== "ENDED" && <Badge tone="amber">Muted</Badge>}
                <Badge tone={toneOf(leg.state)}>{inWords(leg.state)}</Badge>
              </span>
              <span class="number">{leg.state === "ENDED" ? null : <Ticking since={leg.answeredAt ?? leg.startedAt} />}</span>
            </li>
          ))}
        </ul>
      </section>
      {call.state !== "ENDED" && call.supervisions.length > 0 && <Supervisions call={call} />}
      <section class="sheet-section" aria-label="About the call">
        <h3>About the call</h3>
        <Facts
          items={[
            ["Began", <Instant at={call.createdAt} />],
            ["Connected", <Instant at={call.connectedAt} />],
            ["Caller id shown", <PartyName party={call.callerId} />],
            ["Recording", inWords(call.recordingMode)],
            ...(call.externalId ? ([["Your id", call.externalId]] as const) : []),
          ]}
        />
        <Copy text={call.id} label="Copy the call's id" />
      </section>
      <Timeline call={call} />
    </div>
  );
}

const MODES: ReadonlyArray<readonly [SupervisionMode, string]> = [
  ["MONITOR", "Listen"],
  ["WHISPER", "Whisper"],
  ["BARGE", "Join in"],
];

function Supervisions({ call }: { call: LiveCall }) {
  return (
    <section class="sheet-section" aria-label="Supervisors">
      <h3>Supervisors</h3>
      {call.supervisions.map((one) => (
        <div key={one.id} class="spread">
          <span>
            <PartyName party={one.supervisor} /> <Badge tone="violet">{inWords(one.state)}</Badge>
          </span>
          {has("SUPERVISE") && (
            <span class="row wraps">
              {MODES.map(([mode, title]) => (
                <Button
                  key={mode}
                  small
                  kind={one.mode === mode ? "primary" : "plain"}
                  onClick={() => act(UpdateSupervisionDocument, { id: one.id, mode })}
                >
                  {title}
                </Button>
              ))}
              <Button small kind="quiet" onClick={() => act(StopSupervisionDocument, { id: one.id })}>
                Stop
              </Button>
            </span>
          )}
        </div>
      ))}
    </section>
  );
}

const KEY_EVENTS: ReadonlySet<string> = new Set(["CALL_CREATED", "CALL_CONNECTED", "CALL_ENDED"]);

function Timeline({ call }: { call: LiveCall }) {
  const asked = useQuery(CallTimelineDocument, { id: call.id }, { when: call.lastCallSequence });
  const events = asked.data?.call?.events?.nodes ?? null;
  return (
    <section class="sheet-section" aria-label="What happened">
      <h3>What happened</h3>
      <Problem error={asked.error} />
      {!events && asked.isLoading && <Loading />}
      {call.state === "ENDED" && asked.data?.call?.explain?.map((sentence) => <p class="soft">{sentence}</p>)}
      <ol class="timeline">
        {events?.map((event) => (
          <li key={event.id} class={KEY_EVENTS.has(event.type) ? "key" : undefined}>
            <span>
              {inWords(event.type.replace(/^LEG_/, ""))}
              {"leg" in event && <span class="soft"> · {partyText(event.leg.party)}</span>}
            </span>
            <Instant at={event.timestamp} />
          </li>
        ))}
      </ol>
    </section>
  );
}
