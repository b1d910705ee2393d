"""What a supervision has in Asterisk, and its end.

An ear on the agent's leg hears both ways of it, and speaks to the agent alone. A mouth on the supervisor's leg speaks
in the talk. Which of the two is silenced is the mode, so that a change of it interrupts nothing. The ear and the
supervisor are in a bridge of their own; the mouth is in the call's. The agent sits apart (see ``calls.booth``): a tap
says in the talk what it says, another brings it what is said there.
"""

import msgspec

from app.calls.core.commands import CreateTaps, EndSupervision, EndTaps, PlaceSupervisor, SendDigits
from app.calls.core.model.call import Call
from app.calls.core.model.guests import Supervision, TapKind
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.turn import Turn
from app.calls.core.waves import stop
from app.facts.supervisions import SupervisionEnded
from app.facts.vocabulary import Disposition, LegState, SupervisionEnd, SupervisionState

#: How long Asterisk has for what lets a supervisor in.
TAP_SECONDS = 5.0
#: So often it is tried.
MOST_TRIES = 3
#: Milliseconds. What is shorter is not heard everywhere, and nobody waits for longer.
SHORTEST_KEY, LONGEST_KEY = 80, 2000


def change(turn: Turn, supervision: Supervision, **fields: object) -> Supervision:
    """Change fields of a supervision; gives it as it is now."""
    changed = msgspec.structs.replace(supervision, **fields)
    turn.change(supervisions=tuple(changed if one.id == changed.id else one for one in turn.call.supervisions))
    return changed


def host_of(call: Call) -> Supervision | None:
    """The supervision in whose booth the agent sits, or is about to: of those that have their taps, the first."""
    agent = call.seats[0]
    tapped = (one for one in call.supervisions if is_tapped(one))
    return next((one for one in tapped if agent is not None and one.listens_to == agent.id), None)


def is_tapped(supervision: Supervision) -> bool:
    """Whether all its taps can be used."""
    return supervision.tapped_at is not None and len(supervision.ready_taps) == len(TapKind)


def is_to_talk(leg: Leg) -> bool:
    """Whether the leg belongs in the talk, and is there."""
    return leg.state is LegState.UP and leg.hangup_reason is None and leg.place is Place.TALK


def pass_on(turn: Turn, leg: Leg, digit: str, duration_milliseconds: int) -> None:
    """A key was pressed. Snoop channels do not hear keys, so between an agent that sits apart and the others it is
    pressed once more.
    """
    host = host_of(turn.call)
    if host is None or host.state is not SupervisionState.ACTIVE or not is_to_talk(leg):
        return
    agent = turn.call.leg(host.listens_to)
    others = (
        [one for one in turn.call.legs if is_to_talk(one) and one.id != agent.id] if leg.id == agent.id else [agent]
    )
    for one in others:
        if is_to_talk(one):
            turn.ask(
                SendDigits(
                    leg_id=one.id,
                    digits=digit,
                    duration_milliseconds=min(max(duration_milliseconds, SHORTEST_KEY), LONGEST_KEY),
                    between_milliseconds=0,
                )
            )


def renew(turn: Turn, supervision: Supervision, agent: Leg) -> None:
    """Have a set of taps made, on this agent's leg; of an earlier set nothing is left."""
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
    stop(turn, [turn.call.leg(leg_id) for leg_id in supervision.legs], HangupReason.NOT_WANTED)


def end_all(turn: Turn) -> None:
    """The call ends, and with it whatever listens."""
    for supervision in turn.call.supervisions:
        end(turn, supervision, SupervisionEnd.CALL_ENDED)
