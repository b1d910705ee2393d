"""The rows of transcripts: read for one account, written by their service and their job."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
import orjson

from app.db.engine import Database, PooledConnection
from app.transcripts.model import Transcript, TranscriptEngine, TranscriptSegment, TranscriptState

_COLUMNS: Final = (
    "id, account_id, recording_id, call_id, job_id, state, language, engine, segments::text AS segments, failure, "
    "created_at, finished_at"
)
_GET: Final = f"SELECT {_COLUMNS} FROM transcript WHERE account_id = $1 AND id = $2"  # noqa: S608  # our own names
_OF_RECORDINGS: Final = f"""
SELECT {_COLUMNS} FROM transcript WHERE account_id = $1 AND recording_id = ANY ($2::text[])
"""  # noqa: S608  # our own names
_OF_CALLS: Final = f"""
SELECT DISTINCT ON (call_id) {_COLUMNS} FROM transcript WHERE account_id = $1 AND call_id = ANY ($2::text[])
ORDER BY call_id, created_at DESC, id DESC
"""  # noqa: S608  # our own names
_PUT: Final = f"""
INSERT INTO transcript (id, account_id, recording_id, call_id, job_id, state, language, created_at)
VALUES ($1, $2, $3, $4, $5, 'PENDING', $6, $7)
ON CONFLICT (recording_id) DO UPDATE
SET id = excluded.id, job_id = excluded.job_id, state = 'PENDING', language = excluded.language, engine = NULL,
    segments = NULL, failure = NULL, created_at = excluded.created_at, finished_at = NULL
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
_KEEP: Final = "UPDATE transcript SET segments = $3::json, engine = $4 WHERE id = $1 AND job_id = $2 RETURNING call_id"
_FINISH: Final = """
UPDATE transcript SET state = 'READY', finished_at = $3 WHERE id = $1 AND job_id = $2 RETURNING call_id
"""
_FAIL: Final = f"""
UPDATE transcript SET state = 'FAILED', failure = $2, segments = NULL, finished_at = $3
WHERE job_id = $1 AND state = 'PENDING'
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
_SEGMENTS: Final = msgspec.json.Decoder(tuple[TranscriptSegment, ...])


def read_transcript(row: asyncpg.Record) -> Transcript:
    """A transcript of a row; what a job has written of one that is not READY is not shown."""
    state = TranscriptState(row["state"])
    segments = None
    if state is TranscriptState.READY:
        segments = _SEGMENTS.decode(row["segments"] or "[]")
    return Transcript(
        id=row["id"],
        account_id=row["account_id"],
        recording_id=row["recording_id"],
        call_id=row["call_id"],
        job_id=row["job_id"],
        state=state,
        language=row["language"],
        engine=None if row["engine"] is None else TranscriptEngine(row["engine"]),
        segments=segments,
        failure=row["failure"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


class TranscriptQueries:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: str, transcript_id: str) -> Transcript | None:
        """One transcript; None when there is none, or it is another account's."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_GET, account_id, transcript_id)
        return None if row is None else read_transcript(row)

    async def of_recordings(self, account_id: str, recording_ids: Sequence[str]) -> dict[str, Transcript]:
        """The transcripts of some recordings, by the recordings' ids."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_OF_RECORDINGS, account_id, list(recording_ids))
        return {row["recording_id"]: read_transcript(row) for row in rows}

    async def of_calls(self, account_id: str, call_ids: Sequence[str]) -> dict[str, Transcript]:
        """The newest transcript of each of some calls, by the calls' ids."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_OF_CALLS, account_id, list(call_ids))
        return {row["call_id"]: read_transcript(row) for row in rows}


async def put_transcript(
    connection: PooledConnection,
    *,
    transcript_id: str,
    account_id: str,
    recording_id: str,
    call_id: str,
    job_id: str,
    language: str,
    now: datetime,
) -> Transcript:
    """Begin a transcript, in place of what the recording had."""
    row = await connection.fetchrow(_PUT, transcript_id, account_id, recording_id, call_id, job_id, language, now)
    assert row is not None, "INSERT … DO UPDATE gives a row"
    return read_transcript(row)


async def read_segments(
    connection: PooledConnection, transcript_id: str, job_id: str
) -> list[TranscriptSegment] | None:
    """What a job has written so far; None when there is no such transcript (any more)."""
    row = await connection.fetchrow(
        "SELECT segments::text AS segments FROM transcript WHERE id = $1 AND job_id = $2", transcript_id, job_id
    )
    return None if row is None else list(_SEGMENTS.decode(row["segments"] or "[]"))


async def keep_segments(
    connection: PooledConnection,
    transcript_id: str,
    job_id: str,
    segments: Sequence[TranscriptSegment],
    engine: TranscriptEngine,
) -> str | None:
    """Write what there is so far. The call's id; None when there is no such transcript any more."""
    encoded = orjson.Fragment(msgspec.json.encode(segments))
    call_id: str | None = await connection.fetchval(_KEEP, transcript_id, job_id, encoded, engine.value)
    return call_id


async def finish_transcript(connection: PooledConnection, transcript_id: str, job_id: str, now: datetime) -> str | None:
    """Have it READY. As :func:`keep_segments`."""
    call_id: str | None = await connection.fetchval(_FINISH, transcript_id, job_id, now)
    return call_id


async def fail_transcript(connection: PooledConnection, job_id: str, reason: str, now: datetime) -> Transcript | None:
    """Have the transcript of a job FAILED; None when there is none, or it is not this job's any more."""
    row = await connection.fetchrow(_FAIL, job_id, reason, now)
    return None if row is None else read_transcript(row)
