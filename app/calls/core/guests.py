"""How long Asterisk has for what lets a supervisor in, and that whoever is called to a talk does not ring for ever."""

from datetime import datetime, timedelta

from app.calls.core import setup, supervision
from app.calls.core.model.guests import Supervision
from app.calls.core.model.timers import TimerName
from app.calls.core.purpose import is_guest
from app.calls.core.taps import TAP_SECONDS
from app.calls.core.turn import Turn
from app.facts.vocabulary import LegState, SupervisionState

_ON_THE_WAY = frozenset({LegState.CREATING, LegState.DIALING, LegState.RINGING})


def watch(turn: Turn) -> None:
    """Wait for whatever is due first; looked at after every input."""
    call = turn.call
    if call.is_ending:
        return
    if any(is_guest(leg) and leg.state in _ON_THE_WAY for leg in call.legs):
        setup.time_phones(turn)  # the answer of somebody else has stopped the time of all
    due = min((due for one in call.supervisions if (due := _due(one)) is not None), default=None)
    timer = call.timer(TimerName.TAPS)
    if due is None:
        if timer is not None:
            turn.clear_timers(TimerName.TAPS)
    elif timer is None or timer.due != due:
        turn.set_timer(TimerName.TAPS, 0.0, since=due)


def on_timer(turn: Turn) -> None:
    """Supervisors wait to be let in for too long."""
    for one in turn.call.supervisions:
        due = _due(one)
        if due is not None and due <= turn.now:
            supervision.on_overdue(turn, one)


def _due(one: Supervision) -> datetime | None:
    if one.state is not SupervisionState.JOINING or one.tapped_at is None:
        return None
    return one.tapped_at + timedelta(seconds=TAP_SECONDS)
