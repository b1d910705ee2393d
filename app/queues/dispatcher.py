"""Rings agents for the callers who wait at one node.

Each round reads who waits and who is free over the whole account, decides for all (``strategy``), and acts for the
callers whose calls live here; another node comes to the same decision and acts for its own. An agent is claimed in
the database before its phone is asked for, so two nodes that decide differently, or one that dies, never ring it for
two callers. What was under way is in the rows: a new dispatcher begins with a round like any other.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import structlog

from app.calls.asking.live_calls import LiveCall, LiveCalls
from app.calls.core.inputs import AgentOffered, OverflowChosen, PositionKnown, QueueRefused
from app.calls.core.model.queue import QueueStage
from app.calls.keeping.change import FencedError
from app.calls.planning.queue_plan import legs_to
from app.calls.time_limits import EFFECT_SECONDS
from app.clock import Clock
from app.daemon import Health, Vitals, look_again_and_again
from app.errors import DatabaseUnavailableError, OverloadedError, RefusedError
from app.facts.queues import QueueLeaving
from app.ids import Kind, PlaybackId, new_id
from app.queues.claims import AgentClaims, Claim
from app.queues.news import QueueNews
from app.queues.overflow import Overflow
from app.queues.strategy import Caller, Offer, decide, is_to_be_told, positions
from app.queues.waiting import WaitingRoom, WaitingRooms
from app.routing.directory import Directory
from app.routing.words import QueueStrategy

_log = structlog.get_logger(__name__)

#: How often everything is looked at beside being told: for what other nodes did, and for news that was lost.
LOOK_SECONDS: Final = 5.0
#: The same for accounts that have callers here.
WAITING_LOOK_SECONDS: Final = 1.0
#: Between two rounds, so that news that come together are one.
_LEAST_SECONDS: Final = 0.02


class Dispatcher:
    """One node's. ``run`` goes on until cancelled; the database may come and go."""

    def __init__(
        self,
        claims: AgentClaims,
        rooms: WaitingRooms,
        directory: Directory,
        overflow: Overflow,
        living: LiveCalls,
        news: QueueNews,
        clock: Clock,
    ) -> None:
        self._claims = claims
        self._rooms = rooms
        self._directory = directory
        self._overflow = overflow
        self._living = living
        self._news = news
        self._clock = clock
        self._known: set[str] = set()
        self._due: dict[str, datetime] = {}
        self._looked_at = float("-inf")
        self._leading_on: set[str] = set()
        self._vitals = Vitals("queues", clock)

    @property
    def health(self) -> Health:
        """How the looking after queues fares."""
        return self._vitals.health

    async def run(self) -> None:
        """Dispatch until cancelled."""
        with self._vitals.running():
            async with asyncio.TaskGroup() as self._group:
                await look_again_and_again(self._vitals, self._look, event="queues_not_dispatched", rest=self._rest)

    async def _rest(self) -> None:
        await asyncio.sleep(_LEAST_SECONDS)
        await self._news.wait(self._seconds_to_wait())

    async def _look(self) -> None:
        accounts, named, is_everywhere = self._news.take()
        self._known |= named
        accounts |= named
        loop_time = asyncio.get_running_loop().time()
        now = self._clock.now()
        # Should this look fail, the next is at everything: the news are taken.
        looked_at, self._looked_at = self._looked_at, float("-inf")
        if is_everywhere or loop_time - looked_at >= LOOK_SECONDS:
            self._known = set(await self._claims.accounts())
            looked_at = loop_time
            accounts |= self._known
        waiting = self._waiting_accounts()
        due = {account_id for account_id, at in self._due.items() if at <= now}
        for account_id in sorted((accounts & (self._known | waiting)) | waiting | due):
            await self._round(account_id)
        self._looked_at = looked_at

    def _seconds_to_wait(self) -> float:
        now = self._clock.now()
        longest = WAITING_LOOK_SECONDS if self._waiting_accounts() else LOOK_SECONDS
        seconds = ((at - now).total_seconds() for at in self._due.values())
        return max(0.0, min(longest, *seconds, longest))

    def _waiting_accounts(self) -> set[str]:
        return {actor.call.account_id for actor in self._waiting_actors()}

    def _waiting_actors(self) -> Iterable[LiveCall]:
        stages = {QueueStage.WAITING, QueueStage.OVERFLOWING}
        for actor in self._living:
            queue = actor.call.queue
            if queue is not None and queue.stage in stages and not actor.call.is_ending:
                yield actor

    async def _round(self, account_id: str) -> None:
        due = await self._claims.settle(account_id)
        if due is None:
            self._due.pop(account_id, None)
        else:
            self._due[account_id] = due
        if account_id not in self._waiting_accounts():
            return
        self._lead_on(account_id)
        room = await self._rooms.read(account_id)
        own = [caller for caller in room.callers if self._living.find(caller.call_id) is not None]
        refused = self._refuse(own, room)
        callers = [caller for caller in room.callers if caller.call_id not in refused]
        offers = decide(room.lines, callers, room.servers, self._clock.now())
        await self._offer(account_id, [one for one in offers if self._living.find(one.call_id) is not None], room)
        self._announce([one for one in own if one.call_id not in refused], room)

    def _refuse(self, own: Sequence[Caller], room: WaitingRoom) -> set[str]:
        """Send on whoever the queue has no room for, and those whom nobody will ever serve as things are."""
        refused: set[str] = set()
        for caller in own:
            reason = why_refused(caller, room)
            if reason is not None and not caller.is_offered:
                refused.add(caller.call_id)
                self._post(caller.call_id, QueueRefused(queue_id=caller.queue_id, reason=reason))
        return refused

    def _announce(self, own: Sequence[Caller], room: WaitingRoom) -> None:
        """Tell those their place who are to hear it, and for whom nobody is rung."""
        places, now = positions(room.callers), self._clock.now()
        for caller in own:
            actor = self._living.find(caller.call_id)
            wait = None if actor is None else actor.call.queue
            every = room.rules[caller.queue_id].announce_seconds
            if wait is not None and not caller.is_offered and is_to_be_told(wait, every, now):
                playback_id = PlaybackId(new_id(Kind.PLAYBACK))
                place = places[caller.call_id]
                event = PositionKnown(queue_id=caller.queue_id, playback_id=playback_id, position=place)
                self._post(caller.call_id, event)

    async def _offer(self, account_id: str, offers: Sequence[Offer], room: WaitingRoom) -> None:
        claims = [
            Claim(agent_id=agent_id, leg_id=new_id(Kind.LEG), call_id=offer.call_id, queue_id=offer.queue_id)
            for offer in offers
            for agent_id in offer.agent_ids
        ]
        if not claims:
            return
        taken = await self._claims.claim(account_id, claims)
        for claim in claims:
            if claim.leg_id in taken:
                rules, line = room.rules[claim.queue_id], room.lines[claim.queue_id]
                ring_seconds = room.ring_seconds.get(claim.agent_id, rules.ring_seconds)
                is_with_others = line.strategy is QueueStrategy.RING_ALL
                # Not waited for: a phone that is slow to ring must not keep another caller's from ringing.
                self._group.create_task(
                    self._ring(account_id, claim, ring_seconds, is_with_others=is_with_others), name="queue-offer"
                )

    async def _ring(self, account_id: str, claim: Claim, ring_seconds: float, *, is_with_others: bool) -> None:
        try:
            is_rung = await self._ask(account_id, claim, ring_seconds, is_with_others=is_with_others)
        except TimeoutError:
            return  # it may be rung yet; the claim stands for as long as the leg does
        except (RefusedError, OverloadedError, FencedError, DatabaseUnavailableError) as error:
            _log.info("queue_offer_came_to_nothing", call_id=claim.call_id, error=type(error).__name__)
            is_rung = False
        if is_rung:
            return
        try:
            await self._claims.release(account_id, [claim.leg_id])
        except DatabaseUnavailableError as error:
            # It is freed when its time is over: no leg has its id.
            _log.warning("queue_claim_not_given_back", reason=error.message)
        self._news.hear(account_id)

    async def _ask(self, account_id: str, claim: Claim, ring_seconds: float, *, is_with_others: bool) -> bool:
        found = await self._directory.resolve_originate(account_id, agent_id=claim.agent_id)
        actor = self._living.find(claim.call_id)
        if actor is None or found.connect is None or not found.connect.endpoints:
            return False
        first, *others = legs_to(
            actor.call, found.connect, ring_seconds=ring_seconds, make_id=new_id, first_id=claim.leg_id
        )
        if others and not await self._claims.add_legs(account_id, first.id, [first.id, *(leg.id for leg in others)]):
            return False
        event = AgentOffered(
            queue_id=claim.queue_id,
            leg=first,
            other_legs=tuple(others),
            agent_id=claim.agent_id,
            is_with_others=is_with_others,
        )
        async with asyncio.timeout(EFFECT_SECONDS):
            await asyncio.shield(actor.ask(event))
        return True

    def _lead_on(self, account_id: str) -> None:
        """Find somebody else for those who left their queue."""
        for actor in self._waiting_actors():
            call = actor.call
            queue = call.queue
            if queue is None or call.account_id != account_id or queue.stage is not QueueStage.OVERFLOWING:
                continue
            if queue.overflowed_at is None and call.id not in self._leading_on:
                self._leading_on.add(call.id)
                self._group.create_task(self._choose(actor, queue.queue_id), name="queue-overflow")

    async def _choose(self, actor: LiveCall, queue_id: str) -> None:
        try:
            chosen = await self._overflow.choose(actor.call, queue_id)
        except DatabaseUnavailableError as error:
            _log.warning("overflow_not_found", call_id=actor.call.id, reason=error.message)  # the next round asks again
        else:
            self._post(actor.call.id, chosen)
        finally:
            self._leading_on.discard(actor.call.id)

    def _post(self, call_id: str, event: QueueRefused | OverflowChosen | PositionKnown) -> None:
        actor = self._living.find(call_id)
        if actor is None:
            return
        try:
            actor.post(event)
        except OverloadedError as error:
            _log.warning("queue_news_postponed", call_id=call_id, reason=error.message)  # the next round says it again


def why_refused(caller: Caller, room: WaitingRoom) -> QueueLeaving | None:
    """Why a queue cannot have a caller; None when it can.

    It is full when as many as may wait have come before. That nobody serves it counts only where there is somewhere
    else to go: an agent may come.
    """
    rules, line = room.rules[caller.queue_id], room.lines[caller.queue_id]
    if rules.max_length is not None:
        before = sum(
            (one.joined_at, one.call_id) < (caller.joined_at, caller.call_id)
            for one in room.callers
            if one.queue_id == caller.queue_id
        )
        if before >= rules.max_length:
            return QueueLeaving.FULL
    if rules.overflow is not None and not any(member.agent_id in room.present for member in line.members):
        return QueueLeaving.NO_AGENTS
    return None
