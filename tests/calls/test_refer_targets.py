"""What a phone dialled to transfer to: the same rules as a transfer over the API, whatever it is."""

from typing import Any

import msgspec
import pytest

from app.calls.core.inputs import ReferAimed, ReferRefused
from app.calls.core.verbs import StartTransfer, Target
from app.calls.living.actor import CallActor
from app.calls.planning.plan import Defaults
from app.calls.planning.refer_targets import ReferTargets
from app.errors import DatabaseUnavailableError
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, LegRole, TransferKind
from app.ids import Kind, TransferId, new_id
from app.numbers.policy import Rule
from app.routing.directory import Directory
from app.routing.policies import DestinationPolicies
from tests.calls.standing_in import until
from tests.calls.standing_in_process import Process
from tests.security.hostile import Field, rows

pytestmark = pytest.mark.postgres

_DEFAULTS = Defaults(agent_ring_seconds=30, customer_ring_seconds=45, max_duration_seconds=3600)


def _targets(process: Process, directory: Any = None) -> ReferTargets:
    directory = directory or Directory(process.database)
    return ReferTargets(process.database, directory, process.ready, defaults=_DEFAULTS, make_id=new_id)


async def _talking(process: Process) -> CallActor:
    placed = await process.place()
    actor = process.registry.find(placed.call.id)
    assert actor is not None
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return actor


async def _find(targets: ReferTargets, actor: CallActor, dialled: str) -> ReferAimed | ReferRefused:
    by = actor.call.leg_of(LegRole.AGENT).id
    return await targets.find(actor.call, by, TransferId(new_id(Kind.TRANSFER)), dialled)


@pytest.mark.parametrize(
    ("dialled", "target"),
    [
        ("2002", Target(extension="2002")),
        ("+15550100003", Target(number="+15550100003")),
        ("15550100003", Target(number="+15550100003")),
        ("5550100003", Target(number="+15550100003")),
    ],
)
async def test_given_what_a_phone_dialled_when_looked_up_then_it_is_dialled_as_a_transfer_over_the_api_is(
    process: Process, dialled: str, target: Target
) -> None:
    actor = await _talking(process)
    found = await _find(_targets(process), actor, dialled)
    assert isinstance(found, ReferAimed)
    verb = StartTransfer(idempotency_key="t", kind=TransferKind.BLIND, target=target)
    asked = (await process.calls.act(process.principal, actor.call.id, verb)).call
    leg = asked.legs[-1]
    assert (found.leg.party, found.leg.endpoint, found.leg.ring_seconds) == (leg.party, leg.endpoint, leg.ring_seconds)
    assert asked.transfer is not None
    assert (found.agent_id, found.agent_name) == (asked.transfer.agent_id, asked.transfer.agent_name)


@pytest.mark.parametrize(
    ("dialled", "disposition", "code"),
    [
        ("3999", Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER),
        ("00000000", Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER),
        ("+4479111", Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER),
        ("+447911123456", Disposition.REJECTED, EndCode.REJECTED),
    ],
)
async def test_given_whom_the_account_may_not_call_when_looked_up_then_it_is_refused_with_what_the_phone_would_hear(
    process: Process, dialled: str, disposition: Disposition, code: EndCode
) -> None:
    found = await _find(_targets(process), await _talking(process), dialled)
    assert isinstance(found, ReferRefused)
    assert (found.disposition, found.end_reason.code, found.end_reason.party) == (disposition, code, EndParty.SYSTEM)


async def test_given_every_hostile_number_when_a_phone_dialled_it_then_nobody_is_rung_and_its_good_neighbours_are(
    process: Process,
) -> None:
    actor = await _talking(process)
    policies = DestinationPolicies(process.database, process.audit)
    await policies.set_rules(process.principal.account_id, [Rule("+", is_allowed=True)])
    async with process.database.acquire() as connection:
        await connection.execute("UPDATE trunk SET is_sandbox = false")
        await connection.execute("UPDATE account SET is_sandbox = false")
    call = msgspec.structs.replace(actor.call, is_sandbox=False)
    targets, by = _targets(process), call.leg_of(LegRole.AGENT).id

    async def is_rung(dialled: str) -> bool:
        found = await targets.find(call, by, TransferId(new_id(Kind.TRANSFER)), dialled)
        return isinstance(found, ReferAimed)

    given = [row for row in rows(Field.NUMBER) if row.kind != "ten megabytes"]
    assert [row for row in given if await is_rung(row.sample)] == []
    assert [one for one in ("+12125550123", "2125550123") if not await is_rung(one)] == []
    # What is refused is refused for what it is.
    dear = Rule("+1900", is_allowed=True)
    await policies.set_rules(process.principal.account_id, [Rule("+", is_allowed=True), dear])
    assert await is_rung("+19005551234")


class _Away:
    async def resolve_originate(self, *_: Any, **__: Any) -> Any:
        raise DatabaseUnavailableError("away")


async def test_given_a_database_that_is_away_or_a_node_that_may_not_dial_when_looked_up_then_it_fails_and_is_told(
    process: Process,
) -> None:
    actor = await _talking(process)
    away = await _find(_targets(process, _Away()), actor, "2002")
    process.ready.why_not_ready = "Asterisk is away."
    not_ready = await _find(_targets(process), actor, "2002")
    for found in (away, not_ready):
        assert isinstance(found, ReferRefused)
        assert (found.disposition, found.end_reason.code) == (Disposition.FAILED, EndCode.DIAL_FAILED)
