"""Facts about recordings. They carry ids, never addresses: signed addresses expire, facts do not."""

from datetime import datetime
from enum import StrEnum

from app.facts.calls import CallFact, Fact
from app.facts.vocabulary import PauseMode, RecordingMode, Words


class RecordingStarted(CallFact, frozen=True, kw_only=True):
    """Asterisk is writing the recording."""

    type = "recording.started"
    recording_id: str
    mode: RecordingMode


class RecordingPaused(CallFact, frozen=True, kw_only=True):
    """Nothing said from ``paused_at`` on gets into the recording; ``pause_mode`` says how the file shows it."""

    type = "recording.paused"
    recording_id: str
    mode: RecordingMode
    pause_mode: PauseMode
    paused_at: datetime


class RecordingResumed(CallFact, frozen=True, kw_only=True):
    """What is said from ``resumed_at`` on is recorded again."""

    type = "recording.resumed"
    recording_id: str
    mode: RecordingMode
    pause_mode: PauseMode
    paused_at: datetime
    resumed_at: datetime


class RecordingSaved(CallFact, frozen=True, kw_only=True):
    """The recording is in Offhook's store, whole, and gone from Asterisk.

    ``duration_seconds`` is counted from the samples, ``sha256`` is the file's, in hex. ``lost_seconds`` of sound are
    missing from it, because Asterisk had no time to write them; null when that is not known.
    """

    type = "recording.saved"
    recording_id: str
    mode: RecordingMode
    duration_seconds: float
    size_bytes: int
    channels: int
    sha256: str
    lost_seconds: float | None = None


class SignedUrl(Words, frozen=True, kw_only=True):
    """An address of a recording that works for whoever holds it, until ``expires_at``; the log never holds one."""

    url: str
    expires_at: datetime


class RecordingFailed(CallFact, frozen=True, kw_only=True):
    """No recording came of it; ``reason`` says why."""

    type = "recording.failed"
    recording_id: str
    mode: RecordingMode
    reason: str


class DeletionReason(StrEnum):
    """Why a recording was deleted: somebody asked for that, its time was over, or a person is to be forgotten."""

    REQUESTED = "REQUESTED"
    RETENTION = "RETENTION"
    ERASURE = "ERASURE"


class RecordingDeleted(Fact, frozen=True, kw_only=True):
    """The recording's file is being deleted and can no longer be fetched.

    ``is_expired``: its time was over. ``reason`` says why; null where that was not kept.
    """

    type = "recording.deleted"
    recording_id: str
    call_id: str
    mode: RecordingMode
    is_expired: bool = False
    reason: DeletionReason | None = None
