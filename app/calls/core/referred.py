"""Transfers that a party's own telephone asks for (SIP REFER): Asterisk has done part of them when we hear of them.

::

    blind      the phone is told that it is done, and is about to hang up; the transferee is still in our bridge
               ReferAsked ─ transferor let go, transferee waits ─┬─ ReferAimed ──> as a blind transfer (``transfer``)
                                                                 ├─ ReferRefused ─> failed: transferor called back
                                                                 └─ neither in time ─> cancelled, likewise
    attended   two calls of one phone; in each, Asterisk has put one end of a link in the place of the phone's leg
               LegReplaced ─ the link's end has the seat ─> completed: transferor goes

A call that cannot be transferred as it stands puts the leg back where it belongs. What the phone does then is its own
affair: mostly it hangs up, which means what a hang-up means in that state.
"""

from typing import Final, assert_never

import msgspec

from app.calls.core import holding, setup
from app.calls.core.commands import AdoptChannel
from app.calls.core.inputs import LegReplaced, ReferAimed, ReferAsked, ReferRefused
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.model.transfer import Transfer
from app.calls.core.releasing import release
from app.calls.core.showing import showing
from app.calls.core.transfer import on_target_gone
from app.calls.core.transfer_parties import about, bring_together, came_in, parties, presented_to, seat
from app.calls.core.turn import Turn
from app.errors import RefusedError
from app.facts.calls import LegAnswered as LegAnsweredFact
from app.facts.transfers import TransferCompleted, TransferStarted
from app.facts.vocabulary import LegRole, LegState, TransferKind, TransferState

#: How long it may take to look up whom a phone wants to transfer to.
AIM_SECONDS: Final = 10.0


def on_news(turn: Turn, event: ReferAsked | ReferAimed | ReferRefused) -> None:
    """A phone transfers blind; or it is known whom to, or that it may not."""
    match event:
        case ReferAsked():
            _on_asked(turn, event)
        case ReferAimed():
            _on_aimed(turn, event)
        case ReferRefused():
            _on_refused(turn, event)
        case _:
            assert_never(event)


def _on_asked(turn: Turn, event: ReferAsked) -> None:
    """A phone transfers blind. Whom to is being looked up; meanwhile its leg goes, and the transferee hears ringing."""
    if turn.call.is_ending:
        return
    try:
        by, transferee = parties(turn, event.leg_id)
    except RefusedError:
        holding.put_back(turn, event.leg_id)
        return
    transfer = Transfer(
        id=event.transfer_id,
        kind=TransferKind.BLIND,
        by=by.id,
        transferee=transferee.id,
        target_party=event.target,
        started_at=turn.now,
        recall_leg=event.recall_leg_id,
        or_recall_legs=event.or_recall_leg_ids,
        consult_seconds=0.0,
        recalls=not came_in(by),
    )
    turn.change(transfer=transfer, best_failure=None)
    turn.say(TransferStarted(**about(turn, transfer)))
    release(turn, by, HangupReason.TRANSFERRED)
    holding.move(turn, transferee, Place.RINGBACK)
    turn.set_timer(TimerName.CONSULT, AIM_SECONDS)


def _on_aimed(turn: Turn, event: ReferAimed) -> None:
    """It is known whom the phone transfers to."""
    transfer = _awaiting_aim(turn, event.transfer_id)
    if transfer is None:
        return
    turn.clear_timers(TimerName.CONSULT)
    by, transferee = turn.call.leg(transfer.by), turn.call.leg(transfer.transferee)
    legs = [turn.add_leg(showing(one, by.role, transferee)) for one in (event.leg, *event.or_legs)]
    turn.change(
        transfer=msgspec.structs.replace(
            transfer,
            target=legs[0].id,
            or_targets=tuple(one.id for one in legs[1:]),
            target_party=legs[0].party,
            agent_id=event.agent_id,
            agent_name=event.agent_name,
        )
    )
    setup.ring(turn, legs, presenting=presented_to(transferee), waiting=transferee)


def _on_refused(turn: Turn, event: ReferRefused) -> None:
    """Whom the phone transfers to may not be called, or cannot be."""
    transfer = _awaiting_aim(turn, event.transfer_id)
    if transfer is not None:
        on_target_gone(turn, transfer, event.disposition, event.end_reason)


def on_replaced(turn: Turn, event: LegReplaced) -> None:
    """A phone transfers attended: the other call's party talks from here on, in the place of the phone's leg.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND: whatever was put there has to go.
    """
    by, transferee = parties(turn, event.leg_id)
    link = turn.add_leg(
        Leg(
            id=event.link_leg_id,
            role=by.role,
            party=event.party,
            endpoint="",
            ring_seconds=0.0,
            state=LegState.UP,
            place=Place.TALK,
            shown_number=by.shown_number,
            shown_name=by.shown_name,
            channel_id=event.channel_id,
            channel_name=event.channel_name,
            agent_id=event.agent_id,
            created_at=turn.now,
            answered_at=turn.now,
        )
    )
    transfer = Transfer(
        id=event.transfer_id,
        kind=TransferKind.ATTENDED,
        by=by.id,
        transferee=transferee.id,
        target=link.id,
        target_party=link.party,
        started_at=turn.now,
        recall_leg=link.id,
        consult_seconds=0.0,
    )
    told = about(turn, transfer)
    turn.ask(AdoptChannel(leg_id=link.id, lifetime_seconds=setup.backstop_seconds(turn.call)))
    turn.say(TransferStarted(**told))
    turn.say(LegAnsweredFact(call=turn.call.ref, leg=link.ref, answered_at=link.answered_at))
    seat(turn, link)
    if link.role is LegRole.AGENT:
        turn.change(agent_id=event.agent_id, agent_name=event.agent_name, extension=link.party.extension)
    turn.say(TransferCompleted(**told, leg=link.ref))
    release(turn, by, HangupReason.TRANSFERRED)
    bring_together(turn)


def _awaiting_aim(turn: Turn, transfer_id: str) -> Transfer | None:
    transfer = turn.call.transfer
    if transfer is None or transfer.id != transfer_id or transfer.is_referred or turn.call.is_ending:
        return None
    return transfer if transfer.target is None and transfer.state is TransferState.DIALING else None
