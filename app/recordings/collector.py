"""The collector: brings finished recordings from Asterisk's disk into the store.

::

    submit(job) ──> [bounded] ──> at most `concurrency` at once: attempt ──> on_result(call id, result)
                                          ▲                        │
                                          └── wait (back-off) <────┘ something is away

An attempt can be repeated at any point. The object's key follows from the job alone, and objects appear whole: an
object that is there is the recording, whatever became of the process that put it there. Parts are deleted from
Asterisk only after that.
"""

import asyncio
import hashlib
import random
import tempfile
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog

from app.ari.errors import AriError, AriInvalid, AriNotFound, AriUnsafeArgument
from app.errors import OverloadedError
from app.facts.stretches import Gap
from app.files.store import FileStore, ObjectMissingError, StoreUnavailableError
from app.recordings.audio import Assembled, AssemblyStoppedError, Track, assemble, read_file_layout
from app.recordings.collecting import Collected, CollectFailed, CollectJob, CollectResult, Part
from app.recordings.object_keys import object_key
from app.recordings.wave_format import (
    HEADER_LIMIT,
    TRAILER_LIMIT,
    AudioError,
    EmptyAudioError,
    read_layout,
    read_lost,
    read_segments,
)

log = structlog.get_logger(__name__)

#: Waits before the second, third … attempt, in seconds, each ±20 %: about ten minutes in all.
RETRY_SCHEDULE: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 180.0, 180.0)
_JITTER: Final = 0.2
#: Written by a thread: a disk that is busy must not hold up calls.
_WRITE_BLOCK: Final = 1024 * 1024


class StoredRecordings(Protocol):
    """What the collector needs of Asterisk; AriClient has it."""

    def download_stored(self, name: str) -> AsyncGenerator[bytes, None]:
        """The file in pieces; AriNotFound when there is none."""
        ...

    async def delete_stored(self, name: str) -> None:
        """Delete the file; AriNotFound when there is none."""
        ...


OnResult = Callable[[str, CollectResult], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorLimits:
    """How much and how long.

    ``capacity`` counts all jobs that have no result yet, those waiting for their next attempt included;
    ``attempt_seconds`` bounds one attempt as a whole.
    """

    capacity: int = 5000
    concurrency: int = 2
    retry_schedule: tuple[float, ...] = RETRY_SCHEDULE
    attempt_seconds: float = 1800.0


class _TransientError(Exception):
    """Something is away; the same attempt may work later. The text is fit to be shown."""


class _FinalError(Exception):
    """Nothing can come of this job any more. The text is fit to be shown."""


class _EmptyError(_FinalError):
    """Asterisk has the parts, and there is nothing in them."""


class RecordingCollector:
    """Runs jobs until cancelled; what was not reported by then is submitted again by whoever owns the call.

    ``on_result`` is awaited once for each job (again only when ``run`` was stopped in its midst). It should only hand
    the result over; when it raises, it is called again on the retry schedule. Pieces of work in progress lie under
    ``work_dir`` (the system's temporary folder without one), which needs room for ``concurrency`` times twice the
    longest recording.
    """

    def __init__(
        self,
        ari: StoredRecordings,
        store: FileStore,
        on_result: OnResult,
        *,
        work_dir: Path | None = None,
        limits: CollectorLimits | None = None,
    ) -> None:
        self._ari = ari
        self._store = store
        self._on_result = on_result
        self._work_dir = work_dir
        self._limits = limits or CollectorLimits()
        self._slots = asyncio.Semaphore(self._limits.concurrency)
        # `capacity` bounds both: the queue holds those of the unfinished that `run` has not started.
        self._unfinished: dict[str, CollectJob] = {}
        self._submitted: asyncio.Queue[CollectJob] = asyncio.Queue()

    @property
    def unfinished(self) -> int:
        """Jobs without a result yet."""
        return len(self._unfinished)

    @property
    def is_full(self) -> bool:
        """Whether another job would be refused."""
        return self.unfinished >= self._limits.capacity

    def submit(self, job: CollectJob) -> None:
        """Take a job; its result comes through ``on_result``. A recording that is already being collected stays one.

        Raises:
            OverloadedError: ``capacity`` jobs are unfinished.
        """
        if job.recording_id in self._unfinished:
            return
        if self.is_full:
            raise OverloadedError(f"The recording collector is full: {self.unfinished} recordings are waiting.")
        self._unfinished[job.recording_id] = job
        self._submitted.put_nowait(job)

    async def run(self) -> None:
        """Collect until cancelled. One at a time; started again, it takes up what the one before left unfinished."""
        if self._work_dir is not None:
            await asyncio.to_thread(self._work_dir.mkdir, mode=0o700, parents=True, exist_ok=True)
        self._submitted = asyncio.Queue()
        for job in self._unfinished.values():
            self._submitted.put_nowait(job)
        async with asyncio.TaskGroup() as group:
            while True:
                job = await self._submitted.get()
                group.create_task(self._finish(job), name=f"collect {job.recording_id}")

    async def _finish(self, job: CollectJob) -> None:
        """Bring one job to its result and report it."""
        try:
            result = await self._collect_with_retries(job)
        except Exception:
            # One recording that meets a mistake of ours must not take the others with it.
            log.exception("recording_collect_crashed", recording_id=job.recording_id, call_id=job.call_id)
            result = CollectFailed(recording_id=job.recording_id, reason="Internal error.", is_final=False)
        match result:
            case Collected():
                log.info("recording_collected", recording_id=job.recording_id, size_bytes=result.size_bytes)
                if result.lost_seconds:
                    log.warning(
                        "recording_lost_sound",
                        call_id=job.call_id,
                        recording_id=job.recording_id,
                        lost_seconds=result.lost_seconds,
                    )
            case CollectFailed():
                log.error("recording_failed", recording_id=job.recording_id, reason=result.reason)
        # From here on the same recording may be submitted again: the owner may do so on hearing the result.
        del self._unfinished[job.recording_id]
        try:
            await self._report(job, result)
        except asyncio.CancelledError:
            # Nobody may have heard it; `run`, started again, will say it again.
            self._unfinished.setdefault(job.recording_id, job)
            raise

    async def _report(self, job: CollectJob, result: CollectResult) -> None:
        for wait in (*self._limits.retry_schedule, None):
            try:
                await self._on_result(job.call_id, result)
            except Exception:
                # The owner of the call may be overloaded for a moment; the recording is safe either way.
                log.exception("recording_report_failed", recording_id=job.recording_id, will_retry=wait is not None)
                if wait is not None:
                    await _sleep_about(wait)
            else:
                return

    async def _collect_with_retries(self, job: CollectJob) -> CollectResult:
        for wait in (*self._limits.retry_schedule, None):
            try:
                async with self._slots, asyncio.timeout(self._limits.attempt_seconds):
                    return await self._attempt(job, is_last=wait is None)
            except _FinalError as error:
                return CollectFailed(recording_id=job.recording_id, reason=str(error), is_final=True)
            except TimeoutError:
                # The attempt as a whole: each request in it has a time-out of its own.
                reason = f"Collecting took over {self._limits.attempt_seconds:.0f} s."
            except (_TransientError, StoreUnavailableError) as error:
                reason = str(error)
            if wait is None:
                break
            log.warning("recording_collect_retry", recording_id=job.recording_id, reason=reason, in_seconds=wait)
            await _sleep_about(wait)
        return CollectFailed(recording_id=job.recording_id, reason=reason, is_final=False)

    async def _attempt(self, job: CollectJob, *, is_last: bool) -> Collected:
        try:
            key = object_key(job.account_id, job.recording_id)
        except ValueError as error:
            raise _FinalError("The recording's id cannot name a file.") from error
        stored = await self._find_stored(job, key)
        if stored is None:
            try:
                stored = await self._fetch_and_store(job, key)
            except _EmptyError:
                for part in job.parts:
                    await self._delete_part(part, is_last=is_last)
                raise
        for part in job.parts:
            await self._delete_part(part, is_last=is_last)
        return stored

    async def _find_stored(self, job: CollectJob, key: str) -> Collected | None:
        """What an earlier attempt left in the store, described from its bytes; None when there is nothing of use."""
        try:
            size = await self._store.size(key)
            head = b"".join([block async for block in self._store.read(key, 0, min(size, HEADER_LIMIT))])
            layout = read_layout(head, size)
            trailer_end = min(size, layout.data_end + TRAILER_LIMIT)
            trailer = b"".join([block async for block in self._store.read(key, layout.data_end, trailer_end)])
            digest = hashlib.sha256()
            async with aclosing(self._store.read(key, 0, size)) as blocks:
                async for block in blocks:
                    digest.update(block)
        except ObjectMissingError:
            return None  # the usual case: nobody has been here
        except AudioError as error:
            # Somebody else's file under our key. It is replaced if the parts are still there.
            log.warning("recording_object_unusable", recording_id=job.recording_id, reason=str(error))
            return None
        return Collected(
            recording_id=job.recording_id,
            object_key=key,
            size_bytes=size,
            duration_seconds=layout.duration_seconds,
            channels=layout.channels,
            sample_rate=layout.sample_rate,
            sha256=digest.hexdigest(),
            segments=read_segments(trailer),
            lost_seconds=read_lost(trailer),
        )

    async def _fetch_and_store(self, job: CollectJob, key: str) -> Collected:
        try:
            with tempfile.TemporaryDirectory(prefix="recording-", dir=self._work_dir) as folder:
                tracks = []
                for number, part in enumerate(sorted(job.parts, key=job.channel_of)):
                    path = Path(folder, f"part-{number}.wav")
                    if not await self._has(part, path):
                        continue
                    channel = job.channel_of(part)
                    track = Track(path, part.started_at, part.finished_at, channel, part.leg_id, part.is_measurable)
                    tracks.append(track)
                path = Path(folder, "whole.wav")
                assembled = await _assemble_in_thread(tracks, path, job.gaps)
                await self._store.put_file(key, path, assembled.size_bytes)
        except EmptyAudioError as error:
            raise _EmptyError(str(error)) from error
        except AudioError as error:
            raise _FinalError(str(error)) from error
        except OSError as error:
            raise _TransientError(f"Offhook's disk failed ({error.strerror or type(error).__name__}).") from error
        try:
            size = await self._store.size(key)
        except ObjectMissingError as error:
            raise _TransientError("The store does not have the recording it took.") from error
        if size != assembled.size_bytes:
            raise _TransientError(f"The store has {size} bytes of {assembled.size_bytes}.")
        return Collected(
            recording_id=job.recording_id,
            object_key=key,
            size_bytes=assembled.size_bytes,
            duration_seconds=assembled.duration_seconds,
            channels=assembled.channels,
            sample_rate=assembled.sample_rate,
            sha256=assembled.sha256,
            segments=assembled.segments,
            lost_seconds=assembled.lost_seconds,
        )

    async def _has(self, part: Part, path: Path) -> bool:
        """Fetch a part. Whether there is one: without the first of a voice there is no recording.

        Raises:
            _FinalError, _TransientError: it cannot be had, for good or just now.
        """
        try:
            await self._download(part, path)
            if part.is_again:
                await asyncio.to_thread(read_file_layout, path)
        except (_FinalError, AudioError) as error:
            if not part.is_again:
                raise
            log.warning("recording_part_empty", stored_name=part.stored_name, reason=str(error))
            return False
        return True

    async def _download(self, part: Part, path: Path) -> None:
        try:
            with path.open("wb") as file:
                waiting = bytearray()
                async with aclosing(self._ari.download_stored(part.stored_name)) as pieces:
                    async for piece in pieces:
                        waiting += piece
                        if len(waiting) >= _WRITE_BLOCK:
                            await asyncio.to_thread(file.write, bytes(waiting))
                            waiting.clear()
                await asyncio.to_thread(file.write, bytes(waiting))
        except AriNotFound as error:
            raise _FinalError(f"Asterisk has no recording of the {part.role.lower()}'s side.") from error
        except (AriInvalid, AriUnsafeArgument) as error:
            raise _FinalError(f"Asterisk cannot give the {part.role.lower()}'s side: {error.message}") from error
        except AriError as error:
            raise _TransientError(f"Asterisk did not give the {part.role.lower()}'s side: {error.message}") from error

    async def _delete_part(self, part: Part, *, is_last: bool) -> None:
        try:
            await self._ari.delete_stored(part.stored_name)
        except AriNotFound:
            return  # an earlier attempt deleted it
        except AriError as error:
            if not is_last:
                raise _TransientError(f"Asterisk did not delete the {part.role.lower()}'s side.") from error
            # The recording itself is safe: better a leftover in Asterisk, which an audit finds by its name.
            log.error("recording_left_in_asterisk", stored_name=part.stored_name, reason=error.message)  # noqa: TRY400 - the trace says no more


async def _assemble_in_thread(tracks: list[Track], path: Path, gaps: tuple[Gap, ...]) -> Assembled:
    """Assemble outside the event loop; when cancelled, wait for the thread, whose folder is about to go."""
    stop = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(assemble, tracks, path, gaps=gaps, is_stopped=stop.is_set))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        try:
            await work
        except (AssemblyStoppedError, AudioError, OSError):
            log.info("recording_assembly_stopped")  # cancelled: nobody asks for the result any more
        raise


async def _sleep_about(seconds: float) -> None:
    await asyncio.sleep(seconds * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - spreads load, keeps no secret
