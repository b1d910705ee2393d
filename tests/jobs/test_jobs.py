"""Jobs as their owners see them: enqueued with whatever they belong to, seen by whoever may, cancelled for good."""

import asyncio
from contextlib import aclosing

import pytest

from app.accounts.scopes import Scope
from app.errors import RefusedError
from app.facts.jobs import Counts, JobCancelled, JobFinished, JobKind, JobState
from app.ids import Kind, new_id
from app.jobs import service
from app.jobs.model import Done, Job, JobFilter, JobLostError, ReportName
from app.jobs.progress import Progress
from app.paging import PageRequest
from tests.jobs.world import ALL_SCOPES, SOMEBODY, World


async def test_given_a_transaction_that_rolls_back_when_a_job_was_enqueued_in_it_then_there_is_no_job(
    world: World,
) -> None:
    class ChangedMindError(Exception):
        pass

    async def change_mind() -> None:
        async with world.database.acquire() as connection, connection.transaction():
            await world.jobs.enqueue_in(connection, world.new())
            raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await change_mind()
    assert await world.value("SELECT count(*) FROM job") == 0


async def test_given_a_job_when_read_then_it_is_as_it_was_enqueued(world: World) -> None:
    job = await world.enqueue(payload={"columns": ["näme"]})
    assert await world.get(job.id) == job
    assert (job.state, job.kind, job.subject_id) == (JobState.QUEUED, JobKind.EXPORT, "list_1")
    assert (job.actor, job.request_id, job.scope) == (SOMEBODY, "req_1", Scope.CDRS_READ)
    assert job.payload == '{"columns":["näme"]}'.encode()
    assert (job.counts, job.fraction, job.attempts, job.report) == (Counts(), None, 0, None)


async def test_given_an_unfinished_job_when_its_key_is_enqueued_again_then_it_stands_for_both(world: World) -> None:
    first = await world.enqueue(key="rec_1")
    assert (await world.enqueue(key="rec_1")).id == first.id
    assert (await world.enqueue(key="rec_1", account_id=new_id(Kind.ACCOUNT))).id != first.id
    assert (await world.enqueue(key="rec_1", kind=JobKind.DNC_IMPORT)).id != first.id
    assert (await world.enqueue(key="rec_2")).id != first.id
    await world.jobs.cancel(world.account, first.id, ALL_SCOPES, actor=SOMEBODY)
    assert (await world.enqueue(key="rec_1")).id != first.id


async def test_given_many_at_the_same_moment_when_a_key_is_enqueued_then_one_job_comes_of_it(world: World) -> None:
    jobs = await asyncio.gather(*(world.enqueue(key="rec_1") for _ in range(8)))
    assert len({job.id for job in jobs}) == 1


async def test_given_as_many_unfinished_jobs_as_may_be_when_one_more_is_enqueued_then_it_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_OPEN_JOBS", 2)
    for _ in range(2):
        await world.enqueue()
    with pytest.raises(RefusedError) as refused:
        await world.enqueue()
    (problem,) = refused.value.problems
    assert (problem.code, problem.current_state) == ("INVALID_STATE", "FULL")
    await world.enqueue(kind=JobKind.DNC_IMPORT)
    await world.enqueue(account_id=new_id(Kind.ACCOUNT))


async def test_given_anothers_account_or_a_key_without_the_scope_when_asked_then_there_is_no_job(world: World) -> None:
    job = await world.enqueue(scope=Scope.CONTACTS)
    assert await world.jobs.get(new_id(Kind.ACCOUNT), job.id, ALL_SCOPES) is None
    assert await world.jobs.get(world.account, job.id, {Scope.CDRS_READ}) is None
    assert await world.jobs.get(world.account, job.id, {Scope.CONTACTS}) == job
    seen = await world.jobs.page(world.account, JobFilter(scopes=(Scope.CDRS_READ,)), PageRequest())
    assert list(seen.items) == []
    for account, scopes in ((new_id(Kind.ACCOUNT), ALL_SCOPES), (world.account, (Scope.CDRS_READ,))):
        with pytest.raises(RefusedError) as refused:
            await world.jobs.cancel(account, job.id, scopes, actor=SOMEBODY)
        assert refused.value.problems[0].code == "NOT_FOUND"
        with pytest.raises(RefusedError):
            async with aclosing(world.jobs.follow(account, job.id, scopes)) as followed:
                await anext(followed)
    assert (await world.get(job.id)).state is JobState.QUEUED


async def test_given_jobs_when_listed_then_newest_first_as_the_filter_says(world: World) -> None:
    made = []
    for kind, subject in ((JobKind.EXPORT, None), (JobKind.DNC_IMPORT, "dnc_1"), (JobKind.EXPORT, "list_2")):
        made.append(await world.enqueue(kind=kind, subject_id=subject))
        world.clock.pass_seconds(1)

    async def list_ids(where: JobFilter) -> list[str]:
        page = await world.jobs.page(world.account, where, PageRequest())
        assert (await world.jobs.count(world.account, where)).count == len(page.items)
        return [job.id for job in page.items]

    assert await list_ids(JobFilter(scopes=ALL_SCOPES)) == [job.id for job in reversed(made)]
    assert await list_ids(JobFilter(scopes=ALL_SCOPES, kinds=(JobKind.DNC_IMPORT,))) == [made[1].id]
    assert await list_ids(JobFilter(scopes=ALL_SCOPES, subject_id="list_2")) == [made[2].id]
    assert await list_ids(JobFilter(scopes=ALL_SCOPES, states=(JobState.RUNNING,))) == []


async def test_given_a_queued_job_when_cancelled_then_nobody_does_it_and_a_fact_says_so_once(world: World) -> None:
    job = await world.enqueue()
    for _ in range(2):
        cancelled = await world.jobs.cancel(world.account, job.id, ALL_SCOPES, actor=SOMEBODY, request_id="req_2")
        assert cancelled.state is JobState.CANCELLED
    async with world.working():
        other = await world.enqueue()
        await world.wait_for_state(other.id, JobState.FINISHED)

        async def is_told() -> bool:
            return world.runner.over == [(job.id, JobState.CANCELLED)]

        await world.wait_for(is_told)
    assert world.runner.runs == [other.id]
    told = [event for event in await world.facts() if event.subject_id == job.id]
    assert [(event.fact, event.request_id) for event in told] == [
        (JobCancelled(job_id=job.id, kind=JobKind.EXPORT, job_subject_id="list_1", counts=Counts()), "req_2")
    ]


async def test_given_a_running_job_when_cancelled_then_it_writes_nothing_more_and_keeps_the_report_so_far(
    world: World,
) -> None:
    has_saved, may_go_on = asyncio.Event(), asyncio.Event()
    lost: list[str] = []

    async def work(job: Job, progress: Progress) -> Done:
        await progress.save(counts=Counts(processed=1), report=b"row,why\r\n1,bad\r\n")
        has_saved.set()
        await may_go_on.wait()
        try:
            await progress.save(counts=Counts(processed=2))
        except JobLostError:
            lost.append(job.id)
            raise
        return Done()

    world.runner.work = work
    world.bus.on = lambda _channel, _handler: None  # type: ignore[method-assign,assignment]  # the worker hears nothing of it
    async with world.working():
        job = await world.enqueue()
        await has_saved.wait()
        cancelled = await world.jobs.cancel(world.account, job.id, ALL_SCOPES, actor=SOMEBODY)
        assert (cancelled.state, cancelled.counts) == (JobState.CANCELLED, Counts(processed=1))
        may_go_on.set()

        async def has_report() -> bool:
            return (await world.get(job.id)).report is not None

        await world.wait_for(has_report)
    left = await world.get(job.id)
    assert lost == [job.id]
    assert (left.state, left.counts) == (JobState.CANCELLED, Counts(processed=1))
    assert left.report is not None
    assert (left.report.file_name, await world.read(left.report.object_key)) == (
        "left.csv",
        b"row,why\r\n1,bad\r\n",
    )
    assert await world.value("SELECT count(*) FROM job_report_part") == 0


async def test_given_a_running_job_when_cancelled_then_its_runner_is_cancelled(world: World) -> None:
    began, was_cancelled = asyncio.Event(), asyncio.Event()

    async def work(_job: Job, _progress: Progress) -> Done:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            was_cancelled.set()
            raise
        return Done()

    world.runner.work = work
    async with world.working():
        job = await world.enqueue()
        await began.wait()
        await world.jobs.cancel(world.account, job.id, ALL_SCOPES, actor=SOMEBODY)
        async with asyncio.timeout(60):
            await was_cancelled.wait()


async def test_given_a_job_that_is_over_when_cancelled_then_it_is_refused_with_its_state(world: World) -> None:
    async with world.working():
        job = await world.enqueue()
        await world.wait_for_state(job.id, JobState.FINISHED)
    with pytest.raises(RefusedError) as refused:
        await world.jobs.cancel(world.account, job.id, ALL_SCOPES, actor=SOMEBODY)
    assert refused.value.problems[0].current_state == "FINISHED"
    assert [type(event.fact) for event in await world.facts()] == [JobFinished]


async def test_given_a_follower_when_a_job_goes_on_then_it_sees_where_it_stands_until_the_end(world: World) -> None:
    steps = [asyncio.Event() for _ in range(2)]

    async def work(_job: Job, progress: Progress) -> Done:
        for number, step in enumerate(steps, 1):
            await step.wait()
            await progress.save(counts=Counts(total=2, processed=number), fraction=number / 2)
        return Done(report=ReportName("all.csv", "text/csv"))

    world.runner.work = work
    job = await world.enqueue()
    seen = []
    following = world.jobs.follow(world.account, job.id, ALL_SCOPES)
    async with world.working(), asyncio.timeout(60), aclosing(following) as followed:
        async for one in followed:
            seen.append((one.state, one.counts.processed))
            for number, step in enumerate(steps):
                if one.state is JobState.RUNNING and one.counts.processed >= number:
                    step.set()
    assert seen[-1] == (JobState.FINISHED, 2)
    assert seen == sorted(seen, key=lambda one: (one[0] is JobState.FINISHED, one[1]))
    assert {(JobState.RUNNING, 0), (JobState.RUNNING, 1)} <= set(seen)


async def test_given_a_job_that_is_over_when_followed_then_it_is_told_once(world: World) -> None:
    async with world.working():
        job = await world.enqueue()
        await world.wait_for_state(job.id, JobState.FINISHED)
    async with aclosing(world.jobs.follow(world.account, job.id, ALL_SCOPES)) as followed:
        assert [one.state async for one in followed] == [JobState.FINISHED]
