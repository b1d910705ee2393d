"""Asking for one-time passwords, and verifying them."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from app.accounts.scopes import Scope
from app.errors import RefusedError, ScopeError
from app.facts.otps import OtpVerified
from app.ids import Kind, new_id
from app.otps.model import DEFAULT_TEXT, OtpCall, OtpFilter, OtpState, OtpVerdict
from app.paging import PageRequest
from app.speech.model import VoiceSettings
from app.speech.templates import TemplateChanges
from tests.otps.conftest import CAPS, CODE, NUMBER, World

pytestmark = pytest.mark.postgres

OTHER_NUMBERS = [f"+1555010{number:04d}" for number in (1, 2, 3, 4, 5, 6)]


async def test_given_a_code_when_asked_for_then_it_is_kept_and_nothing_that_is_kept_has_it(world: World) -> None:
    made = await world.announce()
    assert (made.state, made.call.number, made.spoken.text) == (OtpState.PENDING, NUMBER, DEFAULT_TEXT)
    assert made.expires_at == world.clock.now() + timedelta(seconds=600)
    assert await world.read(made.id) == made
    assert CODE not in await world.rows()
    assert CODE not in repr(world.request())


async def test_given_a_key_when_used_again_then_the_same_one_comes_back_and_another_code_is_refused(
    world: World,
) -> None:
    made = await world.announce()
    again = await world.otps.announce(world.by, world.request())
    assert (again.otp.id, again.is_replayed) == (made.id, True)
    with pytest.raises(RefusedError) as refused:
        await world.announce(code="471906")
    assert refused.value.problems[0].code == "IDEMPOTENCY_KEY_REUSED"


async def test_given_one_key_when_asked_many_times_at_once_then_there_is_one(world: World) -> None:
    made = await asyncio.gather(*(world.announce() for _ in range(4)))
    assert len({one.id for one in made}) == 1


async def test_given_no_code_when_asked_for_then_one_is_made_that_can_be_verified_and_not_read(world: World) -> None:
    made = await world.announce(code=None, length=4, max_attempts=10)
    async with world.database.acquire() as connection:
        sealed = await connection.fetchval("SELECT code_sealed FROM otp WHERE id = $1", made.id)
    code = world.codes.open(made.id, sealed)
    assert len(code) == 4
    assert (await world.otps.verify(world.by, made.id, code)).verdict is OtpVerdict.VERIFIED


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "123"}, ("code",)),
        ({"code": "12345678901234"}, ("code",)),
        ({"code": "12a4"}, ("code",)),
        ({"length": 3}, ("length",)),
        ({"repeat": 0}, ("repeat",)),
        ({"repeat": 6}, ("repeat",)),
        ({"max_attempts": 0}, ("maxAttempts",)),
        ({"expires_in_seconds": 1.0}, ("ttlSeconds",)),
        ({"expires_in_seconds": float("inf")}, ("ttlSeconds",)),
        ({"text": "Without a place."}, ("announcement", "text")),
        ({"text": "Hello {name}, {code}."}, ("announcement", "text")),
        ({"text": "{code"}, ("announcement", "text")),
    ],
)
async def test_given_what_cannot_be_when_asked_for_then_it_is_refused_by_its_field(
    world: World, changes: dict[str, object], field: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedError) as refused:
        await world.announce(**changes)
    assert (refused.value.problems[0].code, refused.value.problems[0].field) == ("INVALID_INPUT", field)
    assert CODE not in str(refused.value)


async def test_given_a_number_that_may_not_be_called_when_asked_for_then_it_is_refused(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        await world.announce(call=OtpCall(number="+12"))
    assert refused.value.problems[0].code == "INVALID_NUMBER"
    with pytest.raises(RefusedError) as refused:
        await world.announce(call=OtpCall(number=NUMBER, caller_id="+15559999999"))
    assert refused.value.problems[0].code == "CALLER_ID_NOT_OWNED"
    with pytest.raises(RefusedError) as refused:
        await world.announce(voice=VoiceSettings(voice="nobody"))
    assert refused.value.problems[0].code == "NOT_FOUND"


async def test_given_a_template_when_asked_for_then_its_other_fields_are_filled_and_its_voice_speaks(
    world: World,
) -> None:
    changes = TemplateChanges(name="otp", text="Hi {name}, {code}, {code}!", voice=VoiceSettings(voice="high"))
    template = await world.speech.templates.create(world.by, changes)
    made = await world.announce(template_id=template.id, values={"name": "Ann {code}"})
    assert made.spoken.text == "Hi Ann {code}, {code}, {code}!"
    assert made.spoken.voice == "high"
    for values, code in (({}, "FIELD_MISSING"), ({"name": "x", "code": "1"}, "INVALID_INPUT")):
        with pytest.raises(RefusedError) as refused:
            await world.announce(idempotency_key="key 2", template_id=template.id, values=values)
        assert refused.value.problems[0].code == code


async def test_given_a_number_that_was_told_often_when_asked_again_then_it_is_refused_for_a_while(world: World) -> None:
    for number in range(CAPS.per_number):
        await world.announce(idempotency_key=f"key {number}")
        world.clock.advance(20)
    with pytest.raises(RefusedError) as refused:
        await world.announce(idempotency_key="one more")
    (problem,) = refused.value.problems
    assert (problem.code, problem.field, problem.retry_after_seconds) == ("RATE_LIMITED", ("number",), 540.0)
    await world.announce(idempotency_key="another's", call=OtpCall(number=OTHER_NUMBERS[0]))
    world.clock.advance(540)
    await world.announce(idempotency_key="one more")  # the refusal has not burnt it


async def test_given_an_account_that_asked_often_when_it_asks_again_then_it_is_refused_for_a_while(
    world: World,
) -> None:
    asked = [
        world.otps.announce(world.by, world.request(idempotency_key=number, call=OtpCall(number=number)))
        for number in OTHER_NUMBERS
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [one for one in answers if isinstance(one, RefusedError)]
    assert len(refused) == len(OTHER_NUMBERS) - CAPS.per_account, "also of those who ask at the same moment"
    assert (refused[0].problems[0].code, refused[0].problems[0].retry_after_seconds) == ("RATE_LIMITED", 60.0)
    world.clock.advance(60)
    await world.announce(idempotency_key="later")


async def test_given_a_code_when_offered_then_it_counts_once_and_is_told_once(world: World) -> None:
    made = await world.announce()
    wrong = await world.otps.verify(world.by, made.id, "000000")
    assert (wrong.verdict, wrong.otp.attempts) == (OtpVerdict.WRONG, 1)
    assert (await world.otps.verify(world.by, made.id, "471905-380262")).verdict is OtpVerdict.VERIFIED
    assert (await world.otps.verify(world.by, made.id, CODE)).verdict is OtpVerdict.USED
    (fact,) = world.told
    assert isinstance(fact, OtpVerified)
    assert fact.attempts == 2
    assert CODE not in await world.rows()


async def test_given_too_many_wrong_codes_when_the_right_one_is_offered_then_it_is_not_looked_at(world: World) -> None:
    made = await world.announce(max_attempts=2)
    for _ in range(2):
        assert (await world.otps.verify(world.by, made.id, "000000")).verdict is OtpVerdict.WRONG
    late = await world.otps.verify(world.by, made.id, CODE)
    assert (late.verdict, late.otp.attempts, late.otp.verified_at) == (OtpVerdict.TOO_MANY_ATTEMPTS, 2, None)


async def test_given_its_time_is_over_when_the_right_code_is_offered_then_it_is_expired(world: World) -> None:
    made = await world.announce(expires_in_seconds=60.0)
    world.clock.advance(59.9)
    assert (await world.otps.verify(world.by, made.id, "000000")).verdict is OtpVerdict.WRONG
    world.clock.advance(0.1)
    assert (await world.otps.verify(world.by, made.id, CODE)).verdict is OtpVerdict.EXPIRED


async def test_given_many_who_offer_at_once_when_one_is_right_then_no_attempt_is_lost_and_one_is_verified(
    world: World,
) -> None:
    made = await world.announce(max_attempts=4)
    offered = ["000000", CODE, CODE, "000001", "000002", "000003"]
    verdicts = [
        one.verdict for one in await asyncio.gather(*(world.otps.verify(world.by, made.id, o) for o in offered))
    ]
    assert verdicts.count(OtpVerdict.VERIFIED) <= 1
    read = await world.read(made.id)
    assert read.attempts == sum(one in {OtpVerdict.WRONG, OtpVerdict.VERIFIED} for one in verdicts) <= 4


async def test_given_another_account_when_it_asks_then_there_is_no_such_one(world: World) -> None:
    made = await world.announce()
    assert await world.otps.get(world.stranger.account_id, made.id) is None
    for otp_id in (made.id, new_id(Kind.OTP), "no id"):
        with pytest.raises(RefusedError) as refused:
            await world.otps.verify(world.stranger, otp_id, CODE)
        assert refused.value.problems[0].code == "NOT_FOUND"
    assert (await world.read(made.id)).attempts == 0


async def test_given_a_key_without_the_scope_when_it_asks_then_it_is_refused(world: World) -> None:
    made = await world.announce()
    world.by = dataclasses.replace(world.by, scopes=frozenset(Scope) - {Scope.OTP})
    with pytest.raises(ScopeError):
        await world.announce(idempotency_key="key 2")
    with pytest.raises(ScopeError):
        await world.otps.verify(world.by, made.id, CODE)


async def test_given_several_when_listed_then_a_filter_admits_its_own_and_the_latest_is_first(world: World) -> None:
    first = await world.announce()
    world.clock.advance(1)
    second = await world.announce(idempotency_key="key 2", call=OtpCall(number=OTHER_NUMBERS[0]))
    for where, expected in (
        (OtpFilter(), [second.id, first.id]),
        (OtpFilter(number=NUMBER), [first.id]),
        (OtpFilter(external_id="user 7"), [first.id]),
        (OtpFilter(states=(OtpState.PENDING,), created_from=second.created_at), [second.id]),
        (OtpFilter(states=(OtpState.FAILED,)), []),
    ):
        page = await world.otps.page(world.by.account_id, where, PageRequest(limit=10))
        assert [one.id for one in page.items] == expected
        assert (await world.otps.count(world.by.account_id, where)).count == len(expected)
