"""How long a leg to a number outside may live where its call has an allowance: what is paid for is bounded by that.

``maxDurationSeconds`` counts from the connection on. Before it a party that is paid for may be there as well: while
others ring, in a queue, in a call flow. An account with limits has all of it reserved before anybody is dialled, so the
whole of it has an end: the call's own timer, and inside Asterisk the channel's.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Final

from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.vocabulary import LegState

#: How much longer than the call's own timer says a channel may be there: for answering, hanging up and their like.
MARGIN_SECONDS: Final = 9.0


def is_outside(leg: Leg) -> bool:
    """Whether it is, or will be, dialled to a number outside."""
    return leg.party.number is not None and not leg.has_come


def allowance(max_duration_seconds: float, wait: QueueWait | None) -> float:
    """What each leg to the outside of a new call has, beyond the time to ring: the talk, and one wait in a queue."""
    return max_duration_seconds + (0.0 if wait is None else wait.max_wait_seconds) + MARGIN_SECONDS


def allowed_seconds(call: Call, leg: Leg) -> float | None:
    """How long the leg's channel may be there at most, in whole seconds; None where that is not limited.

    The same at any time of the call's life, so what was reserved stays what holds: it is made of what was planned.
    """
    if call.allowance_seconds is None or not is_outside(leg):
        return None
    return float(ceil(call.allowance_seconds + leg.ring_seconds + _rings_after(call, leg)))


def time_call(turn: Turn, leg: Leg) -> None:
    """Somebody is there who is paid for: the call ends before the leg would by itself."""
    seconds = allowed_seconds(turn.call, leg)
    if seconds is None or leg.created_at is None or leg.state is not LegState.UP or turn.call.is_ending:
        return
    end_within(turn, seconds - MARGIN_SECONDS, since=leg.created_at)


def end_within(turn: Turn, seconds: float, *, since: datetime) -> None:
    """The call has this long, unless it has less already."""
    timer, due = turn.call.timer(TimerName.MAX_DURATION), since + timedelta(seconds=seconds)
    if timer is None or due < timer.due:
        turn.set_timer(TimerName.MAX_DURATION, seconds, since=since)


def _rings_after(call: Call, leg: Leg) -> float:
    """How long those may ring, wave after wave, who are rung for the other side once the leg is there."""
    legs = call.legs[: call.planned]
    place = next((place for place, one in enumerate(legs) if one.id == leg.id), len(legs))
    waves: dict[int, float] = {}
    for one in legs[place:]:
        if one.role is not leg.role:
            waves[one.wave] = max(waves.get(one.wave, 0.0), one.ring_seconds)
    return sum(waves.values())
