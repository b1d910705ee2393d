"""What of a call costs and counts: each leg to an outside number that we dial; the call itself where it has none. Pure.

An inbound call's caller has come by itself: it costs nothing, and the call counts once in the ledger, for no country.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.keeping.change import Change
from app.facts.calls import CallEnded
from app.facts.vocabulary import Direction, LegState
from app.usage.caps import OutsideLeg
from app.usage.countries import country_of
from app.usage.settling import Ended

_MILLISECOND: Final = timedelta(milliseconds=1)
#: How long answering, hanging up and their like may take beyond what a call was given.
_MARGIN_SECONDS: Final = 10.0


def is_outside(leg: Leg) -> bool:
    """Whether it is, or will be, dialled to a number outside."""
    return leg.party.number is not None and not leg.has_come


def outside_legs(call: Call, legs: tuple[Leg, ...]) -> list[OutsideLeg]:
    """Those of these legs that go outside, with how long they may last at most."""
    seconds = longest_seconds(call)
    return [OutsideLeg(leg.id, str(leg.party.number), seconds) for leg in legs if is_outside(leg)]


def longest_seconds(call: Call) -> float:
    """How long a party may be connected, from its answer on: until others have answered, in its queue, and talking."""
    rings = max((leg.ring_seconds for leg in call.legs), default=0.0)
    wait = call.queue or call.next_queue
    return call.max_duration_seconds + rings + (0.0 if wait is None else wait.max_wait_seconds) + _MARGIN_SECONDS


def ended_of(change: Change) -> Iterator[Ended]:
    """What a change ends. What has been ended before may be among it."""
    call = change.call
    for leg in change.legs:
        if leg.state is LegState.ENDED and is_outside(leg):
            yield _of_leg(call, leg)
    # What came in is a call as well, whoever is rung outside for it. One that was placed to nobody outside has a place
    # of its own; of all others the legs are all there is.
    has_come = call.direction is Direction.INBOUND
    is_counted = has_come or not any(is_outside(leg) for leg in call.legs[: call.planned])
    if is_counted and any(isinstance(draft.fact, CallEnded) for draft in change.drafts):
        begun_at = call.legs[0].answered_at if has_come else call.connected_at
        yield Ended(
            id=call.id,
            account_id=call.account_id,
            kind=call.kind,
            country="",
            begun_at=call.created_at,
            counts=has_come or not any(is_outside(leg) for leg in call.legs),
            is_answered=begun_at is not None,
            milliseconds=_milliseconds(begun_at, call.ended_at),
        )


def _of_leg(call: Call, leg: Leg) -> Ended:
    return Ended(
        id=leg.id,
        account_id=call.account_id,
        kind=call.kind,
        country=country_of(str(leg.party.number)),
        begun_at=leg.created_at or call.created_at,
        counts=leg.dialing_at is not None,
        is_answered=leg.answered_at is not None,
        milliseconds=_milliseconds(leg.answered_at, leg.ended_at),
    )


def _milliseconds(begun: datetime | None, ended: datetime | None) -> int:
    """Whole ones, rounded up."""
    if begun is None or ended is None:
        return 0
    return max(0, -((begun - ended) // _MILLISECOND))
