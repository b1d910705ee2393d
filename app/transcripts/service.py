"""Having a recording transcribed: by request, or because its call was to be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from app.accounts.principal import Principal
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.facts.event import SYSTEM, Actor
from app.facts.jobs import JobKind
from app.facts.vocabulary import RecordingState
from app.ids import Kind, kind_of, new_id
from app.jobs.model import MOST_OPEN_JOBS, Job, NewJob
from app.jobs.service import FULL_ACCOUNTS, Jobs
from app.transcripts.engine import HearingEngine
from app.transcripts.model import Transcript, TranscriptionPayload, TranscriptState
from app.transcripts.rows import put_transcript, read_transcript

MOST_PHRASES: Final = 100
LONGEST_PHRASE: Final = 200
#: BCP 47, as far as engines know it: a language, perhaps a region.
_LANGUAGE: Final = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

_COLUMNS: Final = (
    "recording.id, recording.account_id, recording.call_id, recording.state, recording.kind, "
    "coalesce((SELECT call.is_sandbox FROM call WHERE call.id = recording.call_id), false) AS is_sandbox"
)
# Shared: a deletion waits for this, and this for a deletion.
_LOCK: Final = f"SELECT {_COLUMNS} FROM recording WHERE account_id = $1 AND id = $2 FOR SHARE"  # noqa: S608  # our own names
# An account that has enough under way waits, and nobody with it.
_WANTED: Final = f"""
SELECT {_COLUMNS} FROM recording WHERE state = 'SAVED' AND wants_transcript AND account_id NOT IN ({FULL_ACCOUNTS})
ORDER BY saved_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608  # our own names
_DONE: Final = "UPDATE recording SET wants_transcript = false WHERE id = $1"
_PENDING: Final = """
SELECT id, account_id, recording_id, call_id, job_id, state, language, engine, segments::text AS segments, failure,
       created_at, finished_at
FROM transcript WHERE recording_id = $1 AND job_id = $2
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A transcript that is to be, and the job that makes it."""

    transcript: Transcript
    job: Job


class Transcripts:
    """The use cases. Every method raises DatabaseUnavailableError when the database is away.

    ``engine`` is the one that the workers have, to refuse in time what it cannot do.
    """

    def __init__(self, database: Database, jobs: Jobs, engine: HearingEngine, clock: Clock, *, language: str) -> None:
        self._database = database
        self._jobs = jobs
        self._engine = engine
        self._clock = clock
        self._language = language

    async def transcribe(
        self, by: Principal, recording_id: str, *, language: str | None = None, phrases: Sequence[str] = ()
    ) -> Begun:
        """Have a recording transcribed. While that is under way, another request gives what is under way.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, it is not SAVED, or too much is under way; INVALID_INPUT,
                NOT_SUPPORTED for language and phrases.
        """
        self._check(language, phrases)
        async with self._database.acquire() as connection, connection.transaction():
            row = None
            if kind_of(recording_id) is Kind.RECORDING:
                row = await connection.fetchrow(_LOCK, by.account_id, recording_id)
            if row is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such recording.", ("recordingId",)))
            if row["state"] != RecordingState.SAVED:
                message = "Only a recording that is SAVED can be transcribed."
                raise RefusedError(Problem("INVALID_STATE", message, ("recordingId",), current_state=row["state"]))
            begun = await self._begin(
                connection, row, language, tuple(phrases), actor=by.actor, request_id=by.request_id
            )
        self._jobs.announce()
        return begun

    async def begin_wanted(self) -> bool:
        """Begin with one saved recording whose call was to be transcribed. Whether there was one.

        The recordings of an account that has enough under way are left for later.

        Raises:
            RefusedError: INVALID_STATE, too much is under way for its account since a moment ago.
        """
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_WANTED, JobKind.TRANSCRIPTION.value, MOST_OPEN_JOBS)
            if row is None:
                return False
            await connection.execute(_DONE, row["id"])
            await self._begin(connection, row, None, (), actor=SYSTEM, request_id=None)
        self._jobs.announce()
        return True

    async def _begin(
        self,
        connection: PooledConnection,
        row: asyncpg.Record,
        language: str | None,
        phrases: tuple[str, ...],
        *,
        actor: Actor,
        request_id: str | None,
    ) -> Begun:
        language = language or self._language
        transcript_id = new_id(Kind.TRANSCRIPT)
        payload = TranscriptionPayload(
            transcript_id=transcript_id, recording_id=row["id"], language=language, phrases=phrases
        )
        job = await self._jobs.enqueue_in(
            connection,
            NewJob(
                account_id=row["account_id"],
                kind=JobKind.TRANSCRIPTION,
                subject_id=row["id"],
                payload=payload,
                key=row["id"],
                actor=actor,
                request_id=request_id,
                is_sandbox=row["is_sandbox"],
            ),
        )
        found = await connection.fetchrow(_PENDING, row["id"], job.id)
        if found is not None and (under_way := read_transcript(found)).state is TranscriptState.PENDING:
            return Begun(under_way, job)
        transcript = await put_transcript(
            connection,
            transcript_id=transcript_id,
            account_id=row["account_id"],
            recording_id=row["id"],
            call_id=row["call_id"],
            job_id=job.id,
            language=language,
            now=self._clock.now(),
        )
        return Begun(transcript, job)

    def _check(self, language: str | None, phrases: Sequence[str]) -> None:
        problems = []
        if language is not None and not _LANGUAGE.fullmatch(language):
            problems.append(Problem("INVALID_INPUT", "A language is a tag such as en-US.", ("languageCode",)))
        if len(phrases) > MOST_PHRASES:
            problems.append(Problem("INVALID_INPUT", f"Give at most {MOST_PHRASES} phrases.", ("phrases",)))
        for number, phrase in enumerate(phrases):
            if not phrase.strip() or len(phrase) > LONGEST_PHRASE or _CONTROL.search(phrase):
                message = f"A phrase has 1 to {LONGEST_PHRASE} characters in one line."
                problems.append(Problem("INVALID_INPUT", message, ("phrases", str(number))))
        if not problems and (reason := self._engine.check(language or self._language, phrases)) is not None:
            problems.append(Problem("NOT_SUPPORTED", reason, ("languageCode",) if language else ()))
        if problems:
            raise RefusedError(problems)
