"""Predictive dialling under a cap on abandoned calls that no outcome can break.

47 CFR 64.1200(a)(7), and 16 CFR 310.4(b)(4) alike: at most 3 percent of the calls that a person answers may be
abandoned, that is not connected to an agent within 2 seconds of the person's completed greeting; counted per campaign,
separately for each successive period of 30 days. The same is counted for each period of 24 hours, which is stricter
than the law, so that one bad day does not use up a month. Periods begin with the campaign's first start; a call belongs
to the one in which it was dialled. (They follow one another: over "any 24 hours" no dialer could promise the cap, since
answers leave such a count while what was abandoned stays.)

Calls can be abandoned for two reasons, and each has its rule. ``in flight`` are the calls that were dialled and are
neither connected to an agent, abandoned nor ended.

**Over-dialled**: there is no agent for the call. These are the calls in flight beyond the idle agents: those that would
find nobody if all were answered at once while no busy agent came back. While there are any, for every period with a
call in flight, and at every instant::

    abandoned + calls in flight  <=  cap x answered

that is: though every single call in flight were abandoned, those with an agent too. It is checked before a call is
over-dialled. A call that is answered moves from "in flight" to abandoned at worst, and adds to answered; one that ends
unanswered, and an agent who comes, make it smaller. Only an agent who goes makes the over-dialled more, so `may_leave`
is asked first, and an agent who vanishes all the same is answered with `calls_to_cancel`.

**Not picked up**: there is an agent, whose phone rings, and it is not picked up in time. No count in advance rules that
out, for whoever is idle may be away; so trust is lost at once. An agent who did not come the last time that its phone
rang is *doubtful* until it picks up any call, or says anew that it is available. Calls in flight beyond the agents who
are not doubtful are dialled only as far as the inequality above bears, or within the start (`START`). Once a period is
over its cap, and `START` calls of it were abandoned since the campaign was started or resumed, nobody is dialled any
more (`is_spent`), and the campaign is paused. So at any time::

    abandoned  <=  max(cap x answered, START)  +  the calls that were in flight as it was spent

At first nothing was answered, so cap x answered is 0 and a campaign begins progressive, by itself.

"Answered" are answers by people. With machine detection a call stays in flight until that has said so; a call that
waits for an agent (at most 2 seconds) stays in flight until it is connected or abandoned.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from app.campaigns.core.pacing import Agents
from app.facts.vocabulary import Words

#: The law's cap, in hundredths of a percent.
LAWFUL_CAP: Final = 300
#: How long the periods are over which calls are counted.
PERIODS: Final = (timedelta(days=1), timedelta(days=30))
#: Within so many seconds of the greeting an agent must be there, or it counts as abandoned.
CONNECT_SECONDS: Final = 2.0
#: So many calls of a period may be abandoned before its cap stops the campaign: at first nothing was answered, so even
#: one would be too many, and it must be found out which agents come.
START: Final = 3

_WHOLE: Final = 10_000
_LEAST_ANSWER_RATE: Final = 0.05


class Ledger(Words, frozen=True, kw_only=True):
    """What became of the calls that were dialled in one period.

    ``answered`` by a person, ``abandoned`` among them included; ``in_flight`` are neither connected, abandoned nor
    ended. ``is_current``: calls that are dialled now belong to it. ``lately``: how many of those abandoned were dialled
    since the campaign was started or resumed; None: all.
    """

    answered: int = 0
    abandoned: int = 0
    in_flight: int = 0
    is_current: bool = True
    lately: int | None = None

    @property
    def of_the_start(self) -> int:
        """How many of its abandoned calls count against `START`."""
        return self.abandoned if self.lately is None else self.lately


class Forecast(Words, frozen=True, kw_only=True):
    """What is expected: the share of calls that a person answers, and how many busy agents come back before it."""

    answer_rate: float
    soon_idle: int = 0


def may_detect_machines(longest_seconds: float) -> bool:
    """Whether machine detection that takes at most so long leaves time to connect an agent before the law's limit."""
    return 0 <= longest_seconds < CONNECT_SECONDS


def period_of(began_at: datetime, at: datetime, length: timedelta) -> int:
    """The number, from 0, of the campaign's period that an instant lies in. Periods are as long as they are, in UTC."""
    return (at - began_at) // length


def current_periods(began_at: datetime, now: datetime) -> list[tuple[datetime, datetime]]:
    """From when until when the periods are that are under way, the shorter first. They begin with a whole minute."""
    began_at = began_at.replace(second=0, microsecond=0)
    begins = [(began_at + period_of(began_at, now, length) * length, length) for length in PERIODS]
    return [(begin, begin + length) for begin, length in begins]


def over_dialled(in_flight: int, idle: int) -> int:
    """How many calls in flight would find no agent if all were answered at once."""
    return max(0, in_flight - idle)


def holds(cap: int, ledgers: Sequence[Ledger]) -> bool:
    """Whether no outcome of the calls in flight can break the cap (hundredths of a percent) in any period."""
    return all(
        _WHOLE * (ledger.abandoned + ledger.in_flight) <= cap * ledger.answered
        for ledger in ledgers
        if ledger.in_flight
    )


def is_spent(cap: int, ledgers: Sequence[Ledger]) -> bool:
    """Whether nobody is dialled any more: in a current period the cap is broken, and the start is used up."""
    return any(
        ledger.is_current and ledger.of_the_start >= START and _WHOLE * ledger.abandoned > cap * ledger.answered
        for ledger in ledgers
    )


def must_pause(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int) -> bool:
    """Whether nothing is dialled before somebody has seen to it: see `is_spent`; or all agents who are there are
    doubtful, and the cap does not bear to try one of them.
    """
    is_stuck = agents.idle > 0 and not agents.busy and not in_flight and not calls_with_agents(cap, ledgers, agents, 0)
    return is_spent(cap, ledgers) or is_stuck


def calls_with_agents(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int) -> int:
    """How many calls to dial for which there is an idle agent: one for each, or for doubtful ones what is borne."""
    if is_spent(cap, ledgers):
        return 0
    calls = 0
    while in_flight + calls < agents.idle and _bears(cap, _with(ledgers, calls + 1), agents, in_flight + calls + 1):
        calls += 1
    return calls


def over_dial(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int, forecast: Forecast) -> int:
    """How many calls to dial beyond one for each idle agent: as many as the forecast wants and the cap bears.

    ``ledgers`` are those of all periods with calls in flight, the current ones always among them.
    """
    progressive = max(0, agents.idle - in_flight)
    if is_spent(cap, ledgers) or calls_with_agents(cap, ledgers, agents, in_flight) < progressive:
        return 0
    wanted = calls_wanted(agents, forecast) - in_flight - progressive
    dialled = 0
    while dialled < wanted and holds(cap, _with(ledgers, progressive + dialled + 1)):
        dialled += 1
    return dialled


def calls_wanted(agents: Agents, forecast: Forecast) -> int:
    """How many calls in flight would, on average, give each agent who is or soon will be idle a person to talk to."""
    rate = min(1.0, max(forecast.answer_rate, _LEAST_ANSWER_RATE))
    return math.ceil((agents.idle + min(forecast.soon_idle, agents.busy)) / rate)


def forecast(*, answered: int, ended: int, busy: int, ring_seconds: float, talk_seconds: float) -> Forecast:
    """The forecast from what was: of ``ended`` calls a person answered ``answered``.

    With nothing known every call is expected to be answered, so that a campaign begins with care. Talks are taken to
    end at random (a busy agent comes back within the ring time in ``ring_seconds / talk_seconds`` of all cases).
    """
    share = min(1.0, ring_seconds / talk_seconds) if talk_seconds > 0 else 0.0
    return Forecast(answer_rate=(answered + 1) / (max(ended, answered) + 1), soon_idle=int(busy * share))


def may_leave(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int) -> bool:
    """Whether an idle agent may go now; if not, once enough calls in flight have ended or found their agent.

    No call that rings may be left without an agent, unless the cap bears that. In the modes that promise an agent to
    each call, ask with a cap of 0.
    """
    if not agents.idle:
        return False
    # Whoever goes may be one in good standing, unless there is none.
    left = Agents(idle=agents.idle - 1, busy=agents.busy, doubtful=min(agents.doubtful, agents.idle - 1))
    if agents.doubtful == agents.idle and in_flight <= left.idle:
        return True
    return _bears(cap, ledgers, left, in_flight)


def calls_to_cancel(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int) -> int:
    """How many calls to hang up, of those dialled last that were not answered, after an agent has vanished.

    A call that is hung up while it rings is not abandoned. Until its end is known it counts as in flight.
    """
    cancelled = 0
    while over_dialled(in_flight - cancelled, agents.idle) and not holds(cap, _with(ledgers, -cancelled)):
        cancelled += 1
    return cancelled


def _bears(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int) -> bool:
    """Whether so many may be in flight: with agents in good standing, under the cap, or (with an agent) as a start."""
    doubted = in_flight - (agents.idle - agents.doubtful)
    if doubted <= 0 or holds(cap, ledgers):
        return True
    has_agents = in_flight <= agents.idle
    return has_agents and all(one.of_the_start + doubted <= START for one in ledgers if one.is_current)


def _with(ledgers: Sequence[Ledger], calls: int) -> tuple[Ledger, ...]:
    return tuple(
        msgspec.structs.replace(ledger, in_flight=max(0, ledger.in_flight + calls)) if ledger.is_current else ledger
        for ledger in ledgers
    )
