"""From how a leg ended to how the call came out: two tables and the rule between them.

SIP statuses are those of RFC 3261 section 21, causes those of ITU-T Q.850. The SIP status is asked first: Asterisk
maps several of them to one cause (403 and 603 are both 21).
"""

from types import MappingProxyType
from typing import Final

from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason, Leg, side_of
from app.facts.vocabulary import Disposition, EndCode, EndParty, EndReason

Outcome = tuple[Disposition, EndCode]

_BUSY: Final = (Disposition.BUSY, EndCode.BUSY)
_NO_ANSWER: Final = (Disposition.NO_ANSWER, EndCode.NO_ANSWER)
_REJECTED: Final = (Disposition.REJECTED, EndCode.REJECTED)
_INVALID: Final = (Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER)
_UNREACHABLE: Final = (Disposition.UNREACHABLE, EndCode.UNREACHABLE)
_CONGESTION: Final = (Disposition.CONGESTION, EndCode.CONGESTION)
_FAILED: Final = (Disposition.FAILED, EndCode.NETWORK_FAILURE)

#: The final SIP status of a leg that was never answered.
BY_SIP_CODE: Final = MappingProxyType(
    {
        401: _REJECTED,
        403: _REJECTED,
        404: _INVALID,
        407: _REJECTED,
        408: _UNREACHABLE,
        410: _INVALID,
        480: _UNREACHABLE,
        484: _INVALID,
        485: _INVALID,
        486: _BUSY,
        500: _CONGESTION,
        502: _CONGESTION,
        503: _CONGESTION,
        504: _CONGESTION,
        600: _BUSY,
        603: _REJECTED,
        604: _INVALID,
        607: _REJECTED,
        608: _REJECTED,
    }
)

#: The Q.850 cause, where no SIP status is known.
BY_CAUSE: Final = MappingProxyType(
    {
        1: _INVALID,
        2: _UNREACHABLE,
        3: _UNREACHABLE,
        16: _REJECTED,
        17: _BUSY,
        18: _NO_ANSWER,
        19: _NO_ANSWER,
        20: _UNREACHABLE,
        21: _REJECTED,
        22: _INVALID,
        27: _UNREACHABLE,
        28: _INVALID,
        34: _CONGESTION,
        38: _CONGESTION,
        41: _CONGESTION,
        42: _CONGESTION,
        44: _CONGESTION,
    }
)


#: "Nobody there now" and "no reply": after ringing, networks and Asterisk's own limit say so of an unanswered phone.
NO_ANSWER_AFTER_RINGING: Final = frozenset({408, 480})


def unanswered_outcome(leg: Leg) -> Outcome:
    """How a leg came out that ended without an answer: our own reason first, then SIP status, then cause."""
    match leg.hangup_reason:
        case HangupReason.RING_TIMEOUT:
            return _NO_ANSWER
        case HangupReason.SETUP_TIMEOUT:
            return Disposition.FAILED, EndCode.DIAL_FAILED
        case (
            HangupReason.CALL_OVER
            | HangupReason.TRANSFERRED
            | HangupReason.NOT_WANTED
            | HangupReason.NOT_IN_TIME
            | HangupReason.ANSWERED_ELSEWHERE
        ):
            return Disposition.CANCELLED, EndCode.HANGUP
        case None:
            pass
    if leg.ringing_at is not None and leg.sip_code in NO_ANSWER_AFTER_RINGING:
        return _NO_ANSWER
    if leg.sip_code is not None and leg.sip_code in BY_SIP_CODE:
        return BY_SIP_CODE[leg.sip_code]
    if leg.hangup_cause is not None and leg.hangup_cause in BY_CAUSE:
        return BY_CAUSE[leg.hangup_cause]
    return _FAILED


def outcome_of_leg_end(call: Call, leg: Leg) -> tuple[Disposition, EndReason]:
    """How the call came out, given that the end of this leg decided it.

    Connected: ANSWERED, by whoever hung up. Answered alone, or a caller of ours: that party did not wait, CANCELLED.
    Not answered: the leg's own outcome, on its side.
    """
    side = side_of(leg.role)
    if call.connected_at is not None:
        return Disposition.ANSWERED, EndReason(code=EndCode.HANGUP, party=side, hangup_cause=leg.hangup_cause)
    if leg.answered_at is not None or leg.has_come:
        return Disposition.CANCELLED, EndReason(code=EndCode.HANGUP, party=side, hangup_cause=leg.hangup_cause)
    disposition, code = unanswered_outcome(leg)
    return disposition, EndReason(code=code, party=side, sip_code=leg.sip_code, hangup_cause=leg.hangup_cause)


def outcome_of_target(leg: Leg) -> tuple[Disposition, EndReason]:
    """How it came out with a party that was called in while others talk, now that its leg has ended."""
    side = EndParty.SYSTEM if leg.hangup_reason is not None else side_of(leg.role)
    if leg.answered_at is not None:
        return Disposition.ANSWERED, EndReason(code=EndCode.HANGUP, party=side, hangup_cause=leg.hangup_cause)
    disposition, code = unanswered_outcome(leg)
    return disposition, EndReason(code=code, party=side, sip_code=leg.sip_code, hangup_cause=leg.hangup_cause)


def outcome_of_system(call: Call, code: EndCode) -> tuple[Disposition, EndReason]:
    """How the call came out, given that Offhook or a request ended it for this reason."""
    reason = EndReason(code=code, party=EndParty.SYSTEM)
    if call.connected_at is not None:
        return Disposition.ANSWERED, reason
    if code is EndCode.API_HANGUP:
        return Disposition.CANCELLED, reason
    if code is EndCode.MAX_DURATION:  # before anybody came to talk to whoever was there
        return Disposition.ABANDONED, reason
    return Disposition.FAILED, reason
