"""Several phones for one party: they ring in waves, all of a wave together, and the first that answers is the party.

A wave of which nobody is left gives way to the next. When no wave is left either, it came out as it did with the one
of them who came nearest to answering.
"""

from collections.abc import Sequence

from app.calls.core.commands import JoinBridge
from app.calls.core.model.call import Call, Outcome
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.facts.vocabulary import Disposition, EndReason, LegState
from app.ids import LegId

#: From the best to the worst: somebody is there; somebody may be there later; the network; the number itself.
NEAREST_FIRST = (
    Disposition.BUSY,
    Disposition.NO_ANSWER,
    Disposition.REJECTED,
    Disposition.UNREACHABLE,
    Disposition.CONGESTION,
    Disposition.INVALID_NUMBER,
    Disposition.FAILED,
)


def next_wave(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Those of the legs that are to ring next; none when all have been rung."""
    left = [leg for leg in legs if leg.state is LegState.PLANNED]
    first = min((leg.wave for leg in left), default=None)
    return tuple(leg for leg in left if leg.wave == first)


def has_more(legs: Sequence[Leg]) -> bool:
    """Whether one of the legs may still answer, now or in a later wave."""
    return any(leg.state is LegState.PLANNED or (leg.is_alive and leg.hangup_reason is None) for leg in legs)


def is_ringing(legs: Sequence[Leg]) -> bool:
    """Whether one of the legs may still answer as things are."""
    return any(leg.is_alive and leg.hangup_reason is None for leg in legs)


def rings_with_others(call: Call, leg: Leg) -> bool:
    """Whether none of the leg's wave is in the bridge before it answers: there are several, or a flow leads to it."""
    return len(call.wave_of(leg)) > 1 or (call.flow is not None and leg.id in call.flow.offers)


def place_of_those_who_wait(call: Call) -> Place:
    """Where whoever waits for a transfer's target is: with it in the bridge, unless there are several of it."""
    ringing = [] if call.transfer is None else [call.leg(leg_id) for leg_id in call.transfer.targets]
    is_one_of_several = any(is_ringing([leg]) and rings_with_others(call, leg) for leg in ringing)
    return Place.RINGBACK if is_one_of_several else Place.TALK


def is_one_of_several(call: Call, leg_id: LegId) -> bool:
    """Whether the leg has not answered, and others are or were rung for the same party."""
    leg = call.leg(leg_id)
    return leg.state is not LegState.UP and len(call.candidates(leg)) > 1


def phones_of(call: Call, leg: Leg) -> tuple[str, ...]:
    """How the leg's party is dialled: the leg's own phone, then all that were rung for the same extension."""
    own = leg.party.extension
    others = (one.endpoint for one in call.legs if own is not None and one.party.extension == own)
    return tuple(dict.fromkeys((leg.endpoint, *others)))


def choose(turn: Turn, leg: Leg) -> None:
    """The leg has answered first: it is in the talk, and the others are let go without having missed anything."""
    if turn.call.has_bridge and rings_with_others(turn.call, leg):
        turn.ask(JoinBridge(leg_id=leg.id))
    others = [other for other in turn.call.candidates(leg) if other.id != leg.id]
    let_go(turn, others, HangupReason.ANSWERED_ELSEWHERE)


def let_go(turn: Turn, legs: Sequence[Leg], reason: HangupReason) -> None:
    """These are not wanted any more, and how it came out with others of them does not matter."""
    stop(turn, legs, reason)
    turn.change(best_failure=None)


def stop(turn: Turn, legs: Sequence[Leg], reason: HangupReason) -> None:
    """Those of the legs that ring stop, and those whose turn had not come are never dialled."""
    for leg in legs:
        if leg.state is LegState.PLANNED:
            turn.change_leg(leg.id, state=LegState.ENDED)
        elif leg.hangup_reason is None:
            release(turn, leg, reason)


def note_failure(turn: Turn, disposition: Disposition, reason: EndReason) -> None:
    """It came out so with one of them; what is kept is the best of that wave and those before."""
    best = turn.call.best_failure
    if best is None or _rank(disposition) < _rank(best.disposition):
        turn.change(best_failure=Outcome(disposition=disposition, end_reason=reason))


def nearer(one: Disposition | None, other: Disposition) -> Disposition:
    """Which of two came nearer to an answer."""
    return other if one is None or _rank(other) < _rank(one) else one


def take_best_failure(turn: Turn) -> Outcome:
    """How it came out with the party that nobody is left to ring for."""
    best = turn.call.best_failure
    if best is None:
        msg = "whoever was rung and not had has been noted"
        raise ValueError(msg)
    turn.change(best_failure=None)
    return best


def _rank(disposition: Disposition) -> int:
    return NEAREST_FIRST.index(disposition) if disposition in NEAREST_FIRST else len(NEAREST_FIRST)
