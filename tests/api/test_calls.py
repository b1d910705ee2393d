"""Placing, changing, ending and reading calls over HTTP, against real services and a real database."""

import itertools

import pytest

from app.calls.core import inputs
from app.facts.vocabulary import LegRole
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg

pytestmark = pytest.mark.postgres

_numbers = itertools.count(1)

ORIGINATE = """
mutation Place($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id state externalId tags metadata { key value } customerParty { number display isMasked }
           agentParty { extension }
           dialledNumber { number } callerId { number } legs { id role state } sandbox actor { kind id } requestId }
    replayed waitOutcome lookup { isValid country lineType e164 }
    userErrors { code message field currentState }
  }
}
"""


def originate_input(**fields: object) -> dict[str, object]:
    return {
        "idempotencyKey": f"key-{next(_numbers)}",
        "destination": {"number": "+15550100000"},
        "connect": {"extension": "2001"},
        **fields,
    }


async def test_given_a_good_input_when_a_call_is_originated_then_it_comes_back_with_everything_asked_for(
    surface: Surface,
) -> None:
    given = originate_input(
        externalId="lead-7", tags=["spring"], metadata=[{"key": "a", "value": "b"}], destinationName="Grace"
    )
    payload = (await surface.ask(ORIGINATE, {"input": given}))["originateCall"]
    call = payload["call"]
    assert payload["userErrors"] == []
    assert (payload["replayed"], payload["waitOutcome"]) == (False, "REACHED")
    assert payload["lookup"]["lineType"] == "SANDBOX"
    assert (call["externalId"], call["tags"], call["metadata"]) == (
        "lead-7",
        ["spring"],
        [{"key": "a", "value": "b"}],
    )
    assert call["dialledNumber"] == {"number": "+15550100000"}
    assert call["agentParty"] == {"extension": "2001"}
    assert call["sandbox"] is True
    assert call["actor"]["kind"] == "API_KEY"
    assert call["requestId"].startswith("req_")
    assert {leg["role"] for leg in call["legs"]} == {"AGENT", "CUSTOMER"}


async def test_given_a_used_key_when_sent_again_then_the_same_call_is_replayed_and_another_input_is_refused(
    surface: Surface,
) -> None:
    given = originate_input()
    first = (await surface.ask(ORIGINATE, {"input": given}))["originateCall"]
    again = (await surface.ask(ORIGINATE, {"input": given}))["originateCall"]
    assert (again["replayed"], again["call"]["id"]) == (True, first["call"]["id"])
    other = (await surface.ask(ORIGINATE, {"input": {**given, "externalId": "x"}}))["originateCall"]
    assert other["call"] is None
    assert [(one["code"], one["field"]) for one in other["userErrors"]] == [
        ("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])
    ]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"destination": {"number": "nonsense"}}, "INVALID_NUMBER", ["destination", "number"]),
        ({"destination": {"number": ""}}, "INVALID_NUMBER", ["destination", "number"]),
        ({"destination": {"number": "+442079460000"}}, None, ["destination", "number"]),
        ({"connect": {"extension": "9999"}}, "NOT_FOUND", ["connect", "extension"]),
        ({"connect": {"agentId": "agent_nobody"}}, "NOT_FOUND", ["connect", "agentId"]),
        ({"callerId": "+12125550100"}, "CALLER_ID_NOT_OWNED", ["callerId"]),
        ({"idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
        ({"agentRingSeconds": -1}, "INVALID_INPUT", ["agentRingSeconds"]),
    ],
)
async def test_given_an_input_that_can_be_mended_when_originated_then_user_errors_say_how_and_nothing_is_dialled(
    surface: Surface, fields: dict[str, object], code: str | None, field: list[str]
) -> None:
    payload = (await surface.ask(ORIGINATE, {"input": originate_input(**fields)}))["originateCall"]
    assert payload["call"] is None
    problem = payload["userErrors"][0]
    assert problem["field"] == field
    assert code is None or problem["code"] == code
    assert problem["message"]
    assert len(surface.registry) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"destination": {}},
        {"destination": {"number": "+15550100000", "extension": "2001"}},
        {"destination": {"number": None}},
        {"connect": {"extension": "2001", "agentId": "agent_1"}},
        {"dialFirst": "NOBODY"},
        {"unknownField": 1},
        {"tags": None},
    ],
)
async def test_given_an_input_of_the_wrong_form_when_originated_then_it_is_bad_user_input(
    surface: Surface, fields: dict[str, object]
) -> None:
    extensions = await surface.refuse(ORIGINATE, {"input": originate_input(**fields)})
    assert extensions["code"] == "BAD_USER_INPUT"
    assert extensions["retryable"] is False


async def test_given_no_asterisk_when_originated_then_it_is_a_retryable_outage_and_the_key_is_not_burnt(
    surface: Surface,
) -> None:
    given = originate_input()
    surface.ready.why_not_ready = "Asterisk is not connected."
    extensions = await surface.refuse(ORIGINATE, {"input": given})
    assert (extensions["code"], extensions["retryable"]) == ("ASTERISK_UNAVAILABLE", True)
    assert extensions["retryAfterSeconds"] > 0
    surface.ready.why_not_ready = None
    assert (await surface.ask(ORIGINATE, {"input": given}))["originateCall"]["replayed"] is False


async def test_given_wait_for_connected_when_both_answer_then_the_answer_comes_then(surface: Surface) -> None:
    given = originate_input(waitFor="CONNECTED")
    import asyncio

    waiting = asyncio.create_task(surface.ask(ORIGINATE, {"input": given}))
    await until(lambda: len(surface.registry) == 1)
    call_id = next(iter(surface.registry)).call.id
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        await until(lambda role=role: _is_dialled(surface, call_id, role))  # type: ignore[misc]
        move_leg(surface.registry, call_id, role, inputs.LegAnswered)
    payload = (await waiting)["originateCall"]
    assert (payload["waitOutcome"], payload["call"]["state"]) == ("REACHED", "CONNECTED")


def _is_dialled(surface: Surface, call_id: str, role: LegRole) -> bool:
    actor = surface.registry.find(call_id)
    return actor is not None and actor.call.leg_of(role).dialing_at is not None


CALL = """
query Look($id: ID!) {
  call(id: $id) { id state disposition externalId tags metadata { key value } endReason { code party }
    talkSeconds durationSeconds cdr { id callId disposition customerParty { number } recordings { id } call { id } }
    recordings { id }
    events(first: 100) { nodes { __typename callSequence ... on CallEndedEvent { cdr { id } call { state } } } } } }
"""


async def test_given_a_live_call_when_updated_and_hung_up_then_reading_shows_it_with_record_and_events(
    surface: Surface,
) -> None:
    call_id = (await surface.ask(ORIGINATE, {"input": originate_input()}))["originateCall"]["call"]["id"]
    updated = await surface.ask(
        "mutation($input: UpdateCallInput!) { updateCall(input: $input) "
        "{ call { externalId tags metadata { key } } userErrors { code } } }",
        {"input": {"callId": call_id, "externalId": "lead-9", "tags": ["a", "b"]}},
    )
    assert updated["updateCall"] == {
        "call": {"externalId": "lead-9", "tags": ["a", "b"], "metadata": []},
        "userErrors": [],
    }
    ended = await surface.ask(
        "mutation($id: ID!) { hangupCall(input: {callId: $id}) "
        "{ call { endReason { code party } } userErrors { code } } }",
        {"id": call_id},
    )
    assert ended["hangupCall"]["call"]["endReason"] == {"code": "API_HANGUP", "party": "SYSTEM"}

    async def has_ended() -> bool:
        return bool((await surface.ask(CALL, {"id": call_id}))["call"]["state"] == "ENDED")

    await until(has_ended)
    call = (await surface.ask(CALL, {"id": call_id}))["call"]
    assert (call["disposition"], call["externalId"], call["recordings"]) == ("CANCELLED", "lead-9", [])
    assert call["talkSeconds"] == 0
    assert call["cdr"]["callId"] == call_id
    assert call["cdr"]["call"] == {"id": call_id}
    events = call["events"]["nodes"]
    assert [event["callSequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["__typename"] == "CallCreatedEvent"
    assert events[-1] == {
        "__typename": "CallEndedEvent",
        "callSequence": len(events),
        "cdr": {"id": call["cdr"]["id"]},
        "call": {"state": "ENDED"},
    }
    again = await surface.ask(
        "mutation($id: ID!) { hangupCall(input: {callId: $id}) "
        "{ call { id } userErrors { code currentState field } } }",
        {"id": call_id},
    )
    assert again["hangupCall"]["userErrors"] == [
        {"code": "INVALID_STATE", "currentState": "ENDED", "field": ["callId"]}
    ]


@pytest.mark.parametrize("name", ["tags", "metadata"])
async def test_given_null_for_a_list_when_a_call_is_updated_then_it_is_refused(surface: Surface, name: str) -> None:
    data = await surface.ask(
        "mutation($input: UpdateCallInput!) { updateCall(input: $input) { call { id } userErrors { code field } } }",
        {"input": {"callId": "call_nothing", name: None}},
    )
    assert data["updateCall"]["userErrors"] == [{"code": "INVALID_INPUT", "field": [name]}]


async def test_given_no_such_call_when_changed_then_it_is_not_found_for_both_a_stranger_and_nobody(
    surface: Surface,
) -> None:
    call_id = (await surface.ask(ORIGINATE, {"input": originate_input()}))["originateCall"]["call"]["id"]
    stranger = await surface.key(account=await surface.accounts.create("rival"))
    hang_up = (
        "mutation($id: ID!) { hangupCall(input: {callId: $id}) { call { id } userErrors { code message field } } }"
    )
    foreign = await surface.ask(hang_up, {"id": call_id}, token=stranger)
    nothing = await surface.ask(hang_up, {"id": "call_" + "0" * 26}, token=stranger)
    assert foreign == nothing
    assert foreign["hangupCall"]["userErrors"][0]["code"] == "NOT_FOUND"
    for query in ("call(id: $id) { id }", "node(id: $id) { id }", "cdr(id: $id) { id }"):
        assert list(
            (await surface.ask(f"query($id: ID!) {{ {query} }}", {"id": call_id}, token=stranger)).values()
        ) == [None]
