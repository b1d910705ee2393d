"""Whatever is wrong with a request, it is told as a typed error, and nobody's phone rings."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.accounts.audit import AuditLog
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.calls.planning.requests import WaitFor
from app.errors import (
    AsteriskUnavailableError,
    AuthenticationError,
    BadRequestError,
    DatabaseUnavailableError,
    OffhookError,
    OverloadedError,
    RefusedError,
    ScopeError,
)
from app.facts.vocabulary import LegRole
from app.ids import Kind, asterisk_prefix, new_id
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, SipPeer, running_asterisk
from app.routing.service import Routing
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.fault_proxy import proxy_to_postgres
from tests.rig.fixtures import FAR_END_TRUNK
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.service_line import ServiceLine
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

GOOD = "+15550114001"
NOBODY = "agent_" + "0" * 26


class Silence:
    """What must not have happened: a row, a fact, a channel, an INVITE at the far end."""

    def __init__(self, offhook: RunningOffhook, far_end: FarEnd, witness: Witness) -> None:
        self._offhook = offhook
        self._far_end = far_end
        self._witness = witness
        self._heard_before = len(far_end.ears.events)

    async def assert_holds(self) -> None:
        async with self._offhook.service.database.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM call") == 0
            assert await connection.fetchval("SELECT count(*) FROM event WHERE type LIKE 'call.%'") == 0
            assert await connection.fetchval("SELECT count(*) FROM request_key") == 0
        assert len(self._offhook.service.registry) == 0
        assert (await self._witness.look(asterisk_prefix(self._offhook.node))).is_empty
        assert self._far_end.ears.events[self._heard_before :] == []


@pytest.fixture
async def offhook(served_offhook: RunningOffhook) -> RunningOffhook:
    return served_offhook


@pytest.fixture(params=["services", "graphql"])
async def desk(request: pytest.FixtureRequest, offhook: RunningOffhook) -> AsyncIterator[Desk]:
    """Both ways in: the services refuse by themselves, and the public API passes on what they say."""
    opened = offhook.desk() if request.param == "services" else offhook.desk_over_graphql()
    async with opened as calling:
        yield calling


@pytest.fixture
def silence(offhook: RunningOffhook, far_end: FarEnd, witness: Witness) -> Silence:
    return Silence(offhook, far_end, witness)


def _codes(refused: pytest.ExceptionInfo[RefusedError]) -> list[tuple[str, tuple[str, ...]]]:
    return [(problem.code, problem.field) for problem in refused.value.problems]


NUMBER = ("destination", "number")
BAD_NUMBERS = {
    "INVALID_NUMBER": (
        "",
        "abc",
        "911",
        "112",
        "+1",
        "+1555011",
        "+15550114001234567",
        "300&PJSIP/19005551234@sandbox-trunk-farend",
        "1001/sip:x@evil",
        "Local/9@offhook-phones",
        "+15550114001;tgrp=1",
        "+15550114001?X-H=1",
        "${EXTEN}",
        "$[1+1]",
        "+15550114001\r\nX: 1",
        "+1555011\x004001",
        "+1555011４００１",
        "+1 555 011\u2028 4001",
        "*72",
        "9" * 100_000,
    ),
    "DESTINATION_DENIED": (
        "+12125550123",  # a real number: the sandbox's policy allows its own alone
        "+19005551234",
        "+881612345678",
        "+442079460000",
        "+15550100100",  # our own number
    ),
}


async def test_given_a_number_that_is_none_or_denied_when_dialled_then_it_is_refused_and_nothing_happens(
    desk: Desk, silence: Silence
) -> None:
    told: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for numbers in BAD_NUMBERS.values():
        for number in numbers:
            with pytest.raises((RefusedError, BadRequestError)) as refused:
                await desk.place_call(number, trunk="farend", first=LegRole.CUSTOMER)
            if isinstance(refused.value, RefusedError):
                told[number] = [(problem.code, problem.field) for problem in refused.value.problems]
            else:  # GraphQL takes no text with a NUL in it, nor one of this length
                assert "\x00" in number or len(number) > 1000
                told[number] = [("INVALID_NUMBER", NUMBER)]
    # +881612345678 is no number of that network in every reading; either refusal keeps it undialled.
    assert told.pop("+881612345678")[0][0] in {"INVALID_NUMBER", "DESTINATION_DENIED"}
    assert told == {
        number: [(code, NUMBER)]
        for code, numbers in BAD_NUMBERS.items()
        for number in numbers
        if number != "+881612345678"
    }
    await silence.assert_holds()


BAD_FIELDS: tuple[tuple[dict[str, Any], str, tuple[str, ...]], ...] = (
    ({"connect": "4711"}, "NOT_FOUND", ("connect", "extension")),
    ({"connect": "2001@evil"}, "INVALID_NUMBER", ("connect", "extension")),
    ({"connect": "2"}, "INVALID_NUMBER", ("connect", "extension")),
    ({"connect": None, "connect_agent_id": "agent_x"}, "NOT_FOUND", ("connect", "agentId")),
    ({"connect": None, "connect_agent_id": NOBODY}, "NOT_FOUND", ("connect", "agentId")),
    ({"caller_id": "+12125550123"}, "CALLER_ID_NOT_OWNED", ("callerId",)),
    ({"caller_id": "anonymous"}, "CALLER_ID_NOT_OWNED", ("callerId",)),
    ({"caller_id": '"Bob" <+15550100100>'}, "CALLER_ID_NOT_OWNED", ("callerId",)),
    ({"max_duration_seconds": 0.0}, "INVALID_INPUT", ("maxDurationSeconds",)),
    ({"customer_ring_seconds": -1.0}, "INVALID_INPUT", ("customerRingSeconds",)),
    ({"agent_ring_seconds": 1e9}, "INVALID_INPUT", ("agentRingSeconds",)),
    ({"external_id": ""}, "INVALID_INPUT", ("externalId",)),
    ({"tags": ("a\r\nb",)}, "INVALID_INPUT", ("tags", "0")),
    ({"key": "x" * 256}, "INVALID_INPUT", ("idempotencyKey",)),
    ({"key": "two\nlines"}, "INVALID_INPUT", ("idempotencyKey",)),
)

#: What GraphQL itself refuses before the services see it, or cannot even say.
BAD_FORMS: tuple[tuple[dict[str, Any], str, tuple[str, ...]], ...] = (
    ({"connect": None}, "REQUIRED", ("connect",)),
    ({"connect_agent_id": NOBODY}, "REQUIRED", ("connect",)),
    ({"destination_extension": "2002"}, "REQUIRED", ("destination",)),
    ({"external_id": "nul\x00"}, "INVALID_INPUT", ("externalId",)),
    ({"max_duration_seconds": float("nan")}, "INVALID_INPUT", ("maxDurationSeconds",)),
)


async def test_given_a_bad_field_when_asked_for_then_it_is_named_and_nothing_happens(
    desk: Desk, silence: Silence
) -> None:
    for fields, code, field in BAD_FIELDS:
        with pytest.raises(RefusedError) as refused:
            await desk.place_call(GOOD, **{"trunk": "farend", "first": LegRole.CUSTOMER, **fields})
        assert _codes(refused) == [(code, field)], fields
    await silence.assert_holds()


async def test_given_a_request_of_the_wrong_form_when_asked_for_then_it_is_refused_and_nothing_happens(
    offhook: RunningOffhook, silence: Silence
) -> None:
    async with offhook.desk() as desk, offhook.desk_over_graphql() as graphql_desk:
        for fields, code, field in BAD_FORMS:
            with pytest.raises(RefusedError) as refused:
                await desk.place_call(GOOD, trunk="farend", **fields)
            assert _codes(refused) == [(code, field)], fields
            if "max_duration_seconds" not in fields:  # JSON has no NaN
                with pytest.raises(BadRequestError):
                    await graphql_desk.place_call(GOOD, trunk="farend", **fields)
    await silence.assert_holds()


async def test_given_another_accounts_things_when_named_then_they_do_not_exist(
    offhook: RunningOffhook, desk: Desk, silence: Silence
) -> None:
    database = offhook.service.database
    audit = AuditLog(database)
    other = await Accounts(database, audit).create("other", is_sandbox=True)
    routing = Routing(database, audit)
    extension = await routing.create_extension(other.id, "3001")
    await routing.create_device(other.id, extension.id)
    agent = await routing.create_agent(other.id, "Eve", extension_id=extension.id)
    trunk = await routing.create_trunk(other.id, "main", is_sandbox=True)
    await routing.create_outbound_number(other.id, "+15550100199")
    desk.trunks["theirs"] = trunk.id
    attempts: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
        ({"connect": "3001"}, "NOT_FOUND", ("connect", "extension")),
        ({"connect": None, "connect_agent_id": agent.id}, "NOT_FOUND", ("connect", "agentId")),
        ({"caller_id": "+15550100199", "trunk": "farend"}, "CALLER_ID_NOT_OWNED", ("callerId",)),
    ]
    for fields, code, field in attempts:
        with pytest.raises(RefusedError) as refused:
            await desk.place_call(GOOD, **fields)
        assert _codes(refused) == [(code, field)]
    with pytest.raises(RefusedError) as refused:
        await desk.place_call(GOOD, trunk="theirs")
    # Without that trunk the number is not even one of the sandbox's: no hint that the trunk is somebody's.
    assert {code for code, _ in _codes(refused)} <= {"NOT_FOUND", "INVALID_NUMBER"}
    await silence.assert_holds()


async def test_given_a_missing_wrong_revoked_or_narrow_key_when_used_then_nothing_happens(
    offhook: RunningOffhook, silence: Silence
) -> None:
    keys = offhook.service.services.keys
    account_id = offhook.principal.account_id
    for token in (None, "", "ofk_test_wrong", offhook.token + "x", offhook.token[:-1]):
        with pytest.raises(AuthenticationError):
            await keys.authenticate(token, "127.0.0.1")
    revoked = await keys.create(account_id, name="revoked", scopes=[Scope.CALLS_ORIGINATE])
    await keys.authenticate(revoked.token, "127.0.0.1")
    await keys.revoke(account_id, revoked.key.id)
    with pytest.raises(AuthenticationError):
        await keys.authenticate(revoked.token, "127.0.0.1")
    elsewhere = await keys.create(account_id, name="net", scopes=[Scope.CALLS_ORIGINATE], ip_allow_list=["10.0.0.0/8"])
    with pytest.raises(AuthenticationError):
        await keys.authenticate(elsewhere.token, "127.0.0.1")
    narrow = await keys.create(account_id, name="narrow", scopes=[Scope.CALLS_READ])
    principal = await keys.authenticate(narrow.token, "127.0.0.1")
    assert offhook.url is not None
    async with (
        GraphQLLine.to(offhook.url, narrow.token) as narrow_line,
        GraphQLLine.to(offhook.url, "ofk_test_wrong") as wrong_line,
    ):
        for line in (ServiceLine(offhook.service.services, principal), narrow_line):
            poor = Desk(line, offhook.node, offhook.trunks)
            with pytest.raises(ScopeError):
                await poor.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER)
            with pytest.raises(ScopeError):
                await poor.hang_up(new_id(Kind.CALL))
        with pytest.raises(AuthenticationError):
            await Desk(wrong_line, offhook.node, offhook.trunks).place_call(GOOD, trunk="farend")
    await silence.assert_holds()


async def test_given_one_key_when_used_twice_and_by_twenty_at_once_then_there_is_one_call_and_one_invite(
    desk: Desk, far_end: FarEnd
) -> None:
    heard_before = len(far_end.ears.events)

    async def place() -> str:
        placed = await desk.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER, key="once")
        return placed.id

    ids = await asyncio.gather(*(place() for _ in range(20)))
    assert len(set(ids)) == 1
    call = await far_end.expect_call(GOOD)
    again = await desk.place_call(
        "1 (555) 011-4001", trunk="farend", first=LegRole.CUSTOMER, key="once", wait_for=WaitFor.CREATED
    )
    assert (again.id, again.is_replayed) == (ids[0], True)  # the same number, written otherwise
    with pytest.raises(RefusedError) as reused:
        await desk.place_call("+15550114009", trunk="farend", first=LegRole.CUSTOMER, key="once")
    assert _codes(reused) == [("IDEMPOTENCY_KEY_REUSED", ("idempotencyKey",))]
    await call.reject(486)
    story = await desk.wait_for_end(ids[0])
    await assert_is_whole(desk, story)
    after = await desk.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER, key="once")
    assert (after.id, after.is_replayed, after.state) == (ids[0], True, "ENDED")
    invites = [event for event in far_end.ears.events[heard_before:] if event["type"] == "StasisStart"]
    assert [event["args"][-1] for event in invites] == [GOOD]


async def test_given_a_refused_request_when_its_key_is_used_for_a_good_one_then_it_is_not_burnt(
    desk: Desk, far_end: FarEnd
) -> None:
    with pytest.raises(RefusedError):
        await desk.place_call("911", trunk="farend", key="kept")
    placed = await desk.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER, key="kept")
    assert not placed.is_replayed
    await (await far_end.expect_call(GOOD)).reject(603)
    story = await desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("REJECTED", ("REJECTED", "CUSTOMER"))


async def test_given_an_unknown_or_ended_call_when_hung_up_then_that_is_told(desk: Desk, far_end: FarEnd) -> None:
    for call_id in ("", "call_x", new_id(Kind.CALL), "../../etc/passwd"):
        with pytest.raises(RefusedError) as refused:
            await desk.hang_up(call_id)
        assert _codes(refused) == [("NOT_FOUND", ("callId",))]
    placed = await desk.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER)
    await (await far_end.expect_call(GOOD)).reject(404)
    await desk.wait_for_end(placed.id)
    with pytest.raises(RefusedError) as refused:
        await desk.hang_up(placed.id)
    assert [(p.code, p.current_state) for p in refused.value.problems] == [("INVALID_STATE", "ENDED")]


async def test_given_a_full_node_when_one_more_call_is_asked_for_then_it_says_so(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    settings = make_settings(asterisk, database_dsn, tmp_path, max_live_calls=1)
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        placed = await desk.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER)
        call = await far_end.expect_call(GOOD)
        with pytest.raises(OverloadedError):
            await desk.place_call("+15550114002", trunk="farend", first=LegRole.CUSTOMER, key="later")
        await call.reject(486)
        await desk.wait_for_end(placed.id)
        await offhook.service.registry.wait_until_empty()  # its end is told a moment before it is forgotten
        later = await desk.place_call("+15550114002", trunk="farend", first=LegRole.CUSTOMER, key="later")
        await (await far_end.expect_call("+15550114002")).reject(486)
        await desk.wait_for_end(later.id)
        await offhook.assert_nothing_is_left(witness)


async def test_given_asterisk_is_down_when_a_call_is_asked_for_then_it_says_so_and_the_key_stays_good(
    asterisk_install: AsteriskInstall, far_end: FarEnd, database_dsn: str, tmp_path: Path
) -> None:
    config = AsteriskConfig(peers=(SipPeer(name=FAR_END_TRUNK, port=far_end.sip_port),))
    async with running_asterisk(config, install=asterisk_install) as instance:
        settings = make_settings(instance, database_dsn, tmp_path / "data")
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            instance.process.kill()
            await instance.process.wait()
            await offhook.wait_until_unready()
            with pytest.raises(AsteriskUnavailableError) as refused:
                await desk.place_call(GOOD, trunk="farend", key="held")
            assert refused.value.retryable
            await offhook.service.registry.wait_until_empty()
            async with offhook.service.database.acquire() as connection:
                assert await connection.fetchval("SELECT count(*) FROM call") == 0
                assert await connection.fetchval("SELECT count(*) FROM request_key") == 0


async def test_given_the_database_is_away_when_a_call_is_asked_for_then_it_says_so_and_the_key_stays_good(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with proxy_to_postgres(database_dsn, tmp_path / "pg") as proxy:
        settings = make_settings(asterisk, proxy.address, tmp_path / "data", database_timeout_seconds=2.0)
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            heard_before = len(far_end.ears.events)
            proxy.cut()
            with pytest.raises(DatabaseUnavailableError) as refused:
                await desk.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER, key="held")
            assert isinstance(refused.value, OffhookError)
            assert refused.value.retryable
            assert (await witness.look(asterisk_prefix(offhook.node))).is_empty
            assert far_end.calls_since(heard_before) == []
            proxy.mend()
            placed = await desk.place_call(GOOD, trunk="farend", first=LegRole.CUSTOMER, key="held")
            assert not placed.is_replayed
            await (await far_end.expect_call(GOOD)).reject(486)
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            await offhook.assert_nothing_is_left(witness)
