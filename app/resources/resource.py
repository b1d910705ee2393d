"""What all resources have in common: how they are read, and what is said of a change."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.db.engine import Database, PooledConnection
from app.db.keyset import RowCount
from app.paging import Page, PageRequest
from app.resources.shelf import Shelf
from app.secrets.sealing import Seals

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What every resource needs. ``lines_changed`` is awaited after a commit that Asterisk has to hear of."""

    database: Database
    audit: AuditLog
    seals: Seals
    lines_changed: Callable[[], Awaitable[None]]


class Resource(Generic[T]):
    """The use cases of one kind. Each takes the account and looks nowhere else: another's rows are not there.

    All raise DatabaseUnavailableError, and RefusedError for what the caller can mend: NOT_FOUND; INVALID_INPUT,
    REQUIRED or INVALID_NUMBER for what is malformed; ALREADY_EXISTS for what is taken; INVALID_STATE for what is in
    use.
    """

    shelf: ClassVar[Shelf[T]]
    noun: ClassVar[str]

    def __init__(self, office: Office) -> None:
        self._office = office

    async def get(self, account_id: str, row_id: str) -> T | None:
        """One, None when the account has no such."""
        async with self._office.database.acquire() as connection:
            return await self.shelf.get(connection, account_id, row_id)

    async def get_many(self, account_id: str, ids: Sequence[str]) -> list[T]:
        """Those of them that the account has, in no particular order."""
        async with self._office.database.acquire() as connection:
            return await self.shelf.get_many(connection, account_id, ids)

    async def page(self, account_id: str, request: PageRequest) -> Page[T]:
        """The account's, oldest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._office.database.acquire() as connection:
            return await self.shelf.page(connection, account_id, request)

    async def count(self, account_id: str) -> RowCount:
        """How many the account has."""
        async with self._office.database.acquire() as connection:
            return await self.shelf.count(connection, account_id)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[PooledConnection]:
        async with self._office.database.acquire() as connection, connection.transaction():
            yield connection

    def _note(self, by: Principal, verb: str, row_id: str) -> None:
        action = f"{self.noun}.{verb}"
        self._office.audit.record(entry_by(by, action, account_id=by.account_id, subject_id=row_id))
