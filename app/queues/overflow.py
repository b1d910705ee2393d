"""Where a caller goes who left its queue unserved: the queue's overflow as the account's rows have it now."""

from collections.abc import Callable
from typing import Final, assert_never

from app.accounts.principal import Principal
from app.calls.core.inputs import OverflowChosen
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.verbs import StartTransfer, Target
from app.calls.planning.flow_plan import run_of
from app.calls.planning.plan import Defaults
from app.calls.planning.queue_plan import legs_to, wait_in
from app.calls.planning.transfer_plan import plan_transfer
from app.db.engine import Database
from app.errors import RefusedError
from app.facts.vocabulary import Direction, TransferKind
from app.ids import Kind
from app.routing.directory import Directory
from app.routing.rows import CALL_FLOWS, EXTENSIONS, QUEUES, RING_GROUPS
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

NOWHERE: Final = OverflowChosen()


class Overflow:
    """Looks targets up. Raises DatabaseUnavailableError when the database is away."""

    def __init__(
        self, database: Database, directory: Directory, *, defaults: Defaults, make_id: Callable[[Kind], str]
    ) -> None:
        self._database = database
        self._directory = directory
        self._defaults = defaults
        self._make_id = make_id

    async def choose(self, call: Call, queue_id: str) -> OverflowChosen:
        """What becomes of a caller of this queue; nowhere when there is no target, or it cannot be reached."""
        async with self._database.acquire() as connection:
            queue = await QUEUES.get(connection, call.account_id, queue_id)
        if queue is None or queue.overflow is None:
            return NOWHERE
        return await self._follow(call, queue.overflow)

    async def _follow(self, call: Call, target: CallTarget) -> OverflowChosen:
        match target:
            case ToAgent():
                return await self._inside(call, agent_id=target.id)
            case ToExtension():
                return await self._inside(call, extension=target.number)
            case ToNumber():
                return await self._outside(call, target)
            case ToRingGroup():
                return await self._group(call, target.id)
            case ToQueue():
                return await self._queue(call, target.id)
            case ToCallFlow():
                return await self._flow(call, target.id)
            case ToAnnouncement(announcement=announcement):
                return OverflowChosen(flow=run_of(announcement))
            case ToMediaStream(stream=stream):
                return OverflowChosen(flow=run_of(stream))
            case ToDialplan(dialplan=dialplan):
                return OverflowChosen(flow=run_of(dialplan))
            case _:
                assert_never(target)

    async def _inside(
        self, call: Call, *, agent_id: str | None = None, extension: str | None = None, seconds: float | None = None
    ) -> OverflowChosen:
        found = await self._directory.resolve_originate(call.account_id, agent_id=agent_id, extension=extension)
        if found.connect is None or not found.connect.endpoints:
            return NOWHERE
        ring_seconds = seconds or self._defaults.agent_ring_seconds
        legs = legs_to(call, found.connect, ring_seconds=ring_seconds, make_id=self._make_id)
        return OverflowChosen(legs=legs, agent_id=found.connect.agent_id)

    async def _outside(self, call: Call, target: ToNumber) -> OverflowChosen:
        """Under the same rules as a transfer to the number would be."""
        found = await self._directory.resolve_originate(
            call.account_id,
            trunk_id=call.trunk_id,
            # Of a call that came in it is the caller's: what others are shown is a number of the account's.
            caller_id=None if call.direction is Direction.INBOUND else call.caller_id,
        )
        verb = StartTransfer(idempotency_key="overflow", kind=TransferKind.BLIND, target=Target(number=target.number))
        try:
            planned = plan_transfer(verb, _nobody(call), call, found, defaults=self._defaults, make_id=self._make_id)
        except RefusedError:
            return NOWHERE  # the policy denies it, or there is no way out
        return OverflowChosen(legs=() if planned.leg is None else (planned.leg,))

    async def _group(self, call: Call, group_id: str) -> OverflowChosen:
        """All of the group at once, whatever its order: the caller has waited."""
        async with self._database.acquire() as connection:
            group = await RING_GROUPS.get(connection, call.account_id, group_id)
            ids = [] if group is None else [one.extension_id for one in group.members if one.extension_id is not None]
            numbers = {one.id: one.number for one in await EXTENSIONS.get_many(connection, call.account_id, ids)}
        if group is None:
            return NOWHERE
        legs: dict[str, Leg] = {}
        for member in group.members:
            extension = None if member.extension_id is None else numbers.get(member.extension_id)
            chosen = await self._inside(call, agent_id=member.agent_id, extension=extension, seconds=group.ring_seconds)
            legs.update((leg.endpoint, leg) for leg in chosen.legs)
        return OverflowChosen(legs=tuple(legs.values()))

    async def _flow(self, call: Call, flow_id: str) -> OverflowChosen:
        async with self._database.acquire() as connection:
            flow = await CALL_FLOWS.get(connection, call.account_id, flow_id)
        return NOWHERE if flow is None else OverflowChosen(flow=run_of(flow))

    async def _queue(self, call: Call, queue_id: str) -> OverflowChosen:
        async with self._database.acquire() as connection:
            queue = await QUEUES.get(connection, call.account_id, queue_id)
        if queue is None:
            return NOWHERE
        priority = 0 if call.queue is None else call.queue.priority
        return OverflowChosen(queue=wait_in(queue, priority=priority))


def _nobody(call: Call) -> Principal:
    """Nobody asks: the account's own rules decide, and what is of the sandbox stays there."""
    return Principal(
        account_id=call.account_id,
        account_name="",
        default_region="",
        key_id="",
        scopes=frozenset(),
        is_test=call.is_sandbox,
    )
