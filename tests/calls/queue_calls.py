"""Calls whose customer waits in a queue."""

from datetime import datetime

import msgspec

from app.calls.core import inputs
from app.calls.core.inputs import AgentOffered
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.facts.vocabulary import CallState, LegRole, Party
from app.ids import Kind, LegId, new_id
from tests.calls.driving import Driver
from tests.calls.making import NOON, make_call

QUEUE = "queue_1"


def agent_leg(extension: str = "2001", *, ring_seconds: float = 10.0, wave: int = 0) -> Leg:
    """A leg to an agent, ready to be dialled."""
    return Leg(
        id=LegId(new_id(Kind.LEG)),
        role=LegRole.AGENT,
        party=Party(extension=extension, display=f"Agent {extension}"),
        endpoint=f"PJSIP/acme-{extension}",
        ring_seconds=ring_seconds,
        wave=wave,
    )


def offer(extension: str = "2001", *, is_with_others: bool = False, queue_id: str = QUEUE) -> AgentOffered:
    """An agent is to be rung."""
    return AgentOffered(
        queue_id=queue_id, leg=agent_leg(extension), agent_id=f"agent_{extension}", is_with_others=is_with_others
    )


def coming_call(*, max_wait_seconds: float = 120.0, created_at: datetime = NOON) -> Driver:
    """A call whose customer is to wait in a queue, not started."""
    call = make_call(dial_first=LegRole.CUSTOMER, created_at=created_at)
    wait = QueueWait(queue_id=QUEUE, max_wait_seconds=max_wait_seconds, music_class="jazz")
    return Driver(
        msgspec.structs.replace(
            call, legs=call.legs[:1], planned=1, queue=wait, agent_id=None, agent_name=None, extension=None
        )
    )


def waiting_call(*, max_wait_seconds: float = 120.0) -> Driver:
    """A call whose customer waits, since this very instant."""
    driver = coming_call(max_wait_seconds=max_wait_seconds)
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.WAITING_IN_QUEUE)
    return driver
