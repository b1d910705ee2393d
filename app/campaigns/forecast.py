"""What the rules would decide for every contact of a campaign, if it were to call all of them now.

The same function is asked as at the instant of dialling (``core.rules.decide``), without caps on concurrent calls, but
for a trunk that is down; what is known of the contacts is read in batches, and no longer than a few seconds.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.campaigns.core.rules import Outcome, Question, decide, tally
from app.campaigns.core.words import DelayReason, SkipReason
from app.campaigns.limits import read_outage
from app.campaigns.model import Campaign
from app.campaigns.questions import CONTACT_COLUMNS, Asker, ContactCard, read_contact, terms_of
from app.clock import Clock
from app.db.engine import Database, PooledConnection

#: So many at once: each batch keeps the event loop for some milliseconds.
BATCH: Final = 200
#: How long is counted at most. A million contacts take longer; what was counted by then is told.
LONGEST_SECONDS: Final = 8.0

_DIAL: Final = "DIAL"
_BATCH: Final = f"""
SELECT {CONTACT_COLUMNS} FROM contact
WHERE account_id = $1 AND list_id = $2 AND position > $3 AND deleted_at IS NULL ORDER BY position LIMIT $4
"""  # noqa: S608  # our own columns
_IN_LISTS: Final = """
SELECT DISTINCT number FROM contact
WHERE list_id = ANY($1::text[]) AND number = ANY($2::text[]) AND deleted_at IS NULL
"""
_LIVING: Final = "SELECT id FROM contact_list WHERE account_id = $1 AND id = ANY($2::text[]) AND deleted_at IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """So many of the ``counted`` contacts would be dialled, skipped, and called later, and why.

    It is decided for the instant ``at``. ``duplicates`` are numbers that an earlier list has as well: those are called
    once. ``is_complete``: all were counted.
    """

    at: datetime
    counted: int = 0
    dial: int = 0
    duplicates: int = 0
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    delayed: Counter[DelayReason] = field(default_factory=Counter)
    is_complete: bool = True


class Forecaster:
    """Makes forecasts. Raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, clock: Clock, *, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._longest_seconds = longest_seconds

    async def count(self, campaign: Campaign) -> Forecast:
        """What would become of the contacts of the campaign's lists, as they are now."""
        until = self._clock.monotonic() + self._longest_seconds
        now = campaign.by_its_clock(self._clock.now())
        reasons: Counter[str] = Counter()
        known: dict[Question, Outcome] = {}
        counted = duplicates = 0
        async with self._database.acquire() as connection:
            asker = await Asker.open(connection, terms_of(campaign), now)
            limits = await read_outage(connection, campaign)
            async for contacts, again in _read(connection, campaign):
                counted += len(contacts) + again
                duplicates += again
                outcomes = [_decide(known, one.question) for one in await asker.ask(contacts, limits)]
                reasons += tally(outcomes)
                await asyncio.sleep(0)  # others are waiting for the event loop
                if self._clock.monotonic() >= until:
                    return _forecast(now, reasons, counted, duplicates, is_complete=False)
        return _forecast(now, reasons, counted, duplicates, is_complete=True)


def _decide(known: dict[Question, Outcome], question: Question) -> Outcome:
    # Contacts of one zone, and of one rule, are decided alike.
    outcome = known.get(question)
    if outcome is None:
        outcome = known[question] = decide(question)
    return outcome


async def _read(connection: PooledConnection, campaign: Campaign) -> AsyncIterator[tuple[list[ContactCard], int]]:
    """The contacts, batch by batch, and how many of a batch an earlier list has as well."""
    rows = await connection.fetch(_LIVING, campaign.account_id, list(campaign.list_ids))
    living = {row["id"] for row in rows}
    earlier: list[str] = []
    for list_id in (one for one in campaign.list_ids if one in living):
        position = 0
        while True:
            rows = await connection.fetch(_BATCH, campaign.account_id, list_id, position, BATCH)
            contacts = [read_contact(row) for row in rows]
            if not contacts:
                break
            position = contacts[-1].position
            again = await _numbers_in(connection, earlier, [one.number for one in contacts])
            fresh = [one for one in contacts if one.number not in again]
            yield fresh, len(contacts) - len(fresh)
        earlier.append(list_id)


async def _numbers_in(connection: PooledConnection, list_ids: list[str], numbers: Sequence[str]) -> frozenset[str]:
    if not list_ids:
        return frozenset()
    return frozenset(row["number"] for row in await connection.fetch(_IN_LISTS, list_ids, list(numbers)))


def _forecast(at: datetime, reasons: Counter[str], counted: int, duplicates: int, *, is_complete: bool) -> Forecast:
    return Forecast(
        at=at,
        counted=counted,
        dial=reasons[_DIAL],
        duplicates=duplicates,
        skipped=Counter({one: reasons[one.value] for one in SkipReason if reasons[one.value]}),
        delayed=Counter({one: reasons[one.value] for one in DelayReason if reasons[one.value]}),
        is_complete=is_complete,
    )
