"""The job: a recording goes through an engine, channel by channel and piece by piece."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.facts.event import Draft
from app.facts.jobs import Counts, JobKind
from app.facts.transcripts import TranscriptFailed, TranscriptReady
from app.facts.vocabulary import LegRole, RecordingMode, RecordingState
from app.files.store import FileStore, ObjectMissingError
from app.jobs.model import Done, Job, JobFailedError, JobRetryError
from app.jobs.progress import Progress
from app.jobs.rows import draft_of
from app.jobs.runner import Runner
from app.recordings.model import Recording
from app.recordings.queries import RecordingQueries
from app.recordings.wave_format import HEADER_LIMIT, SAMPLE_BYTES, AudioError, WaveLayout, read_layout
from app.transcripts import pieces
from app.transcripts.engine import Heard, HearingEngine, HearingFailedError, HearingUnavailableError, Piece
from app.transcripts.model import TranscriptionPayload, TranscriptSegment
from app.transcripts.rows import fail_transcript, finish_transcript, keep_segments, read_segments

_log = structlog.get_logger(__name__)

_GONE: Final = "The recording was deleted, and its transcript with it."
_PAYLOAD: Final = msgspec.json.Decoder(TranscriptionPayload)


class _Place(msgspec.Struct, frozen=True):
    """How far it is: the channel, from 0, and its first frame that was not heard."""

    channel: int = 0
    frame: int = 0
    pieces: int = 0


_PLACE: Final = msgspec.json.Decoder(_Place)


class Transcription(Runner):
    """Does the jobs of kind TRANSCRIPTION."""

    kind = JobKind.TRANSCRIPTION

    def __init__(
        self,
        database: Database,
        recordings: RecordingQueries,
        store: FileStore,
        engine: HearingEngine,
        clock: Clock,
        *,
        at_once: int,
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._store = store
        self._engine = engine
        self._clock = clock
        self.at_once = at_once
        self.per_account = at_once

    async def run(self, job: Job, progress: Progress) -> Done:
        asked = _PAYLOAD.decode(job.payload)
        recording = await self._recordings.get(job.account_id, asked.recording_id)
        if recording is None or recording.state is not RecordingState.SAVED or recording.object_key is None:
            raise JobFailedError(_GONE)
        try:
            layout = await self._read_layout(recording.object_key)
            place = _Place() if progress.checkpoint is None else _PLACE.decode(progress.checkpoint)
            async with self._database.acquire() as connection:
                segments = await read_segments(connection, asked.transcript_id, job.id)
            if segments is None:
                raise JobFailedError(_GONE)
            while place.channel < layout.channels:
                place = await self._take_piece(job, asked, recording, layout, place, segments, progress)
        except ObjectMissingError as error:
            raise JobFailedError("The recording's file is gone.") from error
        except AudioError as error:
            raise JobFailedError(str(error)) from error
        except HearingFailedError as error:
            raise JobFailedError(str(error)) from error
        except HearingUnavailableError as error:
            raise JobRetryError(error.message, after_seconds=_waits(error)) from error

        async def finish(connection: PooledConnection) -> Sequence[Draft]:
            now = self._clock.now()
            call_id = await finish_transcript(connection, asked.transcript_id, job.id, now)
            if call_id is None:
                raise JobFailedError(_GONE)
            fact = TranscriptReady(
                transcript_id=asked.transcript_id,
                recording_id=asked.recording_id,
                call_id=call_id,
                job_id=job.id,
                language=asked.language,
                segment_count=len(segments),
            )
            return [draft_of(job, fact, now, subject_id=asked.transcript_id)]

        return Done(in_transaction=finish)

    async def ended(self, connection: PooledConnection, job: Job) -> Sequence[Draft]:
        now = self._clock.now()
        reason = job.error or "The transcription was cancelled."
        failed = await fail_transcript(connection, job.id, reason, now)
        if failed is None:
            return ()
        fact = TranscriptFailed(
            transcript_id=failed.id,
            recording_id=failed.recording_id,
            call_id=failed.call_id,
            job_id=job.id,
            reason=reason,
        )
        return [draft_of(job, fact, now, subject_id=failed.id)]

    async def _take_piece(
        self,
        job: Job,
        asked: TranscriptionPayload,
        recording: Recording,
        layout: WaveLayout,
        place: _Place,
        segments: list[TranscriptSegment],
        progress: Progress,
    ) -> _Place:
        """Have one piece heard and its segments saved; gives where the next begins."""
        assert recording.object_key is not None
        most = max(1, int(self._engine.most_seconds * layout.sample_rate))
        end = min(layout.frames, place.frame + most)
        frames = await self._read_frames(recording.object_key, layout, place.frame, end)
        samples = await asyncio.to_thread(pieces.pick_channel, frames, layout.channels, place.channel)
        if end < layout.frames:
            cut = await asyncio.to_thread(pieces.find_cut, samples, layout.sample_rate)
            samples, end = samples[: cut * SAMPLE_BYTES], place.frame + cut
        heard: Sequence[Heard] = ()
        if not await asyncio.to_thread(pieces.is_silent, samples):
            piece = Piece(
                samples=samples, sample_rate=layout.sample_rate, language=asked.language, phrases=asked.phrases
            )
            heard = await self._engine.hear(piece)
        began = place.frame / layout.sample_rate
        role = role_of(recording.mode, place.channel)
        segments += [_as_segment(one, began, place.channel, role) for one in heard]
        segments.sort(key=lambda one: (one.start_seconds, one.channel))
        done = place.channel * layout.frames + end
        if end < layout.frames:
            following = _Place(place.channel, end, place.pieces + 1)
        else:
            following = _Place(place.channel + 1, 0, place.pieces + 1)
        async with self._database.acquire() as connection, connection.transaction():
            await progress.save_in(
                connection,
                checkpoint=following,
                counts=Counts(processed=following.pieces),
                fraction=done / max(1, layout.channels * layout.frames),
            )
            kept = await keep_segments(connection, asked.transcript_id, job.id, segments, self._engine.engine)
            if kept is None:
                raise JobFailedError(_GONE)
        return following

    async def _read_layout(self, key: str) -> WaveLayout:
        size = await self._store.size(key)
        head = b"".join([block async for block in self._store.read(key, 0, min(size, HEADER_LIMIT))])
        return read_layout(head, size)

    async def _read_frames(self, key: str, layout: WaveLayout, begin: int, end: int) -> bytes:
        width = layout.channels * SAMPLE_BYTES
        first, last = layout.data_offset + begin * width, layout.data_offset + end * width
        return b"".join([block async for block in self._store.read(key, first, last)])


def role_of(mode: RecordingMode, channel: int) -> LegRole:
    """Whose voice a channel has: of both, the agent's is the left one."""
    if mode is RecordingMode.BOTH:
        return LegRole.AGENT if channel == 0 else LegRole.CUSTOMER
    return LegRole.CUSTOMER if mode is RecordingMode.CUSTOMER else LegRole.AGENT


def _as_segment(heard: Heard, began: float, channel: int, role: LegRole) -> TranscriptSegment:
    return TranscriptSegment(
        channel=channel + 1,
        role=role,
        start_seconds=round(began + heard.start_seconds, 3),
        end_seconds=round(began + heard.end_seconds, 3),
        text=heard.text,
        confidence=None if heard.confidence is None else round(heard.confidence, 4),
    )


def _waits(error: HearingUnavailableError) -> float | None:
    """What the service asks for; our own errors' usual word says nothing of a job's waits."""
    return error.retry_after_seconds
