"""Transfers over a real database: one idempotency key, one target that is rung, whatever happens to the answer."""

import asyncio

import msgspec
import pytest

from app.calls.core.commands import CreateChannel
from app.calls.core.verbs import CancelTransfer, StartTransfer, Target
from app.calls.keeping.store import CallStore
from app.calls.living.actor import CallActor
from app.calls.planning.requests import Acted
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError, RefusedError
from app.facts.vocabulary import CallState, LegRole, TransferKind
from app.ids import Kind, new_id
from tests.calls.standing_in import until
from tests.calls.standing_in_process import Process

pytestmark = pytest.mark.postgres

_TO_NUMBER = StartTransfer(
    idempotency_key="t1", kind=TransferKind.ATTENDED, target=Target(number="+15550100003"), consult_seconds=60.0
)


def _changed(**fields: object) -> StartTransfer:
    return msgspec.structs.replace(_TO_NUMBER, **fields)


async def _talking(process: Process, *, key: str = "k") -> CallActor:
    placed = await process.place(idempotency_key=key)
    actor = process.registry.find(placed.call.id)
    assert actor is not None
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return actor


async def _transfer(process: Process, actor: CallActor, verb: StartTransfer = _TO_NUMBER) -> Acted:
    return await process.calls.act(process.principal, actor.call.id, verb)


async def _codes(process: Process, actor: CallActor, verb: StartTransfer = _TO_NUMBER) -> list[str]:
    with pytest.raises(RefusedError) as caught:
        await _transfer(process, actor, verb)
    return [problem.code for problem in caught.value.problems]


def _rung(process: Process, actor: CallActor) -> list[str]:
    """The legs beyond the first two that were asked of Asterisk."""
    beyond = {leg.id for leg in actor.call.legs[2:]}
    return [one.leg_id for one in process.executor.commands if isinstance(one, CreateChannel) and one.leg_id in beyond]


async def test_given_a_transfer_when_its_key_comes_again_then_one_target_is_rung_and_the_call_comes_back(
    process: Process,
) -> None:
    actor = await _talking(process)
    first = await _transfer(process, actor)
    again = await _transfer(process, actor)
    assert not first.is_replayed
    assert again.is_replayed
    assert again.call == actor.call
    assert (await _transfer(process, actor, _changed(target=Target(number="(555) 010-0003")))).is_replayed
    assert len(_rung(process, actor)) == 1
    assert await process.count_rows() == (1, 2)


@pytest.mark.parametrize(
    "other",
    [
        _changed(kind=TransferKind.BLIND),
        _changed(target=Target(number="+15550100004")),
        _changed(target=Target(number="no number")),
        _changed(target=Target(extension="2002")),
        _changed(consult_seconds=61.0),
        _changed(recalls=False),
    ],
    ids=lambda verb: str(verb.target.number or verb.target.extension) + str(verb.kind),
)
async def test_given_a_used_key_when_it_comes_with_another_input_then_it_is_refused_in_life_and_after(
    process: Process, other: StartTransfer
) -> None:
    actor = await _talking(process)
    await _transfer(process, actor)
    assert await _codes(process, actor, other) == ["IDEMPOTENCY_KEY_REUSED"]
    await process.end(actor)
    assert await _codes(process, actor, other) == ["IDEMPOTENCY_KEY_REUSED"]
    assert len(_rung(process, actor)) == 1


async def test_given_a_used_key_when_it_comes_for_another_call_then_it_is_refused_and_nobody_is_rung(
    process: Process,
) -> None:
    one, other = await _talking(process), await _talking(process, key="k2")
    await _transfer(process, one)
    assert await _codes(process, other) == ["IDEMPOTENCY_KEY_REUSED"]
    await process.end(one)
    assert await _codes(process, other) == ["IDEMPOTENCY_KEY_REUSED"]
    assert _rung(process, other) == []


async def test_given_two_calls_when_one_key_comes_for_both_at_once_then_one_of_them_is_refused(
    process: Process,
) -> None:
    one, other = await _talking(process), await _talking(process, key="k2")
    results = await asyncio.gather(_transfer(process, one), _transfer(process, other), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Acted", "RefusedError"]
    assert len(_rung(process, one) + _rung(process, other)) == 1


async def test_given_one_call_when_one_key_comes_many_times_at_once_then_one_target_is_rung(process: Process) -> None:
    actor = await _talking(process)
    acted = await asyncio.gather(*(_transfer(process, actor) for _ in range(8)))
    assert sorted(one.is_replayed for one in acted) == [False] + [True] * 7
    assert len(_rung(process, actor)) == 1


async def test_given_the_call_has_ended_when_the_key_comes_again_then_it_comes_back_as_it_ended(
    process: Process,
) -> None:
    actor = await _talking(process)
    await _transfer(process, actor)
    ended = await process.end(actor)
    assert await _transfer(process, actor) == Acted(call=ended, is_replayed=True)


async def test_given_a_new_key_when_the_call_has_ended_then_it_is_refused_and_the_key_is_not_burnt(
    process: Process,
) -> None:
    actor = await _talking(process)
    await process.end(actor)
    assert await _codes(process, actor) == ["INVALID_STATE"]
    assert (await _transfer(process, await _talking(process, key="k2"))).is_replayed is False


async def test_given_a_refused_transfer_when_mended_then_its_key_is_not_burnt(process: Process) -> None:
    actor = await _talking(process)
    assert await _codes(process, actor, _changed(target=Target(extension="9999"))) == ["NOT_FOUND"]
    await _transfer(process, actor)
    assert await _codes(process, actor, _changed(idempotency_key="t2")) == ["INVALID_STATE"]
    await process.calls.act(process.principal, actor.call.id, CancelTransfer())
    assert not (await _transfer(process, actor, _changed(idempotency_key="t2"))).is_replayed


async def test_given_the_database_is_away_when_asked_for_then_nobody_is_rung_and_the_key_is_not_burnt(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = await _talking(process)
    with monkeypatch.context() as patched:
        patched.setattr(CallStore, "is_postponing", property(lambda _: True))
        with pytest.raises(DatabaseUnavailableError, match="nothing new is dialled"):
            await _transfer(process, actor)
    process.ready.why_not_ready = "Asterisk is away."
    with pytest.raises(AsteriskUnavailableError, match="Asterisk is away"):
        await _transfer(process, actor)
    process.ready.why_not_ready = None
    assert _rung(process, actor) == []
    assert not (await _transfer(process, actor)).is_replayed


async def test_given_no_such_call_when_transferred_then_it_is_not_found(process: Process) -> None:
    with pytest.raises(RefusedError) as caught:
        await process.calls.act(process.principal, new_id(Kind.CALL), _TO_NUMBER)
    assert [problem.code for problem in caught.value.problems] == ["NOT_FOUND"]
