"""With which cause (ITU-T Q.850) Offhook hangs a leg up: what its far end is told."""

from types import MappingProxyType
from typing import Final

from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason, Leg
from app.facts.vocabulary import Disposition

NORMAL_CLEARING: Final = 16
#: Asterisk's own addition to Q.850, which it also tells a phone by SIP's words for it: nobody missed a call there.
_ANSWERED_ELSEWHERE: Final = 26
#: What a caller is told who was never answered, which chan_pjsip makes a SIP status of.
_CAUSES: Final = MappingProxyType(
    {
        Disposition.BUSY: 17,  # 486
        Disposition.NO_ANSWER: 19,  # 480
        Disposition.CANCELLED: 16,  # 603
        Disposition.REJECTED: 21,  # 403
        Disposition.UNREACHABLE: 20,  # 480
        Disposition.INVALID_NUMBER: 1,  # 404
        Disposition.CONGESTION: 34,  # 503
        Disposition.FAILED: 38,  # 500
    }
)


def cause_for(call: Call, leg: Leg, reason: HangupReason) -> int:
    """With which cause a leg is hung up: a caller who was never answered is told how the call came out."""
    if reason is HangupReason.ANSWERED_ELSEWHERE:
        return _ANSWERED_ELSEWHERE
    if not leg.has_come or leg.answered_at is not None or call.outcome is None:
        return NORMAL_CLEARING
    return _CAUSES.get(call.outcome, NORMAL_CLEARING)
