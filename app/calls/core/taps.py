"""What a supervision has in Asterisk, and its end.

An ear on the agent's leg hears both ways of it, and speaks to the agent alone. A mouth on the supervisor's leg speaks
in the talk. Which of the two is silenced is the mode, so that a change of it interrupts nothing. The ear and the
supervisor are in a bridge of their own; the mouth is in the call's.
"""

import msgspec

from app.calls.core.commands import CreateTaps, EndSupervision, EndTaps, PlaceSupervisor
from app.calls.core.guests_model import Supervision
from app.calls.core.model import HangupReason, Leg
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.facts.supervisions import SupervisionEnded
from app.facts.vocabulary import Disposition, SupervisionEnd, SupervisionState

#: How long Asterisk has for what lets a supervisor in.
TAP_SECONDS = 5.0
#: So often it is tried.
MOST_TRIES = 3


def change(turn: Turn, supervision: Supervision, **fields: object) -> Supervision:
    """Change fields of a supervision; gives it as it is now."""
    changed = msgspec.structs.replace(supervision, **fields)
    turn.change(supervisions=tuple(changed if one.id == changed.id else one for one in turn.call.supervisions))
    return changed


def renew(turn: Turn, supervision: Supervision, agent: Leg) -> None:
    """Have a pair of taps made, on this agent's leg; of an earlier pair nothing is left."""
    if supervision.taps:
        turn.ask(EndTaps(supervision_id=supervision.id, number=supervision.taps))
    supervision = change(
        turn,
        supervision,
        state=SupervisionState.JOINING,
        listens_to=agent.id,
        taps=supervision.taps + 1,
        tries=supervision.tries + 1,
        ready_taps=(),
        tapped_at=turn.now,
    )
    turn.ask(
        CreateTaps(
            supervision_id=supervision.id,
            number=supervision.taps,
            listens_to=agent.id,
            leg_id=supervision.leg_id,
        )
    )


def place(turn: Turn, supervision: Supervision) -> None:
    """Have everything where it belongs, with what the mode silences."""
    turn.ask(
        PlaceSupervisor(
            supervision_id=supervision.id,
            number=supervision.taps,
            leg_id=supervision.leg_id,
            mode=supervision.mode,
        )
    )


def end(
    turn: Turn, supervision: Supervision, reason: SupervisionEnd, *, disposition: Disposition | None = None
) -> None:
    """The supervision is over: the supervisor is let go, and nobody listens any more."""
    turn.change(supervisions=tuple(one for one in turn.call.supervisions if one.id != supervision.id))
    leg = turn.call.leg(supervision.leg_id)
    turn.say(
        SupervisionEnded(
            call=turn.call.ref,
            supervision_id=supervision.id,
            mode=supervision.mode,
            supervisor=leg.party,
            leg_id=leg.id,
            reason=reason,
            disposition=disposition,
        )
    )
    if supervision.taps:
        turn.ask(EndSupervision(supervision_id=supervision.id, number=supervision.taps))
    release(turn, leg, HangupReason.NOT_WANTED)


def end_all(turn: Turn) -> None:
    """The call ends, and with it whatever listens."""
    for supervision in turn.call.supervisions:
        end(turn, supervision, SupervisionEnd.CALL_ENDED)
