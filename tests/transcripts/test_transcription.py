"""A recording becomes a transcript: by request or because its call was to be, piece by piece, through crashes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.db.engine import Database
from app.errors import RefusedError
from app.events.log import EventLog
from app.facts.jobs import JobFailed, JobFinished, JobState
from app.facts.transcripts import TranscriptFailed, TranscriptReady
from app.facts.vocabulary import LegRole, RecordingMode, RecordingState
from app.ids import Kind, new_id
from app.jobs import service as jobs
from app.recordings.deletion import RecordingDeletion
from app.recordings.object_keys import object_key
from app.recordings.queries import RecordingQueries
from app.transcripts import service
from app.transcripts.engine import Heard, HearingFailedError, HearingUnavailableError, Piece
from app.transcripts.model import Transcript, TranscriptEngine, TranscriptSegment, TranscriptState
from app.transcripts.rows import TranscriptQueries
from app.transcripts.runner import Transcription
from app.transcripts.service import Begun, Transcripts
from app.transcripts.starter import TranscriptStarter
from tests.jobs.world import NOON, SOMEBODY, MoodyStore, World
from tests.recordings.tones import Samples, make_silence, make_tone, write_wave
from tests.transcripts.engines import TellingEngine

RATE = 8_000
_INSERT = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, saved_at, object_key, wants_transcript, kind)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, 'CALL')
"""


async def hear_tones(piece: Piece) -> Sequence[Heard]:
    """Names the pitch of what is loud, and when it began."""
    samples = np.frombuffer(piece.samples, dtype="<i2").astype(float)
    loud = np.flatnonzero(np.abs(samples) > 1000)
    if not len(loud):
        return ()
    stretch = samples[loud[0] : loud[-1] + 1]
    hertz = np.argmax(np.abs(np.fft.rfft(stretch))) * piece.sample_rate / len(stretch)
    return [
        Heard(
            start_seconds=float(loud[0]) / piece.sample_rate,
            end_seconds=float(loud[-1] + 1) / piece.sample_rate,
            text=f"{round(hertz, -1):.0f}",
            confidence=0.5,
        )
    ]


@dataclass
class Office:
    """Recordings, and everything that transcribes them."""

    world: World
    engine: TellingEngine = field(default_factory=lambda: TellingEngine(hear_tones))

    def __post_init__(self) -> None:
        world = self.world
        self.queries = TranscriptQueries(world.database)
        self.transcripts = Transcripts(world.database, world.jobs, self.engine, world.clock, language="en-US")
        self.runner = Transcription(
            *(world.database, RecordingQueries(world.database), world.store, self.engine, world.clock), at_once=2
        )
        self.deletion = RecordingDeletion(world.database, world.log, world.store, world.clock)
        self.by = Principal(
            account_id=world.account,
            account_name="test",
            default_region="US",
            key_id="key_1",
            scopes=frozenset(Scope),
            request_id="req_1",
        )

    async def record(
        self,
        *channels: Samples,
        mode: RecordingMode = RecordingMode.BOTH,
        state: RecordingState = RecordingState.SAVED,
        wants_transcript: bool = False,
        account: str | None = None,
    ) -> str:
        recording_id, account = new_id(Kind.RECORDING), account or self.world.account
        key = object_key(account, recording_id)
        length = max(len(one) for one in channels)
        padded = [np.concatenate([one, make_silence((length - len(one)) / RATE)]) for one in channels]
        path = write_wave(self.world.folder / "made.wav", np.stack(padded, axis=1))
        await self.world.store.put_file(key, path, path.stat().st_size)
        await self.world.value(
            _INSERT,
            *(recording_id, account, new_id(Kind.CALL), mode.value, state.value, NOON, key),
            wants_transcript,
        )
        return recording_id

    async def transcript_of(self, recording_id: str) -> Transcript | None:
        found = await self.queries.of_recordings(self.world.account, [recording_id])
        return found.get(recording_id)

    async def wait_for(self, recording_id: str, state: TranscriptState) -> Transcript:
        async def is_there() -> bool:
            found = await self.transcript_of(recording_id)
            return found is not None and found.state is state

        await self.world.wait_for(is_there)
        found = await self.transcript_of(recording_id)
        assert found is not None
        return found

    async def transcribe(self, recording_id: str, **more: object) -> Begun:
        return await self.transcripts.transcribe(self.by, recording_id, **more)  # type: ignore[arg-type]  # by name


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    store = MoodyStore.open(f"file://{tmp_path}/store", tmp_path)
    return Office(World(database, tmp_path, store, EventLog(database)))


def _said(transcript: Transcript) -> list[tuple[int, str, float, float, str]]:
    return [
        (one.channel, one.role.value, round(one.start_seconds, 1), round(one.end_seconds, 1), one.text)
        for one in transcript.segments or ()
    ]


async def test_given_a_talk_of_two_when_transcribed_then_each_has_its_channel_its_role_and_its_times(
    office: Office,
) -> None:
    agent = np.concatenate([make_silence(0.2), make_tone(500, 0.5)])
    customer = np.concatenate([make_silence(1.5), make_tone(900, 0.3), make_silence(1.0), make_tone(700, 0.2)])
    recording_id = await office.record(agent, customer)
    begun = await office.transcribe(recording_id)
    assert begun.transcript.state is TranscriptState.PENDING
    assert begun.transcript.segments is None
    async with office.world.working(office.runner):
        ready = await office.wait_for(recording_id, TranscriptState.READY)
    assert _said(ready) == [
        (1, "AGENT", 0.2, 0.7, "500"),
        (2, "CUSTOMER", 1.5, 1.8, "900"),
        (2, "CUSTOMER", 2.8, 3.0, "700"),
    ]
    assert (ready.engine, ready.language, ready.finished_at) == (TranscriptEngine.LOCAL, "en-US", office.world.clock.at)
    assert all(one.confidence == 0.5 for one in ready.segments or ())
    job = await office.world.get(begun.job.id)
    assert (job.state, job.subject_id, job.fraction) == (JobState.FINISHED, recording_id, 1.0)
    facts = await office.world.facts()
    assert [type(event.fact) for event in facts] == [TranscriptReady, JobFinished]
    assert facts[0].subject_id == ready.id
    assert facts[0].fact == TranscriptReady(
        transcript_id=ready.id,
        recording_id=recording_id,
        call_id=ready.call_id,
        job_id=job.id,
        language="en-US",
        segment_count=3,
    )
    # A piece in which nobody speaks is not sent to anybody.
    assert all(np.frombuffer(piece.samples, "<i2").any() for piece in office.engine.pieces)
    assert await office.world.value("SELECT checkpoint FROM job WHERE id = $1", job.id) is None


@pytest.mark.parametrize(("mode", "role"), [(RecordingMode.AGENT, "AGENT"), (RecordingMode.CUSTOMER, "CUSTOMER")])
async def test_given_a_recording_of_one_side_when_transcribed_then_its_one_channel_has_that_role(
    office: Office, mode: RecordingMode, role: str
) -> None:
    recording_id = await office.record(make_tone(500, 0.4), mode=mode)
    await office.transcribe(recording_id)
    async with office.world.working(office.runner):
        ready = await office.wait_for(recording_id, TranscriptState.READY)
    assert _said(ready) == [(1, role, 0.0, 0.4, "500")]


async def test_given_phrases_and_a_language_when_transcribed_then_the_engine_is_given_them(office: Office) -> None:
    recording_id = await office.record(make_tone(500, 0.4))
    await office.transcribe(recording_id, language="en-GB", phrases=["yes please"])
    async with office.world.working(office.runner):
        ready = await office.wait_for(recording_id, TranscriptState.READY)
    assert ready.language == "en-GB"
    assert [(piece.language, piece.phrases) for piece in office.engine.pieces] == [("en-GB", ("yes please",))]


async def test_given_kill_9_amid_a_recording_when_another_worker_goes_on_then_no_piece_is_heard_twice(
    office: Office,
) -> None:
    world = office.world
    talk = np.concatenate([part for hertz in (500, 600, 700) for part in (make_tone(hertz, 0.5), make_silence(0.4))])
    recording_id = await office.record(talk, mode=RecordingMode.AGENT)
    first_heard, never = asyncio.Event(), asyncio.Event()

    async def hear_one(piece: Piece) -> Sequence[Heard]:
        if len(office.engine.pieces) == 2:
            first_heard.set()
            await never.wait()
        return await hear_tones(piece)

    office.engine.told = hear_one
    begun = await office.transcribe(recording_id)
    dead = world.make_worker(office.runner)
    dead._give_back = _do_nothing  # type: ignore[method-assign,assignment]  # as a worker that is killed
    async with asyncio.TaskGroup() as group:
        task = group.create_task(dead.run())
        await first_heard.wait()
        task.cancel()
    between = await office.transcript_of(recording_id)
    assert between is not None
    assert (between.state, between.segments) == (TranscriptState.PENDING, None)
    office.engine.told = hear_tones
    world.clock.pass_seconds(world.lease_seconds)
    async with world.working(office.runner):
        ready = await office.wait_for(recording_id, TranscriptState.READY)
    assert [one.text for one in ready.segments or ()] == ["500", "600", "700"]
    assert len(office.engine.pieces) == 4, "the second piece twice, for it was not saved; the others once"
    assert (await world.get(begun.job.id)).state is JobState.FINISHED
    assert [type(event.fact) for event in await world.facts()] == [TranscriptReady, JobFinished]


async def _do_nothing(*_: object) -> None:
    pass


async def test_given_an_engine_that_is_away_for_a_while_when_transcribed_then_it_is_tried_again_as_it_asks(
    office: Office,
) -> None:
    tries: list[float] = []

    async def hear(piece: Piece) -> Sequence[Heard]:
        tries.append(office.world.clock.monotonic())
        if len(tries) == 1:
            raise HearingUnavailableError("The service takes no more just now.", retry_after_seconds=40.0)
        return await hear_tones(piece)

    office.engine.told = hear
    recording_id = await office.record(make_tone(500, 0.4))
    begun = await office.transcribe(recording_id)
    async with office.world.working(office.runner):

        async def is_waiting() -> bool:
            return (await office.world.get(begun.job.id)).error == "The service takes no more just now."

        await office.world.wait_for(is_waiting)
        due = await office.world.value("SELECT extract(epoch FROM due_at)::float8 FROM job")
        assert due == pytest.approx(tries[0] + 40.0)
        office.world.clock.pass_seconds(40.0)
        ready = await office.wait_for(recording_id, TranscriptState.READY)
    assert [one.text for one in ready.segments or ()] == ["500"]


async def test_given_an_engine_that_cannot_do_it_when_transcribed_then_the_transcript_has_failed_with_the_reason(
    office: Office,
) -> None:
    async def hear(_piece: Piece) -> Sequence[Heard]:
        raise HearingFailedError("The operator must mend OFFHOOK_TRANSCRIPTION_KEY.")

    office.engine.told = hear
    recording_id = await office.record(make_tone(500, 0.4))
    begun = await office.transcribe(recording_id)
    async with office.world.working(office.runner):
        failed = await office.wait_for(recording_id, TranscriptState.FAILED)
    assert (failed.failure, failed.segments) == ("The operator must mend OFFHOOK_TRANSCRIPTION_KEY.", None)
    told = [event.fact for event in await office.world.facts()]
    assert [type(fact) for fact in told] == [TranscriptFailed, JobFailed]
    assert told[0] == TranscriptFailed(
        transcript_id=failed.id,
        recording_id=recording_id,
        call_id=failed.call_id,
        job_id=begun.job.id,
        reason="The operator must mend OFFHOOK_TRANSCRIPTION_KEY.",
    )
    # The next one takes its place.
    office.engine.told = hear_tones
    again = await office.transcribe(recording_id)
    assert again.transcript.id != failed.id
    async with office.world.working(office.runner):
        assert (await office.wait_for(recording_id, TranscriptState.READY)).id == again.transcript.id
    assert await office.queries.get(office.world.account, failed.id) is None


async def test_given_a_transcription_under_way_when_asked_for_again_then_it_is_the_same(office: Office) -> None:
    recording_id = await office.record(make_tone(500, 0.4))
    first = await office.transcribe(recording_id)
    many = await asyncio.gather(*(office.transcribe(recording_id) for _ in range(4)))
    assert {(one.transcript.id, one.job.id) for one in many} == {(first.transcript.id, first.job.id)}


async def test_given_a_cancelled_job_when_it_is_over_then_the_transcript_has_failed_and_may_be_asked_for_again(
    office: Office,
) -> None:
    recording_id = await office.record(make_tone(500, 0.4))
    begun = await office.transcribe(recording_id)
    await office.world.jobs.cancel(office.world.account, begun.job.id, tuple(Scope), actor=SOMEBODY)
    async with office.world.working(office.runner):
        failed = await office.wait_for(recording_id, TranscriptState.FAILED)
        assert failed.failure == "The transcription was cancelled."
        await office.transcribe(recording_id)
        await office.wait_for(recording_id, TranscriptState.READY)


async def test_given_a_recording_that_is_deleted_when_it_has_a_transcript_then_that_goes_too(office: Office) -> None:
    recording_id = await office.record(make_tone(500, 0.4))
    await office.transcribe(recording_id)
    async with office.world.working(office.runner):
        await office.wait_for(recording_id, TranscriptState.READY)
    await office.deletion.delete(office.world.account, recording_id, actor=SOMEBODY)
    assert await office.transcript_of(recording_id) is None
    assert await office.world.value("SELECT count(*) FROM transcript") == 0
    with pytest.raises(RefusedError) as refused:
        await office.transcribe(recording_id)
    assert refused.value.problems[0].current_state == "DELETED"


async def test_given_a_recording_that_is_deleted_while_it_is_heard_when_the_job_goes_on_then_nothing_is_kept(
    office: Office,
) -> None:
    began, may_go_on = asyncio.Event(), asyncio.Event()

    async def hear(piece: Piece) -> Sequence[Heard]:
        began.set()
        await may_go_on.wait()
        return await hear_tones(piece)

    office.engine.told = hear
    recording_id = await office.record(make_tone(500, 0.4))
    begun = await office.transcribe(recording_id)
    async with office.world.working(office.runner):
        await began.wait()
        await office.deletion.delete(office.world.account, recording_id, actor=SOMEBODY)
        may_go_on.set()
        failed = await office.world.wait_for_state(begun.job.id, JobState.FAILED)
    assert failed.error == "The recording was deleted, and its transcript with it."
    assert await office.world.value("SELECT count(*) FROM transcript") == 0


@pytest.mark.parametrize(
    "state", [RecordingState.PENDING, RecordingState.RECORDING, RecordingState.COLLECTING, RecordingState.FAILED]
)
async def test_given_a_recording_that_is_not_saved_when_asked_for_then_it_is_refused_with_its_state(
    office: Office, state: RecordingState
) -> None:
    recording_id = await office.record(make_tone(500, 0.1), state=state)
    with pytest.raises(RefusedError) as refused:
        await office.transcribe(recording_id)
    (problem,) = refused.value.problems
    assert (problem.code, problem.current_state, problem.field) == ("INVALID_STATE", state.value, ("recordingId",))


async def test_given_what_cannot_be_when_asked_for_then_all_of_it_is_refused(office: Office) -> None:
    recording_id = await office.record(make_tone(500, 0.1))
    refusals: list[tuple[dict[str, object], list[tuple[str, str]]]] = [
        ({"language": "english!"}, [("INVALID_INPUT", "languageCode")]),
        ({"language": "de-DE"}, [("NOT_SUPPORTED", "languageCode")]),
        ({"phrases": ["", "a\nb", "x" * 201]}, [("INVALID_INPUT", f"phrases.{n}") for n in range(3)]),
        ({"phrases": ["yes"] * 101}, [("INVALID_INPUT", "phrases")]),
    ]
    for given, problems in refusals:
        with pytest.raises(RefusedError) as refused:
            await office.transcribe(recording_id, **given)
        assert [(one.code, ".".join(one.field)) for one in refused.value.problems] == problems
    for missing in (new_id(Kind.RECORDING), new_id(Kind.CALL), ""):
        with pytest.raises(RefusedError) as refused:
            await office.transcribe(missing)
        assert refused.value.problems[0].code == "NOT_FOUND"
    assert await office.world.value("SELECT count(*) FROM job") == 0


async def test_given_recordings_whose_calls_were_to_be_transcribed_when_saved_then_each_is_begun_once(
    office: Office,
) -> None:
    wanted = [await office.record(make_tone(500, 0.3), wants_transcript=True) for _ in range(3)]
    unfinished = await office.record(make_tone(500, 0.3), state=RecordingState.COLLECTING, wants_transcript=True)
    other = await office.record(make_tone(500, 0.3))
    starters = [TranscriptStarter(office.transcripts, office.world.clock) for _ in range(2)]
    await asyncio.gather(*(starter.run_round() for starter in starters))
    assert await office.world.value("SELECT count(*) FROM job") == 3
    assert not await starters[0].run_round()
    async with office.world.working(office.runner):
        for recording_id in wanted:
            await office.wait_for(recording_id, TranscriptState.READY)
    assert await office.transcript_of(unfinished) is None
    assert await office.transcript_of(other) is None


async def test_given_an_account_with_as_much_under_way_as_may_be_when_another_has_wishes_then_they_do_not_wait_for_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_OPEN_JOBS", 2)
    monkeypatch.setattr(service, "MOST_OPEN_JOBS", 2)
    other = new_id(Kind.ACCOUNT)
    for _ in range(3):  # the oldest, and one more than there is room for
        await office.record(make_tone(500, 0.1), wants_transcript=True)
    newest = await office.record(make_tone(500, 0.1), wants_transcript=True, account=other)
    await office.world.value("UPDATE recording SET saved_at = saved_at + interval '1 s' WHERE id = $1", newest)
    starter = TranscriptStarter(office.transcripts, office.world.clock)
    for _ in range(2):
        assert not await starter.run_round()
    begun = "SELECT count(*) FROM job WHERE account_id = $1"
    assert await office.world.value(begun, office.world.account) == 2
    assert await office.world.value(begun, other) == 1

    # Once there is room again, the wish that waited is fulfilled.
    async with office.world.working(office.runner):
        await office.world.wait_for(lambda: _is_nothing_under_way(office))
    assert not await starter.run_round()
    assert await office.world.value(begun, office.world.account) == 3


async def _is_nothing_under_way(office: Office) -> bool:
    return await office.world.value("SELECT count(*) FROM job WHERE state IN ('QUEUED', 'RUNNING')") == 0


async def test_given_a_file_that_is_gone_or_no_sound_when_transcribed_then_it_has_failed_and_says_so(
    office: Office,
) -> None:
    gone, broken = await office.record(make_tone(500, 0.3)), await office.record(make_tone(500, 0.3))
    await office.world.store.delete(object_key(office.world.account, gone))
    (office.world.folder / "text").write_text("this is no sound")
    await office.world.store.put_file(object_key(office.world.account, broken), office.world.folder / "text", 16)
    for recording_id, reason in ((gone, "The recording's file is gone."), (broken, "The file has no WAV header.")):
        await office.transcribe(recording_id)
        async with office.world.working(office.runner):
            assert (await office.wait_for(recording_id, TranscriptState.FAILED)).failure == reason


async def test_given_transcripts_of_a_calls_recordings_when_read_then_the_newest_is_the_calls(office: Office) -> None:
    first, second = await office.record(make_tone(500, 0.1)), await office.record(make_tone(600, 0.1))
    call_id = new_id(Kind.CALL)
    await office.world.value("UPDATE recording SET call_id = $1", call_id)
    await office.transcribe(first)
    office.world.clock.pass_seconds(1)
    newest = await office.transcribe(second)
    found = await office.queries.of_calls(office.world.account, [call_id, new_id(Kind.CALL)])
    assert {one: transcript.id for one, transcript in found.items()} == {call_id: newest.transcript.id}
    assert await office.queries.get(new_id(Kind.ACCOUNT), newest.transcript.id) is None


def test_given_a_segment_when_written_as_json_then_it_is_in_camel_case() -> None:
    import msgspec

    segment = TranscriptSegment(channel=1, role=LegRole.AGENT, start_seconds=0.5, end_seconds=1.0, text="hi")
    assert msgspec.to_builtins(segment)["startSeconds"] == 0.5
