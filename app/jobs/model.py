"""A job as those see it who ask for it, do it, or read it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from app.accounts.scopes import Scope
from app.db.engine import PooledConnection
from app.facts.event import SYSTEM, Actor, Draft
from app.facts.jobs import Counts, JobKind, JobState

__all__ = ["Counts", "JobKind", "JobState"]

#: How many unfinished jobs of one kind an account may have.
MOST_OPEN_JOBS: Final = 1000

#: Which key may see a job and cancel it, where the one who enqueues it says nothing else.
SCOPE_OF: Final[Mapping[JobKind, Scope]] = MappingProxyType(
    {
        JobKind.CONTACT_IMPORT: Scope.CONTACTS,
        JobKind.DNC_IMPORT: Scope.DNC,
        JobKind.EXPORT: Scope.CDRS_READ,
        JobKind.TRANSCRIPTION: Scope.RECORDINGS_READ,
        JobKind.ERASURE: Scope.RECORDINGS_DELETE,
    }
)
#: States that nothing follows on.
FINAL: Final = frozenset({JobState.FINISHED, JobState.FAILED, JobState.CANCELLED})


class JobFailedError(Exception):
    """Nothing can come of this job any more. The text is shown to its owner, and says what to do."""


class JobRetryError(Exception):
    """Not now; the same may work later. The text is shown if it never does."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        """``after_seconds``: when to try again, if the usual wait is not the right one."""
        super().__init__(message)
        self.after_seconds = after_seconds


class JobLostError(Exception):
    """The job is no longer this worker's: it was cancelled, or its lease has run out. Let it pass."""


@dataclass(frozen=True, slots=True)
class ReportName:
    """How a report is called and what it is, for whoever downloads it: ``import.csv``, ``text/csv; charset=utf-8``."""

    file_name: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """A job's file in the store."""

    file_name: str
    content_type: str
    size_bytes: int
    object_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be done.

    ``payload`` is what its runner needs, anything that msgspec writes as JSON; it must hold no secrets. While an
    unfinished job of the same account, kind and ``key`` exists, that one stands for this. ``scope`` is what a key needs
    to see it; None, what its kind says.
    """

    account_id: str
    kind: JobKind
    subject_id: str | None = None
    payload: Any = field(default_factory=dict)
    key: str | None = None
    scope: Scope | None = None
    actor: Actor = SYSTEM
    request_id: str | None = None
    is_sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands.

    ``fraction`` is how much of it is done, 0 to 1, None while nobody knows. ``attempts`` counts those that got no
    further than the one before. ``error`` is why it FAILED, or why the last attempt did.
    """

    id: str
    account_id: str
    kind: JobKind
    state: JobState
    subject_id: str | None
    scope: Scope
    payload: bytes
    counts: Counts
    fraction: float | None
    attempts: int
    error: str | None
    report: JobReport | None
    actor: Actor
    request_id: str | None
    is_sandbox: bool
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing follows on its state."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs: all conditions that are given must hold. ``scopes``: what the key that asks has."""

    scopes: tuple[Scope, ...]
    kinds: tuple[JobKind, ...] = ()
    states: tuple[JobState, ...] = ()
    subject_id: str | None = None


InTransaction = Callable[[PooledConnection], Awaitable[Sequence[Draft] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a runner gives back when all is done.

    ``counts`` None: as last saved. ``report`` names the report; its bytes are ``file``, or else the parts that were
    saved on the way. ``in_transaction`` is called in the transaction that ends the job; it may give facts to append,
    and may raise JobFailedError.
    """

    counts: Counts | None = None
    report: ReportName | None = None
    file: Path | None = None
    in_transaction: InTransaction | None = None
