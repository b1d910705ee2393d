"""From a request to a call, or to all that is wrong with it. Nothing here needs a server."""

import re
from dataclasses import replace
from typing import Any

import pytest

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.core.model.call import Call
from app.calls.keeping.keys import hash_input
from app.calls.planning.originate_checks import Numbers, check_allowed, check_request, read_caller_id, read_numbers
from app.calls.planning.plan import Defaults, normalised_input, plan_call
from app.calls.planning.requests import OriginateRequest, WaitFor
from app.errors import RefusedError
from app.facts.vocabulary import AgentDisplay, CallState, Direction, LegRole, Pair, RecordingMode, RecordingState
from app.ids import Kind
from app.numbers.parse import E164
from app.numbers.policy import Rule
from app.routing.model import CallerIdTarget, ExtensionTarget, OriginateResolution, TrunkTarget
from tests.calls.making import NOON

PRINCIPAL = Principal(
    account_id="acc_1",
    account_name="acme",
    default_region="US",
    key_id="key_1",
    scopes=frozenset(Scope),
    request_id="req_1",
)
AGENT_ID = "agent_01k3v7q2h4n8r6t0w5y9abcdef"
TRUNK_ID = "trunk_01k3v7q2h4n8r6t0w5y9abcdef"
CALL_ID = "call_01k3v7q2h4n8r6t0w5y9abcdef"
DESTINATION = E164("+12125550123")
SHOWN = E164("+12125550199")

FOUND = OriginateResolution(
    connect=ExtensionTarget(id="ext_1", number="2001", agent_id=AGENT_ID, agent_name="Ada", endpoints=("acme-2001",)),
    has_agent=True,
    destination=None,
    trunk=TrunkTarget(id=TRUNK_ID, name="main", endpoint="acme-trunk-main", dial_template="{e164}", is_sandbox=False),
    caller_id=CallerIdTarget(id="num_1", number=SHOWN, label=None),
    rules=(Rule("+1", is_allowed=True),),
)
COLLEAGUE = ExtensionTarget(id="ext_2", number="2002", agent_id=None, agent_name="Bruno", endpoints=("acme-2002",))
NUMBERS = Numbers(destination=DESTINATION, connect=None)
NO_NUMBERS = Numbers(destination=None, connect=None)
DEFAULTS = Defaults(agent_ring_seconds=30, customer_ring_seconds=45, max_duration_seconds=3600)


def _request(**fields: Any) -> OriginateRequest:
    given = {"idempotency_key": "k", "destination_number": DESTINATION, "connect_extension": "2001", **fields}
    return OriginateRequest(**given)


def _refusals(
    request: OriginateRequest,
    found: OriginateResolution = FOUND,
    numbers: Numbers = NUMBERS,
    principal: Principal = PRINCIPAL,
) -> list[tuple[str, tuple[str, ...]]]:
    """What the account's rows say against it."""
    try:
        check_allowed(request, principal, numbers, found)
    except RefusedError as refused:
        return [(problem.code, problem.field) for problem in refused.problems]
    return []


def _plan(
    request: OriginateRequest, found: OriginateResolution = FOUND, numbers: Numbers = NUMBERS, **fields: Any
) -> Call:
    made = iter(range(100))
    return plan_call(
        request,
        replace(PRINCIPAL, **fields),
        numbers,
        found,
        node="n1",
        now=NOON,
        defaults=DEFAULTS,
        make_id=lambda kind: f"{kind.value}_{next(made)}",
    )


def test_given_a_plain_request_when_held_against_the_accounts_rows_then_nothing_is_wrong_with_it() -> None:
    assert _refusals(_request()) == []


def test_given_a_test_key_when_the_way_out_is_real_then_it_reaches_the_sandbox_only() -> None:
    tester = replace(PRINCIPAL, is_test=True)
    assert _refusals(_request(), principal=tester) == [("SANDBOX_ONLY", ("destination",))]
    assert FOUND.trunk is not None
    sandbox = replace(FOUND, trunk=replace(FOUND.trunk, is_sandbox=True), rules=(Rule("+155501", is_allowed=True),))
    numbers = Numbers(destination=E164("+15550100000"), connect=None)
    assert _refusals(_request(), sandbox, numbers, tester) == []
    # An internal call is no way around it.
    inside = replace(FOUND, destination=COLLEAGUE, trunk=None)
    internal = _request(destination_number=None, destination_extension="2002")
    assert _refusals(internal, inside, NO_NUMBERS, tester) == [("SANDBOX_ONLY", ("destination",))]
    assert _refusals(internal, inside, NO_NUMBERS) == []


@pytest.mark.parametrize(
    ("fields", "found", "expected"),
    [
        ({}, {"connect": None}, [("NOT_FOUND", ("connect", "extension"))]),
        (
            {"connect_extension": None, "connect_agent_id": AGENT_ID},
            {"connect": None, "has_agent": False},
            [("NOT_FOUND", ("connect", "agentId"))],
        ),
        (
            {"connect_extension": None, "connect_agent_id": AGENT_ID},
            {"connect": None},
            [("AGENT_OFFLINE", ("connect", "agentId"))],
        ),
        ({}, {"connect": replace(COLLEAGUE, endpoints=())}, [("AGENT_OFFLINE", ("connect", "extension"))]),
        ({}, {"trunk": None}, [("NOT_FOUND", ("trunkId",))]),
        ({}, {"caller_id": None}, [("CALLER_ID_NOT_OWNED", ("callerId",))]),
        ({"caller_id": "+12125550111"}, {"caller_id": None}, [("CALLER_ID_NOT_OWNED", ("callerId",))]),
        ({}, {"rules": ()}, [("DESTINATION_DENIED", ("destination", "number"))]),
        ({}, {"rules": (Rule("+1212", is_allowed=False),)}, [("DESTINATION_DENIED", ("destination", "number"))]),
    ],
)
def test_given_what_the_account_has_when_a_request_asks_for_more_then_it_is_refused_by_field(
    fields: dict[str, Any], found: dict[str, Any], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert _refusals(_request(**fields), replace(FOUND, **found)) == expected


@pytest.mark.parametrize(
    ("asked", "is_unverified", "said"),
    [
        ("+12125550111", True, "is not verified yet.*verifyOutboundNumber"),
        (None, True, "The default number is not verified yet.*verifyOutboundNumber"),
        ("+12125550111", False, "not one of the account's"),
        (None, False, "no default outbound number"),
    ],
)
def test_given_no_number_to_show_when_refused_then_the_message_says_what_to_do(
    asked: str | None, is_unverified: bool, said: str
) -> None:
    found = replace(FOUND, caller_id=None, is_caller_id_unverified=is_unverified)
    with pytest.raises(RefusedError) as caught:
        check_allowed(_request(caller_id=asked), PRINCIPAL, NUMBERS, found)
    (problem,) = caught.value.problems
    assert problem.code == "CALLER_ID_NOT_OWNED"
    assert re.search(said, problem.message)


@pytest.mark.parametrize("text", ["nonsense", "", "+1", "\0", "x" * 100, "+15550100000;ext=1"])
def test_given_a_caller_id_that_is_no_number_when_read_then_nobody_owns_it(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_caller_id(_request(caller_id=text), PRINCIPAL)
    assert [(one.code, one.field) for one in caught.value.problems] == [("CALLER_ID_NOT_OWNED", ("callerId",))]


def test_given_numbers_when_read_then_they_are_e164_and_refused_where_they_stand() -> None:
    assert read_caller_id(_request(), PRINCIPAL) is None
    request = _request(destination_number="(212) 555-0123", connect_extension=None, connect_number="+44 20 7946 0018")
    numbers = read_numbers(request, PRINCIPAL, is_sandbox=False)
    assert numbers == Numbers(destination=DESTINATION, connect=E164("+442079460018"))
    with pytest.raises(RefusedError) as caught:
        read_numbers(_request(connect_extension=None, connect_number="911"), PRINCIPAL, is_sandbox=False)
    assert [(one.code, one.field) for one in caught.value.problems] == [("INVALID_NUMBER", ("connect", "number"))]


def test_given_a_call_to_a_number_when_planned_then_it_is_outbound_by_the_trunk_and_shows_the_accounts_number() -> None:
    call = _plan(_request(caller_id_name="Acme", recording_mode=RecordingMode.BOTH, tags=("a",)), request_id="req_9")
    agent, customer = call.leg_of(LegRole.AGENT), call.leg_of(LegRole.CUSTOMER)
    assert (call.direction, call.state, call.trunk_id) == (Direction.OUTBOUND, CallState.PENDING, TRUNK_ID)
    assert (agent.endpoint, agent.shown_number, agent.ring_seconds) == ("PJSIP/acme-2001", DESTINATION, 30)
    assert customer.endpoint == "PJSIP/+12125550123@acme-trunk-main"
    assert (customer.shown_number, customer.shown_name, customer.ring_seconds) == (SHOWN, "Acme", 45)
    assert (call.max_duration_seconds, call.request_id, call.tags) == (3600, "req_9", ("a",))
    assert [one.state for one in call.recordings] == [RecordingState.PENDING]
    assert call.cdr_id is not None
    assert call.cdr_id.startswith(Kind.CDR.value)
    assert len({call.id, agent.id, customer.id, call.recordings[0].id, call.cdr_id}) == 5


def test_given_a_call_between_extensions_when_planned_then_it_is_internal_and_no_number_goes_out() -> None:
    found = replace(FOUND, destination=COLLEAGUE, trunk=None, caller_id=None)
    call = _plan(_request(destination_number=None, destination_extension="2002"), found, NO_NUMBERS)
    assert (call.direction, call.dialled_number, call.trunk_id) == (Direction.INTERNAL, "2002", None)
    assert [leg.endpoint for leg in call.legs] == ["PJSIP/acme-2001", "PJSIP/acme-2002"]
    assert call.leg_of(LegRole.CUSTOMER).shown_number == "2001"


def test_given_an_agent_outside_when_planned_then_the_call_is_outbound_and_the_agent_sees_the_accounts_number() -> None:
    number = E164("+12125550124")
    found = replace(FOUND, connect=None, destination=COLLEAGUE)
    request = _request(
        destination_number=None, destination_extension="2002", connect_extension=None, connect_number=number
    )
    call = _plan(request, found, Numbers(destination=None, connect=number))
    agent = call.leg_of(LegRole.AGENT)
    assert call.direction is Direction.OUTBOUND
    assert (agent.endpoint, agent.shown_number) == ("PJSIP/+12125550124@acme-trunk-main", SHOWN)
    assert (call.agent_id, call.extension) == (None, None)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"destination_name": "Grace"}, (DESTINATION, "Grace")),
        ({"agent_display": AgentDisplay.CALLER_ID, "caller_id_name": "Acme"}, (SHOWN, "Acme")),
        ({"agent_display": AgentDisplay.CUSTOM, "destination_name": "Lead 7"}, (DESTINATION, "Lead 7")),
    ],
)
def test_given_an_agent_display_when_planned_then_the_agents_phone_shows_that(
    fields: dict[str, Any], shown: tuple[str, str]
) -> None:
    agent = _plan(_request(**fields)).leg_of(LegRole.AGENT)
    assert (agent.shown_number, agent.shown_name) == shown


def test_given_a_dial_order_when_planned_then_the_legs_are_in_it() -> None:
    for first in (LegRole.AGENT, LegRole.CUSTOMER):
        assert _plan(_request(dial_first=first)).legs[0].role is first


FULL_REQUEST = OriginateRequest(
    idempotency_key="any",
    destination_number="(212) 555-0123",
    connect_agent_id=AGENT_ID,
    dial_first=LegRole.CUSTOMER,
    caller_id="212-555-0199",
    caller_id_name="Acme",
    agent_display=AgentDisplay.CUSTOM,
    destination_name="Grace é",
    trunk_id=TRUNK_ID,
    agent_ring_seconds=20.0,
    customer_ring_seconds=30.5,
    max_duration_seconds=600.0,
    recording_mode=RecordingMode.BOTH,
    external_id="lead-7",
    metadata=(Pair(key="b", value="1"), Pair(key="a", value="2")),
    tags=("spring", "vip"),
    wait_for=WaitFor.CONNECTED,
)


@pytest.mark.parametrize(
    ("request_", "caller_id", "digest"),
    [
        (_request(), None, "db7f59730f9a9bde5025a1d8305cb0ca2d0c48f41fdc1faef464e1dac90407a7"),
        (FULL_REQUEST, SHOWN, "5ce4f20add25838b4250f789959b1c58706a7543168745237bffe8b244be035c"),
    ],
)
def test_given_a_fixed_request_when_hashed_then_its_mark_is_the_same_in_every_release(
    request_: OriginateRequest, caller_id: E164 | None, digest: str
) -> None:
    # Keys are kept for good, with the mark of the input they came with. A release that marks the same input otherwise
    # answers every key that is used again across the upgrade with IDEMPOTENCY_KEY_REUSED, and the caller who then takes
    # a new key rings a phone twice. So these digests never change: a new field must have a default that leaves them.
    assert hash_input(normalised_input(request_, NUMBERS, caller_id)).hex() == digest


def test_given_what_has_no_effect_on_the_call_when_changed_then_the_mark_stays() -> None:
    mark = hash_input(normalised_input(FULL_REQUEST, NUMBERS, SHOWN))
    for same in (
        replace(FULL_REQUEST, wait_for=WaitFor.CREATED),
        replace(FULL_REQUEST, idempotency_key="other"),
        replace(FULL_REQUEST, destination_number="+1 212 555 0123", caller_id="+12125550199"),
    ):
        assert hash_input(normalised_input(same, NUMBERS, SHOWN)) == mark


@pytest.mark.parametrize(
    "change",
    [
        {"dial_first": LegRole.AGENT},
        {"caller_id_name": None},
        {"agent_display": AgentDisplay.DESTINATION},
        {"destination_name": "Grace e"},
        {"trunk_id": None},
        {"agent_ring_seconds": 21.0},
        {"customer_ring_seconds": None},
        {"max_duration_seconds": 601.0},
        {"recording_mode": RecordingMode.AGENT},
        {"external_id": None},
        {"metadata": ()},
        {"metadata": (Pair(key="a", value="2"), Pair(key="b", value="1"))},
        {"tags": ("vip", "spring")},
        {"connect_agent_id": None, "connect_extension": "2001"},
    ],
)
def test_given_anything_else_when_changed_then_it_is_another_input(change: dict[str, Any]) -> None:
    mark = hash_input(normalised_input(FULL_REQUEST, NUMBERS, SHOWN))
    assert hash_input(normalised_input(replace(FULL_REQUEST, **change), NUMBERS, SHOWN)) != mark
    assert hash_input(normalised_input(FULL_REQUEST, replace(NUMBERS, destination=SHOWN), SHOWN)) != mark
    assert hash_input(normalised_input(FULL_REQUEST, NUMBERS, DESTINATION)) != mark


@pytest.mark.parametrize("role", [LegRole.SUPERVISOR, LegRole.PARTICIPANT])
def test_given_a_call_that_begins_with_a_guest_of_a_talk_when_checked_then_it_is_refused(role: LegRole) -> None:
    with pytest.raises(RefusedError) as caught:
        check_request(_request(dial_first=role))
    assert [(one.code, one.field) for one in caught.value.problems] == [("INVALID_INPUT", ("dialFirst",))]
