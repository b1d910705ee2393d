"""Whom a target means, one after the other: a ring group's members in their waves, and where it overflows to.

Everything is looked up when it is asked, so a change holds for the next call. Whether somebody can be rung at all is
decided by whoever plans the call; here it is only said who is meant.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, assert_never

from app.db.engine import Database
from app.routing.directory import Directory
from app.routing.model import CallFlow, Lead, OriginateResolution, Queue, RingGroup, RingGroupMember
from app.routing.rows import CALL_FLOWS, RING_GROUPS
from app.routing.targets import (
    CallTarget,
    ToAgent,
    ToAnnouncement,
    ToCallFlow,
    ToDialplan,
    ToExtension,
    ToMediaStream,
    ToNumber,
    ToQueue,
    ToRingGroup,
)
from app.routing.words import RingStrategy

#: A ring group that overflows to a ring group, and so on: no call goes on for ever.
MOST_GROUPS: Final = 5

StopTarget: TypeAlias = (
    ToAgent | ToExtension | ToNumber | ToQueue | ToCallFlow | ToAnnouncement | ToMediaStream | ToDialplan
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Somebody who may be rung. Those of one ``wave`` ring together, after those of all waves before.

    ``found`` is all that the rows say of the target; ``ring_seconds`` is None where whoever plans the call decides.
    ``group_id`` is the ring group's that it is a member of, if it is rung as one.
    """

    wave: int
    target: StopTarget
    found: OriginateResolution
    ring_seconds: float | None = None
    group_id: str | None = None


def queue_in(stops: Sequence[Stop]) -> Queue | None:
    """The queue in which the caller waits once nobody else of them can be had; None when there is none."""
    return next((stop.found.queue for stop in stops if stop.found.queue is not None), None)


def flow_in(stops: Sequence[Stop]) -> Lead | None:
    """What leads the caller on once nobody of them can be had, such as a call flow; None when there is none."""
    return next((stop.found.flow for stop in stops if stop.found.flow is not None), None)


def arrange(
    members: Sequence[RingGroupMember], strategy: RingStrategy, shuffle: random.Random
) -> list[tuple[int, RingGroupMember]]:
    """The members, each with its wave: all in one, or each in its own, in their order or in any."""
    match strategy:
        case RingStrategy.ALL:
            return [(0, member) for member in members]
        case RingStrategy.IN_ORDER:
            return list(enumerate(members))
        case RingStrategy.RANDOM:
            return list(enumerate(shuffle.sample(members, len(members))))
        case _:
            assert_never(strategy)


class Stops:
    """Finds whom a target means. ``shuffle`` decides who of a RANDOM ring group is rung first."""

    def __init__(self, database: Database, *, shuffle: random.Random | None = None) -> None:
        self._database = database
        self._directory = Directory(database)
        self._shuffle = shuffle or random.Random()  # noqa: S311  # nothing secret

    async def find(
        self, account_id: str, target: CallTarget, *, overflow: CallTarget | None = None
    ) -> tuple[Stop, ...]:
        """Everybody, in the order of their waves; nobody for a ring group that is not there, or is empty.

        ``overflow`` comes after the target and all that this overflows to. After a queue or a flow comes nobody: who is
        there is theirs.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        stops: list[Stop] = []
        seen: set[str] = set()
        to_come: list[CallTarget | None] = [overflow, target]
        while to_come:
            next_target = to_come.pop()
            wave = max((stop.wave for stop in stops), default=-1) + 1
            match next_target:
                case ToRingGroup(id=group_id):
                    is_enough = group_id in seen or len(seen) >= MOST_GROUPS
                    group = None if is_enough else await self.find_group(account_id, group_id)
                    seen.add(group_id)
                    if group is not None:
                        stops += await self._members(account_id, group, wave)
                        to_come.append(group.overflow)
                case (
                    ToAgent()
                    | ToExtension()
                    | ToNumber()
                    | ToQueue()
                    | ToCallFlow()
                    | ToAnnouncement()
                    | ToMediaStream()
                    | ToDialplan()
                ):
                    stops.append(await self._stop(account_id, next_target, wave, None))
                    if stops[-1].found.queue is not None or stops[-1].found.flow is not None:
                        break
                case None:
                    pass
                case _:
                    assert_never(next_target)
        return tuple(stops)

    async def find_group(self, account_id: str, group_id: str) -> RingGroup | None:
        """The ring group, if the account has it.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        async with self._database.acquire() as connection:
            return await RING_GROUPS.get(connection, account_id, group_id)

    async def find_flow(self, account_id: str, flow_id: str) -> CallFlow | None:
        """The latest version of a call flow, if the account has it.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        async with self._database.acquire() as connection:
            return await CALL_FLOWS.get(connection, account_id, flow_id)

    async def _members(self, account_id: str, group: RingGroup, first_wave: int) -> list[Stop]:
        stops: list[Stop] = []
        for wave, member in arrange(group.members, group.strategy, self._shuffle):
            target = await self._target_of(account_id, member)
            if target is not None:
                stop = await self._stop(account_id, target, first_wave + wave, group.ring_seconds)
                stops.append(replace(stop, group_id=group.id))
        return stops

    async def _target_of(self, account_id: str, member: RingGroupMember) -> ToAgent | ToExtension | None:
        if member.agent_id is not None:
            return ToAgent(id=member.agent_id)
        async with self._database.acquire() as connection:
            number = await connection.fetchval(
                "SELECT number FROM extension WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL",
                member.extension_id,
                account_id,
            )
        return None if number is None else ToExtension(number=number)

    async def _stop(self, account_id: str, target: StopTarget, wave: int, ring_seconds: float | None) -> Stop:
        found = await self._directory.resolve_originate(
            account_id,
            agent_id=target.id if isinstance(target, ToAgent) else None,
            extension=target.number if isinstance(target, ToExtension) else None,
            queue_id=target.id if isinstance(target, ToQueue) else None,
        )
        match target:
            case ToCallFlow():
                found = replace(found, flow=await self.find_flow(account_id, target.id))
            case ToAnnouncement():
                found = replace(found, flow=target.announcement)
            case ToMediaStream():
                found = replace(found, flow=target.stream)
            case ToDialplan():
                found = replace(found, flow=target.dialplan)
            case _:
                pass  # they have found themselves
        return Stop(wave=wave, target=target, found=found, ring_seconds=ring_seconds)
