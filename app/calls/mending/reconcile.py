"""After a gap, and every half minute: what Asterisk has, against what the database says, for the things that are ours.

Adopt what is alive and known, close what is gone, hang up what no call owns, let recordings end or go on. Channels,
bridges and recordings without our prefix and node are nobody's business here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import structlog

from app.ari.client import AriClient
from app.ari.errors import AriError, AriNotFound
from app.calls.arrival import Arrival, arrival_in
from app.calls.core import inputs
from app.calls.core.causes import NORMAL_CLEARING
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.recording import PartState
from app.calls.core.recording import resume_collecting
from app.calls.doing.executor import Executor
from app.calls.doing.leg_lookup import LegLookup
from app.calls.keeping.store import CallStore
from app.calls.living.actor import CallActor
from app.calls.living.registry import CallRegistry
from app.calls.mending.sighting import Finder, Seen, is_older_than_asterisk, look
from app.calls.names import LINK, call_in, leg_in, recorded_part, stream_in, supervision_in, tap_in
from app.calls.reading.live_counts import LiveCounts
from app.clock import Clock
from app.errors import OverloadedError
from app.facts.vocabulary import LegState, RecordingState
from app.ids import MediaStreamId
from app.metrics import LIVE_DRIFT, begin_at_nought

_log = structlog.get_logger(__name__)
begin_at_nought(
    LIVE_DRIFT,
    ("calls_without_owner", "legs_without_channel", "miscounted_calls", "stray_bridges", "stray_channels"),
)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Requests under way at once: enough to be quick, few enough to leave Asterisk its breath.
CONCURRENT_LOOKUPS: Final = 16
#: What an audit finds amiss is looked at again after so long: news that explains it may be on its way.
SECOND_LOOK_SECONDS: Final = 2.0
#: After a look that follows no gap worth the name, only the calls that have missed something are told of it.
LEAST_BLIND_SECONDS: Final = 0.001


class Reconciler:
    """Makes this node's calls agree with its Asterisk. ``counts`` are proven by the audit, if there are any."""

    def __init__(
        self,
        ari: AriClient,
        store: CallStore,
        registry: CallRegistry,
        executor: Executor,
        clock: Clock,
        *,
        node: str,
        counts: LiveCounts | None = None,
        second_look_seconds: float = SECOND_LOOK_SECONDS,
    ) -> None:
        self._ari = ari
        self._store = store
        self._registry = registry
        self._executor = executor
        self._clock = clock
        self._node = node
        self._counts = counts if counts is not None else LiveCounts()
        self._second_look_seconds = second_look_seconds
        self._arrivals: list[Arrival] = []
        self._free_links: set[str] = set()
        self._finder = Finder(ari, LegLookup(ari, node), clock)

    async def run(
        self, *, blind_from: datetime | None, is_node_lost: bool, asterisk_started_at: datetime | None = None
    ) -> None:
        """Reconcile once. ``blind_from``: since when events may have been missed (None: since this process began).

        ``is_node_lost``: Asterisk started anew while this process knew it; its calls ended when it was last known to
        live, ``blind_from``. ``asterisk_started_at`` tells the same of calls that an earlier process had: when they
        ended nobody knows, but not after that.

        Raises:
            AriError: Asterisk went away again; the next connect starts over. No call has been told anything.
            DatabaseUnavailableError: likewise for the database.
        """
        adopted = await self._adopt()
        # What the look shows has happened by now, whenever a slow database lets anybody write it down; what it does
        # not show comes as events, which flow again.
        blind_until = self._clock.now()
        seen = await look(self._ari, self._node)
        if is_node_lost:
            for actor in self._registry:
                _post(actor, inputs.NodeLost(gone_at=blind_from or asterisk_started_at))
        else:
            await self._catch_up(tuple(self._registry), seen, (blind_from, blind_until), asterisk_started_at)
        self._registry.release()
        for actor in self._registry:
            self._counts.know(actor.call)
        hung_up, destroyed = await self._clear(seen)
        _log.info(
            "reconciled",
            adopted=adopted,
            live=len(self._registry),
            strays_hung_up=hung_up,
            bridges_destroyed=destroyed,
            node_lost=is_node_lost,
        )

    async def audit(self) -> None:
        """Look for what fell between: open calls without an actor, legs without a channel, things no call owns.

        Raises:
            AriError, DatabaseUnavailableError: as :meth:`run`.
        """
        await self._adopt()
        seen = await look(self._ari, self._node)
        if adopted := self._registry.held:  # an earlier audit's too, that did not come to the end
            await self._catch_up(adopted, seen, (None, self._clock.now()), None)
            self._registry.release()
            _say_drift("calls_without_owner", [actor.call.id for actor in adopted])
        hung_up, destroyed = await self._clear(seen)
        _count_drift("stray_channels", hung_up)
        _count_drift("stray_bridges", destroyed)
        await self._prove(seen)

    async def _adopt(self) -> int:
        """Give an actor to every open call in the database that has none."""
        listed = [one.id for one in await self._store.load_open(self._node) if self._registry.find(one.id) is None]
        adopted = 0
        # Whoever had one when the list was read may have finished it since: only what is still open has no owner.
        for call in await self._store.load_many(listed) if listed else ():
            if call.is_settled or self._registry.find(call.id) is not None:
                continue
            actor = self._registry.adopt(call)
            for command in resume_collecting(call):
                for consequence in await self._executor.carry_out(call, command):
                    _post(actor, consequence)
            adopted += 1
        return adopted

    async def _catch_up(
        self,
        actors: Sequence[CallActor],
        seen: Seen,
        blind: tuple[datetime | None, datetime],
        asterisk_started_at: datetime | None,
    ) -> None:
        """Tell calls what they missed: all of them, or, when one look-up fails, none, so that nothing is told twice."""
        blind_from, blind_until = blind
        held = frozenset(self._registry.held)
        is_blind = blind_from is None or (blind_until - blind_from).total_seconds() > LEAST_BLIND_SECONDS

        async def find(actor: CallActor) -> list[inputs.Input]:
            if is_older_than_asterisk(actor.call, asterisk_started_at, seen):
                return [inputs.NodeLost(gone_at=asterisk_started_at)]
            return await self._finder.find_missed(actor.call, seen, is_adopted=actor in held)

        found = await _for_all(find, actors)
        waiting = frozenset(self._registry.held)
        for actor, missed in zip(actors, found, strict=True):
            news = list(missed)
            is_told = is_blind or _has_news(actor.call, missed, blind_until)
            if is_told and any(leg.is_alive for leg in actor.call.legs):
                began = blind_from if blind_from is not None else _last_instant(actor.call)
                news.insert(0, inputs.Recovered(blind_from=began, blind_until=blind_until))
            if actor in waiting:
                # Somebody may have asked it to hang up already: what has happened comes before what is asked.
                actor.post_first(news, at=blind_until)
                continue
            for event in news:
                _post(actor, event, at=blind_until)

    async def _clear(self, seen: Seen) -> tuple[int, int]:
        """End the channels and bridges of ours that no call owns. Gives how many of each."""
        strays = [channel_id for channel_id in seen.channels if not self._is_owned(channel_id)]
        strays += self._find_left_over(seen)
        hung_up = await _for_all(self.hang_up, strays)
        bridges = [bridge_id for bridge_id in seen.bridges if not self._is_owned_bridge(bridge_id)]
        destroyed = await _for_all(self._destroy, bridges)
        return sum(hung_up), sum(destroyed)

    def take_arrivals(self) -> tuple[Arrival, ...]:
        """The channels that have come to us and belong to no call, by the last look."""
        found, self._arrivals = self._arrivals, []
        return tuple(found)

    def _find_left_over(self, seen: Seen) -> list[str]:
        """Of the channels that came to us, those whose call is done with them. Those of no call arrive once more."""
        left_over: list[str] = []
        self._arrivals.clear()
        for channel in seen.others.values():
            arrival = arrival_in(channel, self._ari.app)
            if arrival is None:
                continue
            actor, leg_id = self._registry.owner_of(channel.id), self._registry.callers.get(channel.id)
            if actor is None or leg_id is None:
                self._arrivals.append(arrival)
            elif not actor.call.leg(leg_id).is_alive:
                left_over.append(channel.id)
        return left_over + self._find_dead_links(seen)

    def _find_dead_links(self, seen: Seen) -> list[str]:
        """Ends of links between two calls (``intruders``) that no call has: seen twice, for one may just have come."""
        free = [channel for channel in seen.others.values() if self._registry.owner_of(channel.id) is None]
        dead = [channel.id for channel in free if channel.id in self._free_links]
        self._free_links = {
            channel.id
            for channel in free
            if channel.name.startswith(LINK) and seen.bridge_of.get(channel.id) in seen.bridges
        }
        return dead

    async def hang_up(self, channel_id: str) -> bool:
        """End a channel that no call owns; whether that was needed. What cannot be ended is found by the next look."""
        try:
            await self._ari.hangup(channel_id, reason_code=NORMAL_CLEARING)
        except AriNotFound:
            return False  # it went by itself
        except AriError as error:
            _log.warning("stray_not_hung_up", reason=str(error))
        else:
            _log.info("stray_hung_up", channel_id=channel_id)
        return True

    async def _destroy(self, bridge_id: str) -> bool:
        try:
            await self._ari.destroy_bridge(bridge_id)
        except AriNotFound:
            return False  # it went by itself
        except AriError as error:
            _log.warning("stray_bridge_not_destroyed", reason=str(error))
        return True

    def _is_owned(self, channel_id: str) -> bool:
        leg_id = leg_in(self._node, channel_id)
        if leg_id is not None:
            actor = self._registry.owner_of(leg_id)
            return actor is not None and actor.call.leg(leg_id).is_alive
        snooped = recorded_part(self._node, channel_id)
        if snooped is not None:
            actor = self._registry.owner_of(snooped.recording_id)
            recording = actor.call.recording(snooped.recording_id) if actor else None
            part = recording.part(snooped.role, snooped.number) if recording else None
            is_wanted = recording is not None and recording.state in {RecordingState.PENDING, RecordingState.RECORDING}
            return is_wanted and part is not None and part.state is not PartState.ABSENT
        tap = tap_in(self._node, channel_id)
        if tap is not None:
            actor = self._registry.owner_of(tap.supervision_id)
            supervision = actor.call.supervision(tap.supervision_id) if actor else None
            return supervision is not None and supervision.taps == tap.number
        stream_id = stream_in(self._node, channel_id)
        if stream_id is not None:
            return self._has_stream(stream_id)
        return False

    def _has_stream(self, stream_id: MediaStreamId) -> bool:
        owner = self._registry.owner_of(stream_id)
        return owner is not None and owner.call.media_stream(stream_id) is not None

    def _is_owned_bridge(self, bridge_id: str) -> bool:
        stream_id = stream_in(self._node, bridge_id)
        if stream_id is not None:
            return self._has_stream(stream_id)
        supervision_id = supervision_in(self._node, bridge_id)
        if supervision_id is not None:
            owner = self._registry.owner_of(supervision_id)
            return owner is not None and owner.call.supervision(supervision_id) is not None
        call_id = call_in(self._node, bridge_id)
        actor = self._registry.find(call_id) if call_id else None
        return actor is not None and not actor.call.is_ended

    async def _prove(self, seen: Seen) -> None:
        """Compare what is counted, what the calls say, and what Asterisk has; heal what differs twice."""
        lost = self._legs_without_channel(seen)
        differing = self._counts.differing(self._calls())
        if not lost and not differing:
            return
        await self._wait_for_news()
        if lost:
            again = await look(self._ari, self._node)
            still = self._legs_without_channel(again)
            legs = [leg_id for leg_id in lost if leg_id in still]
            for leg_id in legs:
                self._registry.post(leg_id, inputs.LegDoubtful(leg_id=still[leg_id].id))
            _say_drift("legs_without_channel", legs)
        now = self._counts.differing(self._calls())
        wrong = [call_id for call_id, pair in differing.items() if now.get(call_id) == pair]
        for call_id in wrong:
            self._counts.correct(call_id, differing[call_id][1])
        _say_drift("miscounted_calls", wrong)

    async def _wait_for_news(self) -> None:
        await asyncio.sleep(self._second_look_seconds)

    def _calls(self) -> list[Call]:
        return [actor.call for actor in self._registry]

    def _legs_without_channel(self, seen: Seen) -> dict[str, Leg]:
        return {
            leg.id: leg
            for call in self._calls()
            for leg in call.legs
            if leg.is_alive and leg.state is not LegState.CREATING and not seen.has_leg(leg)
        }


async def _for_all(act: Callable[[_Item], Awaitable[_Result]], items: Iterable[_Item]) -> list[_Result]:
    """Do it for all, some at a time; whatever becomes of one, and then the first error as itself."""
    slots = asyncio.Semaphore(CONCURRENT_LOOKUPS)

    async def act_on(item: _Item) -> _Result:
        async with slots:
            return await act(item)

    results: list[_Result] = []
    for result in await asyncio.gather(*(act_on(item) for item in items), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        results.append(result)
    return results


def _post(actor: CallActor, event: inputs.Input, *, at: datetime | None = None) -> None:
    try:
        actor.post(event, at=at)
    except OverloadedError as error:
        _log.error("reconcile_postponed", call_id=actor.call.id, reason=error.message)


def _has_news(call: Call, missed: Sequence[inputs.Input], now: datetime) -> bool:
    for event in missed:
        result = step(call, event, now)
        if result.call is not call or result.commands:
            return True
    return False


def _say_drift(what: str, ids: Sequence[str]) -> None:
    if ids:
        _log.warning("audit_healed_drift", what=what, count=len(ids), ids=list(ids[:10]))
    _count_drift(what, len(ids))


def _count_drift(what: str, count: int) -> None:
    LIVE_DRIFT.labels(what).inc(count)


def _last_instant(call: Call) -> datetime:
    """The last thing known to have happened in a call before this process began."""
    instants = [call.created_at, call.connected_at]
    for leg in call.legs:
        instants += [leg.dialing_at, leg.ringing_at, leg.answered_at, leg.ended_at]
    return max(instant for instant in instants if instant is not None)
