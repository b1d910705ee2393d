"""What of a call costs and counts: each leg to an outside number that we dial; the call itself where it has none. Pure.

An inbound call's caller has come by itself: it costs nothing, and the call counts once in the ledger, for no country.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Final

import msgspec

from app.calls.core.lifetimes import is_outside
from app.calls.core.model.call import Call, decode_call
from app.calls.core.model.leg import Leg
from app.calls.core.setup import lifetime_of
from app.calls.keeping.change import Change
from app.facts.calls import CallEnded
from app.facts.vocabulary import Direction, LegState
from app.usage.caps import Occupants, OutsideLeg
from app.usage.countries import country_of
from app.usage.settling import Ended

_MILLISECOND: Final = timedelta(milliseconds=1)
#: How long a channel whose time is over may take to be gone.
_MOMENT_SECONDS: Final = 1.0


def outside_legs(call: Call, legs: tuple[Leg, ...]) -> list[OutsideLeg]:
    """Those of these legs that go outside, with how long they may last at most."""
    known = {leg.id for leg in call.legs}
    call = msgspec.structs.replace(call, legs=(*call.legs, *(leg for leg in legs if leg.id not in known)))
    return [OutsideLeg(leg.id, str(leg.party.number), reserved_seconds(call, leg)) for leg in legs if is_outside(leg)]


def occupants(snapshot: str) -> Occupants:
    """What of a live call, as it is kept, has places among an account's concurrent calls.

    Of one that came in only those count who are being rung, or there; of others also who is yet to be rung.
    """
    call = decode_call(snapshot)
    has_come = call.direction is Direction.INBOUND
    gone = {LegState.ENDED, LegState.PLANNED} if has_come else {LegState.ENDED}
    living = tuple(leg for leg in call.legs if leg.state not in gone)
    return Occupants(tuple(outside_legs(call, living)), is_one=_is_one(call))


def _is_one(call: Call) -> bool:
    """Whether it was placed to nobody outside, and so has a place of its own."""
    return call.direction is not Direction.INBOUND and not any(is_outside(leg) for leg in call.legs[: call.planned])


def reserved_seconds(call: Call, leg: Leg) -> float:
    """What is reserved for a leg: as long as Asterisk is told that its channel may be there, and a moment to be gone.

    So whoever dies meanwhile, a leg does not cost more.
    """
    return ceil(lifetime_of(call, leg)) + _MOMENT_SECONDS


def ended_of(change: Change) -> Iterator[Ended]:
    """What a change ends. What has been ended before may be among it."""
    call = change.call
    for leg in change.legs:
        if leg.state is LegState.ENDED and is_outside(leg):
            yield _of_leg(call, leg)
    # What came in is a call as well, whoever is rung outside for it. One that was placed to nobody outside has a place
    # of its own; of all others the legs are all there is.
    has_come = call.direction is Direction.INBOUND
    is_counted = has_come or _is_one(call)
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
    milliseconds = _milliseconds(leg.answered_at, leg.ended_at)
    if call.allowance_seconds is not None:
        # Where nobody watched, an end may be known only later than it was.
        milliseconds = min(milliseconds, int(reserved_seconds(call, leg) * 1_000))
    return Ended(
        id=leg.id,
        account_id=call.account_id,
        kind=call.kind,
        country=country_of(str(leg.party.number)),
        begun_at=leg.created_at or call.created_at,
        counts=leg.dialing_at is not None,
        is_answered=leg.answered_at is not None,
        milliseconds=milliseconds,
    )


def _milliseconds(begun: datetime | None, ended: datetime | None) -> int:
    """Whole ones, rounded up."""
    if begun is None or ended is None:
        return 0
    return max(0, -((begun - ended) // _MILLISECOND))
