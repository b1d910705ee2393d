"""Whose business a leg is: the one place that says which part of the machine hears of its answer and of its end."""

from enum import StrEnum

from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.facts.vocabulary import LegRole

GUEST_ROLES = frozenset({LegRole.SUPERVISOR, LegRole.PARTICIPANT})


class Purpose(StrEnum):
    """What a leg is there for: a seat it has or may take, a queue or a call flow (it waits there, or is rung for who
    does), a transfer, or a talk of others that it was called to.

    NOBODY: it was let go, or its purpose is over.
    """

    SEAT = "SEAT"
    QUEUE = "QUEUE"
    FLOW = "FLOW"
    TRANSFER = "TRANSFER"
    SUPERVISION = "SUPERVISION"
    CONFERENCE = "CONFERENCE"
    NOBODY = "NOBODY"


def purpose_of(call: Call, leg: Leg) -> Purpose:
    """What the leg is for, as the call stands. One that waits in a queue is the queue's first, then the transfer's."""
    match leg.role:
        case LegRole.SUPERVISOR:
            return Purpose.SUPERVISION
        case LegRole.PARTICIPANT:
            return Purpose.CONFERENCE
        case LegRole.AGENT | LegRole.CUSTOMER:
            pass
    if call.queue is not None and not call.queue.is_over:
        is_rung = call.queue.offer_of(leg.id) is not None
        return Purpose.QUEUE if is_rung or leg.role is LegRole.CUSTOMER else Purpose.NOBODY
    if call.flow is not None and not call.flow.is_over and (leg.role is LegRole.CUSTOMER or leg.id in call.flow.offers):
        return Purpose.FLOW
    if call.transfer is not None:
        involved = {call.transfer.by, call.transfer.transferee, *call.transfer.targets}
        return Purpose.TRANSFER if leg.id in involved else Purpose.NOBODY
    return Purpose.SEAT if call.may_take_seat(leg) else Purpose.NOBODY


def is_guest(leg: Leg) -> bool:
    """Whether it was called to a talk of others: it rings by itself, and in silence."""
    return leg.role in GUEST_ROLES
