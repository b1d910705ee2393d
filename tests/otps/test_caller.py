"""Placing the calls in which codes are told: once, with the sound made before, and what is told of it."""

from datetime import timedelta

import pytest

from app.calls.keeping.change import FencedError
from app.errands.placer import LEASE
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError, Problem, RefusedError
from app.facts.otps import OtpAnnounced, OtpFailed, OtpFailure
from app.facts.vocabulary import CallKind, Disposition, Errand
from app.flows.steps import HangUp, Play, PlaySecret
from app.otps.caller import OtpCaller, count_readings
from app.otps.model import OtpState, OtpVerdict
from app.otps.voice import AROUND_SECONDS, BETWEEN_SECONDS, FIRST_PAUSE_SECONDS, parts_of
from app.speech.engine import SpeechUnavailableError
from app.speech.model import Speech
from tests.otps.conftest import CODE, World, flow_of

pytestmark = pytest.mark.postgres


def _sounds(world: World) -> int:
    return sum(len(list(cache._folder.glob("*/*-8000.wav"))) for cache in world.speech.media_files._caches)


async def test_given_a_code_when_its_turn_comes_then_its_call_is_placed_once_led_by_what_names_no_digit(
    world: World,
) -> None:
    made = await world.announce(repeat=2)
    await world.go_round()
    await world.pass_seconds(100)
    ((request, own),) = world.paper.asked
    assert (request.destination_number, request.idempotency_key) == (made.call.number, made.id)
    assert (own.kind, own.errand, own.call_id) == (CallKind.OTP, Errand(otp_id=made.id), made.call_id)
    sound = (PlaySecret(secret_id=made.id),)
    assert flow_of(own).steps == (
        Play(name="reading-1", sounds=sound, next="reading-2", failed="not-spoken"),
        Play(name="reading-2", sounds=sound, next="over", failed="not-spoken"),
        HangUp(name="over"),
        HangUp(name="not-spoken"),
    )
    assert (await world.read(made.id)).state is OtpState.CALLING
    assert CODE not in await world.rows()


async def test_given_a_code_when_its_sound_is_made_then_each_digit_is_spoken_by_itself(world: World) -> None:
    made = await world.announce(text="Your code is {code}. Bye.")
    await world.go_round()
    asked = [speech.text for speech, _, _ in world.engine.asked]
    assert asked == ["Your code is", *dict.fromkeys(CODE), "Bye."]
    parts = parts_of(made.spoken, "12")
    assert parts == [
        FIRST_PAUSE_SECONDS,
        Speech(text="Your code is"),
        AROUND_SECONDS,
        Speech(text="1"),
        BETWEEN_SECONDS,
        Speech(text="2"),
        AROUND_SECONDS,
        Speech(text="Bye."),
    ]


@pytest.mark.parametrize(
    ("path", "times"),
    [
        (("reading-1", "reading-2", "over"), 2),
        (("reading-1", "reading-2"), 1),
        (("reading-1", "reading-2", "not-spoken"), 1),
        (("reading-1",), 0),
    ],
)
async def test_given_its_call_was_answered_when_it_ends_then_it_says_how_often_all_was_heard(
    world: World, path: tuple[str, ...], times: int
) -> None:
    made = await world.announce()
    await world.go_round()
    before = _sounds(world)
    await world.end(world.paper.asked[0][1], Disposition.ANSWERED, *path)
    read = await world.read(made.id)
    assert (read.state, read.times_heard) == (OtpState.ANNOUNCED, times)
    (fact,) = world.told
    assert isinstance(fact, OtpAnnounced)
    assert (fact.heard_to_end, fact.times_heard, fact.call_id) == (times > 0, times, made.call_id)
    assert _sounds(world) == before - 1, "the whole is kept no longer, its digits are"
    with pytest.raises(RefusedError):
        await world.voice.speak(made.account_id, made.id)


async def test_given_nobody_answers_when_its_call_ends_then_it_has_failed_and_can_be_verified_still(
    world: World,
) -> None:
    made = await world.announce()
    await world.go_round()
    await world.end(world.paper.asked[0][1], Disposition.BUSY)
    failed = world.told[-1]
    assert isinstance(failed, OtpFailed)
    assert (failed.reason, failed.disposition, failed.call_id) == (
        OtpFailure.NOT_ANSWERED,
        Disposition.BUSY,
        made.call_id,
    )
    assert (await world.otps.verify(world.by, made.id, CODE)).verdict is OtpVerdict.VERIFIED


async def test_given_a_call_that_was_lost_before_it_rang_when_looked_at_then_it_was_not_placed(world: World) -> None:
    made = await world.announce()
    await world.go_round()
    await world.paper.lose(made.call_id, at=world.clock.now())
    await world.go_round()
    assert (await world.read(made.id)).failure is OtpFailure.NOT_PLACED
    assert world.types == ["otp.failed"]


async def test_given_the_sound_broke_off_when_its_call_ends_then_it_was_not_spoken(world: World) -> None:
    made = await world.announce()
    await world.go_round()
    await world.end(world.paper.asked[0][1], Disposition.ANSWERED, "reading-1", "not-spoken")
    read = await world.read(made.id)
    assert (read.state, read.failure, read.times_heard) == (OtpState.FAILED, OtpFailure.NOT_SPOKEN, None)


async def test_given_no_voice_when_its_turn_comes_then_nobodys_phone_rings(world: World) -> None:
    made = await world.announce()
    world.engine.failure = SpeechUnavailableError("No engine.")
    await world.go_round()
    assert world.paper.asked == []
    assert (await world.read(made.id)).failure is OtpFailure.NOT_SPOKEN
    assert world.types == ["otp.failed"]


async def test_given_a_refused_call_when_its_turn_comes_then_it_has_failed_and_says_why(world: World) -> None:
    made = await world.announce()
    world.paper.fates = [RefusedError(Problem("DESTINATION_DENIED", "Not there.", ("destination",)))]
    await world.go_round()
    read = await world.read(made.id)
    assert (read.failure, read.detail) == (OtpFailure.REFUSED, "DESTINATION_DENIED: Not there.")


async def test_given_nobody_to_place_it_when_a_minute_is_over_then_it_has_failed(world: World) -> None:
    made = await world.announce()
    world.asterisk.why_not_ready = "Away."
    await world.pass_seconds(60)
    assert (await world.read(made.id)).state is OtpState.PENDING
    await world.pass_seconds(1)
    assert (await world.read(made.id)).failure is OtpFailure.NOT_PLACED
    assert world.paper.asked == []


async def test_given_it_cannot_be_placed_now_when_it_can_then_it_is_the_same_call(world: World) -> None:
    await world.announce()
    world.paper.fates = [AsteriskUnavailableError("Away.")]
    await world.go_round()
    await world.pass_seconds(2)
    first, second = world.paper.asked
    assert first[1].call_id == second[1].call_id
    assert first[0].idempotency_key == second[0].idempotency_key
    assert len(world.paper.placed) == 1


async def test_given_a_claim_whose_holder_died_when_taken_over_then_it_is_dialled_once(world: World) -> None:
    made = await world.announce()
    world.paper.fates = [FencedError("n1")]  # the process is as good as dead
    await world.go_round()
    parts = (world.database, world.otps._event_log, world.paper, world.voice, world.asterisk, world.clock)
    other, again = OtpCaller(*parts, node="n2"), OtpCaller(*parts, node="n1")
    await other.run_round()
    assert world.paper.placed == {}, "another node waits until the lease is over"
    await again.run_round()
    await again.run_round()
    assert len(world.paper.placed) == 1
    assert (await world.read(made.id)).state is OtpState.CALLING
    assert timedelta(0) < LEASE < timedelta(seconds=60)


async def test_given_a_holder_that_died_after_it_dialled_when_taken_over_late_then_nobody_dials_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.announce()
    place = world.paper.place

    async def die_afterwards(*asked: object) -> None:
        await place(*asked)  # type: ignore[arg-type]  # whatever it is asked
        raise FencedError("n1")

    monkeypatch.setattr(world.paper, "place", die_afterwards)
    await world.go_round()
    monkeypatch.undo()
    await world.pass_seconds(3600)
    assert len(world.paper.placed) == 1
    assert (await world.read(made.id)).state is OtpState.CALLING


def test_given_a_flow_that_never_began_when_readings_are_counted_then_nobody_heard_any() -> None:
    assert count_readings(None) is None


async def test_given_a_code_whose_sound_is_made_when_the_database_is_away_then_it_is_spoken_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.announce()
    await world.go_round()
    before = await world.voice.speak(made.account_id, made.id)

    async def away(*_: object) -> None:
        raise DatabaseUnavailableError("It is away.")

    monkeypatch.setattr("app.otps.store.sealed", away)
    assert await world.voice.speak(made.account_id, made.id) == before
    await world.voice.forget(made.account_id, made.id)
    with pytest.raises(DatabaseUnavailableError):
        await world.voice.speak(made.account_id, made.id)
