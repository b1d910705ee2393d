"""How many calls of a campaign may begin, as its rows and those of its trunk say: its pace, and the caps."""

from datetime import datetime
from typing import Final

from app.campaigns import claim_statements as statements
from app.campaigns.core.pacing import Limit, LimitKind, Pace, change_pace, start_pace
from app.campaigns.model import Campaign
from app.db.engine import PooledConnection
from app.routing.channels import count_used
from app.usage.room import read_beginnings, read_room

#: While the trunk does not answer: whoever was called over it would be called for nothing.
TRUNK_DOWN: Final = Limit(kind=LimitKind.TRUNK_DOWN, most=0, in_use=0)


def pace_of(campaign: Campaign, now: datetime) -> Pace:
    """The campaign's pace as it is to be from now on."""
    wanted = campaign.definition.pacing.calls_per_minute
    if campaign.pace is None:
        return start_pace(wanted, now)
    if campaign.pace.calls_per_minute != wanted:
        return change_pace(campaign.pace, wanted, now)
    return campaign.pace


async def read_limits(
    connection: PooledConnection, campaign: Campaign, in_flight: int, claimed: int, now: datetime
) -> tuple[Limit, ...]:
    """The caps that hold for the campaign. ``claimed`` of its calls may have no channel yet."""
    pacing = campaign.definition.pacing
    limits = [Limit(kind=LimitKind.CAMPAIGN, most=pacing.max_concurrent_calls, in_use=in_flight)]
    trunk = await connection.fetchrow(statements.TRUNK, campaign.account_id, campaign.definition.trunk_id)
    if trunk is not None and trunk["is_down"]:
        limits.append(TRUNK_DOWN)
    elif trunk is not None and trunk["max_channels"] is not None:
        used = await count_used(connection, trunk["id"])
        limits.append(Limit(kind=LimitKind.TRUNK, most=trunk["max_channels"], in_use=used + claimed))
    room = await read_room(connection, campaign.account_id, now)
    if room is not None:
        # What is claimed may have its place already; then a few wait a moment longer than they must.
        limits.append(Limit(kind=LimitKind.ACCOUNT, most=room.most, in_use=room.in_use + claimed))
    beginnings = await read_beginnings(connection, campaign.account_id, now)
    if beginnings is not None:
        coming = min(claimed, await connection.fetchval(statements.COMING, campaign.id)) if claimed else 0
        begun = beginnings.begun + coming
        limits.append(Limit(kind=LimitKind.ACCOUNT, most=beginnings.most, in_use=begun, more_at=beginnings.more_at))
    return tuple(limits)


async def read_turn(connection: PooledConnection, campaign: Campaign, claimed: int, now: datetime) -> datetime | None:
    """When more calls may begin, once so many more have; None where the account's calls per second keep none back."""
    beginnings = await read_beginnings(connection, campaign.account_id, now)
    return None if beginnings is None or beginnings.begun + claimed < beginnings.most else beginnings.more_at


async def read_outage(connection: PooledConnection, campaign: Campaign) -> tuple[Limit, ...]:
    """What holds all calls of the campaign up just now, whatever room there is."""
    trunk = await connection.fetchrow(statements.TRUNK, campaign.account_id, campaign.definition.trunk_id)
    return (TRUNK_DOWN,) if trunk is not None and trunk["is_down"] else ()


async def lock_attempts(connection: PooledConnection, campaign: Campaign) -> None:
    """Wait for other campaigns that are about to call the same numbers, if there is a cap on that."""
    if campaign.definition.most_per_day is not None:
        await connection.execute(statements.LOCK_ATTEMPTS, campaign.account_id)
