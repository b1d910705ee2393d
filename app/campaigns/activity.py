"""What campaigns are at over all accounts, for ``/metrics``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.campaigns.core.words import CampaignState
from app.campaigns.model import ContactState
from app.db.engine import Database
from app.db.kept import read_by_index

#: States of campaigns that are neither being made nor over, and of contacts that are being called.
ALIVE: Final = (CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED)
IN_FLIGHT: Final = (ContactState.CLAIMED, ContactState.DIALING)

# As their partial indexes say it: campaigns that are over, and contacts that wait, may be any number.
_CAMPAIGNS: Final = """
SELECT state, count(*) AS number FROM campaign WHERE state IN ('SCHEDULED', 'RUNNING', 'PAUSED') GROUP BY state
"""
_CONTACTS: Final = """
SELECT state, count(*) AS number FROM campaign_contact WHERE state IN ('CLAIMED', 'DIALING') GROUP BY state
"""


@dataclass(frozen=True, slots=True)
class Activity:
    """How many campaigns are in each of ALIVE, and how many contacts in each of IN_FLIGHT; zeros too."""

    campaigns: Mapping[CampaignState, int]
    contacts: Mapping[ContactState, int]


async def read_activity(database: Database) -> Activity:
    """Look; cheap, it reads partial indexes.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    async with database.acquire() as connection, connection.transaction(readonly=True):
        await read_by_index(connection)
        campaigns = {row["state"]: row["number"] for row in await connection.fetch(_CAMPAIGNS)}
        contacts = {row["state"]: row["number"] for row in await connection.fetch(_CONTACTS)}
    return Activity(
        campaigns={state: campaigns.get(state.value, 0) for state in ALIVE},
        contacts={state: contacts.get(state.value, 0) for state in IN_FLIGHT},
    )
