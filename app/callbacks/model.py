"""What a callback is: plain values between the surfaces, the service and the scheduler."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from app.calls.planning.requests import UNSET, OriginateRequest, Unset
from app.facts.callbacks import CallbackFailure
from app.facts.vocabulary import AgentDisplay, Disposition, LegRole, Pair, Party, RecordingMode, Words
from app.hours.local_time import LocalTime, Resolution

LONGEST_GRACE_SECONDS: Final = 86_400.0
MOST_ATTEMPTS: Final = 10
LEAST_RETRY_SECONDS: Final = 1.0
LONGEST_RETRY_SECONDS: Final = 7 * 86_400.0
#: So far ahead a callback may be scheduled.
FURTHEST_DAYS: Final = 366

#: When: an instant, or what a wall clock shows somewhere.
When: TypeAlias = datetime | LocalTime


class CallbackState(StrEnum):
    """Where a callback stands, as the outside sees it. A row that is CLAIMED is about to be STARTED."""

    SCHEDULED = "SCHEDULED"
    STARTED = "STARTED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Wanted(Words, frozen=True, kw_only=True, omit_defaults=True):
    """The call that a callback places, as `OriginateRequest` has it; what is left out is the server's setting then."""

    destination_number: str | None = None
    destination_extension: str | None = None
    connect_agent_id: str | None = None
    connect_extension: str | None = None
    connect_number: str | None = None
    connect_ring_group_id: str | None = None
    connect_queue_id: str | None = None
    connect_call_flow_id: str | None = None
    dial_first: LegRole = LegRole.AGENT
    caller_id: str | None = None
    caller_id_name: str | None = None
    agent_display: AgentDisplay = AgentDisplay.DESTINATION
    destination_name: str | None = None
    trunk_id: str | None = None
    agent_ring_seconds: float | None = None
    customer_ring_seconds: float | None = None
    max_duration_seconds: float | None = None
    recording_mode: RecordingMode = RecordingMode.OFF
    transcribe: bool = False
    softphone_message: str | None = None
    external_id: str | None = None
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()

    def request(self, key: str, *, dry_run: bool = False) -> OriginateRequest:
        """The call, asked for under this idempotency key."""
        return OriginateRequest(
            idempotency_key=key, dry_run=dry_run, **{name: getattr(self, name) for name in self.__struct_fields__}
        )

    @property
    def customer(self) -> Party:
        """Who is to be called back."""
        return Party(number=self.destination_number, extension=self.destination_extension)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRequest:
    """A callback that is asked for. Texts are as the caller wrote them; ``grace_seconds`` None is the server's."""

    idempotency_key: str
    when: When
    wanted: Wanted
    grace_seconds: float | None = None
    max_attempts: int = 1
    retry_after_seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCallbackRequest:
    """Changes of a callback that has not begun; what is UNSET stays. ``wanted`` are fields of :class:`Wanted`."""

    callback_id: str
    when: When | Unset = UNSET
    wanted: dict[str, object] | Unset = UNSET
    grace_seconds: float | Unset = UNSET
    max_attempts: int | Unset = UNSET
    retry_after_seconds: float | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call of a callback. ``disposition`` and ``is_connected`` are known once it has ended."""

    number: int
    call_id: str
    due_at: datetime
    started_at: datetime
    ended_at: datetime | None
    disposition: Disposition | None
    is_connected: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A callback. ``call_id`` is its latest call's; ``attempt`` counts its calls."""

    id: str
    account_id: str
    state: CallbackState
    due_at: datetime
    local: LocalTime | None
    resolution: Resolution | None
    wanted: Wanted
    grace_seconds: float
    max_attempts: int
    retry_after_seconds: float
    attempt: int
    call_id: str | None
    failure: CallbackFailure | None
    detail: str | None
    is_sandbox: bool
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFilter:
    """Which callbacks; every field that is set must hold. ``[due_from, due_to)``."""

    states: tuple[CallbackState, ...] = ()
    number: str | None = None
    external_id: str | None = None
    due_from: datetime | None = None
    due_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A callback as it stands. ``is_replayed``: the idempotency key had scheduled it before."""

    callback: Callback
    is_replayed: bool = False
