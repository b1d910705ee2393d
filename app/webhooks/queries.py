"""Deliveries and attempts, to be read; the file that owns their queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from app.db.engine import Database
from app.db.keyset import RowCount, count_rows, keyset_page
from app.db.tables import EventRow, WebhookAttempt, WebhookDelivery
from app.paging import Page, PageRequest
from app.webhooks.model import EVERY_DELIVERY, Attempt, Delivery, DeliveryFilter, DeliveryState

_DELIVERY: Final = sa.inspect(WebhookDelivery).local_table
_ATTEMPT: Final = sa.inspect(WebhookAttempt).local_table
_EVENT: Final = sa.inspect(EventRow).local_table

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
        async with self._database.begin() as connection:
            return await count_rows(connection, _filtered(account_id, where))

    async def page(
        self, account_id: str, request: PageRequest, where: DeliveryFilter = EVERY_DELIVERY
    ) -> Page[Delivery]:
        """Deliveries that meet a condition, newest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.begin() as connection:
            return await keyset_page(
                connection,
                _filtered(account_id, where),
                # The sequence alone is no key: an event has a delivery for each endpoint.
                keys=[_DELIVERY.c.event_sequence, _DELIVERY.c.id],
                descending=True,
                page=request,
                item=lambda row: _delivery(row._mapping),  # noqa: SLF001  # SQLAlchemy's public name
            )

    async def get(self, account_id: str, delivery_id: str) -> Delivery | None:
        """One delivery, None when the account has no such."""
        select = _select_deliveries().where(_DELIVERY.c.account_id == account_id, _DELIVERY.c.id == delivery_id)
        async with self._database.begin() as connection:
            row = (await connection.execute(select)).mappings().one_or_none()
        return None if row is None else _delivery(row)

    async def of_event(self, account_id: str, event_id: str) -> Sequence[Delivery]:
        """The deliveries of one event, at most one for each endpoint."""
        select = _select_deliveries().where(_EVENT.c.id == event_id, _DELIVERY.c.account_id == account_id)
        async with self._database.begin() as connection:
            return [_delivery(row) for row in (await connection.execute(select)).mappings()]

    async def attempts_of(self, account_id: str, delivery_ids: Sequence[str]) -> Mapping[str, Sequence[Attempt]]:
        """The attempts of each of these deliveries, in order; nothing for those that are not the account's."""
        select = (
            sa.select(_ATTEMPT)
            .join(_DELIVERY, _DELIVERY.c.id == _ATTEMPT.c.delivery_id)
            .where(_DELIVERY.c.account_id == account_id, _ATTEMPT.c.delivery_id.in_(delivery_ids))
            .order_by(_ATTEMPT.c.delivery_id, _ATTEMPT.c.number, _ATTEMPT.c.id)
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(select)).mappings().all()
        found: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
        for row in rows:
            found[row["delivery_id"]].append(Attempt(**row))
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


def _filtered(account_id: str, where: DeliveryFilter) -> sa.Select[Any]:
    select = _select_deliveries().where(_DELIVERY.c.account_id == account_id)
    if where.endpoint_id is not None:
        select = select.where(_DELIVERY.c.endpoint_id == where.endpoint_id)
    if where.states:
        # Written out: the index of the undelivered is only used by a statement that names them.
        names: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{state.value}'") for state in where.states]
        select = select.where(_DELIVERY.c.state.in_(names))
    if where.subject_id is not None:
        # The log has an index over subjects; here each would be one more to write for every delivery.
        of_subject = sa.select(_EVENT.c.sequence).where(_EVENT.c.subject_id == where.subject_id)
        select = select.where(_DELIVERY.c.event_sequence.in_(of_subject))
    if where.event_types:
        select = select.where(_DELIVERY.c.event_type.in_(where.event_types))
    if where.created_from is not None:
        select = select.where(_DELIVERY.c.created_at >= where.created_from)
    if where.created_to is not None:
        select = select.where(_DELIVERY.c.created_at < where.created_to)
    return select


def _select_deliveries() -> sa.Select[Any]:
    return sa.select(
        _DELIVERY, _EVENT.c.id.label("event_id"), _DELIVERY.c.replay_key.is_not(None).label("is_replay")
    ).outerjoin(_EVENT, _EVENT.c.sequence == _DELIVERY.c.event_sequence)


def _delivery(row: sa.RowMapping) -> Delivery:
    values: dict[str, Any] = {name: row[name] for name in Delivery.__slots__}
    values["state"] = DeliveryState(row["state"])
    if values["state"] is not DeliveryState.PENDING:
        values["next_attempt_at"] = None
    return Delivery(**values)
