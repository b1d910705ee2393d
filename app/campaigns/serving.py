"""How many calls the agents of a campaign want: one for each who is idle, or more, under the cap on abandoned calls.

An agent who serves a campaign has joined it; of a campaign that connects to a queue it is also the queue's member. What
agents do is the queues' business, and read where they keep it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from app.campaigns import figures
from app.campaigns.core.pacing import Agents, calls_for_agents
from app.campaigns.core.predictive import (
    PERIODS,
    Ledger,
    calls_to_cancel,
    calls_with_agents,
    forecast,
    may_leave,
    must_pause,
    over_dial,
    period_of,
)
from app.campaigns.core.words import PacingMode
from app.campaigns.figures import Figure
from app.campaigns.model import AgentContent, Campaign
from app.db.engine import PooledConnection

# Whoever has answered, and was sent out of the queue to hear that nobody comes, is abandoned before its call has ended.
_IS_GIVEN_UP: Final = """
(
    call.queue_id IS NOT NULL AND call.queue_joined_at IS NULL AND call.agent_id IS NULL
    AND call.state IN ('WAITING_IN_QUEUE', 'ANSWERED')
)
"""
_WAITING: Final = f"""
SELECT kept.call_id FROM campaign_contact AS kept JOIN call ON call.id = kept.call_id
WHERE kept.campaign_id = $1 AND kept.state IN ('CLAIMED', 'DIALING')
    AND call.connected_at IS NULL AND call.state <> 'ENDED' AND NOT {_IS_GIVEN_UP}
"""  # noqa: S608  # our own words
# An agent whose phone rings for one of the campaign's calls stands with it: the call is in flight until they talk, and
# has its agent. Were the one counted without the other, every answer would seem to be one call too many. Read after the
# calls in flight: of two who begin to talk meanwhile the call is counted then, and not the agent without it. Whoever
# rests after a call that it let ring is not rung.
_FREE: Final = """
state.shown = 'AVAILABLE' AND state.leg_id IS NULL AND (state.rests_until IS NULL OR state.rests_until <= $3)
"""
_AGENTS: Final = f"""
WITH waiting AS MATERIALIZED ({_WAITING})
SELECT
    count(*) FILTER (
        WHERE waiting.call_id IS NOT NULL OR ({_FREE})
    ) AS idle,
    count(*) FILTER (
        WHERE state.misses > 0 AND (waiting.call_id IS NOT NULL OR ({_FREE}))
    ) AS doubtful,
    count(*) FILTER (
        WHERE waiting.call_id IS NULL AND (state.shown IN ('BUSY', 'WRAP_UP') OR state.leg_id IS NOT NULL)
    ) AS busy
FROM campaign_agent AS serving
JOIN agent_state AS state ON state.agent_id = serving.agent_id
JOIN agent ON agent.id = serving.agent_id AND agent.deleted_at IS NULL
LEFT JOIN waiting ON waiting.call_id = state.call_id
WHERE serving.campaign_id = $1
    AND ($2::text IS NULL OR EXISTS (
        SELECT FROM queue_member WHERE queue_member.agent_id = serving.agent_id AND queue_member.queue_id = $2
    ))
"""  # noqa: S608  # our own words
# Whether one is among those who are counted as idle.
_IS_IDLE: Final = f"""
WITH waiting AS MATERIALIZED ({_WAITING})
SELECT EXISTS (
    SELECT FROM agent_state AS state LEFT JOIN waiting ON waiting.call_id = state.call_id
    WHERE state.agent_id = $2
        AND (waiting.call_id IS NOT NULL OR ({_FREE}))
)
"""  # noqa: S608  # our own words
# In flight: dialled, or about to be, and neither connected to an agent nor settled: what has ended counts here until
# its outcome is in the ledger.
_IN_FLIGHT: Final = f"""
SELECT coalesce(call.created_at, kept.updated_at) AS dialled_at, coalesce({_IS_GIVEN_UP}, false) AS is_given_up
FROM campaign_contact AS kept LEFT JOIN call ON call.id = kept.call_id
WHERE kept.campaign_id = $1 AND kept.state IN ('CLAIMED', 'DIALING')
    AND call.connected_at IS NULL
"""  # noqa: S608  # our own words
_RINGING: Final = """
SELECT call.id FROM campaign_contact AS kept JOIN call ON call.id = kept.call_id
WHERE kept.campaign_id = $1 AND kept.state = 'DIALING' AND call.state IN ('DIALING', 'RINGING')
ORDER BY call.created_at DESC LIMIT $2
"""
_HUNDREDTHS: Final = 100
_WORDS: Final = (Figure.ANSWERED_BY_PERSON, Figure.ABANDONED)
#: Until something is known: how long a call rings, and how long a talk lasts.
_RING_SECONDS: Final = 15.0
_TALK_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Flight:
    """When the calls in flight were dialled, and those for which nobody came though they have not ended yet."""

    dialled: tuple[datetime, ...]
    given_up: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the agents want: so many calls now. ``is_at_the_cap``: none before somebody has seen to it."""

    calls: int
    is_at_the_cap: bool = False


async def calls_wanted(connection: PooledConnection, campaign: Campaign, content: AgentContent, now: datetime) -> Wish:
    """How many calls the campaign's agents want now, in the caller's transaction, which holds the campaign."""
    flight = await _read_flight(connection, campaign.id)
    agents = await _read_agents(connection, campaign, content, now)
    in_flight = len(flight.dialled)
    if content.mode is not PacingMode.PREDICTIVE:
        return Wish(calls_for_agents(content.mode, agents, in_flight + len(flight.given_up)))
    cap, ledgers = content.abandonment_cap, await read_ledgers(connection, campaign, flight, now)
    if must_pause(cap, ledgers, agents, in_flight):
        return Wish(0, is_at_the_cap=True)
    totals = await figures.read_totals(connection, campaign.id)
    ended, talked = totals[Figure.ENDED], totals[Figure.ANSWERED_BY_PERSON]
    expected = forecast(
        answered=talked,
        ended=ended,
        busy=agents.busy,
        ring_seconds=totals[Figure.RING_SECONDS] / ended if ended else _RING_SECONDS,
        talk_seconds=totals[Figure.TALK_SECONDS] / talked if talked else _TALK_SECONDS,
    )
    calls = calls_with_agents(cap, ledgers, agents, in_flight)
    return Wish(calls + over_dial(cap, ledgers, agents, in_flight, expected))


async def calls_to_drop(connection: PooledConnection, campaign: Campaign, now: datetime) -> list[str]:
    """The calls to hang up after an agent has vanished, while they ring: whoever answered them would find nobody."""
    content = campaign.definition.content
    if not isinstance(content, AgentContent) or content.mode is not PacingMode.PREDICTIVE:
        return []
    flight = await _read_flight(connection, campaign.id)
    agents = await _read_agents(connection, campaign, content, now)
    ledgers = await read_ledgers(connection, campaign, flight, now)
    dropped = calls_to_cancel(content.abandonment_cap, ledgers, agents, len(flight.dialled))
    return [row["id"] for row in await connection.fetch(_RINGING, campaign.id, dropped)] if dropped else []


async def why_restrained(connection: PooledConnection, campaign: Campaign, now: datetime) -> str | None:
    """What is told when the campaign is to pause, for what was abandoned of its calls that have ended; else None."""
    content = campaign.definition.content
    if not isinstance(content, AgentContent) or content.mode is not PacingMode.PREDICTIVE:
        return None
    flight = await _read_flight(connection, campaign.id)
    agents = await _read_agents(connection, campaign, content, now)
    cap, ledgers = content.abandonment_cap, await read_ledgers(connection, campaign, None, now)
    if not must_pause(cap, ledgers, agents, len(flight.dialled) + len(flight.given_up)):
        return None
    worst = max((one for one in ledgers if one.is_current), key=lambda one: one.abandoned / max(1, one.answered))
    return (
        f"{worst.abandoned} of {worst.answered} calls that people answered were abandoned, "
        f"where {cap / _HUNDREDTHS:g} % may be: agents do not pick up in time."
    )


async def is_idle(connection: PooledConnection, campaign: Campaign, agent_id: str, now: datetime) -> bool:
    """Whether the campaign counts on the agent: it is free, or its phone rings for one of the campaign's calls."""
    return bool(await connection.fetchval(_IS_IDLE, campaign.id, agent_id, now))


async def may_agent_leave(
    connection: PooledConnection, campaign: Campaign, content: AgentContent, now: datetime
) -> bool:
    """Whether an agent who :func:`is_idle` may go and leave no call to nobody (beyond what the cap bears)."""
    flight = await _read_flight(connection, campaign.id)
    agents, in_flight = await _read_agents(connection, campaign, content, now), len(flight.dialled)
    if content.mode is not PacingMode.PREDICTIVE:
        return may_leave(0, [Ledger(in_flight=in_flight)], agents, in_flight)
    ledgers = await read_ledgers(connection, campaign, flight, now)
    return may_leave(content.abandonment_cap, ledgers, agents, in_flight)


async def read_ledgers(
    connection: PooledConnection, campaign: Campaign, flight: Flight | None, now: datetime
) -> list[Ledger]:
    """The periods with calls in flight, and the current ones; ``flight`` None: without what has not ended."""
    flight = flight or Flight((), ())
    # Figures are kept by the minute, so periods begin with one.
    began_at = _minute(campaign.began_at or now)
    ledgers = []
    for length in PERIODS:
        current = period_of(began_at, now, length)
        flights = [period_of(began_at, _minute(at), length) for at in flight.dialled]
        given_up = [period_of(began_at, _minute(at), length) for at in flight.given_up]
        for period in sorted({current, *flights}):
            begin = began_at + period * length
            # In the first period, all that was ever counted: sums over weeks are not for every claim.
            found = (
                await figures.read_totals(connection, campaign.id)
                if period == current == 0
                else await figures.read_between(connection, campaign.id, begin, begin + length, _WORDS)
            )
            lost, abandoned = given_up.count(period), found[Figure.ABANDONED]
            lately = abandoned
            # Of interest only where calls were abandoned, which is seldom.
            if period == current and abandoned and campaign.resumed_at is not None and campaign.resumed_at > begin:
                resumed_at = _minute(campaign.resumed_at)
                counted = await figures.read_between(
                    connection, campaign.id, resumed_at, begin + length, (Figure.ABANDONED,)
                )
                lately = counted[Figure.ABANDONED]
            ledgers.append(
                Ledger(
                    answered=found[Figure.ANSWERED_BY_PERSON] + lost,
                    abandoned=abandoned + lost,
                    in_flight=flights.count(period),
                    is_current=period == current,
                    lately=lately + lost,
                )
            )
    return ledgers


async def _read_agents(
    connection: PooledConnection, campaign: Campaign, content: AgentContent, now: datetime
) -> Agents:
    row = await connection.fetchrow(_AGENTS, campaign.id, content.queue_id, now)
    assert row is not None  # it counts
    return Agents(idle=row["idle"], busy=row["busy"], doubtful=row["doubtful"])


async def _read_flight(connection: PooledConnection, campaign_id: str) -> Flight:
    rows: list[asyncpg.Record] = await connection.fetch(_IN_FLIGHT, campaign_id)
    return Flight(
        dialled=tuple(row["dialled_at"] for row in rows if not row["is_given_up"]),
        given_up=tuple(row["dialled_at"] for row in rows if row["is_given_up"]),
    )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
