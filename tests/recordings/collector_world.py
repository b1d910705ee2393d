"""A collector at work in a test: Asterisk's disk with failures to order, the owner of the calls, and a true store."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.ari.errors import AriError, AriNotFound, AriUnavailable
from app.errors import OverloadedError
from app.facts.vocabulary import LegRole, RecordingMode
from app.files.store import FileStore
from app.ids import Kind, asterisk_name, new_id
from app.recordings.collecting import Collected, CollectJob, CollectResult, Part
from app.recordings.collector import CollectorLimits, RecordingCollector
from app.recordings.object_keys import object_key
from app.recordings.wave_format import read_layout, read_lost, read_segments
from tests.recordings.tones import Samples, make_tone, read_wave, write_wave

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ACCOUNT = new_id(Kind.ACCOUNT)
QUICK = CollectorLimits(retry_schedule=(0.001, 0.001, 0.001))


def not_found() -> AriError:
    return AriNotFound("Recording not found", operation="GET /recordings/stored/{}/file", status=404)


def unavailable() -> AriError:
    return AriUnavailable("ConnectError", operation="GET /recordings/stored/{}/file", outcome_unknown=False)


class AsteriskDisk:
    """Stored recordings as Asterisk keeps them, with failures to order: each is raised once, in turn."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.download_failures: list[AriError | None] = []
        self.delete_failures: list[AriError | None] = []
        self.downloads = 0
        self.at_once = 0
        self.most_at_once = 0
        self.started = asyncio.Condition()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def download_stored(self, name: str) -> AsyncGenerator[bytes, None]:
        self.downloads += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            async with self.started:
                self.started.notify_all()
            await self.may_go_on.wait()
            failure = self.download_failures.pop(0) if self.download_failures else None
            if name not in self.files:
                raise not_found()
            data = self.files[name]
            yield data[: len(data) // 3]
            if failure is not None:
                raise failure
            yield data[len(data) // 3 :]
        finally:
            self.at_once -= 1

    async def until_at_once(self, count: int) -> None:
        async with asyncio.timeout(60), self.started:
            await self.started.wait_for(lambda: self.at_once >= count)

    async def delete_stored(self, name: str) -> None:
        failure = self.delete_failures.pop(0) if self.delete_failures else None
        if failure is not None:
            raise failure
        if self.files.pop(name, None) is None:
            raise not_found()


@dataclass
class Owner:
    """Whoever owns the calls: hears results, and can be waited on."""

    heard: list[tuple[str, CollectResult]] = field(default_factory=list)
    failures: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, call_id: str, result: CollectResult) -> None:
        if self.failures:
            self.failures -= 1
            raise OverloadedError("The call's mailbox is full.")
        async with self.news:
            self.heard.append((call_id, result))
            self.news.notify_all()

    async def results(self, count: int = 1) -> Sequence[CollectResult]:
        async with asyncio.timeout(60), self.news:
            await self.news.wait_for(lambda: len(self.heard) >= count)
        return [result for _call, result in self.heard]


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = AsteriskDisk()
        self.store = FileStore.open(None, folder)
        self.owner = Owner()

    @asynccontextmanager
    async def collecting(self, limits: CollectorLimits = QUICK) -> AsyncIterator[RecordingCollector]:
        collector = RecordingCollector(self.disk, self.store, self.owner, work_dir=self.folder / "work", limits=limits)
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            running = group.create_task(collector.run())
            try:
                yield collector
            finally:
                running.cancel()

    def record(self, mode: RecordingMode, *sides: tuple[LegRole, Samples, float], rate: int = 8000) -> CollectJob:
        """What the calls' side would hand over once Asterisk has stored these sides; the last number: seconds late."""
        recording_id = new_id(Kind.RECORDING)
        parts = []
        for role, samples, late in sides:
            name = asterisk_name("n1", recording_id, f"-{role.lower()}")
            self.disk.files[name] = write_wave(self.folder / "made.wav", samples, rate).read_bytes()
            parts.append(Part(role=role, stored_name=name, started_at=NOON + timedelta(seconds=late)))
        return CollectJob(
            recording_id=recording_id,
            account_id=ACCOUNT,
            call_id=new_id(Kind.CALL),
            mode=mode,
            parts=tuple(parts),
        )

    def record_both(self, seconds: float = 1) -> CollectJob:
        return self.record(
            RecordingMode.BOTH,
            (LegRole.CUSTOMER, make_tone(400, seconds), 0),
            (LegRole.AGENT, make_tone(1000, seconds), 0),
        )

    async def collect(self, job: CollectJob, limits: CollectorLimits = QUICK) -> CollectResult:
        async with self.collecting(limits) as collector:
            collector.submit(job)
            results = await self.owner.results(len(self.owner.heard) + 1)
        assert self.owner.heard[-1][0] == job.call_id
        return results[-1]

    def stored_path(self, job: CollectJob) -> Path:
        return self.folder / "recordings" / object_key(job.account_id, job.recording_id)

    def assert_true(self, job: CollectJob, result: CollectResult) -> Collected:
        """The result says of the stored file what is true of it, and nothing is left elsewhere."""
        assert isinstance(result, Collected), result
        path = self.stored_path(job)
        data = path.read_bytes()
        samples, rate = read_wave(path)
        trailer = data[read_layout(data, len(data)).data_end :]
        assert result == Collected(
            recording_id=job.recording_id,
            object_key=object_key(job.account_id, job.recording_id),
            size_bytes=len(data),
            duration_seconds=len(samples) / rate,
            channels=samples.shape[1],
            sample_rate=rate,
            sha256=hashlib.sha256(data).hexdigest(),
            segments=read_segments(trailer),
            lost_seconds=read_lost(trailer),
        )
        assert sum(segment.length_seconds for segment in result.segments) == pytest.approx(result.duration_seconds)
        assert self.disk.files == {}
        assert list((self.folder / "work").iterdir()) == []
        return result
