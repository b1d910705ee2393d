"""Why a call went as it did, in plain words. Pure; no number, name or digit is in it, so that anybody may read it."""

from datetime import datetime
from typing import Final

from app.calls.core import record
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason, Leg
from app.facts.vocabulary import CallState, CdrSource, Direction, EndCode, EndParty, LegRole, Nearness

_WHO: Final = {
    LegRole.AGENT: "the agent",
    LegRole.CUSTOMER: "the customer",
    LegRole.SUPERVISOR: "a supervisor",
    LegRole.PARTICIPANT: "a participant",
}
_BY: Final = {
    EndParty.AGENT: "the agent",
    EndParty.CUSTOMER: "the customer",
    EndParty.SUPERVISOR: "the supervisor",
    EndParty.PARTICIPANT: "the participant",
    EndParty.SYSTEM: "Offhook",
}
_LET_GO: Final = {
    HangupReason.RING_TIMEOUT: "was let go because its ring time was up",
    HangupReason.SETUP_TIMEOUT: "was let go because Asterisk did not get it dialled",
    HangupReason.CALL_OVER: "was hung up because the call was over",
    HangupReason.TRANSFERRED: "was let go because it was transferred",
    HangupReason.NOT_WANTED: "was let go because it was not wanted any more",
    HangupReason.NOT_IN_TIME: "was let go because it did not answer as soon as it had to",
    HangupReason.ANSWERED_ELSEWHERE: "was let go because another phone answered",
}
#: Why it ended, of the party that the end reason names.
_ENDS: Final = {
    EndCode.HANGUP: "{by} hung up",
    EndCode.BUSY: "{by} was busy",
    EndCode.NO_ANSWER: "{by} did not answer in time",
    EndCode.REJECTED: "{by} declined",
    EndCode.UNREACHABLE: "there was no way to {by}",
    EndCode.INVALID_NUMBER: "the number of {by} does not exist",
    EndCode.CONGESTION: "the network towards {by} had no room or failed",
    EndCode.NETWORK_FAILURE: "the leg of {by} failed before it was answered",
    EndCode.API_HANGUP: "a request hung up",
    EndCode.MAX_DURATION: "the longest duration that it was given was reached",
    EndCode.DIAL_FAILED: "Asterisk did not get as far as dialling {by}",
    EndCode.BRIDGE_FAILED: "Asterisk could not connect the two legs",
    EndCode.NODE_LOST: "the Asterisk that carried it went away",
    EndCode.TRANSFER_FAILED: "a transfer could not be done, and nobody was left to talk to",
    EndCode.TRANSFERRED: "the other party was transferred, and talks on without Offhook",
    EndCode.SERVICE_AWAY: "Offhook was not there when it came in",
    EndCode.QUEUE_TIMEOUT: "nobody was found for the caller in the queue",
    EndCode.FLOW_ENDED: "the call flow came to its end",
    EndCode.FLOW_FAILED: "the call flow could not go on",
    EndCode.ANNOUNCEMENT_ENDED: "what was to be said was heard to the end",
    EndCode.ANNOUNCEMENT_FAILED: "what was to be said could not be made or played",
    EndCode.MEDIA_STREAM_ENDED: "the program that talked to the customer was done",
    EndCode.DIALPLAN_ENDED: "the dialplan was done with the call, or the customer hung up in it",
    EndCode.DIALPLAN_FAILED: "the dialplan did not take the call",
    EndCode.MEDIA_STREAM_FAILED: "the program that was to talk to the customer could not be had",
    EndCode.MACHINE: "an answering machine had answered as {by}",
    EndCode.FAX: "a fax had answered as {by}",
    EndCode.TRUNK_FULL: "no trunk had a free channel",
    EndCode.LIMIT_REACHED: "the account had reached its limits, or was suspended",
    EndCode.DNC: "nobody was called, because the number is on a do-not-call list",
}


def explain(call: Call) -> list[str]:
    """Sentences, in the order of what they tell of. Seconds count from the call's creation."""
    said = [_beginning(call)]
    if call.caller_id_choice is not None:
        said.append(explain_caller_id(call).replace("It was", "The number shown was", 1))
    said += [_leg(call, leg) for leg in call.legs if leg.created_at is not None or leg.has_come]
    if call.connected_at is not None:
        said.append(f"Both could talk{_after(call, call.connected_at)}.")
    if call.source is not CdrSource.LIVE:
        said.append("For a while Offhook could not watch it; what happened then was put together afterwards.")
    said.append(_end(call))
    return said


def explain_caller_id(call: Call) -> str:
    """Why it shows the number that it shows; for one that shows any."""
    choice = call.caller_id_choice
    if choice is None:
        return "It is the number that was asked for, or the account's default."
    near = {
        Nearness.SAME_AREA: "has the area code of whoever sees it",
        Nearness.SAME_COUNTRY: "is of the country of whoever sees it, as none has the area code",
        Nearness.ELSEWHERE: "is as near to whoever sees it as any",
    }[choice.nearness]
    left_out = f", of which {choice.flagged} left out as flagged" if choice.flagged else ""
    return f"It was chosen from a pool of {choice.size}{left_out}: it {near}, and was used longest ago."


def _beginning(call: Call) -> str:
    how = {
        Direction.INBOUND: "It came in over a trunk",
        Direction.OUTBOUND: "It was placed to an outside number",
        Direction.INTERNAL: "It was placed between extensions",
    }[call.direction]
    if call.direction is Direction.INBOUND:
        return f"{how}."
    return f"{how}, and {_WHO[call.legs[0].role]} was to be dialled first."


def _leg(call: Call, leg: Leg) -> str:
    parts = []
    if leg.has_come:
        parts.append("called")
    elif leg.dialing_at is not None:
        parts.append(f"was dialled{_after(call, leg.dialing_at)}")
    else:
        parts.append("was to be dialled")
    if leg.ringing_at is not None:
        parts.append(f"rang{_after(call, leg.ringing_at)}")
    if leg.answered_at is not None:
        parts.append(f"answered{_after(call, leg.answered_at)}")
    if leg.ended_at is not None:
        if leg.hangup_reason is HangupReason.RING_TIMEOUT and leg.ringing_at is None and leg.answered_at is None:
            parts.append("never rang")
        reason = "was gone" if leg.hangup_reason is None else _LET_GO[leg.hangup_reason]
        causes = []
        if _is_refused(call, leg):
            reason, causes = "was refused by Asterisk", ["the trunk or the phone is down, or not there"]
        if leg.hangup_reason is None and leg.sip_code is not None:
            causes.append(f"SIP {leg.sip_code}")
        if leg.hangup_reason is None and leg.hangup_cause:
            causes.append(f"cause {leg.hangup_cause}")
        parts.append(f"{reason}{_after(call, leg.ended_at)}" + (f" ({', '.join(causes)})" if causes else ""))
    who = _WHO[leg.role]
    return f"{who[0].upper()}{who[1:]}'s phone {_listed(parts)}."


def _is_refused(call: Call, leg: Leg) -> bool:
    """Whether Asterisk made no channel for it, as for a trunk or phone that is down."""
    is_untried = leg.dialing_at is None and not leg.has_come and leg.sip_code is None and leg.hangup_cause is None
    is_unreachable = call.end_reason is not None and call.end_reason.code is EndCode.UNREACHABLE
    return is_untried and is_unreachable and leg.hangup_reason is None


def _end(call: Call) -> str:
    if call.end_reason is None:
        state = {CallState.CONNECTED: "Both talk.", CallState.WAITING_IN_QUEUE: "The customer waits in a queue."}
        return state.get(call.state, "It is being set up.")
    why = _ENDS[call.end_reason.code].format(by=_BY[call.end_reason.party])
    verb = "It ended" if call.is_ended else "It is ending"
    outcome = "" if call.outcome is None else f", which counts as {call.outcome.value}"
    return f"{verb} because {why}{outcome}."


def _after(call: Call, at: datetime) -> str:
    return f" after {record.seconds_between(call.created_at, at):.1f} s"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
