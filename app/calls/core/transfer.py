"""The transfer's part of the machine: whoever transfers (``by``) gives the transferee to the target.

::

    BLIND      by goes ─ target dialled ─┬─ answered ──────────────────────────────> completed
                                         └─ not had ─> failed ─┬─ by called back ──> they talk again, or the end
                                                               └─ no recall ───────> the end
    FLOW       by goes ─ the flow leads the transferee ────────────────────────────> completed
    QUEUE      by goes ─ transferee waits ─┬─ served ────────────────────────────────> completed
                                           └─ given up ─> failed ─> as a blind one
    ATTENDED   transferee held, target dialled ─ answered ─ by and target consult ─> completed: by goes
                                         └─ not had, taken back, target gone ──────> by and transferee talk again

A transferee that goes ends the call. Who transferred and goes before an attended transfer is done has done it: while
the target still rings, it goes on as a blind one.
"""

import msgspec

from app.calls.core import ending, flow_run, holding, queue_wait, setup, waves
from app.calls.core.inputs import TransferRequested
from app.calls.core.model.call import Outcome
from app.calls.core.model.flow import FlowRun
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.model.transfer import Transfer
from app.calls.core.outcome import outcome_of_leg_end, outcome_of_target
from app.calls.core.releasing import release
from app.calls.core.showing import showing
from app.calls.core.transfer_parties import about, bring_together, came_in, parties, presented_to, refused, seat
from app.calls.core.turn import Turn
from app.errors import Problem, RefusedError
from app.facts.transfers import TransferCancelled, TransferCompleted, TransferFailed, TransferStarted
from app.facts.vocabulary import (
    CallState,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    Party,
    TransferKind,
    TransferState,
)
from app.ids import LegId


def start(turn: Turn, event: TransferRequested) -> None:
    """Begin to transfer.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND; IDEMPOTENCY_KEY_REUSED.
    """
    if turn.has_used(event.key):
        return
    by, transferee = parties(turn, event.by)
    if event.leg is None and transferee.role is not LegRole.CUSTOMER:
        raise RefusedError(Problem("INVALID_INPUT", "Only the customer can wait in a queue.", ("target", "queueId")))
    if event.leg is None and event.flow is not None and not flow_run.may_follow(turn.call):
        raise refused("The call has been in as many call flows as it may.", turn.call.state.value)
    dialled = () if event.leg is None else (event.leg, *event.or_legs)
    legs = [turn.add_leg(showing(one, by.role, transferee)) for one in dialled]
    transfer = Transfer(
        id=event.transfer_id,
        kind=event.kind,
        by=by.id,
        transferee=transferee.id,
        target=legs[0].id if legs else None,
        target_party=legs[0].party if legs else Party(display=event.queue_name),
        started_at=turn.now,
        recall_leg=event.recall_leg_id,
        consult_seconds=event.consult_seconds,
        recalls=event.recalls and not came_in(by),
        with_music=event.with_music,
        agent_id=event.agent_id,
        agent_name=event.agent_name,
        or_targets=tuple(one.id for one in legs[1:]),
        queue=event.queue if transferee.role is LegRole.CUSTOMER else None,
        flow=event.flow if transferee.role is LegRole.CUSTOMER else None,
        or_recall_legs=event.or_recall_leg_ids,
    )
    turn.change(transfer=transfer, best_failure=None, keys=(*turn.call.keys, event.key))
    turn.say(TransferStarted(**about(turn, transfer)))
    if not legs and event.flow is not None:
        lead(turn, transfer, event.flow)
        return
    if not legs:
        _wait_in_queue(turn, transfer)
        return
    if transfer.kind is TransferKind.ATTENDED:
        holding.move(turn, transferee, Place.HOLD)
        holding.move(turn, by, Place.TALK)
    else:
        go_blind(turn, transfer)
    waiting = by if transfer.kind is TransferKind.ATTENDED else transferee
    setup.ring(turn, legs, presenting=presented_to(transferee), waiting=turn.call.leg(waiting.id))


def lead(turn: Turn, transfer: Transfer, flow: FlowRun) -> None:
    """Whoever transfers is let go, and the flow leads the transferee: with that the transfer is done."""
    _end_waits(turn)
    turn.change(transfer=None, agent_leg_id=None)
    for leg_id in transfer.targets:
        release(turn, turn.call.leg(leg_id), HangupReason.NOT_WANTED)
    release(turn, turn.call.leg(transfer.by), HangupReason.TRANSFERRED)
    if transfer.target is not None:
        transfer = msgspec.structs.replace(transfer, target=None, or_targets=(), target_party=Party(display=flow.name))
    turn.say(TransferCompleted(**about(turn, transfer), leg=None))
    flow_run.send(turn, flow)


def complete(turn: Turn) -> None:
    """Whoever transfers has spoken to the target, or will not wait for it.

    Raises:
        RefusedError: INVALID_STATE.
    """
    transfer = _under_way(turn)
    _refuse_referred(transfer)
    if transfer.state is TransferState.CONSULTING:
        _complete(turn, transfer)
    elif transfer.kind is TransferKind.ATTENDED:
        _become_blind(turn, transfer)
    else:
        raise refused("A blind transfer completes by itself, once the target answers.", f"TRANSFER_{transfer.state}")


def cancel(turn: Turn) -> None:
    """Take the transfer back: the parties talk again; after a blind one, whoever transferred is called back.

    Raises:
        RefusedError: INVALID_STATE.
    """
    transfer = _under_way(turn)
    if transfer.state is TransferState.RECALLING:
        raise refused("Whoever transferred is being called back already.", f"TRANSFER_{transfer.state}")
    _refuse_referred(transfer)
    if transfer.kind is TransferKind.BLIND and came_in(turn.call.leg(transfer.by)):
        raise refused("A caller from outside cannot be called back: hang up instead.", f"TRANSFER_{transfer.state}")
    _take_back(turn, transfer)


def _take_back(turn: Turn, transfer: Transfer) -> None:
    """The parties talk again; whoever has gone is called back, and without anybody to call back the call is over."""
    turn.say(TransferCancelled(**about(turn, transfer)))
    targets = [turn.call.leg(leg_id) for leg_id in transfer.targets]
    waves.let_go(turn, targets, HangupReason.NOT_WANTED)
    _end_waits(turn)
    if transfer.state is TransferState.WAITING:
        queue_wait.take_back(turn, transfer.transferee)
    if transfer.kind is TransferKind.ATTENDED:
        _talk_again(turn)
    elif came_in(turn.call.leg(transfer.by)):
        turn.change(transfer=None)
        _end(turn)
    else:
        _recall(turn, transfer)


def on_consult_timer(turn: Turn) -> None:
    """They have consulted for as long as they may, or whom a phone wants is not known in time: taken back."""
    if turn.call.transfer is not None and not turn.call.is_ending:
        _take_back(turn, turn.call.transfer)


def on_answered(turn: Turn, leg: Leg) -> None:
    """The target, or whoever is called back, has answered."""
    transfer = turn.call.transfer
    if transfer is None or leg.id not in transfer.targets or leg.hangup_reason is not None:
        release(turn, leg, leg.hangup_reason or HangupReason.NOT_WANTED)
        return
    turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK)
    transfer = _choose(turn, transfer, leg)
    if transfer.state is TransferState.RECALLING:
        seat(turn, leg)
        _talk_again(turn)
    elif transfer.kind is TransferKind.BLIND:
        _complete(turn, transfer)
    else:
        turn.change(transfer=msgspec.structs.replace(transfer, state=TransferState.CONSULTING))
        turn.set_timer(TimerName.CONSULT, transfer.consult_seconds)
        _bring_back(turn, transfer.by)


def on_served(turn: Turn, leg: Leg) -> None:
    """Somebody has answered for the transferee in the queue, and has its seat: they talk."""
    transfer = turn.call.transfer
    if transfer is None:
        return
    _end_waits(turn)
    turn.change(transfer=None, state=CallState.CONNECTED)
    served = msgspec.structs.replace(transfer, target=leg.id, target_party=leg.party)
    turn.say(TransferCompleted(**about(turn, served), leg=leg.ref))


def on_unserved(turn: Turn, disposition: Disposition, reason: EndReason) -> None:
    """Nobody has answered for the transferee in the queue, and nobody will."""
    transfer = turn.call.transfer
    if transfer is not None:
        queue_wait.take_back(turn, transfer.transferee)
        on_target_gone(turn, transfer, disposition, reason)


def on_leg_ended(turn: Turn, leg: Leg, decided: tuple[Disposition, EndReason] | None) -> None:
    """One of the three has gone."""
    transfer = turn.call.transfer
    if transfer is None:
        return
    if leg.id in transfer.targets:
        _on_candidate_gone(turn, transfer, leg, decided or outcome_of_target(leg))
    elif leg.id == transfer.transferee:
        ending.begin(turn, *outcome_of_leg_end(turn.call, leg))
    elif leg.id == transfer.by and transfer.kind is TransferKind.ATTENDED:
        if transfer.state is TransferState.CONSULTING:
            _complete(turn, transfer)
        else:
            _become_blind(turn, transfer)


def _on_candidate_gone(turn: Turn, transfer: Transfer, leg: Leg, outcome: tuple[Disposition, EndReason]) -> None:
    """One of the legs that were rung for the target has gone; others may ring on, or ring now."""
    waiting = turn.call.leg(transfer.by if transfer.kind is TransferKind.ATTENDED else transfer.transferee)
    presenting = presented_to(turn.call.leg(transfer.transferee))
    best = setup.ring_on(turn, leg, outcome, presenting=presenting, waiting=waiting)
    if best is not None:
        _on_nobody_had(turn, transfer, best)
        return
    ringing = next(one for one in turn.call.candidates(leg) if waves.is_ringing([one]))
    turn.change(transfer=_aimed_at(transfer, ringing))


def _on_nobody_had(turn: Turn, transfer: Transfer, best: Outcome) -> None:
    """Of all that were rung nobody was had: where a blind transfer leads then, or that it has failed."""
    may_go_on = transfer.kind is TransferKind.BLIND and not _is_recalling(transfer)
    if may_go_on and transfer.queue is not None:
        _wait_in_queue(turn, transfer)
    elif may_go_on and transfer.flow is not None and flow_run.may_follow(turn.call):
        lead(turn, transfer, transfer.flow)
    else:
        on_target_gone(turn, transfer, best.disposition, best.end_reason)


def _choose(turn: Turn, transfer: Transfer, leg: Leg) -> Transfer:
    """The leg has answered for the target; whoever else was rung for it is let go."""
    waves.choose(turn, leg)
    chosen = msgspec.structs.replace(_aimed_at(transfer, leg), or_targets=())
    if transfer.or_targets:
        chosen = msgspec.structs.replace(
            chosen, target_party=leg.party, agent_id=leg.agent_id, agent_name=leg.agent_id and leg.party.display
        )
    turn.change(transfer=chosen)
    return chosen


def _aimed_at(transfer: Transfer, leg: Leg) -> Transfer:
    others = tuple(leg_id for leg_id in transfer.targets if leg_id != leg.id)
    return msgspec.structs.replace(transfer, target=leg.id, or_targets=others)


def _bring_back(turn: Turn, leg_id: LegId) -> None:
    """Whoever heard phones ring talks to who has answered."""
    leg = turn.call.leg(leg_id)
    if leg.place is Place.RINGBACK:
        holding.move(turn, leg, Place.TALK)


def on_target_gone(turn: Turn, transfer: Transfer, disposition: Disposition, reason: EndReason) -> None:
    _end_waits(turn)
    if transfer.state is TransferState.RECALLING:
        _end(turn)  # how the transfer itself came out was told before
        return
    is_recalled = transfer.kind is TransferKind.BLIND and transfer.recalls
    failed = TransferFailed(
        **about(turn, transfer), disposition=disposition, end_reason=reason, is_recalled=is_recalled
    )
    turn.say(failed)
    if transfer.kind is TransferKind.ATTENDED:
        _talk_again(turn)
    elif is_recalled:
        _recall(turn, transfer)
    else:
        turn.change(transfer=None)
        _end(turn)


def go_blind(turn: Turn, transfer: Transfer) -> None:
    release(turn, turn.call.leg(transfer.by), HangupReason.TRANSFERRED)
    wanted = Place.HOLD if transfer.with_music else waves.place_of_those_who_wait(turn.call)
    holding.move(turn, turn.call.leg(transfer.transferee), wanted)


def _wait_in_queue(turn: Turn, transfer: Transfer) -> None:
    """Whoever transfers is let go, and the transferee waits in the queue until somebody there answers."""
    if transfer.queue is None:
        msg = "a transfer without anybody to ring leads to a queue"
        raise ValueError(msg)
    _end_waits(turn)
    waiting = msgspec.structs.replace(transfer, state=TransferState.WAITING, target=None, or_targets=())
    turn.change(transfer=waiting)
    release(turn, turn.call.leg(transfer.by), HangupReason.TRANSFERRED)
    for leg_id in transfer.targets:
        release(turn, turn.call.leg(leg_id), HangupReason.NOT_WANTED)
    queue_wait.join(turn, turn.call.leg(transfer.transferee), transfer.queue, since=turn.now)


def _is_recalling(transfer: Transfer) -> bool:
    return transfer.state is TransferState.RECALLING


def _become_blind(turn: Turn, transfer: Transfer) -> None:
    transfer = msgspec.structs.replace(transfer, kind=TransferKind.BLIND)
    turn.change(transfer=transfer)
    go_blind(turn, transfer)


def _complete(turn: Turn, transfer: Transfer) -> None:
    if transfer.target is None:
        msg = "who has answered is the target"
        raise ValueError(msg)
    target = turn.call.leg(transfer.target)
    turn.change(transfer=None)
    _end_waits(turn)
    seat(turn, target)
    if target.role is LegRole.AGENT:
        turn.change(
            agent_id=transfer.agent_id, agent_name=transfer.agent_name, extension=transfer.target_party.extension
        )
    turn.say(TransferCompleted(**about(turn, transfer), leg=target.ref))
    release(turn, turn.call.leg(transfer.by), HangupReason.TRANSFERRED)
    bring_together(turn)


def _talk_again(turn: Turn) -> None:
    turn.change(transfer=None)
    bring_together(turn)


def _recall(turn: Turn, transfer: Transfer) -> None:
    """Call back whoever transferred, on new legs: all phones that rang for it, and its own."""
    by, transferee = turn.call.leg(transfer.by), turn.call.leg(transfer.transferee)
    leg_ids = (transfer.recall_leg, *transfer.or_recall_legs)
    legs = [
        turn.add_leg(
            Leg(
                id=leg_id,
                role=by.role,
                party=by.party,
                endpoint=endpoint,
                ring_seconds=by.ring_seconds,
                shown_number=by.shown_number,
                shown_name=by.shown_name,
                agent_id=by.agent_id,
                trunk_id=by.trunk_id,
                is_counted=by.is_counted,
            )
        )
        # As many as were counted when the transfer was asked for.
        for leg_id, endpoint in zip(leg_ids, waves.phones_of(turn.call, by), strict=False)
    ]
    others = tuple(leg.id for leg in legs[1:])
    recalling = msgspec.structs.replace(transfer, target=legs[0].id, or_targets=others, state=TransferState.RECALLING)
    turn.change(transfer=recalling)
    setup.ring(turn, legs, presenting=presented_to(transferee), waiting=transferee)


def _end(turn: Turn) -> None:
    """The transferee is alone."""
    ending.begin(turn, Disposition.ANSWERED, EndReason(code=EndCode.TRANSFER_FAILED, party=EndParty.SYSTEM))


def _end_waits(turn: Turn) -> None:
    turn.clear_timers(TimerName.SETUP, TimerName.DIAL_CHECK, TimerName.RING, TimerName.JOIN, TimerName.CONSULT)


def _under_way(turn: Turn) -> Transfer:
    if turn.call.transfer is None:
        raise refused("No transfer is under way.", turn.call.state.value, "callId")
    return turn.call.transfer


def _refuse_referred(transfer: Transfer) -> None:
    if transfer.is_referred:
        message = "The device has been told to call the target: wait for what it says."
        raise refused(message, f"TRANSFER_{transfer.state}")
