"""How many calls the agents of a campaign want: one for each who is idle, or more, under the cap on abandoned calls.

An agent who serves a campaign has joined it; of a campaign that connects to a queue it is also the queue's member. What
agents do is the queues' business, and read where they keep it.
"""

from datetime import datetime
from typing import Final

import asyncpg

from app.campaigns import figures
from app.campaigns.core.pacing import Agents, calls_for_agents
from app.campaigns.core.predictive import (
    PERIODS,
    Ledger,
    calls_to_cancel,
    forecast,
    may_leave,
    over_dial,
    period_of,
)
from app.campaigns.core.words import PacingMode
from app.campaigns.figures import Figure
from app.campaigns.model import AgentContent, Campaign
from app.db.engine import PooledConnection

_WAITING: Final = """
SELECT kept.call_id FROM campaign_contact AS kept JOIN call ON call.id = kept.call_id
WHERE kept.campaign_id = $1 AND kept.state IN ('CLAIMED', 'DIALING')
    AND call.connected_at IS NULL AND call.state <> 'ENDED'
"""
# An agent whose phone rings for one of the campaign's calls stands with it: the call is in flight until they talk, and
# has its agent. Were the one counted without the other, every answer would seem to be one call too many. Read after the
# calls in flight: of two who begin to talk meanwhile the call is counted then, and not the agent without it.
_AGENTS: Final = f"""
WITH waiting AS MATERIALIZED ({_WAITING})
SELECT
    count(*) FILTER (
        WHERE waiting.call_id IS NOT NULL OR (state.shown = 'AVAILABLE' AND state.leg_id IS NULL)
    ) AS idle,
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
        AND (waiting.call_id IS NOT NULL OR (state.shown = 'AVAILABLE' AND state.leg_id IS NULL))
)
"""  # noqa: S608  # our own words
# In flight: dialled, or about to be, and neither connected to an agent nor settled: what has ended counts here until
# its outcome is in the ledger.
_IN_FLIGHT: Final = """
SELECT coalesce(call.created_at, kept.updated_at) AS dialled_at
FROM campaign_contact AS kept LEFT JOIN call ON call.id = kept.call_id
WHERE kept.campaign_id = $1 AND kept.state IN ('CLAIMED', 'DIALING')
    AND call.connected_at IS NULL
"""
_RINGING: Final = """
SELECT call.id FROM campaign_contact AS kept JOIN call ON call.id = kept.call_id
WHERE kept.campaign_id = $1 AND kept.state = 'DIALING' AND call.state IN ('DIALING', 'RINGING')
ORDER BY call.created_at DESC LIMIT $2
"""
_WORDS: Final = (Figure.ANSWERED_BY_PERSON, Figure.ABANDONED)
#: Until something is known: how long a call rings, and how long a talk lasts.
_RING_SECONDS: Final = 15.0
_TALK_SECONDS: Final = 180.0


async def calls_wanted(connection: PooledConnection, campaign: Campaign, content: AgentContent, now: datetime) -> int:
    """How many calls the campaign's agents want now, in the caller's transaction, which holds the campaign."""
    dialled = await _read_flight(connection, campaign.id)
    agents = await _read_agents(connection, campaign, content)
    if content.mode is not PacingMode.PREDICTIVE:
        return calls_for_agents(content.mode, agents, len(dialled))
    totals = await figures.read_totals(connection, campaign.id)
    ended, talked = totals[Figure.ENDED], totals[Figure.ANSWERED_BY_PERSON]
    expected = forecast(
        answered=talked,
        ended=ended,
        busy=agents.busy,
        ring_seconds=totals[Figure.RING_SECONDS] / ended if ended else _RING_SECONDS,
        talk_seconds=totals[Figure.TALK_SECONDS] / talked if talked else _TALK_SECONDS,
    )
    ledgers = await _read_ledgers(connection, campaign, dialled, now)
    more = over_dial(content.abandonment_cap, ledgers, agents, len(dialled), expected)
    return calls_for_agents(content.mode, agents, len(dialled), more)


async def calls_to_drop(connection: PooledConnection, campaign: Campaign, now: datetime) -> list[str]:
    """The calls to hang up after an agent has vanished, while they ring: whoever answered them would find nobody."""
    content = campaign.definition.content
    if not isinstance(content, AgentContent) or content.mode is not PacingMode.PREDICTIVE:
        return []
    dialled = await _read_flight(connection, campaign.id)
    agents = await _read_agents(connection, campaign, content)
    ledgers = await _read_ledgers(connection, campaign, dialled, now)
    dropped = calls_to_cancel(content.abandonment_cap, ledgers, agents, len(dialled))
    return [row["id"] for row in await connection.fetch(_RINGING, campaign.id, dropped)] if dropped else []


async def is_idle(connection: PooledConnection, campaign: Campaign, agent_id: str) -> bool:
    """Whether the campaign counts on the agent: it is free, or its phone rings for one of the campaign's calls."""
    return bool(await connection.fetchval(_IS_IDLE, campaign.id, agent_id))


async def may_agent_leave(
    connection: PooledConnection, campaign: Campaign, content: AgentContent, now: datetime
) -> bool:
    """Whether an agent who :func:`is_idle` may go and leave no call to nobody (beyond what the cap bears)."""
    dialled = await _read_flight(connection, campaign.id)
    agents = await _read_agents(connection, campaign, content)
    if content.mode is not PacingMode.PREDICTIVE:
        return may_leave(0, [Ledger(in_flight=len(dialled))], agents, len(dialled))
    ledgers = await _read_ledgers(connection, campaign, dialled, now)
    return may_leave(content.abandonment_cap, ledgers, agents, len(dialled))


async def _read_agents(connection: PooledConnection, campaign: Campaign, content: AgentContent) -> Agents:
    row = await connection.fetchrow(_AGENTS, campaign.id, content.queue_id)
    assert row is not None  # it counts
    return Agents(idle=row["idle"], busy=row["busy"])


async def _read_flight(connection: PooledConnection, campaign_id: str) -> list[datetime]:
    rows: list[asyncpg.Record] = await connection.fetch(_IN_FLIGHT, campaign_id)
    return [row["dialled_at"] for row in rows]


async def _read_ledgers(
    connection: PooledConnection, campaign: Campaign, dialled: list[datetime], now: datetime
) -> list[Ledger]:
    """The periods with calls in flight, and the current ones."""
    # Figures are kept by the minute, so periods begin with one.
    began_at = (campaign.began_at or now).replace(second=0, microsecond=0)
    ledgers = []
    for length in PERIODS:
        current = period_of(began_at, now, length)
        flights = [period_of(began_at, at.replace(second=0, microsecond=0), length) for at in dialled]
        for period in sorted({current, *flights}):
            begin = began_at + period * length
            # In the first period, all that was ever counted: sums over weeks are not for every claim.
            found = (
                await figures.read_totals(connection, campaign.id)
                if period == current == 0
                else await figures.read_between(connection, campaign.id, begin, begin + length, _WORDS)
            )
            ledgers.append(
                Ledger(
                    answered=found[Figure.ANSWERED_BY_PERSON],
                    abandoned=found[Figure.ABANDONED],
                    in_flight=flights.count(period),
                    is_current=period == current,
                )
            )
    return ledgers
