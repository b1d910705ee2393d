"""Predictive dialling under a cap on abandoned calls that no outcome can break.

47 CFR 64.1200(a)(7), and 16 CFR 310.4(b)(4) alike: at most 3 percent of the calls that a person answers may be
abandoned, that is not connected to an agent within 2 seconds of the person's completed greeting; counted per campaign,
separately for each successive period of 30 days. The same is counted for each period of 24 hours, which is stricter
than the law, so that one bad day does not use up a month. Periods begin with the campaign's first start; a call belongs
to the one in which it was dialled. (They follow one another: over "any 24 hours" no dialer could promise the cap, since
answers leave such a count while what was abandoned stays.)

**The invariant**, for every period with a call in flight, and at every instant::

    abandoned + over-dialled calls in flight  <=  cap x answered

Over-dialled are the calls in flight beyond the idle agents: those that would find nobody if all were answered at once
while no busy agent came back. A period's share of them is at most what it has in flight.

Why it holds: it is checked before a call is dialled. A call that is answered and finds an agent takes one from each
side of "in flight beyond idle"; one that finds none moves from over-dialled to abandoned, and adds to answered; one
that ends unanswered, and an agent who comes, make it smaller. Only an agent who goes makes it larger, so `may_leave` is
asked first, and an agent who vanishes all the same is answered with `calls_to_cancel`.

"Answered" are answers by people. With machine detection a call stays in flight until that has said so; a call that
waits for an agent (at most 2 seconds) stays in flight until it is connected or abandoned.

At first nothing was answered, so cap x answered is 0 and a campaign begins progressive, by itself.
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

_WHOLE: Final = 10_000
_LEAST_ANSWER_RATE: Final = 0.05


class Ledger(Words, frozen=True, kw_only=True):
    """What became of the calls that were dialled in one period.

    ``answered`` by a person, ``abandoned`` among them included; ``in_flight`` are neither connected, abandoned nor
    ended. ``is_current``: calls that are dialled now belong to it.
    """

    answered: int = 0
    abandoned: int = 0
    in_flight: int = 0
    is_current: bool = True


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


def over_dialled(in_flight: int, idle: int) -> int:
    """How many calls in flight would find no agent if all were answered at once."""
    return max(0, in_flight - idle)


def holds(cap: int, ledgers: Sequence[Ledger], in_flight: int, idle: int) -> bool:
    """Whether no outcome of the calls in flight can break the cap (hundredths of a percent) in any period.

    ``in_flight`` counts the campaign's calls once, whatever period they were dialled in.
    """
    over = over_dialled(in_flight, idle)
    return all(
        _WHOLE * (ledger.abandoned + min(ledger.in_flight, over)) <= cap * ledger.answered
        for ledger in ledgers
        if ledger.in_flight
    )


def over_dial(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int, forecast: Forecast) -> int:
    """How many calls to dial beyond one for each idle agent: as many as the forecast wants and the cap bears.

    ``ledgers`` are those of all periods with calls in flight, the current ones always among them.
    """
    progressive = max(0, agents.idle - in_flight)
    wanted = calls_wanted(agents, forecast) - in_flight - progressive
    dialled = 0
    while dialled < wanted:
        more = progressive + dialled + 1
        if not holds(cap, _with(ledgers, more), in_flight + more, agents.idle):
            break
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
    return in_flight < agents.idle or holds(cap, ledgers, in_flight, agents.idle - 1)


def calls_to_cancel(cap: int, ledgers: Sequence[Ledger], agents: Agents, in_flight: int) -> int:
    """How many calls to hang up, of those dialled last that were not answered, after an agent has vanished.

    A call that is hung up while it rings is not abandoned. Until its end is known it counts as in flight.
    """
    cancelled = 0
    while over_dialled(in_flight - cancelled, agents.idle) and not holds(
        cap, _with(ledgers, -cancelled), in_flight - cancelled, agents.idle
    ):
        cancelled += 1
    return cancelled


def _with(ledgers: Sequence[Ledger], calls: int) -> tuple[Ledger, ...]:
    return tuple(
        msgspec.structs.replace(ledger, in_flight=max(0, ledger.in_flight + calls)) if ledger.is_current else ledger
        for ledger in ledgers
    )
