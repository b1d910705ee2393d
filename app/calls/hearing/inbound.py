"""Calls that come to us over a trunk: each gets a call, written before anything is done for it, or goes back.

Asterisk's dialplan enters the caller's channel into our application. Whose call it is and who is rung for it is looked
up; then it is a call like any other. A channel that cannot become one is given back to the dialplan: to a message, when
nothing can be written down just now, or to the network (503), when there is no room. Both are remembered by Asterisk
and written down later (see ``missed``). No channel is left waiting for somebody who does not come.
"""

import asyncio
from contextlib import suppress
from typing import Final, Protocol

import structlog

from app.ari.client import AriClient
from app.ari.errors import AriError, AriRefused
from app.calls.arrival import FROM_TRUNK, Arrival
from app.calls.core import inputs
from app.calls.core.causes import NORMAL_CLEARING
from app.calls.core.model.call import Call
from app.calls.keeping.change import FencedError
from app.calls.keeping.keys import KeyClaim, hash_input
from app.calls.keeping.store import KeyTaken
from app.calls.living.registry import CallRegistry
from app.calls.planning.inbound_plan import plan_inbound, without_room
from app.calls.planning.placing import Readiness
from app.calls.planning.plan import Defaults
from app.calls.trunk_room import NoLimits, TrunkRoom
from app.clock import Clock
from app.errors import OverloadedError, UnavailableError
from app.ids import new_id
from app.metrics import ARRIVALS
from app.routing.ways_in import WayIn

_log = structlog.get_logger(__name__)

#: Under which name the channel of a call that came in is claimed, once and for good.
CLAIM: Final = "inboundCall"
#: The dialplan's context for those that cannot be taken, and its two ways.
FALLBACK: Final = "offhook-missed"
AWAY: Final = "away"
FULL: Final = "full"

#: Arrivals that wait to be looked up. More than that at once is a flood.
QUEUE_SIZE: Final = 512
_AT_ONCE: Final = 16
#: A caller hears nothing yet while the database is asked: it is given back rather than left waiting.
_FIND_SECONDS: Final = 4.0
_ACCEPT_SECONDS: Final = 8.0

_CALL_REJECTED: Final = 21  # SIP 403
_UNALLOCATED: Final = 1  # SIP 404


class InboundRoutes(Protocol):
    """Where calls that come in go."""

    async def find(self, endpoint: str, dialled: str) -> WayIn | None:
        """The way of a call over a trunk (by its PJSIP endpoint); None when there is no such trunk.

        Raises:
            DatabaseUnavailableError: nobody knows just now.
        """
        ...


class InboundCalls:
    """Takes what arrives. ``run`` works until cancelled."""

    def __init__(
        self,
        ari: AriClient,
        registry: CallRegistry,
        routes: InboundRoutes,
        readiness: Readiness,
        clock: Clock,
        *,
        node: str,
        defaults: Defaults,
        room: TrunkRoom | None = None,
        queue_size: int = QUEUE_SIZE,
        find_seconds: float = _FIND_SECONDS,
        accept_seconds: float = _ACCEPT_SECONDS,
    ) -> None:
        self._ari = ari
        self._registry = registry
        self._routes = routes
        self._readiness = readiness
        self._room = room or NoLimits()
        self._clock = clock
        self._node = node
        self._defaults = defaults
        self._find_seconds = find_seconds
        self._accept_seconds = accept_seconds
        self._queue: asyncio.Queue[Arrival] = asyncio.Queue(queue_size)
        self._under_way: set[str] = set()

    def take(self, arrival: Arrival) -> bool:
        """Take a channel that has come; one that is known is left to whoever has it.

        False: too many wait already, so it is for the caller of this to turn it away.
        """
        if arrival.channel_id in self._under_way or self._registry.owner_of(arrival.channel_id) is not None:
            return True
        try:
            self._queue.put_nowait(arrival)
        except asyncio.QueueFull:
            _log.error("arrivals_full", waiting=self._queue.qsize())
            return False
        self._under_way.add(arrival.channel_id)
        return True

    async def run(self) -> None:
        """Take what arrives, some at a time."""
        async with asyncio.TaskGroup() as group:
            for number in range(_AT_ONCE):
                group.create_task(self._work(), name=f"arrivals {number}")

    async def _work(self) -> None:
        while True:
            arrival = await self._queue.get()
            try:
                await self._admit(arrival)
            except Exception:  # noqa: BLE001 -- one arrival that meets a mistake of ours must not stop those after it
                _log.exception("arrival_not_taken", channel_id=arrival.channel_id)
                await self.turn_away(arrival, AWAY)
            finally:
                self._under_way.discard(arrival.channel_id)

    async def _admit(self, arrival: Arrival) -> None:
        if arrival.kind != FROM_TRUNK:
            # An account's own phone: what it may dial is no business of trunks.
            await self._refuse(arrival, _CALL_REJECTED, "not_from_a_trunk")
            return
        if (why := self._readiness.why_not_ready) is not None:
            _log.warning("arrival_turned_away", channel_id=arrival.channel_id, reason=why)
            await self.turn_away(arrival, FULL)
            return
        try:
            async with asyncio.timeout(self._find_seconds):
                way = await self._routes.find(arrival.endpoint, arrival.dialled)
                call = None if way is None else await self._plan(arrival, way)
        except (UnavailableError, TimeoutError) as error:
            _log.error("arrival_turned_away", channel_id=arrival.channel_id, reason=str(error) or "no answer in time")
            await self.turn_away(arrival, AWAY)
            return
        if call is None:
            await self._refuse(arrival, _UNALLOCATED, "unknown_trunk")
            return
        if not await self._start(arrival, call) and call.legs[0].is_counted:
            with suppress(UnavailableError):  # it is free again shortly
                await self._room.give_back(call.legs[0].id)

    async def _plan(self, arrival: Arrival, way: WayIn) -> Call:
        """The call; one for which the trunk has no channel any more goes to nobody."""
        call = plan_inbound(
            arrival, way, node=self._node, now=self._clock.now(), defaults=self._defaults, make_id=new_id
        )
        caller = call.legs[0]
        if not caller.is_counted or await self._room.take(way.trunk_id, caller.id):
            return call
        ARRIVALS.labels("trunk_full").inc()
        return without_room(call)

    async def _start(self, arrival: Arrival, call: Call) -> bool:
        """Begin the call; False when nothing has come of it."""
        try:
            actor = self._registry.start(call, claim=claim_of(call, arrival.channel_id))
        except OverloadedError as error:
            _log.warning("arrival_turned_away", channel_id=arrival.channel_id, reason=error.message)
            await self.turn_away(arrival, FULL)
            return False
        except FencedError:
            return False  # the Asterisk is in other hands, which find the channel there
        actor.post(inputs.Start())
        try:
            async with asyncio.timeout(self._accept_seconds):
                taken = await asyncio.shield(actor.accepted)
        except TimeoutError:
            actor.give_up()
            if not actor.accepted.done():  # it may have come in that very moment
                await self.turn_away(arrival, AWAY)
                return False
            taken = actor.accepted.result()
        except UnavailableError as error:
            _log.error("arrival_turned_away", channel_id=arrival.channel_id, reason=error.message)
            await self.turn_away(arrival, AWAY)
            return False
        if taken is None:
            ARRIVALS.labels("taken").inc()
        else:
            await self._end_left_over(arrival, taken)
        return taken is None

    async def _end_left_over(self, arrival: Arrival, taken: KeyTaken) -> None:
        """The channel had its call before: one that lives has it still, one that is over has left it behind."""
        actor = self._registry.find(taken.holder.subject_id)
        if actor is None or actor.call.is_ended:
            _log.info("arrival_left_over", channel_id=arrival.channel_id, call_id=taken.holder.subject_id)
            await self._hang_up(arrival, NORMAL_CLEARING)

    async def _refuse(self, arrival: Arrival, cause: int, reason: str) -> None:
        """It is nobody's call, so nobody's record has it."""
        ARRIVALS.labels(reason).inc()
        _log.warning("arrival_refused", reason=reason, endpoint=arrival.endpoint)
        await self._hang_up(arrival, cause)

    async def turn_away(self, arrival: Arrival, way: str) -> None:
        """Give a channel back to the dialplan, which tells the caller or the network, and remembers."""
        ARRIVALS.labels(f"turned_away_{way}").inc()
        try:
            await self._ari.continue_in_dialplan(arrival.channel_id, context=FALLBACK, extension=way, priority=1)
        except AriRefused as error:
            _log.info("arrival_gone", channel_id=arrival.channel_id, reason=str(error))
        except AriError as error:
            # Whether it left, nobody knows; the next look finds it if it did not.
            _log.warning("arrival_not_turned_away", channel_id=arrival.channel_id, reason=str(error))

    async def _hang_up(self, arrival: Arrival, cause: int) -> None:
        with suppress(AriRefused):  # it is gone, which is what was wanted
            try:
                await self._ari.hangup(arrival.channel_id, reason_code=cause)
            except AriRefused:
                raise
            except AriError as error:
                _log.warning("arrival_not_hung_up", channel_id=arrival.channel_id, reason=str(error))


def claim_of(call: Call, channel_id: str) -> KeyClaim:
    """The claim that makes one call of a channel, however often it is seen."""
    return KeyClaim(call.account_id, CLAIM, f"{call.node}/{channel_id}", hash_input({"channel": channel_id}), call.id)
