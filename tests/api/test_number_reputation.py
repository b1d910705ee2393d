"""Pools as caller ids, and what is thought of numbers, over GraphQL."""

import uuid
from typing import Any

import pytest

from app.accounts.scopes import Scope
from tests.api.conftest import ALL_SCOPES, Surface

pytestmark = pytest.mark.postgres

NUMBERS = """
query { outboundNumbers { nodes { id number { number }
  reputation { verdict reasons { code message } calls answerRate complaints flaggedAt reviewedAt } } } }
"""
PLACE = """
mutation ($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id explain legs { role } }
    callerId { number { number } outboundNumberId poolId nearness flaggedCount reason }
    dryRun { legs { role shown { number } } }
    replayed lookup { isFlaggedAsSpam spamReason }
    userErrors { code field message }
  }
}
"""
FLAG = """mutation ($id: ID!) { flagOutboundNumber(input: {id: $id, reason: "doubt"}) {
  outboundNumber { id reputation { verdict flaggedAt } } userErrors { code field } } }"""
UNFLAG = """mutation ($id: ID!) { unflagOutboundNumber(input: {id: $id}) {
  outboundNumber { reputation { verdict reasons { code } flaggedAt } } userErrors { code field } } }"""
COMPLAIN = """mutation ($input: ReportNumberComplaintInput!) { reportNumberComplaint(input: $input) {
  outboundNumber { id reputation { complaints verdict reasons { code message } } } userErrors { code field } } }"""
IMPORT = """mutation ($input: ImportFlaggedNumbersInput!) { importFlaggedNumbers(input: $input) {
  listedCount flagged { number } userErrors { code field } } }"""
LOOK_UP = "query ($number: PhoneNumber!) { numberLookup(number: $number) { isValid isFlaggedAsSpam spamReason } }"
POOL = """mutation ($ids: [ID!]!) { createOutboundNumberPool(input: {name: "sales", numberIds: $ids}) {
  outboundNumberPool { id } } }"""
GROUP = """mutation ($input: CreateRingGroupInput!) { createRingGroup(input: $input) {
  ringGroup { id } userErrors { code field message } } }"""
CUSTOMER = "+15550100000"


async def numbers_of(surface: Surface) -> dict[str, str]:
    """The sandbox's outbound numbers with their ids, the default first."""
    nodes = (await surface.ask(NUMBERS))["outboundNumbers"]["nodes"]
    return dict(sorted((node["number"]["number"], node["id"]) for node in nodes))


async def reputation_of(surface: Surface, number: str) -> Any:
    nodes = (await surface.ask(NUMBERS))["outboundNumbers"]["nodes"]
    return next(node["reputation"] for node in nodes if node["number"]["number"] == number)


async def make_pool(surface: Surface, *ids: str) -> str:
    made = await surface.ask(POOL, {"ids": list(ids)})
    pool_id: str = made["createOutboundNumberPool"]["outboundNumberPool"]["id"]
    return pool_id


async def place(surface: Surface, **fields: object) -> Any:
    given = {
        "idempotencyKey": uuid.uuid4().hex,
        "destination": {"number": CUSTOMER},
        "connect": {"extension": "2001"},
        **fields,
    }
    return (await surface.ask(PLACE, {"input": given}))["originateCall"]


async def test_given_a_pool_when_calls_name_it_then_each_shows_the_next_number_and_says_why(surface: Surface) -> None:
    numbers = await numbers_of(surface)
    pool_id = await make_pool(surface, *numbers.values())
    tried = await place(surface, callerIdPoolId=pool_id, dryRun=True)
    first, second, *_ = numbers
    assert tried["callerId"] == {
        "number": {"number": first},
        "outboundNumberId": numbers[first],
        "poolId": pool_id,
        "nearness": "SAME_COUNTRY",
        "flaggedCount": 0,
        "reason": "It was chosen from a pool of 3: it is of the country of whoever sees it, as none has the area code, "
        "and was used longest ago.",
    }
    assert tried["dryRun"]["legs"][1] == {"role": "CUSTOMER", "shown": {"number": first}}
    placed = [await place(surface, callerIdPoolId=pool_id) for _ in range(4)]
    assert [one["callerId"]["number"]["number"] for one in placed] == [*numbers, first]
    assert placed[1]["callerId"]["outboundNumberId"] == numbers[second]
    assert "The number shown was chosen from a pool of 3" in placed[0]["call"]["explain"][1]


async def test_given_a_pool_when_the_same_key_comes_again_then_the_call_comes_back_with_the_number_it_had(
    surface: Surface,
) -> None:
    numbers = await numbers_of(surface)
    pool_id = await make_pool(surface, *numbers.values())
    key = uuid.uuid4().hex
    first = await place(surface, callerIdPoolId=pool_id, idempotencyKey=key)
    again = await place(surface, callerIdPoolId=pool_id, idempotencyKey=key)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert (again["call"]["id"], again["callerId"]) == (first["call"]["id"], first["callerId"])
    other = await place(surface, callerId=next(iter(numbers)), idempotencyKey=key)
    assert [one["code"] for one in other["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_given_flagged_numbers_when_calls_would_show_them_then_a_pool_leaves_them_out_and_all_else_is_refused(
    surface: Surface,
) -> None:
    numbers = await numbers_of(surface)
    default, other, _ = numbers
    pool_id = await make_pool(surface, numbers[default], numbers[other])
    flagged = (await surface.ask(FLAG, {"id": numbers[default]}))["flagOutboundNumber"]
    assert flagged["userErrors"] == []
    assert flagged["outboundNumber"]["reputation"]["verdict"] == "FLAGGED"
    assert flagged["outboundNumber"]["reputation"]["flaggedAt"] is not None

    placed = await place(surface, callerIdPoolId=pool_id)
    assert (placed["callerId"]["number"]["number"], placed["callerId"]["flaggedCount"]) == (other, 1)
    assert "of which 1 left out as flagged" in placed["callerId"]["reason"]
    for fields in ({}, {"callerId": default}, {"callerId": default, "dryRun": True}):
        refused = await place(surface, **fields)
        assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [("CALLER_ID_FLAGGED", ["callerId"])]
        assert "It was flagged by hand: doubt Show another one" in refused["userErrors"][0]["message"]
    inside = await place(surface, destination={"extension": "2002"})
    assert (inside["userErrors"], inside["callerId"]) == ([], None)

    await surface.ask(FLAG, {"id": numbers[other]})
    for dry in (True, False):
        refused = await place(surface, callerIdPoolId=pool_id, dryRun=dry)
        assert [one["code"] for one in refused["userErrors"]] == ["CALLER_ID_FLAGGED"]
    cleared = (await surface.ask(UNFLAG, {"id": numbers[default]}))["unflagOutboundNumber"]
    assert cleared["outboundNumber"]["reputation"] == {"verdict": "UNKNOWN", "reasons": [], "flaggedAt": None}
    assert (await place(surface, callerIdPoolId=pool_id))["callerId"]["number"]["number"] == default


async def test_given_a_flagged_default_when_a_ring_group_overflows_outside_then_that_is_not_rung_and_phones_inside_are(
    surface: Surface,
) -> None:
    extensions = (await surface.ask("{ extensions { nodes { id number } } }"))["extensions"]["nodes"]
    member = next(one["id"] for one in extensions if one["number"] == "2001")
    given = {
        "name": "desk",
        "strategy": "ALL",
        "ringSeconds": 10,
        "members": [{"extensionId": member}],
        "overflow": {"number": CUSTOMER},
    }
    made = await surface.ask(GROUP, {"input": given})
    group_id = made["createRingGroup"]["ringGroup"]["id"]

    async def shown() -> list[str | None]:
        asked = {"destination": {"extension": "2002"}, "connect": {"ringGroupId": group_id}, "dryRun": True}
        payload = await place(surface, **asked)
        assert payload["userErrors"] == []
        return [leg["shown"]["number"] for leg in payload["dryRun"]["legs"] if leg["role"] == "AGENT"]

    default, number_id = next(iter((await numbers_of(surface)).items()))
    assert (await shown()).count(default) == 1
    await surface.ask(FLAG, {"id": number_id})
    assert default not in await shown()
    assert len(await shown()) == 1


async def test_given_what_is_no_pool_when_a_call_names_it_then_it_is_refused(surface: Surface) -> None:
    numbers = await numbers_of(surface)
    empty = await make_pool(surface)
    a_number, missing = next(iter(numbers)), "pool_00000000000000000000000000"
    for given, code, field in (
        ({"callerId": numbers[a_number]}, "CALLER_ID_NOT_OWNED", "callerId"),
        ({"callerId": empty}, "CALLER_ID_NOT_OWNED", "callerId"),
        ({"callerIdPoolId": numbers[a_number]}, "NOT_FOUND", "callerIdPoolId"),
        ({"callerIdPoolId": missing}, "NOT_FOUND", "callerIdPoolId"),
        ({"callerIdPoolId": empty}, "CALLER_ID_NOT_OWNED", "callerIdPoolId"),
        ({"callerId": a_number, "callerIdPoolId": empty}, "INVALID_INPUT", "callerIdPoolId"),
    ):
        refused = await place(surface, **given)
        assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [(code, [field])], given


async def test_given_complaints_about_a_call_and_its_number_when_there_are_enough_then_the_number_is_flagged(
    surface: Surface,
) -> None:
    number, number_id = next(iter((await numbers_of(surface)).items()))
    placed = await place(surface)
    about_call = {"callId": placed["call"]["id"], "note": "robocall"}
    for given in (about_call, about_call, {"outboundNumberId": number_id}):
        done = (await surface.ask(COMPLAIN, {"input": given}))["reportNumberComplaint"]
        assert (done["userErrors"], done["outboundNumber"]["id"]) == ([], number_id)
    assert done["outboundNumber"]["reputation"] == {"complaints": 2, "verdict": "UNKNOWN", "reasons": []}
    await surface.ask(COMPLAIN, {"input": {"outboundNumberId": number_id}})
    reputation = await reputation_of(surface, number)
    assert (reputation["verdict"], reputation["complaints"]) == ("FLAGGED", 3)
    assert reputation["reasons"] == [{"code": "COMPLAINTS", "message": "3 complaints within 30 days; 3 flag."}]
    refused = (await surface.ask(COMPLAIN, {"input": {}}))["reportNumberComplaint"]
    assert refused["userErrors"] == [{"code": "REQUIRED", "field": ["outboundNumberId"]}]


async def test_given_a_list_when_imported_then_look_ups_of_calls_and_numbers_tell_of_it(surface: Surface) -> None:
    before = (await surface.ask(LOOK_UP, {"number": "+12024561111"}))["numberLookup"]
    assert before["isFlaggedAsSpam"] is None
    assert "nothing is known about complaints" in before["spamReason"]
    own = next(iter(await numbers_of(surface)))
    listed = [{"number": "(202) 456-1111", "reason": "scam"}, {"number": own}, {"number": CUSTOMER}]
    done = (await surface.ask(IMPORT, {"input": {"source": "hiya", "numbers": listed}}))["importFlaggedNumbers"]
    assert done == {"listedCount": 3, "flagged": [{"number": own}], "userErrors": []}
    after = (await surface.ask(LOOK_UP, {"number": "+12024561111"}))["numberLookup"]
    assert after == {"isValid": True, "isFlaggedAsSpam": True, "spamReason": "It is on the imported list hiya: scam."}
    other = (await surface.ask(LOOK_UP, {"number": "+12024562222"}))["numberLookup"]
    assert (other["isFlaggedAsSpam"], "none of the lists" in other["spamReason"]) == (False, True)
    nonsense = (await surface.ask(LOOK_UP, {"number": "hello"}))["numberLookup"]
    assert (nonsense["isValid"], nonsense["isFlaggedAsSpam"]) == (False, None)
    usable = next(one for one in await numbers_of(surface) if one != own)
    placed = await place(surface, callerId=usable)
    assert placed["lookup"] == {"isFlaggedAsSpam": True, "spamReason": "It is on the imported list hiya."}


async def test_given_a_list_with_numbers_that_are_none_when_imported_then_each_is_told_and_nothing_is_kept(
    surface: Surface,
) -> None:
    listed = [{"number": CUSTOMER}, {"number": "hello"}, {"number": "911"}]
    done = (await surface.ask(IMPORT, {"input": {"source": "hiya", "numbers": listed}}))["importFlaggedNumbers"]
    assert done["userErrors"] == [
        {"code": "INVALID_NUMBER", "field": ["numbers", "1", "number"]},
        {"code": "INVALID_NUMBER", "field": ["numbers", "2", "number"]},
    ]
    look_up = (await surface.ask(LOOK_UP, {"number": "+12024561111"}))["numberLookup"]
    assert look_up["isFlaggedAsSpam"] is None


async def test_given_a_key_without_the_scope_when_it_speaks_of_numbers_then_it_is_forbidden(surface: Surface) -> None:
    token = await surface.key(ALL_SCOPES - {Scope.ROUTING})
    for query, variables in (
        (FLAG, {"id": "num_x"}),
        (UNFLAG, {"id": "num_x"}),
        (COMPLAIN, {"input": {"outboundNumberId": "num_x"}}),
        (IMPORT, {"input": {"source": "x", "numbers": []}}),
    ):
        assert (await surface.refuse(query, variables, token=token))["code"] == "FORBIDDEN"
