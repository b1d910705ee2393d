"""A queue played through by the clock: arrivals, offers that are taken at once, talks that end when they end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app.queues.strategy import Caller, Line, Member, Offer, Server, decide
from app.routing.words import QueueStrategy

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """An instant by the play's own clock."""
    return START + timedelta(seconds=seconds)


def line_of(strategy: QueueStrategy, *members: Member, queue_id: str = "q") -> Line:
    """A queue."""
    return Line(queue_id=queue_id, strategy=strategy, members=members)


def free_server(agent_id: str, *, idle_since: float = 0, rests_until: float | None = None) -> Server:
    """An agent who can be rung, unless it rests."""
    rests = None if rests_until is None else at(rests_until)
    return Server(agent_id=agent_id, is_free=True, idle_since=at(idle_since), rests_until=rests)


def caller_of(call_id: str, joined: float, *, priority: int = 0, queue_id: str = "q") -> Caller:
    """Who waits."""
    return Caller(call_id=call_id, queue_id=queue_id, joined_at=at(joined), priority=priority)


@dataclass
class Served:
    """Who was served by whom, and how long it had waited."""

    call_id: str
    agent_id: str
    began: float
    waited: float


@dataclass
class WaitingRoom:
    """Plays a queue. ``talks``: seconds by call. Where several are rung, the first by name answers."""

    line: Line
    servers: dict[str, Server]
    talks: Mapping[str, float]
    wrap_up: float = 0.0
    served: list[Served] = field(default_factory=list)
    offers: list[tuple[float, Offer, frozenset[str]]] = field(default_factory=list)

    def play(self, arrivals: Sequence[Caller]) -> list[Served]:
        """Until everybody who came was served."""
        coming = sorted(arrivals, key=lambda one: one.joined_at)
        waiting: list[Caller] = []
        ends: list[tuple[float, str]] = []
        while coming or waiting:
            moments = [(one.joined_at - START).total_seconds() for one in coming[:1]] + [end for end, _ in ends]
            now = min(moments)
            for end, agent_id in sorted(ends):
                if end <= now:
                    self.servers[agent_id] = replace(self.servers[agent_id], is_free=True, idle_since=at(end))
            ends = [one for one in ends if one[0] > now]
            while coming and coming[0].joined_at <= at(now):
                waiting.append(coming.pop(0))
            free = frozenset(name for name, server in self.servers.items() if server.is_free_at(at(now)))
            for offer in decide({self.line.queue_id: self.line}, waiting, self.servers, at(now)):
                self.offers.append((now, offer, free))
                caller = next(one for one in waiting if one.call_id == offer.call_id)
                waiting.remove(caller)
                self._take(offer.agent_ids[0], caller, now)
                ends.append((now + self.talks[caller.call_id] + self.wrap_up, offer.agent_ids[0]))
        return self.served

    def _take(self, agent_id: str, caller: Caller, now: float) -> None:
        self.servers[agent_id] = replace(self.servers[agent_id], is_free=False)
        members = tuple(
            replace(one, calls_taken=one.calls_taken + 1, offered_at=at(now)) if one.agent_id == agent_id else one
            for one in self.line.members
        )
        self.line = replace(self.line, members=members)
        waited = (at(now) - caller.joined_at).total_seconds()
        self.served.append(Served(caller.call_id, agent_id, now, waited))
