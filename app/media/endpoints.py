"""The programs that an account allows its legs to be streamed to, each with a secret of its own: what the egress guard
is to the operator, this is to the account.

Several may allow the same URL; then all their secrets sign, so that one is changed by making another and deleting it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.clock import Clock
from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.egress.addresses import UrlRefusedError
from app.egress.signing import new_secret, show_secret
from app.egress.streams import StreamGuard, url_refused
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.media.in_use import find_users
from app.media.urls import is_below, parse_endpoint_url, read_stream_url
from app.paging import Page, PageRequest
from app.resources.field_checks import check_description
from app.resources.shelf import raise_all
from app.secrets.sealing import Sealer

MOST_ENDPOINTS: Final = 20
LONGEST_DESCRIPTION: Final = 500

_NAMES: Final = ("id", "account_id", "url", "description", "created_at")
_COLUMNS: Final = ", ".join(_NAMES)
_KEYS: Final = (Key("id", str),)
_INSERT: Final = f"""
INSERT INTO media_endpoint (id, account_id, url, description, secret_sealed, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own constant
_COUNT: Final = "SELECT count(*) FROM media_endpoint WHERE account_id = $1 AND deleted_at IS NULL"
_GET: Final = f"SELECT {_COLUMNS} FROM media_endpoint WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL"  # noqa: S608  # our own constant
_ALL: Final = (
    "SELECT id, url, secret_sealed FROM media_endpoint WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id"
)
_DELETE: Final = """
UPDATE media_endpoint SET deleted_at = $3 WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class MediaEndpoint:
    """Where legs may be streamed to: ``url``, or, when its path ends in ``/``, all below it."""

    id: str
    account_id: str
    url: str
    description: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedMediaEndpoint:
    """A new one with its secret, ``whsec_…``, which is shown this once."""

    endpoint: MediaEndpoint
    secret: str


class MediaEndpoints:
    """The use cases. Each takes the account and looks nowhere else; another account's endpoint does not exist."""

    def __init__(self, database: Database, sealer: Sealer, guard: StreamGuard, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._guard = guard
        self._audit = audit
        self._clock = clock

    async def create(self, principal: Principal, *, url: str, description: str | None = None) -> CreatedMediaEndpoint:
        """Allow a URL; its secret is in the answer and never shown again.

        Raises:
            RefusedError: URL_NOT_ALLOWED, INVALID_INPUT (description, too many endpoints).
        """
        raise_all(check_description(description, longest=LONGEST_DESCRIPTION))
        try:
            target = parse_endpoint_url(url)
        except UrlRefusedError as error:
            raise url_refused(str(error), ("url",)) from error
        await self._guard.check(target, field=("url",))
        endpoint_id, key = new_id(Kind.MEDIA_ENDPOINT), new_secret()
        async with self._database.acquire() as connection, connection.transaction():
            # Two requests at once must not both be the last one allowed.
            await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", principal.account_id)
            if await connection.fetchval(_COUNT, principal.account_id) >= MOST_ENDPOINTS:
                message = f"An account has at most {MOST_ENDPOINTS} media endpoints; delete one."
                raise RefusedError(Problem("INVALID_INPUT", message))
            row = await connection.fetchrow(
                _INSERT,
                endpoint_id,
                principal.account_id,
                url,
                description,
                self._sealer.seal(key, owner_id=endpoint_id),
                self._clock.now(),
            )
        assert row is not None
        self._note(principal, "media_endpoint.create", endpoint_id)
        return CreatedMediaEndpoint(_endpoint(row), show_secret(key))

    async def delete(self, principal: Principal, endpoint_id: str) -> None:
        """Allow a URL no more. Streams that are under way go on.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE while something leads callers to what no other endpoint allows.
        """
        async with self._database.acquire() as connection, connection.transaction():
            rows = {row["id"]: row["url"] for row in await connection.fetch(_ALL, principal.account_id)}
            if endpoint_id not in rows:
                raise RefusedError(Problem("NOT_FOUND", "There is no such media endpoint.", ("id",)))
            url = rows.pop(endpoint_id)
            users = await find_users(connection, principal.account_id, url, rows.values())
            if users:
                message = f"Callers are led to this program by: {', '.join(users)}. Lead them elsewhere first."
                raise RefusedError(Problem("INVALID_STATE", message, ("id",), current_state="IN_USE"))
            await connection.execute(_DELETE, endpoint_id, principal.account_id, self._clock.now())
        self._note(principal, "media_endpoint.delete", endpoint_id)

    async def get(self, account_id: str, endpoint_id: str) -> MediaEndpoint | None:
        """One endpoint, None when the account has no such."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_GET, endpoint_id, account_id)
        return None if row is None else _endpoint(row)

    async def page(self, account_id: str, request: PageRequest) -> Page[MediaEndpoint]:
        """The account's endpoints, oldest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection, _list(account_id), keys=_KEYS, descending=False, page=request, item=_endpoint
            )

    async def count(self, account_id: str) -> RowCount:
        """How many endpoints the account has."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id))

    async def check(self, account_id: str, url: str, *, field: tuple[str, ...] = ("url",)) -> str:
        """Refuse a URL that a stream may not go to, as early as can be; gives its host.

        Raises:
            RefusedError: URL_NOT_ALLOWED.
        """
        target = read_stream_url(url, field=field)
        if not await self._allowing(account_id, url):
            raise url_refused("No media endpoint of the account allows this URL: make one first.", field)
        await self._guard.check(target, field=field)
        return target.host

    async def keys_for(self, account_id: str, url: str) -> tuple[bytes, ...]:
        """The keys that sign a connection to the URL, oldest first; none when no endpoint allows it.

        Raises:
            DatabaseUnavailableError: nobody can say.
        """
        return tuple(
            [
                self._sealer.open(row["secret_sealed"], owner_id=row["id"])
                for row in await self._allowing(account_id, url)
            ]
        )

    async def _allowing(self, account_id: str, url: str) -> Sequence[asyncpg.Record]:
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_ALL, account_id)
        return [row for row in rows if is_below(url, row["url"])]

    def _note(self, principal: Principal, action: str, endpoint_id: str) -> None:
        self._audit.record(entry_by(principal, action, account_id=principal.account_id, subject_id=endpoint_id))


def _endpoint(row: asyncpg.Record) -> MediaEndpoint:
    return MediaEndpoint(**dict(row))


def _list(account_id: str) -> Listing:
    where = Conditions()
    where.add("account_id = {}", account_id)
    where.add("deleted_at IS NULL")
    return Listing("media_endpoint", _NAMES, _COLUMNS, where)
