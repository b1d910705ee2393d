"""Facts about callbacks: calls that are placed at a time that was agreed on."""

from datetime import datetime
from enum import StrEnum

from app.facts.calls import Fact
from app.facts.vocabulary import Disposition, Pair, Party


class CallbackFailure(StrEnum):
    """Why a callback came to nothing."""

    MISSED = "MISSED"
    DNC = "DNC"
    REFUSED = "REFUSED"
    NOT_CONNECTED = "NOT_CONNECTED"


class CallbackFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one callback. ``attempt`` counts the calls that were begun."""

    callback_id: str
    customer: Party
    due_at: datetime
    attempt: int = 0
    external_id: str | None = None
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()


class CallbackScheduled(CallbackFact, frozen=True, kw_only=True):
    """A call is to be placed at ``due_at``."""

    type = "callback.scheduled"


class CallbackUpdated(CallbackFact, frozen=True, kw_only=True):
    """It was changed by request; or, with ``is_retry``, its call connected nobody and another one is due."""

    type = "callback.updated"
    is_retry: bool = False


class CallbackCancelled(CallbackFact, frozen=True, kw_only=True):
    """It will not be placed: somebody said so in time."""

    type = "callback.cancelled"


class CallbackStarted(CallbackFact, frozen=True, kw_only=True):
    """Its call is being placed, ``late_seconds`` after it was due."""

    type = "callback.started"
    call_id: str
    late_seconds: float


class CallbackCompleted(CallbackFact, frozen=True, kw_only=True):
    """Its call has ended, and both sides had been connected."""

    type = "callback.completed"
    call_id: str
    talk_seconds: float


class CallbackFailed(CallbackFact, frozen=True, kw_only=True):
    """Nothing more is tried. ``call_id`` and ``disposition`` are those of its last call, where there was one."""

    type = "callback.failed"
    reason: CallbackFailure
    detail: str
    call_id: str | None = None
    disposition: Disposition | None = None
