"""Workers of jobs: nothing is done twice, nothing is forgotten, and what cannot be done is given up with a reason."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError, UnavailableError
from app.facts.event import Draft
from app.facts.jobs import Counts, JobFailed, JobFinished, JobKind, JobState
from app.ids import Kind, new_id
from app.jobs.model import Done, Job, JobFailedError, JobRetryError, ReportName
from app.jobs.progress import Progress
from tests.jobs.world import ALL_SCOPES, SOMEBODY, ToldRunner, World

#: Before any machine's own clock: the worker that is a process goes by that.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_given_a_job_when_done_then_it_is_finished_with_its_counts_report_and_one_fact(world: World) -> None:
    async def work(job: Job, progress: Progress) -> Done:
        assert (job.payload, job.state) == (b'{"a":1}', JobState.RUNNING)
        assert list(progress.folder.iterdir()) == []
        await progress.save(report="näme\r\n".encode())
        await progress.save(checkpoint={"row": 2}, counts=Counts(processed=1, rejected=1), report=b"1\r\n")
        return Done(counts=Counts(total=2, processed=2, added=1, rejected=1), report=ReportName("r.csv", "text/csv"))

    world.runner.work = work
    async with world.working():
        job = await world.enqueue()
        done = await world.wait_for_state(job.id, JobState.FINISHED)
    assert (done.counts, done.fraction) == (Counts(total=2, processed=2, added=1, rejected=1), 1.0)
    assert (done.started_at, done.finished_at, done.error) == (world.clock.at, world.clock.at, None)
    assert done.report is not None
    assert (done.report.file_name, done.report.content_type) == ("r.csv", "text/csv")
    content = await world.read(done.report.object_key)
    assert (content, done.report.size_bytes) == ("näme\r\n1\r\n".encode(), len(content))
    (event,) = await world.facts()
    assert event.fact == JobFinished(
        job_id=job.id, kind=JobKind.EXPORT, job_subject_id="list_1", counts=done.counts, has_report=True
    )
    assert (event.subject_id, event.request_id) == (job.id, "req_1")
    assert await world.value("SELECT count(*) FROM job_report_part") == 0
    assert list((world.folder / "jobs").iterdir()) == []


async def test_given_a_file_that_the_runner_wrote_when_done_then_it_is_the_report(world: World) -> None:
    async def work(_job: Job, progress: Progress) -> Done:
        path = progress.folder / "all"
        path.write_bytes(b"a" * 3_000_000)
        return Done(file=path, report=ReportName("all.csv", "text/csv"))

    world.runner.work = work
    async with world.working():
        done = await world.wait_for_state((await world.enqueue()).id, JobState.FINISHED)
    assert done.report is not None
    assert await world.read(done.report.object_key) == b"a" * 3_000_000


async def test_given_rows_of_the_runners_own_when_the_end_cannot_be_written_then_neither_is_the_job_finished(
    world: World,
) -> None:
    class MomentError(UnavailableError):
        pass

    tries = []

    async def at_the_end(_connection: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise MomentError("Not now.")

    async def work(_job: Job, _progress: Progress) -> Done:
        return Done(in_transaction=at_the_end)

    world.runner.work = work
    world.schedule = (0.01,)
    async with world.working():
        job = await world.enqueue()
        await world.wait_for_state(job.id, JobState.FINISHED)
    assert (len(tries), world.runner.runs) == (2, [job.id])
    assert len(await world.facts()) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (JobFailedError("Column “phone” is not there: name it in columns."), "Column “phone” is not there"),
        (RefusedError(Problem("NOT_FOUND", "There is no such list.")), "There is no such list."),
    ],
)
async def test_given_a_job_that_cannot_be_done_when_tried_then_it_fails_at_once_with_the_reason(
    world: World, error: Exception, reason: str
) -> None:
    async def work(_job: Job, progress: Progress) -> Done:
        await progress.save(report=b"1,bad\r\n")
        raise error

    world.runner.work = work
    async with world.working():
        job = await world.enqueue()
        failed = await world.wait_for_state(job.id, JobState.FAILED)
    assert failed.error is not None
    assert failed.error.startswith(reason)
    assert failed.report is not None
    assert await world.read(failed.report.object_key) == b"1,bad\r\n"
    assert world.runner.over == [(job.id, JobState.FAILED)]
    (event,) = await world.facts()
    assert isinstance(event.fact, JobFailed)
    assert (event.fact.reason, event.fact.has_report) == (failed.error, True)


async def test_given_a_job_that_never_works_when_tried_often_enough_then_it_fails_and_says_how_often(
    world: World,
) -> None:
    async def work(_job: Job, _progress: Progress) -> Done:
        raise UnavailableError("The engine is away: is it running?")

    world.runner.work = work
    async with world.working():
        job = await world.enqueue()
        for attempt, wait in enumerate(world.schedule, 1):

            async def is_tried(attempt: int = attempt) -> bool:
                seen = await world.get(job.id)
                return (seen.state, seen.attempts) == (JobState.QUEUED, attempt)

            await world.wait_for(is_tried)
            waiting = await world.get(job.id)
            assert (waiting.error, waiting.attempts) == ("The engine is away: is it running?", attempt)
            due = await world.value("SELECT due_at FROM job")
            assert due == world.clock.at + timedelta(seconds=wait)
            world.clock.pass_seconds(wait)
        failed = await world.wait_for_state(job.id, JobState.FAILED)
    assert failed.error == "Given up after 3 attempts. The engine is away: is it running?"
    assert len(world.runner.runs) == 3


async def test_given_a_job_that_asks_for_time_when_it_is_over_then_it_is_tried_again(world: World) -> None:
    async def work(_job: Job, _progress: Progress) -> Done:
        if len(world.runner.runs) == 1:
            raise JobRetryError("In an hour.", after_seconds=3600)
        return Done()

    world.runner.work = work
    async with world.working():
        job = await world.enqueue()

        async def is_waiting() -> bool:
            return (await world.get(job.id)).error == "In an hour."

        await world.wait_for(is_waiting)
        world.clock.pass_seconds(3599)
        other = await world.enqueue(kind=JobKind.EXPORT)
        await world.wait_for_state(other.id, JobState.FINISHED)
        assert (await world.get(job.id)).state is JobState.QUEUED
        world.clock.pass_seconds(1)
        await world.wait_for_state(job.id, JobState.FINISHED)


async def test_given_a_mistake_of_ours_when_a_job_meets_it_then_its_text_is_not_shown_and_others_go_on(
    world: World,
) -> None:
    async def work(job: Job, _progress: Progress) -> Done:
        if job.subject_id == "bad":
            raise ValueError("+15550001234 is a secret")
        return Done()

    world.runner.work = work
    world.schedule = ()
    async with world.working():
        bad, good = await world.enqueue(subject_id="bad"), await world.enqueue(subject_id="good")
        failed = await world.wait_for_state(bad.id, JobState.FAILED)
        await world.wait_for_state(good.id, JobState.FINISHED)
    assert failed.error is not None
    assert "555" not in failed.error


async def test_given_progress_between_failures_when_counted_then_each_place_has_all_its_attempts(world: World) -> None:
    async def work(_job: Job, progress: Progress) -> Done:
        at = 0 if progress.checkpoint is None else int(progress.checkpoint)
        if at == 6:
            return Done()
        await progress.save(checkpoint=at + 1)
        raise UnavailableError("Again.")

    world.runner.work = work
    world.schedule = (0.0,)
    async with world.working():
        job = await world.enqueue()
        await world.wait_for_state(job.id, JobState.FINISHED)
    assert len(world.runner.runs) == 7


async def test_given_a_frozen_worker_when_another_took_its_job_then_it_writes_nothing_more(world: World) -> None:
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def freeze(_job: Job, progress: Progress) -> Done:
        await progress.save(checkpoint={"row": 1}, counts=Counts(processed=1))
        has_begun.set()
        await may_go_on.wait()
        async with world.database.acquire() as connection, connection.transaction():
            await connection.execute("CREATE TABLE written_twice ()")
            await progress.save_in(connection, checkpoint={"row": 99}, counts=Counts(processed=99))
        return Done(counts=Counts(processed=99))

    async def go_on(_job: Job, progress: Progress) -> Done:
        assert progress.checkpoint == b'{"row":1}'
        assert progress.counts == Counts(processed=1)
        return Done(counts=Counts(processed=2))

    frozen, awake = ToldRunner(freeze), ToldRunner(go_on)
    first = world.make_worker(frozen)
    first._beat = lambda *_: may_go_on.wait()  # type: ignore[method-assign,assignment]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(first.run())
        job = await world.enqueue()
        await has_begun.wait()
        first.stop()
        world.clock.pass_seconds(world.lease_seconds - 1)
        async with world.working(awake):
            world.clock.pass_seconds(1)
            done = await world.wait_for_state(job.id, JobState.FINISHED)
        may_go_on.set()
        async with asyncio.timeout(60):
            await task
    assert (await world.get(job.id)).counts == done.counts == Counts(processed=2)
    assert await world.value("SELECT to_regclass('written_twice')") is None
    assert len(await world.facts()) == 1


async def test_given_a_worker_that_stops_in_order_when_another_looks_then_it_goes_on_at_once_and_none_was_counted(
    world: World,
) -> None:
    has_begun = asyncio.Event()

    async def hang(_job: Job, progress: Progress) -> Done:
        await progress.save(counts=Counts(processed=5))
        has_begun.set()
        await asyncio.Event().wait()
        return Done()

    async with world.working(ToldRunner(hang)):
        job = await world.enqueue()
        await has_begun.wait()
    given_back = await world.get(job.id)
    assert (given_back.state, given_back.attempts, given_back.counts) == (JobState.QUEUED, 0, Counts(processed=5))
    async with world.working():
        await world.wait_for_state(job.id, JobState.FINISHED)


async def test_given_a_job_that_kills_its_worker_when_it_has_done_so_often_enough_then_it_fails(world: World) -> None:
    job = await world.enqueue()
    for _ in range(3):  # what three workers leave that die at once
        worker = world.make_worker()
        (claimed,) = await worker._claim()
        assert claimed.held.job.id == job.id
        assert await worker._claim() == []
        world.clock.pass_seconds(world.lease_seconds)
    async with world.working():
        failed = await world.wait_for_state(job.id, JobState.FAILED)
    assert failed.error is not None
    assert failed.error.startswith("Given up after 3 attempts.")
    assert world.runner.runs == []
    assert world.runner.over == [(job.id, JobState.FAILED)]


async def test_given_kill_9_amid_a_job_when_another_worker_goes_on_then_every_row_is_written_once(
    world: World, database_dsn: str, tmp_path: Path
) -> None:
    async with world.database.acquire() as connection:
        await connection.execute("CREATE TABLE written (row int)")
    rows = 1000
    world.clock.at = LONG_AGO
    job = await world.enqueue(payload={"rows": rows})
    program = Path(__file__).with_name("worker_process.py")

    async def count() -> int:
        value = await world.value("SELECT count(*) FROM written")
        assert isinstance(value, int)
        return value

    for goal in (40, 120, None):  # behind which the worker writes one batch more, and never commits it
        arguments = [str(program), database_dsn, str(tmp_path / "work"), *([] if goal is None else [str(goal)])]
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=Path(__file__).parents[2])
        try:

            async def is_there(goal: int | None = goal) -> bool:
                if goal is None:
                    return (await world.get(job.id)).is_over
                return await count() >= goal

            await world.wait_for(is_there)
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert await count() == (rows if goal is None else goal)
    done = await world.get(job.id)
    assert (done.state, done.counts) == (JobState.FINISHED, Counts(total=rows, processed=rows, added=rows))
    assert await count() == await world.value("SELECT count(DISTINCT row) FROM written") == rows
    assert done.report is not None
    assert len(await world.facts()) == 1


async def test_given_a_store_that_is_away_when_a_job_is_done_then_it_is_finished_once_the_report_is_stored(
    world: World,
) -> None:
    async def work(_job: Job, progress: Progress) -> Done:
        await progress.save(report=b"all\r\n")
        return Done(report=ReportName("all.csv", "text/csv"))

    world.runner.work = work
    world.schedule = (0.02,) * 3000
    world.store.is_away = True
    async with world.working():
        job = await world.enqueue()

        async def is_tried() -> bool:
            return bool(world.runner.runs) and not world.runner.running

        await world.wait_for(is_tried)
        assert (await world.get(job.id)).state is JobState.RUNNING
        world.store.is_away = False
        done = await world.wait_for_state(job.id, JobState.FINISHED)
    assert done.report is not None
    assert world.runner.runs == [job.id]


async def test_given_a_store_that_is_away_when_a_job_fails_then_it_has_failed_and_the_report_comes_later(
    world: World,
) -> None:
    async def work(_job: Job, progress: Progress) -> Done:
        await progress.save(report=b"1,bad\r\n")
        raise JobFailedError("No.")

    world.runner.work = work
    world.store.is_away = True
    async with world.working():
        job = await world.enqueue()
        assert (await world.wait_for_state(job.id, JobState.FAILED)).report is None
        world.store.is_away = False
        world.clock.pass_seconds(world.lease_seconds)

        async def has_report() -> bool:
            return (await world.get(job.id)).report is not None

        await world.wait_for(has_report)
    assert world.runner.over == [(job.id, JobState.FAILED)]
    assert len(await world.facts()) == 1


async def test_given_many_jobs_of_one_account_when_claimed_then_others_get_their_turn_and_limits_hold(
    world: World,
) -> None:
    gate = asyncio.Event()

    async def work(_job: Job, _progress: Progress) -> Done:
        await gate.wait()
        return Done()

    world.runner.work = work
    world.runner.at_once, world.runner.per_account = 3, 2
    many = [await world.enqueue() for _ in range(5)]
    world.clock.pass_seconds(1)
    other = new_id(Kind.ACCOUNT)
    late = await world.enqueue(account_id=other)
    async with world.working(), world.working():

        async def are_running() -> bool:
            return len(world.runner.running) == 3

        await world.wait_for(are_running)
        assert late.id in world.runner.running
        assert len(world.runner.running & {job.id for job in many}) == 2
        gate.set()
        for job in many:
            await world.wait_for_state(job.id, JobState.FINISHED)
    assert sorted(world.runner.runs) == sorted(job.id for job in (*many, late))


async def test_given_workers_side_by_side_when_jobs_are_many_then_each_is_done_once(world: World) -> None:
    world.runner.per_account = 3
    jobs = [await world.enqueue() for _ in range(30)]
    async with world.working(), world.working():
        for job in jobs:
            await world.wait_for_state(job.id, JobState.FINISHED)
    assert sorted(world.runner.runs) == sorted(job.id for job in jobs)
    assert len(await world.facts()) == 30


async def test_given_a_kind_that_no_runner_here_does_when_a_worker_looks_then_it_is_left_to_others(
    world: World,
) -> None:
    job = await world.enqueue(kind=JobKind.DNC_IMPORT)
    async with world.working():
        other = await world.enqueue()
        await world.wait_for_state(other.id, JobState.FINISHED)
    assert (await world.get(job.id)).state is JobState.QUEUED


async def test_given_jobs_that_are_over_when_their_time_has_come_then_they_go_with_their_reports(world: World) -> None:
    async def work(_job: Job, progress: Progress) -> Done:
        await progress.save(report=b"x")
        return Done(report=ReportName("all.csv", "text/csv"))

    world.runner.work = work
    world.retention = timedelta(days=30)
    async with world.working():
        old = await world.wait_for_state((await world.enqueue()).id, JobState.FINISHED)
        world.clock.pass_seconds(86_400 * 20)
        young = await world.wait_for_state((await world.enqueue()).id, JobState.FINISHED)
        world.clock.pass_seconds(86_400 * 10 + 1)
        waiting = await world.enqueue(kind=JobKind.DNC_IMPORT)

        async def is_gone() -> bool:
            return await world.value("SELECT count(*) FROM job WHERE id = $1", old.id) == 0

        await world.wait_for(is_gone)
    assert old.report is not None
    assert young.report is not None
    assert not await world.has_object(old.report.object_key)
    assert await world.has_object(young.report.object_key)
    assert (await world.get(waiting.id)).state is JobState.QUEUED


async def test_given_a_mistake_of_ours_at_the_end_of_a_job_when_settled_then_the_others_are_and_it_is_tried_again(
    world: World,
) -> None:
    class Broken(ToldRunner):
        is_broken = True

        async def ended(self, connection: PooledConnection, job: Job) -> Sequence[Draft]:
            if self.is_broken and job.id == bad.id:
                raise LookupError
            return await super().ended(connection, job)

    world.runner = runner = Broken()
    bad, *good = [await world.enqueue(subject_id=f"list_{number}") for number in range(8)]
    for job in (bad, *good):
        await world.jobs.cancel(world.account, job.id, ALL_SCOPES, actor=SOMEBODY)
        world.clock.pass_seconds(1)  # the first is looked at first

    async def are_settled(*jobs: Job) -> bool:
        unsettled = "SELECT count(*) FROM job WHERE NOT is_settled AND id = ANY ($1::text[])"
        return await world.value(unsettled, [job.id for job in jobs]) == 0

    async with world.working():
        await world.wait_for(lambda: are_settled(*good))
        assert not await are_settled(bad)
        runner.is_broken = False
        world.clock.pass_seconds(world.lease_seconds + 1)
        await world.wait_for(lambda: are_settled(bad))
    assert sorted(runner.over) == sorted((job.id, JobState.CANCELLED) for job in (bad, *good))
