"""The log's lines about calls: one for each transition, from the fact that tells it. They name ids, never numbers."""

from typing import Final

import structlog

from app.events.log import Appended
from app.facts.calls import (
    CallConnected,
    CallCreated,
    CallEnded,
    CallFact,
    CallRecovered,
    LegAnswered,
    LegDialing,
    LegEnded,
    LegFact,
    LegHeld,
    LegRinging,
    LegUnheld,
)
from app.facts.event import Event
from app.facts.queues import CallWaiting, QueueJoined, QueueLeft
from app.facts.transfers import TransferCancelled, TransferCompleted, TransferFailed, TransferStarted

_log = structlog.get_logger(__name__)

#: What changes where a call or a leg stands; the end of a call has a line of its own.
_TRANSITIONS: Final = (
    CallCreated,
    CallWaiting,
    CallConnected,
    CallRecovered,
    LegDialing,
    LegRinging,
    LegAnswered,
    LegHeld,
    LegUnheld,
    LegEnded,
    QueueJoined,
    QueueLeft,
    TransferStarted,
    TransferCompleted,
    TransferCancelled,
    TransferFailed,
)


def say_transitions(appended: Appended) -> None:
    """Write the lines: a listener for ``EventLog.on_appended``."""
    for event in appended.events:
        match event.fact:
            case CallEnded() as fact:
                _say_ended(event, fact)
            case CallFact() as fact if isinstance(fact, _TRANSITIONS):
                _say_transition(event, fact)
            case _:
                pass  # its event is in the log of events


def _say_transition(event: Event, fact: CallFact) -> None:
    about = _of_the_request(event)
    if isinstance(fact, LegFact):
        about |= {"leg_id": fact.leg.id, "role": fact.leg.role.value}
    if isinstance(fact, LegEnded):
        about |= {"ended_by": fact.ended_by.value, "sip_code": fact.sip_code, "hangup_cause": fact.hangup_cause}
    _log.info(
        "call_transition",
        call_id=event.subject_id,
        to=event.type,
        call_sequence=event.call_sequence,
        kind=fact.call.kind.value,
        direction=fact.call.direction.value,
        at=event.timestamp.isoformat(timespec="milliseconds"),
        **about,
    )


def _say_ended(event: Event, fact: CallEnded) -> None:
    _log.info(
        "call_ended",
        call_id=event.subject_id,
        disposition=fact.disposition.value,
        end_code=fact.end_reason.code.value,
        end_party=fact.end_reason.party.value,
        sip_code=fact.end_reason.sip_code,
        trunk_id=fact.cdr.trunk_id,
        talk_seconds=fact.talk_seconds,
        source=fact.cdr.source.value,
        **_of_the_request(event),
    )


def _of_the_request(event: Event) -> dict[str, object]:
    """Whose request it goes back to. Said only where it is known: the task that writes may know it too."""
    return {} if event.request_id is None else {"request_id": event.request_id}
