import { Badge } from "../../components/badge";
import { Lasting, Ticking } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import type { LiveCall } from "../../live/calls";

export function agentOf(call: LiveCall): LiveCall["agentParty"] {
  const party = call.agentParty;
  if (party && call.agentName && !party.display) return { ...party, display: call.agentName };
  return party;
}

/** The state, and what else is going on in the call. */
export function Marks({ call }: { call: LiveCall }) {
  const isOver = call.state === "ENDED";
  const legs = isOver ? [] : call.legs.filter((leg) => leg.state !== "ENDED");
  return (
    <span class="calls-marks">
      <Badge tone={isOver ? "grey" : call.state === "ANSWERED" ? "blue" : toneOf(call.state)} isLive={!isOver && call.state !== "CONNECTED"}>
        {isOver && call.disposition ? `Ended · ${inWords(call.disposition).toLowerCase()}` : inWords(call.state)}
      </Badge>
      {call.state === "CONNECTED" && legs.some((leg) => leg.isOnHold) && <Badge tone="amber">On hold</Badge>}
      {!isOver && call.transfer && <Badge tone="blue">Transfer</Badge>}
      {!isOver && isRecorded(call) && (
        <Badge tone="red" isLive>
          Rec
        </Badge>
      )}
      {!isOver && call.supervisions.length > 0 && <Badge tone="violet">Supervised</Badge>}
    </span>
  );
}

export function isRecorded(call: LiveCall): boolean {
  return call.recordings?.some((one) => one.state === "RECORDING") ?? false;
}

export function CallTime({ call }: { call: LiveCall }) {
  const begin = call.connectedAt ?? call.createdAt;
  return (
    <span class="calls-time">
      {call.endedAt ? (
        <Lasting seconds={(Date.parse(call.endedAt) - Date.parse(begin)) / 1000} />
      ) : (
        <Ticking since={begin} />
      )}
    </span>
  );
}
