"""What people say of numbers, over a real PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest

from app.db.engine import Database
from app.errors import RefusedError
from app.ids import Kind, new_id
from app.numbers.parse import E164
from app.reputation.judging import FlagReason, Opinion, ReputationVerdict, Rules
from app.reputation.listed import MOST_LISTED, ListedNumber
from app.reputation.opinions import Opinions
from app.reputation.provider import NoOpinionError, Told
from app.reputation.service import Reputation
from tests.reputation.offices import FIRST, NOT_ANSWERED, SECOND, NumberOffice, open_office, stranger_to

pytestmark = pytest.mark.postgres
FLAGGED, CLEAN, UNKNOWN = ReputationVerdict.FLAGGED, ReputationVerdict.CLEAN, ReputationVerdict.UNKNOWN
ELSEWHERE = E164("+442071234567")


class ScriptedProvider:
    """Says what it is told to, and counts."""

    def __init__(self, told: Told | None) -> None:
        self.told = told
        self.asked: list[E164] = []

    async def ask(self, number: E164) -> Told:
        self.asked.append(number)
        if self.told is None:
            raise NoOpinionError("no answer within 2 s")
        return self.told


@pytest.fixture
async def office(database: Database) -> NumberOffice:
    return await open_office(database)


async def refusal_of(work: object) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(RefusedError) as refused:
        await work  # type: ignore[misc]  # any of the coroutines below
    problem = refused.value.problems[0]
    return problem.code, problem.field


async def complain(office: NumberOffice, number: E164 = FIRST, **fields: str) -> None:
    await office.reputation.report_complaint(
        office.by, number_id=office.ids[number], call_id=fields.get("call_id"), note=fields.get("note")
    )


async def make_call(office: NumberOffice, shown: str | None, *, direction: str = "OUTBOUND") -> str:
    call_id = new_id(Kind.CALL)
    async with office.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO call (id, account_id, node, kind, direction, state, is_settled, created_at, caller_id, "
            "is_sandbox) VALUES ($1, $2, 'n1', 'CLICK_TO_CALL', $3, 'ENDED', true, $4, $5, false)",
            *(call_id, office.account_id, direction, office.clock.now(), shown),
        )
    return call_id


async def test_given_a_new_number_when_asked_about_then_nothing_is_thought_of_it_yet(office: NumberOffice) -> None:
    standing = await office.standing(FIRST)
    assert (standing.verdict, standing.reasons, standing.answer_rate, standing.reviewed_at) == (UNKNOWN, (), None, None)


async def test_given_complaints_when_there_are_as_many_as_flag_then_the_number_is_flagged_at_once_and_says_why(
    office: NumberOffice,
) -> None:
    for _ in range(2):
        await complain(office)
    assert (await office.standing(FIRST)).verdict is UNKNOWN
    await complain(office, note="rang at night")
    standing = await office.standing(FIRST)
    assert (standing.verdict, standing.complaints, standing.flagged_at) == (FLAGGED, 3, office.clock.now())
    assert [one.code for one in standing.reasons] == [FlagReason.COMPLAINTS]
    assert (await office.standing(SECOND)).verdict is UNKNOWN
    assert await office.actions() == ["outbound_number.report_complaint"] * 3


async def test_given_a_call_when_it_is_complained_of_again_and_at_once_then_it_counts_once(
    office: NumberOffice,
) -> None:
    call_id = await make_call(office, FIRST)
    report = office.reputation.report_complaint
    found = await asyncio.gather(*(report(office.by, number_id=None, call_id=call_id, note=None) for _ in range(4)))
    assert {one.id for one in found} == {office.ids[FIRST]}
    await complain(office, call_id=call_id)
    assert (await office.standing(FIRST)).complaints == 1


async def test_given_a_complaint_that_cannot_be_about_a_number_when_reported_then_it_is_refused(
    office: NumberOffice,
) -> None:
    report = office.reputation.report_complaint
    shown, inbound = await make_call(office, SECOND), await make_call(office, "+442071234567", direction="INBOUND")
    unknown, bare = await make_call(office, "+19999999999"), await make_call(office, None)
    first = office.ids[FIRST]
    assert await refusal_of(report(office.by, number_id=None, call_id=None, note=None)) == (
        "REQUIRED",
        ("outboundNumberId",),
    )
    for number_id, call_id, expected in (
        ("num_unknown", None, ("NOT_FOUND", ("outboundNumberId",))),
        (None, "call_unknown", ("NOT_FOUND", ("callId",))),
        (None, new_id(Kind.CALL), ("NOT_FOUND", ("callId",))),
        (first, shown, ("INVALID_INPUT", ("callId",))),
        (None, inbound, ("INVALID_INPUT", ("callId",))),
        (None, unknown, ("INVALID_INPUT", ("callId",))),
        (None, bare, ("INVALID_INPUT", ("callId",))),
    ):
        assert await refusal_of(report(office.by, number_id=number_id, call_id=call_id, note=None)) == expected
    assert await refusal_of(report(office.by, number_id=first, call_id=None, note="a\x1b[2J")) == (
        "INVALID_INPUT",
        ("note",),
    )
    assert (await office.standing(FIRST)).complaints == 0


async def test_given_another_account_when_it_names_our_number_or_call_then_they_are_not_there(
    office: NumberOffice,
) -> None:
    stranger, call_id = stranger_to(office), await make_call(office, FIRST)
    reputation, first = office.reputation, office.ids[FIRST]
    assert await refusal_of(reputation.flag(stranger, first, "envy")) == ("NOT_FOUND", ("id",))
    assert await refusal_of(reputation.unflag(stranger, first)) == ("NOT_FOUND", ("id",))
    report = reputation.report_complaint(stranger, number_id=None, call_id=call_id, note=None)
    assert await refusal_of(report) == ("NOT_FOUND", ("callId",))
    report = reputation.report_complaint(stranger, number_id=first, call_id=None, note=None)
    assert await refusal_of(report) == ("NOT_FOUND", ("outboundNumberId",))


async def test_given_a_flag_by_hand_when_taken_back_then_the_number_is_as_new(office: NumberOffice) -> None:
    await office.note_calls(FIRST, 60, **NOT_ANSWERED)
    for _ in range(3):
        await complain(office)
    office.clock.advance(60)
    flagged_at = (await office.standing(FIRST)).flagged_at
    await office.reputation.flag(office.by, office.ids[FIRST], "  our own doubt ")
    standing = await office.standing(FIRST)
    assert [one.code for one in standing.reasons] == [
        FlagReason.MANUAL,
        FlagReason.COMPLAINTS,
        FlagReason.LOW_ANSWER_RATE,
    ]
    assert standing.reasons[0].message == "It was flagged by hand: our own doubt"
    assert standing.flagged_at == flagged_at
    office.clock.advance(60)
    await office.reputation.unflag(office.by, office.ids[FIRST])
    standing = await office.standing(FIRST)
    assert (standing.verdict, standing.reasons, standing.flagged_at) == (UNKNOWN, (), None)
    assert (standing.calls, standing.complaints) == (0, 0)
    office.clock.advance(60)
    await complain(office)
    assert (await office.standing(FIRST)).complaints == 1
    assert (await office.actions())[-3:] == [
        "outbound_number.flag",
        "outbound_number.unflag",
        "outbound_number.report_complaint",
    ]


async def test_given_a_reason_that_is_none_when_a_number_is_flagged_then_it_is_refused(office: NumberOffice) -> None:
    for reason, code in (("", "REQUIRED"), ("  ", "REQUIRED"), ("x" * 501, "INVALID_INPUT"), ("a\nb", "INVALID_INPUT")):
        flag = office.reputation.flag(office.by, office.ids[FIRST], reason)
        assert await refusal_of(flag) == (code, ("reason",))


async def test_given_a_list_when_imported_then_it_flags_own_numbers_until_a_list_of_that_name_has_them_no_more(
    office: NumberOffice,
) -> None:
    take = office.reputation.import_flagged
    listed = [ListedNumber(FIRST, "robocalls"), ListedNumber(ELSEWHERE), ListedNumber(FIRST, "again")]
    done = await take(office.by, office.account_id, " hiya ", listed)
    assert (done.listed, done.flagged) == (2, (FIRST,))
    standing = await office.standing(FIRST)
    assert [one.message for one in standing.reasons] == ["It is on the imported list hiya: again."]
    await office.reputation.unflag(office.by, office.ids[FIRST])
    assert (await office.standing(FIRST)).verdict is FLAGGED
    await take(None, office.account_id, "other", [ListedNumber(SECOND)])
    assert (await take(office.by, office.account_id, "hiya", [ListedNumber(ELSEWHERE)])).flagged == ()
    assert (await office.standing(FIRST)).verdict is UNKNOWN
    assert (await office.standing(SECOND)).verdict is FLAGGED
    await take(None, office.account_id, "other", [])
    assert (await office.standing(SECOND)).verdict is UNKNOWN


async def test_given_lists_of_one_name_when_imported_at_once_then_one_of_them_stands_whole(
    office: NumberOffice,
) -> None:
    lists = [[ListedNumber(FIRST), ListedNumber(ELSEWHERE)], [ListedNumber(SECOND)], []]
    take = office.reputation.import_flagged
    await asyncio.gather(*(take(office.by, office.account_id, "one", each) for each in lists))
    async with office.database.acquire() as connection:
        rows = await connection.fetch("SELECT number FROM number_listing")
    assert {row["number"] for row in rows} in [{one.number for one in each} for each in lists]


async def test_given_a_list_that_is_none_when_imported_then_it_is_refused_and_nothing_changes(
    office: NumberOffice,
) -> None:
    take, account_id = office.reputation.import_flagged, office.account_id
    await take(office.by, account_id, "hiya", [ListedNumber(FIRST)])
    assert await refusal_of(take(office.by, account_id, "", [])) == ("REQUIRED", ("source",))
    assert await refusal_of(take(office.by, account_id, "x" * 61, [])) == ("INVALID_INPUT", ("source",))
    bad = [ListedNumber(FIRST), ListedNumber(SECOND, "\x00")]
    assert await refusal_of(take(office.by, account_id, "hiya", bad)) == ("INVALID_INPUT", ("numbers", "1", "reason"))
    many = [ListedNumber(FIRST)] * (MOST_LISTED + 1)
    assert await refusal_of(take(office.by, account_id, "hiya", many)) == ("INVALID_INPUT", ("numbers",))
    assert (await office.standing(FIRST)).verdict is FLAGGED


async def test_given_numbers_of_all_kinds_when_asked_about_then_the_verdict_says_where_it_comes_from(
    office: NumberOffice,
) -> None:
    verdict_of = office.reputation.verdict_of
    nobody = await verdict_of(office.account_id, ELSEWHERE)
    assert nobody.is_flagged is None
    assert "no reputation provider is set up" in nobody.reason
    await office.reputation.import_flagged(office.by, office.account_id, "hiya", [ListedNumber(ELSEWHERE, "scam")])
    listed = await verdict_of(office.account_id, ELSEWHERE)
    assert (listed.is_flagged, listed.reason) == (True, "It is on the imported list hiya: scam.")
    assert (await verdict_of(office.account_id, E164("+12125550000"))).is_flagged is False
    assert (await verdict_of(stranger_to(office).account_id, ELSEWHERE)).is_flagged is None
    await complain(office)
    assert await verdict_of(office.account_id, FIRST) == type(listed)(
        is_flagged=False, reason="It is one of the account's own, and nothing speaks against it."
    )
    await office.reputation.flag(office.by, office.ids[FIRST], "doubt")
    own = await verdict_of(office.account_id, FIRST)
    assert (own.is_flagged, own.reason) == (True, "It was flagged by hand: doubt")


async def test_given_a_provider_when_asked_about_a_number_then_it_is_asked_once_until_its_word_expires(
    office: NumberOffice,
) -> None:
    provider = ScriptedProvider(Told(Opinion(True, "scam"), 600))
    opinions = Opinions(office.database, office.clock, provider)
    reputation = Reputation(office.database, office.audit, office.clock, Rules(), opinions)

    async def ask(*, may_ask: bool = True) -> bool | None:
        return (await reputation.verdict_of(office.account_id, ELSEWHERE, may_ask=may_ask)).is_flagged

    assert await ask(may_ask=False) is None
    assert provider.asked == []
    assert [await ask(), await ask(), await ask(may_ask=False)] == [True, True, True]
    assert provider.asked == [ELSEWHERE]
    office.clock.advance(601)
    assert await ask(may_ask=False) is None
    provider.told = Told(None, 600)
    assert [await ask(), await ask()] == [None, None]
    assert len(provider.asked) == 2


async def test_given_a_provider_that_is_silent_when_asked_again_and_again_then_it_rests_and_what_is_known_here_decides(
    office: NumberOffice,
) -> None:
    provider = ScriptedProvider(None)
    opinions = Opinions(office.database, office.clock, provider)
    reputation = Reputation(office.database, office.audit, office.clock, Rules(), opinions)
    await reputation.import_flagged(office.by, office.account_id, "hiya", [ListedNumber(E164("+12125550000"))])
    for _ in range(3):
        verdict = await reputation.verdict_of(office.account_id, ELSEWHERE, may_ask=True)
        assert (verdict.is_flagged, "none of the lists" in verdict.reason) == (False, True)
    assert len(provider.asked) == 1
    office.clock.advance(timedelta(minutes=1).total_seconds())
    provider.told = Told(Opinion(is_flagged=True), 600)
    assert (await reputation.verdict_of(office.account_id, ELSEWHERE, may_ask=True)).is_flagged is True


async def test_given_a_flagged_number_when_it_is_deleted_and_made_anew_then_it_is_flagged_still(
    office: NumberOffice,
) -> None:
    await office.reputation.flag(office.by, office.ids[FIRST], "doubt")
    await office.routing.numbers.delete(office.by, office.ids[FIRST])
    await office.routing.numbers.create(office.by, FIRST, {})
    assert (await office.standing(FIRST)).verdict is FLAGGED
