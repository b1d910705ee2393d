"""Whose business a leg is: the one place that says which part of the machine hears of its answer and of its end."""

from enum import StrEnum

from app.calls.core.model import Call, Leg
from app.facts.vocabulary import LegRole

GUEST_ROLES = frozenset({LegRole.SUPERVISOR, LegRole.PARTICIPANT})


class Purpose(StrEnum):
    """What a leg is there for: a seat it has or may take, a queue (it waits, or is rung for who does), a transfer, or a
    talk of others that it was called to.

    NOBODY: it was let go, or its purpose is over.
    """

    SEAT = "SEAT"
    QUEUE = "QUEUE"
    TRANSFER = "TRANSFER"
    SUPERVISION = "SUPERVISION"
    CONFERENCE = "CONFERENCE"
    NOBODY = "NOBODY"


def purpose_of(call: Call, leg: Leg) -> Purpose:
    """What the leg is for, as the call stands. One that a transfer under way is about is the transfer's first."""
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
    if call.transfer is not None:
        involved = {call.transfer.by, call.transfer.transferee, call.transfer.target, *call.transfer.targets}
        return Purpose.TRANSFER if leg.id in involved else Purpose.NOBODY
    return Purpose.SEAT if call.may_take_seat(leg) else Purpose.NOBODY


def is_guest(leg: Leg) -> bool:
    """Whether it was called to a talk of others: it rings by itself, and in silence."""
    return leg.role in GUEST_ROLES
