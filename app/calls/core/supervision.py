"""The supervision's part of the machine: somebody who hears a talk and is none of those who talk.

::

    asked ─> supervisor dialled ─┬─ answered ─> taps made ─> placed: hears ─ mode changed, seat changed ─> the end
                                 └─ not had ──────────────────────────────────────────────────────────> the end

It follows the agent's seat: when somebody else takes it, that one is listened to; while nobody is in it, nobody is.
"""

from typing import Any, assert_never

import msgspec

from app.calls.core import setup, taps, waves
from app.calls.core.commands import EndTaps, VerifyLeg
from app.calls.core.inputs import SupervisionPlaced, SupervisionRequested, SupervisionSeen, TapReady
from app.calls.core.model.guests import Supervision, TapKind
from app.calls.core.model.leg import HangupReason, Leg
from app.calls.core.outcome import outcome_of_target
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.calls.core.verbs import StopSupervision, UpdateSupervision
from app.errors import Problem, RefusedError
from app.facts.supervisions import SupervisionChanged, SupervisionStarted
from app.facts.vocabulary import (
    CallState,
    Disposition,
    EndReason,
    LegRole,
    LegState,
    SupervisionEnd,
    SupervisionState,
)
from app.ids import SupervisionId

#: Supervisors of one call at once.
MOST_SUPERVISORS = 4


def start(turn: Turn, event: SupervisionRequested) -> None:
    """Ring the supervisor.

    Raises:
        RefusedError: INVALID_STATE; IDEMPOTENCY_KEY_REUSED.
    """
    if turn.has_used(event.key):
        return
    call = turn.call
    agent = call.seats[0]
    if call.state is not CallState.CONNECTED:
        raise _refused("Nobody talks yet: wait until the call is CONNECTED.", call.state.value)
    if agent is None:
        raise _refused("The call has no agent to listen to.", call.state.value)
    if len(call.supervisions) >= MOST_SUPERVISORS:
        raise _refused(f"The call has its {MOST_SUPERVISORS} supervisors already.", "SUPERVISED")
    shown = event.leg.shown_number or agent.party.extension or agent.party.number
    legs = [
        turn.add_leg(msgspec.structs.replace(one, role=LegRole.SUPERVISOR, shown_number=shown))
        for one in (event.leg, *event.or_legs)
    ]
    supervision = Supervision(
        id=event.supervision_id,
        mode=event.mode,
        leg_id=legs[0].id,
        or_legs=tuple(leg.id for leg in legs[1:]),
        asked_at=turn.now,
        listens_to=agent.id,
    )
    turn.change(supervisions=(*call.supervisions, supervision), keys=(*call.keys, event.key))
    for leg in legs:
        setup.create(turn, leg, presenting=(None, None))


def update(turn: Turn, verb: UpdateSupervision) -> None:
    """Change the mode; one that it has already is left.

    Raises:
        RefusedError: NOT_FOUND.
    """
    supervision = _find(turn, verb.supervision_id)
    if supervision.mode is verb.mode:
        return
    supervision = taps.change(turn, supervision, mode=verb.mode)
    if supervision.was_started:
        turn.say(SupervisionChanged(**_about(turn, supervision)))
    if supervision.state is SupervisionState.ACTIVE:
        taps.place(turn, supervision)


def stop(turn: Turn, verb: StopSupervision) -> None:
    """Let the supervisor go.

    Raises:
        RefusedError: NOT_FOUND.
    """
    taps.end(turn, _find(turn, verb.supervision_id), SupervisionEnd.STOPPED)


def on_answered(turn: Turn, leg: Leg) -> None:
    """The supervisor has answered: let it in, as soon as somebody is there to listen to. Its other phones stop."""
    supervision = turn.call.supervision_by(leg.id)
    if supervision is None or leg.hangup_reason is not None:
        release(turn, leg, leg.hangup_reason or HangupReason.NOT_WANTED)
        return
    others = [turn.call.leg(leg_id) for leg_id in supervision.legs if leg_id != leg.id]
    taps.change(turn, supervision, state=SupervisionState.JOINING, leg_id=leg.id, or_legs=())
    waves.stop(turn, others, HangupReason.ANSWERED_ELSEWHERE)


def on_leg_ended(turn: Turn, leg: Leg, decided: tuple[Disposition, EndReason] | None) -> None:
    """The supervisor has gone, or did not come to this phone."""
    supervision = turn.call.supervision_by(leg.id)
    if supervision is None:
        return
    best = waves.nearer(supervision.best, (decided or outcome_of_target(leg))[0])
    if any(turn.call.leg(leg_id).is_alive for leg_id in supervision.legs):
        taps.change(turn, supervision, best=best)
    elif leg.answered_at is not None:
        taps.end(turn, supervision, SupervisionEnd.HANGUP)
    else:
        taps.end(turn, supervision, SupervisionEnd.NOT_REACHED, disposition=best)


def follow(turn: Turn) -> None:
    """Listen to whoever is in the agent's seat now. Looked at after every input, whatever moved the seat."""
    if turn.call.is_ending:
        return
    agent = turn.call.seats[0]
    is_there = agent is not None and agent.state is LegState.UP and not agent.is_leaving
    for supervision in turn.call.supervisions:
        if supervision.state is SupervisionState.RINGING:
            continue
        is_tapped = supervision.tapped_at is not None
        if agent is None or not is_there:
            if is_tapped:
                taps.change(turn, supervision, state=SupervisionState.JOINING, ready_taps=(), tapped_at=None, tries=0)
        elif not is_tapped or supervision.listens_to != agent.id:
            taps.renew(turn, supervision, agent)


def on_news(turn: Turn, event: TapReady | SupervisionPlaced | SupervisionSeen) -> None:
    """Asterisk has done, or has, something of a supervision."""
    match event:
        case TapReady():
            _on_tap_ready(turn, event)
        case SupervisionPlaced():
            _on_placed(turn, event)
        case SupervisionSeen():
            _on_seen(turn, event)
        case _:
            assert_never(event)


def _on_tap_ready(turn: Turn, event: TapReady) -> None:
    """One of the taps can be used; with all, the supervisor is let in."""
    supervision = turn.call.supervision(event.supervision_id)
    if supervision is None or event.number != supervision.taps or supervision.tapped_at is None:
        turn.ask(EndTaps(supervision_id=event.supervision_id, number=event.number))  # of a set that was given up
        return
    if event.kind in supervision.ready_taps:
        return
    ready = (*supervision.ready_taps, event.kind)
    supervision = taps.change(turn, supervision, ready_taps=ready)
    if len(ready) == len(TapKind):
        taps.place(turn, supervision)


def _on_placed(turn: Turn, event: SupervisionPlaced) -> None:
    """The supervisor hears."""
    supervision = turn.call.supervision(event.supervision_id)
    if (
        supervision is None
        or turn.call.is_ending
        or event.number != supervision.taps
        or not taps.is_tapped(supervision)
    ):
        return
    if supervision.mode is not event.mode:
        taps.place(turn, supervision)  # it was changed meanwhile
    if supervision.state is SupervisionState.ACTIVE:
        return
    was_started = supervision.was_started
    supervision = taps.change(turn, supervision, state=SupervisionState.ACTIVE, was_started=True, tries=0)
    turn.say((SupervisionChanged if was_started else SupervisionStarted)(**_about(turn, supervision)))


def _on_seen(turn: Turn, event: SupervisionSeen) -> None:
    """Somebody looked at Asterisk: what is missing is made anew, what is elsewhere is put where it belongs."""
    supervision = turn.call.supervision(event.supervision_id)
    if supervision is None or supervision.tapped_at is None or event.number != supervision.taps:
        return  # follow() makes them, or has made others
    if len(event.taps) < len(TapKind):
        agent = turn.call.seats[0]
        if agent is not None and agent.id == supervision.listens_to and agent.state is LegState.UP:
            taps.renew(turn, taps.change(turn, supervision, tries=0), agent)
    else:
        taps.place(turn, taps.change(turn, supervision, ready_taps=event.taps))


def on_failure(turn: Turn, supervision_id: SupervisionId, number: int) -> None:
    """Asterisk did not let the supervisor in, or nobody knows: try again after a while, and look who is still there."""
    supervision = turn.call.supervision(supervision_id)
    if supervision is None or turn.call.is_ending or number != supervision.taps or supervision.tapped_at is None:
        return
    taps.change(turn, supervision, state=SupervisionState.JOINING, ready_taps=(), tapped_at=turn.now)
    for leg_id in (supervision.leg_id, supervision.listens_to):
        if turn.call.leg(leg_id).is_alive:
            turn.ask(VerifyLeg(leg_id=leg_id))


def on_overdue(turn: Turn, supervision: Supervision) -> None:
    """The taps did not come, or could not be used."""
    agent = turn.call.seats[0]
    if supervision.tries >= taps.MOST_TRIES or agent is None:
        taps.end(turn, supervision, SupervisionEnd.FAILED)
    else:
        taps.renew(turn, supervision, agent)


def _find(turn: Turn, supervision_id: str) -> Supervision:
    supervision = turn.call.supervision(supervision_id)
    if supervision is None:
        raise RefusedError(Problem("NOT_FOUND", "No such supervision is under way.", ("supervisionId",)))
    return supervision


def _refused(message: str, state: str) -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=state))


def _about(turn: Turn, supervision: Supervision) -> dict[str, Any]:
    call = turn.call
    return {
        "call": call.ref,
        "supervision_id": supervision.id,
        "mode": supervision.mode,
        "supervisor": call.leg(supervision.leg_id).party,
        "leg_id": supervision.leg_id,
        "listens_to": call.leg(supervision.listens_to).ref,
    }
