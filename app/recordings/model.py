"""A recording as its readers see it."""

from dataclasses import dataclass
from datetime import datetime

from app.facts.stretches import Segment
from app.facts.vocabulary import RecordingKind, RecordingMode, RecordingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording of one call.

    ``object_key`` and what proves the file (``size_bytes``, ``duration_seconds``, ``channels``, ``sample_rate`` in Hz,
    ``sha256`` in hex, ``segments``) are there once it is SAVED; so is how much sound is missing from it
    (``lost_seconds``), where that is known. ``failure`` says why when it is FAILED. ``leg_ids`` are whose voices were
    written, in the order of their beginning.
    """

    id: str
    account_id: str
    call_id: str
    mode: RecordingMode
    state: RecordingState
    created_at: datetime
    started_at: datetime | None = None
    saved_at: datetime | None = None
    customer_number: str | None = None
    extension: str | None = None
    object_key: str | None = None
    duration_seconds: float | None = None
    size_bytes: int | None = None
    channels: int | None = None
    sample_rate: int | None = None
    sha256: str | None = None
    failure: str | None = None
    leg_ids: tuple[str, ...] = ()
    segments: tuple[Segment, ...] | None = None
    lost_seconds: float | None = None
    kind: RecordingKind = RecordingKind.CALL
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFilter:
    """Which recordings: all conditions that are given must hold.

    ``number`` is the customer's number in E.164; ``created_from`` is included, ``created_to`` is not.
    """

    number: str | None = None
    call_id: str | None = None
    kinds: tuple[RecordingKind, ...] = ()
    states: tuple[RecordingState, ...] = ()
    extensions: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
