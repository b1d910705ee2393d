"""How a tenure ends: whoever asked for a call that it will not write hears so, and asks the next one."""

import asyncio
import dataclasses
from typing import Any, cast

import pytest

from app.calls.keeping.change import FencedError
from app.calls.living.registry import CallRegistry
from app.clock import SystemClock
from app.daemon import Health
from app.errors import AsteriskUnavailableError
from app.ownership.lease import HandedOverError
from app.ownership.tenure import Tenure
from tests.calls.making import make_call


class Idle:
    """A part that does nothing until it is told to stop."""

    async def open(self) -> None:
        pass

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        pass


class Leaving(Idle):
    """A part that finds out at once that the Asterisk is another process's."""

    async def open(self) -> None:
        raise FencedError

    async def run(self) -> None:
        raise AsteriskUnavailableError("Another process has taken the application.")


def make_tenure(*, store: Any = None, controller: Any = None) -> Tenure:
    part: Any = Idle()
    return Tenure(
        lease=part,
        registry=CallRegistry(part, part, SystemClock(), capacity=10),
        store=store or part,
        collector=part,
        stream=part,
        controller=controller or part,
        calls=part,
        inbox=part,
        provisioner=part,
        dispatcher=part,
        flow_desk=part,
        campaigns=part,
        callbacks=part,
        otps=part,
        media_streams=part,
    )


async def test_given_requests_that_are_half_way_when_the_tenure_ends_then_each_hears_that_its_call_changed_hands() -> (
    None
):
    tenure = make_tenure(controller=Leaving())
    before = tenure.registry.start(make_call())
    with pytest.raises(ExceptionGroup, match="unhandled errors"):
        await tenure.run(lambda: None)
    with pytest.raises(HandedOverError):
        await asyncio.wait_for(before.accepted, 1)
    # It has looked up its trunk and its agent meanwhile, and only now comes with its call.
    with pytest.raises(FencedError):
        tenure.registry.start(make_call())


async def test_given_a_tenure_that_never_began_when_a_request_has_come_then_it_is_not_left_waiting() -> None:
    tenure = make_tenure(store=Leaving())
    waiting = tenure.registry.start(make_call())
    with pytest.raises(FencedError):
        await tenure.run(lambda: None)
    with pytest.raises(HandedOverError):
        await asyncio.wait_for(waiting.accepted, 1)
    with pytest.raises(FencedError):
        tenure.registry.start(make_call())


def test_given_a_tenure_when_asked_how_it_fares_then_each_loop_that_acts_by_itself_is_told() -> None:
    class Faring(Idle):
        def __init__(self, name: str) -> None:
            self.health = Health(name, is_running=True)

    tenure = dataclasses.replace(
        make_tenure(),
        inbox=cast("Any", Faring("inbox")),
        dispatcher=Faring("queues"),
        flow_desk=Faring("call-flows"),
        campaigns=Faring("campaigns"),
        callbacks=Faring("callbacks"),
        otps=Faring("one-time-passwords"),
    )
    told = ["inbox", "queues", "call-flows", "campaigns", "callbacks", "one-time-passwords"]
    assert [health.name for health in tenure.healths] == told
