"""Facts about jobs: long work that goes on by itself, and what came of it."""

from enum import StrEnum

from app.facts.calls import Fact
from app.facts.vocabulary import Words


class JobKind(StrEnum):
    """What a job does."""

    CONTACT_IMPORT = "CONTACT_IMPORT"
    DNC_IMPORT = "DNC_IMPORT"
    EXPORT = "EXPORT"
    TRANSCRIPTION = "TRANSCRIPTION"
    ERASURE = "ERASURE"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Counts(Words, frozen=True, kw_only=True):
    """How far a job has come, in rows or pieces; ``total`` null while nobody knows it.

    ``processed`` is added + updated + skipped + rejected where a job sorts its rows into these, else what is done.
    ``existing`` of the skipped ones were there before, and stayed as they were. ``dnc`` of them, whatever became of
    them, are numbers that must not be called.
    """

    total: int | None = None
    processed: int = 0
    added: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: int = 0
    dnc: int = 0
    existing: int = 0


class JobFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one job. ``job_subject_id`` is what it was about: a list, a recording."""

    job_id: str
    kind: JobKind
    job_subject_id: str | None = None
    counts: Counts
    has_report: bool = False


class JobFinished(JobFact, frozen=True, kw_only=True):
    """The job has done all of its work; its report, if it has one, can be fetched."""

    type = "job.finished"


class JobFailed(JobFact, frozen=True, kw_only=True):
    """The job was given up; ``reason`` says why. What it had done until then stays done."""

    type = "job.failed"
    reason: str


class JobCancelled(JobFact, frozen=True, kw_only=True):
    """The job was cancelled. What it had done until then stays done."""

    type = "job.cancelled"
