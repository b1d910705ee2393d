"""Deliveries and attempts, to be read; the file that owns their queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import asyncpg

from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.facts.webhooks import WebhookTest, WebhookTriggered
from app.paging import Page, PageRequest
from app.webhooks.filters import add_conditions
from app.webhooks.model import EVERY_DELIVERY, Attempt, Delivery, DeliveryFilter, DeliveryState

# The event's id is asked for as a value, not by a join: a list's keys are then bare names of one table, and a count
# does not look at the log at all.
_MADE: Final = {
    "event_id": "(SELECT event.id FROM event WHERE event.sequence = delivery.event_sequence) AS event_id",
    # A value too: of an EXISTS a planner might make a list of all tests there are, read from the whole log.
    "is_test": f"coalesce((SELECT event.type IN ('{WebhookTest.type}', '{WebhookTriggered.type}')"  # noqa: S608  # our own names
    " FROM event WHERE event.sequence = delivery.event_sequence), false) AS is_test",
    "is_replay": "replay_key IS NOT NULL AS is_replay",
}
_NAMES: Final = tuple(field.name for field in fields(Delivery))
_EXPRESSIONS: Final = ", ".join(_MADE.get(name, name) for name in _NAMES)
# The sequence alone is no key: an event has a delivery for each endpoint.
_KEYS: Final = (Key("event_sequence", int), Key("id", str))

_GET: Final = f"SELECT {_EXPRESSIONS} FROM webhook_delivery delivery WHERE account_id = $1 AND id = $2"  # noqa: S608  # our own names
_OF_EVENT: Final = f"""
SELECT {_EXPRESSIONS} FROM webhook_delivery delivery
WHERE account_id = $1 AND event_sequence = (SELECT event.sequence FROM event WHERE event.id = $2)
"""  # noqa: S608  # our own names
_ATTEMPTS: Final = f"""
SELECT {", ".join(f"attempt.{field.name}" for field in fields(Attempt))}
FROM webhook_attempt attempt JOIN webhook_delivery delivery ON delivery.id = attempt.delivery_id
WHERE delivery.account_id = $1 AND attempt.delivery_id = ANY($2::text[])
ORDER BY attempt.delivery_id, attempt.number, attempt.id
"""  # noqa: S608  # our own names
_BACKLOG: Final = """
SELECT count(*) AS pending,
       count(*) FILTER (WHERE delivery.attempts > 0) AS retrying,
       min(delivery.created_at) AS oldest_at
FROM webhook_delivery delivery
JOIN webhook_endpoint endpoint ON endpoint.id = delivery.endpoint_id
WHERE delivery.state = 'PENDING' AND endpoint.is_enabled AND endpoint.deleted_at IS NULL
"""
_ENDPOINTS: Final = """
SELECT count(*) FILTER (WHERE is_enabled) AS enabled,
       count(*) FILTER (WHERE NOT is_enabled) AS disabled,
       count(*) FILTER (WHERE is_enabled AND failing_since IS NOT NULL) AS failing
FROM webhook_endpoint
WHERE deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How webhooks stand, over all accounts, for ``/metrics``. ``pending`` are those of enabled endpoints."""

    pending: int
    retrying: int
    oldest_at: datetime | None
    enabled_endpoints: int
    disabled_endpoints: int
    failing_endpoints: int


class WebhookQueries:
    """What an account may see of its deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, account_id: str, where: DeliveryFilter = EVERY_DELIVERY) -> RowCount:
        """How many deliveries :meth:`page` goes through."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id, where))

    async def page(
        self, account_id: str, request: PageRequest, where: DeliveryFilter = EVERY_DELIVERY
    ) -> Page[Delivery]:
        """Deliveries that meet a condition, newest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection, _list(account_id, where), keys=_KEYS, descending=True, page=request, item=_delivery
            )

    async def get(self, account_id: str, delivery_id: str) -> Delivery | None:
        """One delivery, None when the account has no such."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_GET, account_id, delivery_id)
        return None if row is None else _delivery(row)

    async def of_event(self, account_id: str, event_id: str) -> Sequence[Delivery]:
        """The deliveries of one event, at most one for each endpoint."""
        async with self._database.acquire() as connection:
            return [_delivery(row) for row in await connection.fetch(_OF_EVENT, account_id, event_id)]

    async def attempts_of(self, account_id: str, delivery_ids: Sequence[str]) -> Mapping[str, Sequence[Attempt]]:
        """The attempts of each of these deliveries, in order; nothing for those that are not the account's."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_ATTEMPTS, account_id, list(delivery_ids))
        found: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
        for row in rows:
            found[row["delivery_id"]].append(Attempt(**dict(row)))
        return found

    async def backlog(self) -> Backlog:
        """How much waits to be delivered; cheap, it reads the partial index of what is pending."""
        async with self._database.acquire() as connection:
            backlog = await connection.fetchrow(_BACKLOG)
            endpoints = await connection.fetchrow(_ENDPOINTS)
        assert backlog is not None
        assert endpoints is not None
        return Backlog(
            pending=backlog["pending"],
            retrying=backlog["retrying"],
            oldest_at=backlog["oldest_at"],
            enabled_endpoints=endpoints["enabled"],
            disabled_endpoints=endpoints["disabled"],
            failing_endpoints=endpoints["failing"],
        )


def _list(account_id: str, where: DeliveryFilter) -> Listing:
    conditions = Conditions()
    conditions.add("delivery.account_id = {}", account_id)
    add_conditions(conditions, where)
    return Listing("webhook_delivery delivery", _NAMES, _EXPRESSIONS, conditions)


def _delivery(row: asyncpg.Record) -> Delivery:
    values: dict[str, Any] = dict(row)
    values["state"] = DeliveryState(values["state"])
    if values["state"] is not DeliveryState.PENDING:
        values["next_attempt_at"] = None
    return Delivery(**values)
