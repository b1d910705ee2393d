"""Facts of one call, as the core would have written them."""

from datetime import UTC, datetime, timedelta

from app.facts.calls import CallConnected, CallEnded, CallRef, CdrRecord
from app.facts.recordings import RecordingSaved
from app.facts.vocabulary import (
    CallKind,
    CdrSource,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    Party,
    RecordingMode,
)

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def call_of(call_id: str, *, dialled: str | None = "+12125550123", caller_id: str | None = "+12125550199") -> CallRef:
    return CallRef(
        id=call_id,
        kind=CallKind.CLICK_TO_CALL,
        direction=Direction.OUTBOUND,
        unique_id="ofk.n1.leg_1",
        dialled_number=dialled,
        extension="2001",
        caller_id=caller_id,
    )


def connected(call: CallRef) -> CallConnected:
    return CallConnected(call=call, connected_at=BEGAN + timedelta(seconds=8))


def ended(call: CallRef, *, talk_seconds: float) -> CallEnded:
    """``talk_seconds`` 0 is a call that nobody answered."""
    is_answered = talk_seconds > 0
    disposition = Disposition.ANSWERED if is_answered else Disposition.NO_ANSWER
    reason = EndReason(code=EndCode.HANGUP if is_answered else EndCode.NO_ANSWER, party=EndParty.CUSTOMER)
    end = BEGAN + timedelta(seconds=8 + talk_seconds)
    record = CdrRecord(
        id="cdr_1",
        call_id=call.id,
        kind=call.kind,
        direction=call.direction,
        disposition=disposition,
        end_reason=reason,
        source=CdrSource.LIVE,
        unique_id=call.unique_id,
        created_at=BEGAN,
        connected_at=BEGAN + timedelta(seconds=8) if is_answered else None,
        ended_at=end,
        agent=Party(extension="2001"),
        customer=Party(number="+12125550123", display="Grace"),
        ring_seconds=8.0,
        talk_seconds=talk_seconds,
        duration_seconds=8 + talk_seconds,
        dialled_number=call.dialled_number,
        caller_id=call.caller_id,
    )
    return CallEnded(
        call=call,
        disposition=disposition,
        end_reason=reason,
        duration_seconds=8 + talk_seconds,
        talk_seconds=talk_seconds,
        cdr=record,
    )


def saved(call: CallRef, recording_id: str = "rec_1") -> RecordingSaved:
    return RecordingSaved(
        call=call,
        recording_id=recording_id,
        mode=RecordingMode.BOTH,
        duration_seconds=12.5,
        size_bytes=400_044,
        channels=2,
        sha256="00" * 32,
    )
