"""Who is offered to whom. Pure: the same callers, agents and instant always give the same offers.

Callers are served by priority, then by arrival, over all queues that share agents. A caller for whom nobody is free
is passed over, never by somebody who could have been served by the same agents. Among the free agents of its queue
those with the lowest penalty are asked, and of these the strategy takes one, or (RING_ALL) all. Whoever let the last
caller ring is asked when there is nobody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from app.calls.core.model.queue import QueueWait
from app.routing.words import QueueStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who waits. The higher ``priority`` goes first. ``is_offered``: an agent is being rung for it."""

    call_id: str
    queue_id: str
    joined_at: datetime
    priority: int = 0
    is_offered: bool = False
    leaves_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An agent. ``is_free``: available, on no call and rung for nobody.

    ``idle_since``: when it last became available. ``rests_until``: after an offer that it did not take.
    ``has_missed``: it did not take the last one.
    """

    agent_id: str
    is_free: bool
    idle_since: datetime
    has_missed: bool = False
    rests_until: datetime | None = None
    wraps_up_until: datetime | None = None

    def is_free_at(self, now: datetime) -> bool:
        """Whether it can be rung."""
        busy = (self.rests_until, self.wraps_up_until)
        return self.is_free and all(until is None or until <= now for until in busy)

    @property
    def free_from(self) -> datetime | None:
        """When it can be rung next, as far as that is known; None when only news will tell, or it can be now."""
        if not self.is_free:
            return None
        return max((until for until in (self.rests_until, self.wraps_up_until) if until is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An agent in a queue. ``calls_taken`` and ``offered_at`` are of this queue alone."""

    agent_id: str
    penalty: int = 0
    calls_taken: int = 0
    offered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A queue as it stands."""

    queue_id: str
    strategy: QueueStrategy
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """These agents are to be rung for this caller."""

    call_id: str
    queue_id: str
    agent_ids: tuple[str, ...]


def decide(
    lines: Mapping[str, Line], callers: Sequence[Caller], servers: Mapping[str, Server], now: datetime
) -> tuple[Offer, ...]:
    """The offers to make now; each agent is in one of them at most, and each caller."""
    free = {agent_id for agent_id, server in servers.items() if server.is_free_at(now)}
    offers: list[Offer] = []
    for caller in in_order(callers):
        if not free:
            break
        line = lines.get(caller.queue_id)
        if line is None or (caller.leaves_at is not None and caller.leaves_at <= now):
            continue
        if caller.is_offered and line.strategy is not QueueStrategy.RING_ALL:
            continue
        chosen = choose(line, servers, free)
        if chosen:
            free.difference_update(chosen)
            offers.append(Offer(call_id=caller.call_id, queue_id=caller.queue_id, agent_ids=chosen))
    return tuple(offers)


def in_order(callers: Sequence[Caller]) -> list[Caller]:
    """Who is served first: by priority, then by arrival; the id settles what arrived in the same microsecond."""
    return sorted(callers, key=lambda one: (-one.priority, one.joined_at, one.call_id))


def choose(line: Line, servers: Mapping[str, Server], free: set[str]) -> tuple[str, ...]:
    """Which of a queue's free agents to ring; none when nobody is free."""
    there = [member for member in line.members if member.agent_id in free]
    if not there:
        return ()
    if line.strategy is not QueueStrategy.RING_ALL:
        there = [member for member in there if not servers[member.agent_id].has_missed] or there
    least = min(member.penalty for member in there)
    asked = [member for member in there if member.penalty == least]

    def idle_since(member: Member) -> datetime:
        return servers[member.agent_id].idle_since

    def last_seen(member: Member) -> datetime:
        return member.offered_at or idle_since(member)

    match line.strategy:
        case QueueStrategy.RING_ALL:
            return tuple(sorted(member.agent_id for member in asked))
        case QueueStrategy.LONGEST_IDLE:
            first = min(asked, key=lambda one: (idle_since(one), one.agent_id))
        case QueueStrategy.FEWEST_CALLS:
            first = min(asked, key=lambda one: (one.calls_taken, idle_since(one), one.agent_id))
        case QueueStrategy.ROUND_ROBIN:
            # In turn is: whoever was not asked for longest. It stays so when agents come and go.
            first = min(asked, key=lambda one: (one.offered_at is not None, last_seen(one), one.agent_id))
        case _:
            assert_never(line.strategy)
    return (first.agent_id,)


def positions(callers: Sequence[Caller]) -> dict[str, int]:
    """By call, its place in its own queue, from 1. Whoever is being offered keeps its place."""
    counted: dict[str, int] = {}
    places: dict[str, int] = {}
    for caller in in_order(callers):
        places[caller.call_id] = counted[caller.queue_id] = counted.get(caller.queue_id, 0) + 1
    return places


def is_to_be_told(wait: QueueWait, every_seconds: float | None, now: datetime) -> bool:
    """Whether a caller is to hear its place now: so often since it joined, and not while somebody is rung for it."""
    since = wait.told_at or wait.joined_at
    if every_seconds is None or since is None or wait.offers:
        return False
    return (now - since).total_seconds() >= every_seconds


def expected_wait_seconds(position: int, serving: int, handle_seconds: float | None) -> float | None:
    """How long whoever has this place will wait, when each agent takes so long for a caller; None: nobody knows.

    ``serving`` agents set somebody free every ``handle_seconds / serving``, and the caller waits for ``position`` of
    these. ``handle_seconds`` is talk and wrap-up.
    """
    if serving <= 0 or handle_seconds is None:
        return None
    return round(position * handle_seconds / serving, 1)
