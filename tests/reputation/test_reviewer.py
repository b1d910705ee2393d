"""Numbers are judged again and again: by their records as these are written, and by what the provider says."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.db.engine import Database
from app.facts.vocabulary import Direction, Disposition, EndCode, EndParty, EndReason
from app.numbers.parse import E164
from app.reputation import reviewer as reviewing
from app.reputation.judging import FlagReason, Opinion, ReputationVerdict, Rules
from app.reputation.opinions import Opinions
from app.reputation.provider import Told
from app.reputation.reviewer import ReputationReviewer
from tests.reputation.offices import FIRST, NOT_ANSWERED, SECOND, THIRD, NumberOffice, open_office
from tests.reputation.test_service import ScriptedProvider

pytestmark = pytest.mark.postgres
RULES = Rules(least_calls=10, least_answer_rate=0.2, most_unwanted_rate=0.1, window_days=7, complaint_days=30)
FLAGGED, CLEAN, UNKNOWN = ReputationVerdict.FLAGGED, ReputationVerdict.CLEAN, ReputationVerdict.UNKNOWN
CUSTOMER, AGENT = EndParty.CUSTOMER, EndParty.AGENT


@pytest.fixture
async def office(database: Database) -> NumberOffice:
    return await open_office(database, rules=RULES)


def reviewer(office: NumberOffice, provider: ScriptedProvider | None = None) -> ReputationReviewer:
    opinions = None if provider is None else Opinions(office.database, office.clock, provider)
    return ReputationReviewer(office.database, office.clock, RULES, opinions, seconds=60)


async def review(office: NumberOffice, provider: ScriptedProvider | None = None) -> None:
    office.clock.advance(61)
    assert await reviewer(office, provider).run_round() is False


def ended(disposition: Disposition, party: EndParty = CUSTOMER, sip_code: int | None = None) -> dict[str, Any]:
    return {
        "disposition": disposition,
        "end_reason": EndReason(code=EndCode.HANGUP, party=party, sip_code=sip_code),
        "connected_at": None,
    }


@pytest.mark.parametrize(
    ("fields", "counts", "answered"),
    [
        ({}, True, True),
        (ended(Disposition.MACHINE), True, False),
        (ended(Disposition.VOICEMAIL), True, False),
        (ended(Disposition.NO_ANSWER), True, False),
        (ended(Disposition.REJECTED), True, False),
        (ended(Disposition.NO_ANSWER, AGENT), False, False),
        (ended(Disposition.REJECTED, AGENT), False, False),
        (ended(Disposition.BUSY), False, False),
        (ended(Disposition.CANCELLED), False, False),
        (ended(Disposition.UNREACHABLE), False, False),
        (ended(Disposition.INVALID_NUMBER), False, False),
        (ended(Disposition.CONGESTION), False, False),
        (ended(Disposition.FAILED, EndParty.SYSTEM), False, False),
        ({"direction": Direction.INBOUND}, False, False),
        ({"direction": Direction.INTERNAL}, False, False),
        ({"is_sandbox": True}, False, False),
    ],
)
async def test_given_a_record_when_written_then_it_counts_for_the_number_as_far_as_it_tells_of_it(
    office: NumberOffice, fields: dict[str, Any], counts: bool, answered: bool
) -> None:
    await office.note_calls(FIRST, 2, **fields)
    await review(office)
    standing = await office.standing(FIRST)
    assert (standing.calls, standing.answered) == (2 * counts, 2 * answered)
    assert (await office.standing(SECOND)).calls == 0


async def test_given_calls_that_nobody_answers_when_reviewed_then_their_number_is_flagged_until_they_leave_the_window(
    office: NumberOffice,
) -> None:
    await office.note_calls(FIRST, 9, **NOT_ANSWERED)
    await office.note_calls(SECOND, 8, **NOT_ANSWERED)
    await office.note_calls(SECOND, 2)
    await review(office)
    assert (await office.standing(FIRST)).verdict is UNKNOWN
    await office.note_calls(FIRST, 1)
    await review(office)
    standing = await office.standing(FIRST)
    assert (standing.verdict, standing.answer_rate) == (FLAGGED, 0.1)
    assert [one.code for one in standing.reasons] == [FlagReason.LOW_ANSWER_RATE]
    assert (await office.standing(SECOND)).verdict is CLEAN
    office.clock.advance(timedelta(days=6).total_seconds())
    await review(office)
    assert (await office.standing(FIRST)).verdict is FLAGGED
    office.clock.advance(timedelta(days=1).total_seconds())
    await review(office)
    standing = await office.standing(FIRST)
    assert (standing.verdict, standing.calls, standing.flagged_at) == (UNKNOWN, 0, None)
    office.clock.advance(timedelta(days=2).total_seconds())
    await review(office)
    async with office.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM number_history") == 0


async def test_given_calls_that_were_refused_as_unwanted_when_reviewed_then_their_number_is_flagged(
    office: NumberOffice,
) -> None:
    await office.note_calls(FIRST, 18)
    await office.note_calls(FIRST, 1, **ended(Disposition.REJECTED, sip_code=607))
    await review(office)
    assert (await office.standing(FIRST)).verdict is CLEAN
    await office.note_calls(FIRST, 2, **ended(Disposition.REJECTED, sip_code=608))
    await review(office)
    assert [one.code for one in (await office.standing(FIRST)).reasons] == [FlagReason.UNWANTED]


async def test_given_complaints_when_they_are_old_then_they_count_no_more(office: NumberOffice) -> None:
    for _ in range(3):
        await office.reputation.report_complaint(office.by, number_id=office.ids[FIRST], call_id=None, note=None)
    assert (await office.standing(FIRST)).verdict is FLAGGED
    office.clock.advance(timedelta(days=31).total_seconds())
    await review(office)
    assert (await office.standing(FIRST)).verdict is UNKNOWN


async def test_given_a_provider_when_numbers_are_reviewed_then_it_is_asked_about_each_once_in_a_while(
    office: NumberOffice,
) -> None:
    provider = ScriptedProvider(Told(Opinion(True, "scam"), 600))
    await review(office, provider)
    await review(office, provider)
    assert sorted(provider.asked) == sorted([FIRST, SECOND, THIRD])
    standing = await office.standing(SECOND)
    assert [one.message for one in standing.reasons] == ["The reputation provider flags it: scam."]
    provider.told = Told(Opinion(is_flagged=False), 600)
    office.clock.advance(600)
    await review(office, provider)
    assert len(provider.asked) == 6
    assert (await office.standing(SECOND)).verdict is CLEAN


async def test_given_a_provider_that_goes_silent_when_its_word_expires_then_own_history_decides(
    office: NumberOffice,
) -> None:
    provider = ScriptedProvider(Told(Opinion(is_flagged=True), 600))
    await office.note_calls(SECOND, 20, **NOT_ANSWERED)
    await review(office, provider)
    assert {(await office.standing(one)).verdict for one in (FIRST, SECOND)} == {FLAGGED}
    provider.told = None
    office.clock.advance(600)
    await review(office, provider)
    assert (await office.standing(FIRST)).verdict is UNKNOWN
    assert [one.code for one in (await office.standing(SECOND)).reasons] == [FlagReason.LOW_ANSWER_RATE]


async def test_given_many_numbers_and_two_workers_when_they_review_at_once_then_each_number_is_taken_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [E164(f"+1202456{place:04d}") for place in range(10)]
    office = await open_office(database, numbers=numbers, rules=RULES)
    monkeypatch.setattr(reviewing, "BATCH", 4)
    provider = ScriptedProvider(Told(None, 3600))
    office.clock.advance(61)
    one, other = reviewer(office, provider), reviewer(office, provider)

    async def go_round(each: ReputationReviewer) -> None:
        while await each.run_round():
            pass

    for _ in range(3):  # a round may find all rows locked that are due, and end
        await asyncio.gather(go_round(one), go_round(other))
    assert sorted(provider.asked) == numbers
    standings = await office.reputation.standings(office.account_id, numbers)
    assert [number for number in numbers if standings[number].reviewed_at is None] == []


async def test_given_a_deleted_number_when_reviewed_then_the_provider_is_not_asked_about_it(
    office: NumberOffice,
) -> None:
    await office.reputation.flag(office.by, office.ids[FIRST], "doubt")
    await office.routing.numbers.delete(office.by, office.ids[FIRST])
    provider = ScriptedProvider(Told(None, 3600))
    await review(office, provider)
    assert sorted(provider.asked) == sorted([SECOND, THIRD])
