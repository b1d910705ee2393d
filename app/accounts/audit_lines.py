"""The audit log, read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from app.accounts.audit import AuditLog
from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.facts.event import Actor, ActorKind
from app.paging import Page, PageRequest

_NAMES: Final = (
    *("id", "at", "actor_kind", "actor_id", "action", "outcome", "subject_id", "request_id", "remote_address"),
    "details",
)
_ORDER: Final = (Key("id", int),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which lines; what is None or empty was not asked for. ``is_refused``: what was refused, or (False) what was done.

    ``actions`` may end in ``.*``: all that is done to a noun.
    """

    actions: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    is_refused: bool | None = None
    actor_id: str | None = None
    subject_id: str | None = None
    request_id: str | None = None
    remote_address: str | None = None
    at_from: datetime | None = None
    at_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line, as it was written."""

    id: int
    at: datetime
    actor: Actor
    action: str
    outcome: str
    subject_id: str | None
    request_id: str | None
    remote_address: str | None
    details: Mapping[str, Any]


class AuditLines:
    """What an account may see of the audit log."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def page(self, account_id: str, request: PageRequest, where: AuditFilter) -> Page[AuditLine]:
        """Lines, newest first; what this process has recorded by now is among them.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        await self._audit.flush()
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection, _list(account_id, where), keys=_ORDER, descending=True, page=request, item=_read
            )

    async def count(self, account_id: str, where: AuditFilter) -> RowCount:
        """How many lines :meth:`page` goes through."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id, where))


def _list(account_id: str, where: AuditFilter) -> Listing:
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    plain = [action for action in where.actions if not action.endswith(".*")]
    nouns = [action.removesuffix("*") for action in where.actions if action.endswith(".*")]
    if nouns:
        conditions.add(
            "(action = ANY({}::text[]) OR EXISTS (SELECT FROM unnest({}::text[]) AS noun "
            "WHERE starts_with(action, noun)))",
            plain,
            nouns,
        )
    else:
        conditions.add_any_of("action", plain)
    conditions.add_any_of("outcome", where.outcomes)
    if where.is_refused is not None:
        conditions.add("outcome <> 'OK'" if where.is_refused else "outcome = 'OK'")
    conditions.add_given("actor_id = {}", where.actor_id)
    conditions.add_given("subject_id = {}", where.subject_id)
    conditions.add_given("request_id = {}", where.request_id)
    conditions.add_given("remote_address = {}", where.remote_address)
    conditions.add_given("at >= {}", where.at_from)
    conditions.add_given("at < {}", where.at_to)
    return Listing("audit_line", _NAMES, ", ".join(_NAMES), conditions)


def _read(row: asyncpg.Record) -> AuditLine:
    values: dict[str, Any] = dict(row)
    actor = Actor(kind=ActorKind(values.pop("actor_kind")), id=values.pop("actor_id"))
    return AuditLine(actor=actor, **values)
