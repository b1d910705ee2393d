"""Predictive campaigns on the real Asterisk: agents who pick up at once, and the cap counted from what was stored."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from app.accounts.audit import AuditLog
from app.campaigns.core.predictive import START
from app.routing.model import QueueMember
from app.routing.service import Routing
from app.routing.words import QueueStrategy
from tests.campaigns.sheet import Sheet
from tests.rig.ari_ears import AriRefusedError
from tests.rig.call_centre import CallCentre
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fixtures import FAR_PHONES
from tests.rig.service import RunningOffhook

_WHOLE = 10_000
_A_LONG_TIME = 3600.0
_CALLS = """
SELECT call.created_at, cdr.answered_at, cdr.connected_at, cdr.ended_at, cdr.disposition, (
    SELECT min(event.occurred_at) FROM event
    WHERE event.subject_id = call.id AND event.type IN ('queue.left', 'queue.abandoned')
) AS left_at, (
    SELECT min(event.occurred_at) FROM event WHERE event.subject_id = call.id AND event.type = 'playback.started'
) AS told_at
FROM cdr JOIN call ON call.id = cdr.call_id WHERE cdr.campaign_id = $1 ORDER BY call.created_at
"""


@asynccontextmanager
async def quick_agents(offhook: RunningOffhook, far_end: FarEnd) -> AsyncIterator[CallCentre]:
    """Five agents of a queue, who pick up the phone as soon as it rings; none is available yet."""
    services, by = offhook.service.services, offhook.principal
    database = offhook.service.database
    routing = Routing(database, AuditLog(database))
    agents: dict[str, str] = {}
    for number, phones in (("3001", 3), ("3002", 1), ("3003", 1)):
        extension = await routing.create_extension(by.account_id, number)
        for _ in range(phones):
            device = await routing.create_device(by.account_id, extension.id)
            agent = await routing.create_agent(by.account_id, f"At {device.endpoint}")
            await services.routing.devices.update(by, device.id, {"agent_id": agent.id})
            agents[device.endpoint] = agent.id
    assert list(agents) == list(FAR_PHONES)
    queue = await services.routing.queues.create(
        by,
        {
            "name": "quick",
            "strategy": QueueStrategy.LONGEST_IDLE,
            "music_class": "default",
            "ring_seconds": 20.0,
            "members": [QueueMember(agent_id=agent_id, penalty=0) for agent_id in agents.values()],
        },
    )
    async with asyncio.TaskGroup() as group:
        picking_up = group.create_task(_pick_up(far_end, group))
        yield CallCentre(services, by, agents, queue)
        picking_up.cancel()


async def _pick_up(far_end: FarEnd, group: asyncio.TaskGroup) -> None:
    while True:
        group.create_task(_answer(await far_end.expect_call(seconds=_A_LONG_TIME)))


async def _answer(call: FarEndCall) -> None:
    with contextlib.suppress(AriRefusedError):  # it has been given up in the meantime
        await call.ears.request("POST", f"/channels/{call.channel_id}/answer")


class _Kind(IntEnum):
    """What happens at one instant is taken in this order."""

    TALKED = 0
    FAILED = 1
    CONNECTED = 2
    ABANDONED = 3
    DIALLED = 4


@dataclass(slots=True, kw_only=True)
class Reckoning:
    """What became of the calls, and the worst that might have become of them at any instant.

    ``broken``: where more were dialled than the cap bears: beyond the agents who do not talk, if each call in flight
    were abandoned; or abandoned, beyond the start. ``most_over``: so many were in flight beyond those agents.
    ``told_after``: from the answer to the message, seconds.
    """

    dialled: int = 0
    answered: int = 0
    connected: int = 0
    abandoned: int = 0
    talked_seconds: float = 0.0
    most_over: int = 0
    told_after: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


async def reckon(sheet: Sheet, *, agents: int, cap: int) -> Reckoning:
    """Go through the campaign's calls, from their records and facts; all must have ended."""
    rows = await sheet.fetch(_CALLS, sheet.campaign_id)
    happened: list[tuple[datetime, _Kind]] = []
    told_after = []
    for row in rows:
        happened.append((row["created_at"], _Kind.DIALLED))
        if row["connected_at"] is not None:
            happened += [(row["connected_at"], _Kind.CONNECTED), (row["ended_at"], _Kind.TALKED)]
        elif row["disposition"] == "ABANDONED":
            happened.append((row["left_at"] or row["ended_at"], _Kind.ABANDONED))
            if row["told_at"] is not None:
                told_after.append((row["told_at"] - row["answered_at"]).total_seconds())
        else:
            happened.append((row["ended_at"], _Kind.FAILED))
    reckoning = _count(sorted(happened), agents, cap)
    reckoning.told_after = told_after
    reckoning.talked_seconds = sum(
        (row["ended_at"] - row["connected_at"]).total_seconds() for row in rows if row["connected_at"] is not None
    )
    return reckoning


def _count(happened: Sequence[tuple[datetime, _Kind]], agents: int, cap: int) -> Reckoning:
    counted = Reckoning()
    in_flight = talking = 0
    for at, kind in happened:
        in_flight += (kind is _Kind.DIALLED) - (kind in {_Kind.FAILED, _Kind.CONNECTED, _Kind.ABANDONED})
        talking += (kind is _Kind.CONNECTED) - (kind is _Kind.TALKED)
        counted.dialled += kind is _Kind.DIALLED
        counted.connected += kind is _Kind.CONNECTED
        counted.abandoned += kind is _Kind.ABANDONED
        counted.answered += kind in {_Kind.CONNECTED, _Kind.ABANDONED}
        over = max(0, in_flight - (agents - talking))
        counted.most_over = max(counted.most_over, over)
        # With an agent for each, those in flight are too many only once more were abandoned than the start allows.
        is_over = _WHOLE * (counted.abandoned + (in_flight if over else 0)) > cap * counted.answered
        if is_over and (over or counted.abandoned > START):
            counted.broken.append(
                f"{at} {kind.name}: {in_flight} in flight, {agents - talking} agents do not talk, "
                f"{counted.abandoned} abandoned of {counted.answered} answered"
            )
    return counted
