"""Simulated shifts: agents who come and go, vanish, or let it ring, people who answer or do not, in bursts at the worst
of times.
"""

import heapq
import itertools
import random
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from app.campaigns.core.pacing import (
    Agents,
    Limit,
    LimitKind,
    calls_due,
    calls_for_agents,
    room_for,
    start_pace,
    take_slots,
)
from app.campaigns.core.predictive import (
    CONNECT_SECONDS,
    START,
    Ledger,
    calls_to_cancel,
    calls_with_agents,
    forecast,
    holds,
    may_leave,
    over_dial,
    period_of,
)
from app.campaigns.core.words import PacingMode

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: How long an agent is left alone that did not pick up: `AgentClaims`.
_REST_SECONDS = 5.0
_WHOLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A shift: seconds, agents, the share of calls that are answered, mean seconds of talk, longest seconds of ringing.

    ``bursts`` are times at which everybody answers at once and nobody's talk ends soon. ``periods`` are as many seconds
    long as calls are counted over. ``rings`` and ``talks`` are times that are drawn from instead, each as likely as the
    others; ``ticks``: the dialer looks so often, at least and at most. ``is_steady``: no agent comes or goes.
    Whoever has answered waits ``patience_seconds`` for an agent. ``misses``: the share of offers that agents let ring;
    ``vanishing``: so many go without asking.
    """

    seed: int
    mode: PacingMode = PacingMode.PREDICTIVE
    cap: int = 300
    seconds: float = 1800.0
    agents: int = 10
    answer_rate: float = 0.4
    talk_seconds: float = 60.0
    ring_seconds: float = 20.0
    calls_per_minute: int = 600
    most_calls: int = 200
    bursts: int = 2
    periods: tuple[float, ...] = (420.0, 1200.0)
    rings: tuple[float, ...] = ()
    talks: tuple[float, ...] = ()
    ticks: tuple[float, float] = (0.3, 2.5)
    is_steady: bool = False
    patience_seconds: float = CONNECT_SECONDS
    misses: float = 0.0
    vanishing: int = 0


def any_plan(seed: int) -> Plan:
    """The shift of this seed: half an hour with all figures drawn."""
    draw = random.Random(seed)
    return Plan(
        seed=seed,
        cap=draw.choice((100, 300, 300, 500, 1000)),
        seconds=draw.choice((600.0, 1200.0, 1800.0)),
        agents=draw.randint(1, 15),
        answer_rate=draw.uniform(0.05, 1.0),
        talk_seconds=draw.uniform(15.0, 180.0),
        ring_seconds=draw.uniform(3.0, 40.0),
        calls_per_minute=draw.choice((30, 120, 600, 1200)),
        most_calls=draw.choice((5, 50, 200)),
        bursts=draw.randint(0, 4),
        periods=(draw.uniform(200.0, 900.0), draw.uniform(900.0, 3600.0)),
        misses=draw.choice((0.0, 0.0, 0.01, 0.1, 1.0)),
        vanishing=draw.choice((0, 0, 1, 5)),
    )


@dataclass(slots=True)
class Count:
    answered: int = 0
    abandoned: int = 0
    in_flight: int = 0
    #: How many may have been abandoned when those in flight have ended that were so as the period was spent.
    most_abandoned: int | None = None


@dataclass(slots=True)
class Report:
    dialled: int = 0
    connected: int = 0
    abandoned: int = 0
    #: Calls whose agent let it ring, or vanished.
    missed: int = 0
    #: Instants at which a period was spent.
    spent: int = 0
    talked_seconds: float = 0.0
    most_over: int = 0
    minutes: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


class _Kind(IntEnum):
    TICK = 0
    ANSWERS = 1
    FAILS = 2
    WAITED = 3
    TALKED = 4
    COMES = 5
    WOULD_LEAVE = 6
    VANISHES = 7
    RESTED = 8


@dataclass(slots=True)
class _Call:
    number: int
    counts: tuple[Count, ...]
    is_waiting: bool = False
    #: An agent's phone rings for it, in vain; whether the agent is a doubtful one.
    rung: bool | None = None
    has_ended: bool = False


class Shift:
    """One shift, run event by event; after each the cap is looked at in every period.

    Agents in good standing are rung before doubtful ones, as queues do it.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.report = Report()
        self._draw = random.Random(plan.seed)
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, _Kind, _Call | None]] = []
        self._counts: list[dict[int, Count]] = [{} for _ in plan.periods]
        self._lengths = [timedelta(seconds=seconds) for seconds in plan.periods]
        self._idle = plan.agents
        self._doubtful = 0
        self._busy = 0
        self._leaving = 0
        self._in_flight = 0
        self._ringing: list[_Call] = []
        self._ended = 0
        self._waiting: deque[_Call] = deque()
        self._missing: list[_Call] = []
        self._pace = start_pace(plan.calls_per_minute, NINE)
        begins = [self._draw.uniform(0, plan.seconds) for _ in range(plan.bursts)]
        self._bursts = [(begin, begin + self._draw.uniform(20, 120)) for begin in begins]

    def run(self) -> Report:
        at = 0.0
        while at < self.plan.seconds:
            self._plan(at, _Kind.TICK)
            at += self._draw.uniform(*self.plan.ticks)
        for _ in range(0 if self.plan.is_steady else self._draw.randint(0, self.plan.agents)):
            self._plan(self._draw.uniform(0, self.plan.seconds), _Kind.WOULD_LEAVE)
            self._plan(self._draw.uniform(0, self.plan.seconds), _Kind.COMES)
        for _ in range(self.plan.vanishing):
            self._plan(self._draw.uniform(0, self.plan.seconds), _Kind.VANISHES)
        while self._events:
            at, _, kind, call = heapq.heappop(self._events)
            self._happen(at, kind, call)
            self._look(at)
        if self._in_flight:
            self.report.broken.append("a call is still in flight")
        if max(self.report.minutes.values()) > self.plan.calls_per_minute * (1 + 1 / 120) + 1:
            self.report.broken.append("a minute had more calls than the pace allows")
        return self.report

    def _happen(self, at: float, kind: _Kind, call: _Call | None) -> None:
        match kind:
            case _Kind.TICK:
                self._dial(at)
            case _Kind.COMES:
                self._free(at)
            case _Kind.TALKED:
                self._busy -= 1
                self._free(at)
            case _Kind.WOULD_LEAVE:
                self._leaving += 1
                self._let_go(at)
            case _Kind.VANISHES:
                self._vanish()
            case _Kind.RESTED:
                self._free(at, is_doubtful=True)
            case _Kind.ANSWERS:
                assert call is not None
                if not call.has_ended:
                    self._ringing.remove(call)
                    self._answer(at, call)
            case _Kind.FAILS:
                assert call is not None
                if not call.has_ended:
                    self._ringing.remove(call)
                    self._end(call)
            case _Kind.WAITED:
                assert call is not None
                if not call.has_ended:
                    self._give_up(at, call)
        if kind is not _Kind.TICK:
            self._let_go(at)

    def _dial(self, at: float) -> None:
        now = NINE + timedelta(seconds=at)
        current = self._current(now)
        agents, wanted = self._agents(), 0
        if self.plan.mode is PacingMode.PREDICTIVE:
            answered = sum(count.answered for count in self._counts[0].values())
            expected = forecast(
                answered=answered,
                ended=self._ended,
                busy=self._busy,
                ring_seconds=self.plan.ring_seconds / 2,
                talk_seconds=self.plan.talk_seconds,
            )
            ledgers = self._ledgers(current)
            wanted = calls_with_agents(self.plan.cap, ledgers, agents, self._in_flight)
            wanted += over_dial(self.plan.cap, ledgers, agents, self._in_flight, expected)
        else:
            wanted = calls_for_agents(self.plan.mode, agents, self._in_flight)
        limit = Limit(kind=LimitKind.CAMPAIGN, most=self.plan.most_calls, in_use=self._in_flight + self._busy)
        calls = min(room_for(wanted, [limit]).calls, calls_due(self._pace, now))
        self._pace = take_slots(self._pace, calls, now)
        self.report.minutes[int(at // 60)] += calls
        for _ in range(calls):
            self._ring(at, current)

    def _ring(self, at: float, counts: tuple[Count, ...]) -> None:
        call = _Call(next(self._numbers), counts)
        self._in_flight += 1
        self._ringing.append(call)
        self.report.dialled += 1
        for count in counts:
            count.in_flight += 1
        if self._is_burst(at):
            self._plan(at + 0.5, _Kind.ANSWERS, call)
        elif self._draw.random() < self.plan.answer_rate:
            self._plan(at + self._ring_seconds(1.0), _Kind.ANSWERS, call)
        else:
            self._plan(at + self._ring_seconds(0.2), _Kind.FAILS, call)

    def _ring_seconds(self, least: float) -> float:
        rings = self.plan.rings
        return self._draw.choice(rings) if rings else self._draw.uniform(least, self.plan.ring_seconds)

    def _answer(self, at: float, call: _Call) -> None:
        call.is_waiting = True
        self._waiting.append(call)
        self._plan(at + self.plan.patience_seconds, _Kind.WAITED, call)
        self._serve(at)

    def _serve(self, at: float) -> None:
        """Whoever is free is rung for those who wait; some let it ring, and are as good as gone meanwhile."""
        while self._free_agents and self._waiting:
            call = self._waiting.popleft()
            is_doubtful = self._idle - self._doubtful <= self._rung(is_doubtful=False)
            if self._draw.random() < self.plan.misses:
                call.rung = is_doubtful
                self._missing.append(call)
            else:
                self._doubtful -= is_doubtful
                self._connect(at, call)

    def _give_up(self, at: float, call: _Call) -> None:
        """Nobody has come in time. An agent whose phone rang rests, and is doubtful then."""
        if call.rung is None:
            self._waiting.remove(call)
        else:
            self._missing.remove(call)
            self._idle -= 1
            self._doubtful -= call.rung
            self.report.missed += 1
            self._plan(at + _REST_SECONDS, _Kind.RESTED)
        self._end(call, is_answered=True, is_abandoned=True)

    def _vanish(self) -> None:
        """An agent who is free goes without asking; calls that ring and that nobody would take are hung up."""
        if not self._free_agents:
            return
        is_doubtful = self._idle - self._doubtful <= self._rung(is_doubtful=False)
        self._idle -= 1
        self._doubtful -= is_doubtful
        self.report.missed += 1
        if self.plan.mode is PacingMode.PREDICTIVE:
            dropped = calls_to_cancel(self.plan.cap, self._ledgers(()), self._agents(), self._in_flight)
            for call in self._ringing[::-1][:dropped]:
                self._ringing.remove(call)
                self._end(call)

    @property
    def _free_agents(self) -> int:
        return self._idle - len(self._missing)

    def _rung(self, *, is_doubtful: bool) -> int:
        return sum(call.rung is is_doubtful for call in self._missing)

    def _agents(self) -> Agents:
        return Agents(idle=self._idle, busy=self._busy, doubtful=self._doubtful)

    def _connect(self, at: float, call: _Call) -> None:
        self._idle -= 1
        self._busy += 1
        self.report.connected += 1
        self._end(call, is_answered=True)
        talks = self.plan.talks
        seconds = self._draw.choice(talks) if talks else self._draw.expovariate(1 / self.plan.talk_seconds)
        seconds += 300.0 if self._is_burst(at) else 0.0
        self.report.talked_seconds += seconds
        self._plan(at + seconds, _Kind.TALKED)

    def _free(self, at: float, *, is_doubtful: bool = False) -> None:
        self._idle += 1
        self._doubtful += is_doubtful
        self._serve(at)

    def _let_go(self, at: float) -> None:
        cap = self.plan.cap if self.plan.mode is PacingMode.PREDICTIVE else 0
        ledgers = self._ledgers(self._current(NINE + timedelta(seconds=at)))
        while self._leaving and self._free_agents and may_leave(cap, ledgers, self._agents(), self._in_flight):
            self._leaving -= 1
            self._doubtful -= self._idle - self._doubtful <= self._rung(is_doubtful=False)
            self._idle -= 1

    def _end(self, call: _Call, *, is_answered: bool = False, is_abandoned: bool = False) -> None:
        self._in_flight -= 1
        self._ended += 1
        call.is_waiting = False
        call.has_ended = True
        self.report.abandoned += is_abandoned
        for count in call.counts:
            was_spent, in_flight = self._is_spent(count), count.in_flight
            count.in_flight -= 1
            count.answered += is_answered
            count.abandoned += is_abandoned
            if self._is_spent(count) and not was_spent:
                self.report.spent += 1
                count.most_abandoned = max(count.abandoned - 1, START - 1) + in_flight

    def _is_spent(self, count: Count) -> bool:
        return count.abandoned >= START and count.abandoned * _WHOLE > self.plan.cap * count.answered

    def _look(self, at: float) -> None:
        over = max(0, self._in_flight - self._idle)
        self.report.most_over = max(self.report.most_over, over)
        # Whoever has answered cannot be hung up on any more: once an agent has vanished, these may be too many.
        if over and self._ringing and not holds(self.plan.cap, self._ledgers(())):
            self.report.broken.append(f"{at}: the worst that may come breaks the cap")
        for counts in self._counts:
            for number, count in counts.items():
                if not self.report.missed and count.abandoned * _WHOLE > self.plan.cap * count.answered:
                    self.report.broken.append(f"{at}: period {number} has {count}, and nobody missed a call")
                if self._is_spent(count) and count.abandoned > (count.most_abandoned or 0):
                    self.report.broken.append(f"{at}: period {number} has {count} after it was spent")

    def _current(self, now: datetime) -> tuple[Count, ...]:
        return tuple(
            counts.setdefault(period_of(NINE, now, length), Count())
            for counts, length in zip(self._counts, self._lengths, strict=True)
        )

    def _ledgers(self, current: tuple[Count, ...]) -> list[Ledger]:
        known = [count for counts in self._counts for count in counts.values()]
        return [
            Ledger(
                answered=count.answered,
                abandoned=count.abandoned,
                in_flight=count.in_flight,
                is_current=is_current,
            )
            for count in known
            if (is_current := any(count is one for one in current)) or count.in_flight
        ]

    def _is_burst(self, at: float) -> bool:
        return any(begin <= at < end for begin, end in self._bursts)

    def _plan(self, at: float, kind: _Kind, call: _Call | None = None) -> None:
        heapq.heappush(self._events, (at, next(self._numbers), kind, call))
