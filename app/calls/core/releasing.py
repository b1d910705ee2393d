"""One leg's going while the call goes on."""

from app.calls.core.commands import HangupChannel, VerifyLeg
from app.calls.core.model.leg import HangupReason, Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn

RELEASE_SECONDS = 5.0


def release(turn: Turn, leg: Leg, reason: HangupReason) -> None:
    """Let one leg go while the call goes on; asked again until it is gone."""
    if leg.is_alive:
        leg = turn.change_leg(leg.id, hangup_reason=leg.hangup_reason or reason)
        turn.ask(HangupChannel(leg_id=leg.id, reason=leg.hangup_reason or reason))
        turn.set_timer(TimerName.RELEASE, RELEASE_SECONDS)


def release_again(turn: Turn) -> None:
    """Legs that were let go and are there still: ask again, and look."""
    for leg in turn.call.legs:
        if leg.is_alive and leg.hangup_reason is not None:
            turn.ask(HangupChannel(leg_id=leg.id, reason=leg.hangup_reason), VerifyLeg(leg_id=leg.id))
            turn.set_timer(TimerName.RELEASE, RELEASE_SECONDS)
