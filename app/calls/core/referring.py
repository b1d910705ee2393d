"""Transfers that the transferee's own device carries out: it is told by SIP REFER to call the target.

::

    both talk ─ transferee's device is told, transferor hears ringing ─┬─ "done" ──────> completed, the call ends
                                                                       └─ "not", or
                                                                          nothing in time ─> failed: they talk again

The leg is out of our hands meanwhile, in Asterisk's dialplan: nothing can be asked of it but to hang up, so such a
transfer cannot be taken back. What the device says of the target's phone is all that we learn.
"""

from typing import Final

from app.calls.core import ending, holding
from app.calls.core.commands import ReferLeg, VerifyLeg
from app.calls.core.inputs import LegReferred, TransferRequested
from app.calls.core.model.leg import HangupReason, Leg, Place, side_of
from app.calls.core.model.timers import TimerName
from app.calls.core.model.transfer import Transfer
from app.calls.core.outcome import BY_SIP_CODE
from app.calls.core.transfer import on_target_gone
from app.calls.core.transfer_parties import about, bring_together, parties
from app.calls.core.turn import Turn
from app.errors import Problem, RefusedError
from app.facts.transfers import TransferCompleted, TransferFailed, TransferStarted
from app.facts.vocabulary import Disposition, EndCode, EndParty, EndReason, LegState, TransferMethod
from app.ids import LegId

#: The dialplan waits for the device for so long (offhook-refer-out in extensions.conf).
DEVICE_SECONDS: Final = 30.0
#: After which nothing more is waited for, should not even the dialplan have come back.
_LONGEST_SECONDS: Final = DEVICE_SECONDS + 10.0
#: How often it is looked whether the leg is there: a device that hangs up without a last word leaves no event.
_LOOK_SECONDS: Final = 5.0


def start(turn: Turn, event: TransferRequested) -> None:
    """Tell the transferee's device.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND, INVALID_INPUT; IDEMPOTENCY_KEY_REUSED.
    """
    if turn.has_used(event.key):
        return
    by, transferee = parties(turn, event.by)
    if event.leg is None or event.refer_to is None:
        msg = "a device is told a number"
        raise ValueError(msg)
    if transferee.trunk_id is None and not transferee.has_come:
        message = "Only a party behind a trunk can be told to call a number by itself: use BRIDGE."
        raise RefusedError(Problem("INVALID_INPUT", message, ("method",)))
    transfer = Transfer(
        id=event.transfer_id,
        kind=event.kind,
        method=TransferMethod.REFER,
        by=by.id,
        transferee=transferee.id,
        target_party=event.leg.party,
        started_at=turn.now,
        recall_leg=event.recall_leg_id,
        or_recall_legs=event.or_recall_leg_ids,
        consult_seconds=event.consult_seconds,
        recalls=event.recalls,
    )
    turn.change(transfer=transfer, best_failure=None, keys=(*turn.call.keys, event.key))
    turn.say(TransferStarted(**about(turn, transfer)))
    holding.move(turn, by, Place.RINGBACK)
    holding.move(turn, transferee, Place.AWAY)
    turn.ask(ReferLeg(leg_id=transferee.id, dialled=event.refer_to))
    turn.set_timer(TimerName.REFER, _LOOK_SECONDS)


def on_referred(turn: Turn, event: LegReferred) -> None:
    """The leg is in our hands again: its device has said how it came out, or nothing in time."""
    transfer = _under_way(turn, event.leg_id)
    if transfer is None:
        holding.put_back(turn, event.leg_id)
        return
    turn.clear_timers(TimerName.REFER)
    if event.is_done:
        _complete(turn, transfer)
        return
    disposition, code = BY_SIP_CODE.get(event.sip_code or 0, (Disposition.FAILED, EndCode.NETWORK_FAILURE))
    if event.is_timed_out:
        disposition, code = Disposition.NO_ANSWER, EndCode.NO_ANSWER
    side = side_of(turn.call.leg(transfer.transferee).role)
    _fail(turn, transfer, disposition, EndReason(code=code, party=side, sip_code=event.sip_code))


def on_failure(turn: Turn, leg_id: LegId) -> None:
    """The device could not be told."""
    transfer = _under_way(turn, leg_id)
    if transfer is not None:
        turn.clear_timers(TimerName.REFER)
        reason = EndReason(code=EndCode.DIAL_FAILED, party=EndParty.SYSTEM)
        _fail(turn, transfer, Disposition.FAILED, reason)


def on_timer(turn: Turn) -> None:
    """Look whether the leg is there still."""
    transfer = turn.call.transfer
    if transfer is None or _under_way(turn, transfer.transferee) is None:
        return
    if (turn.now - transfer.started_at).total_seconds() >= _LONGEST_SECONDS:
        on_failure(turn, transfer.transferee)
        return
    turn.ask(VerifyLeg(leg_id=transfer.transferee))
    turn.set_timer(TimerName.REFER, _LOOK_SECONDS)


def _complete(turn: Turn, transfer: Transfer) -> None:
    """Transferee and target talk without us: the call ends, with whoever transferred as the one who ended it."""
    by, transferee = turn.call.leg(transfer.by), turn.call.leg(transfer.transferee)
    told = about(turn, transfer)
    turn.change(transfer=None)
    turn.change_leg(transferee.id, place=Place.NOWHERE, hangup_reason=HangupReason.TRANSFERRED)
    turn.say(TransferCompleted(**told, leg=None))
    reason = EndReason(code=EndCode.TRANSFERRED, party=side_of(by.role))
    ending.begin(turn, Disposition.ANSWERED, reason)


def _fail(turn: Turn, transfer: Transfer, disposition: Disposition, reason: EndReason) -> None:
    if not _is_there(turn.call.leg(transfer.by)):
        on_target_gone(turn, transfer, disposition, reason)  # it is called back, or the call ends
        return
    failed = TransferFailed(**about(turn, transfer), disposition=disposition, end_reason=reason)
    turn.change(transfer=None)
    turn.say(failed)
    bring_together(turn)


def _under_way(turn: Turn, leg_id: LegId) -> Transfer | None:
    """The transfer that this leg's device was told of."""
    transfer = turn.call.transfer
    if transfer is None or turn.call.is_ending or transfer.transferee != leg_id:
        return None
    return transfer if transfer.is_referred else None


def _is_there(leg: Leg) -> bool:
    return leg.state is LegState.UP and not leg.is_leaving
