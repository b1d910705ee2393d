"""API keys: made, shown once, kept as a keyed hash, changed and ended."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from time import monotonic as system_monotonic
from typing import Final

from msgspec import UNSET, UnsetType

from app.accounts.allow_list import read_allow_list
from app.accounts.audit import AuditLog, entry_by
from app.accounts.credentials import LIVE_PREFIX, TEST_PREFIX, Credentials
from app.accounts.key_rows import (
    COLUMNS,
    ApiKey,
    IssuedKey,
    check_documents,
    check_restrictions,
    check_scopes,
    hold_key,
    list_keys,
    live_one,
    read_key,
    require_changeable,
)
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import check_text
from app.accounts.sessions import Sessions
from app.clock import Clock, SystemClock
from app.db.engine import Database, PooledConnection
from app.db.keyset import Key, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.paging import Page, PageRequest

_LONGEST_NAME: Final = 100
_LONGEST_GRACE: Final = timedelta(days=365)

_ORDER: Final = (Key("created_at", datetime), Key("id", str))


class ApiKeys:
    """The keys of all accounts; every change names the account whose key it is.

    ``credentials`` checks them, and ``sessions`` are what is open under them in this process: a change of a key is
    known there at once, and in other processes as soon as ``tell`` has told them.
    """

    def __init__(
        self,
        database: Database,
        hashing_key: bytes,
        audit: AuditLog,
        *,
        clock: Clock | None = None,
        cache_seconds: float = 5.0,
        cache_size: int = 4096,
        monotonic: Callable[[], float] = system_monotonic,
        tell: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """``hashing_key`` is the service secret's key for `Purpose.API_KEYS`."""
        self._database = database
        self._audit = audit
        self._clock = clock or SystemClock()
        self.credentials = Credentials(
            database,
            hashing_key,
            audit,
            clock=self._clock,
            cache_seconds=cache_seconds,
            cache_size=cache_size,
            monotonic=monotonic,
        )
        self.sessions = Sessions(self.credentials, tell)

    async def create(
        self,
        account_id: str,
        *,
        name: str,
        scopes: Collection[Scope],
        is_test: bool = False,
        ip_allow_list: Sequence[str] = (),
        document_hashes: Sequence[str] = (),
        expires_at: datetime | None = None,
        by: Principal | None = None,
    ) -> IssuedKey:
        """Make a key. In a sandbox account every key is a test key.

        Args:
            account_id: Whose key it is.
            name: What people call it.
            scopes: What it may do; at least one, and none that ``by`` lacks.
            is_test: Whether it reaches the sandbox only; a test key cannot make a live one.
            ip_allow_list: CIDR networks or addresses it may be used from; empty for anywhere. Where ``by`` has such a
                list, these lie within it; so with the next two.
            document_hashes: SHA-256 of each document that it may send, in hex; empty for any.
            expires_at: When it stops working; None for never.
            by: Who asks; None is the operator.

        Raises:
            RefusedError: INVALID_INPUT, REQUIRED; NOT_FOUND, there is no such account.
        """
        networks, problems = read_allow_list(ip_allow_list)
        problems += check_text(name, ("name",), longest=_LONGEST_NAME)
        problems += check_scopes(scopes, by)
        problems += check_documents(document_hashes)
        if by is not None and by.is_test and not is_test:
            problems.append(Problem("SANDBOX_ONLY", "A test key cannot make a live one.", ("isTest",)))
        problems += self._check_expiry(expires_at)
        problems += check_restrictions(
            by,
            expires_at=expires_at,
            ip_allow_list=[str(network) for network in networks],
            document_hashes=document_hashes,
        )
        if problems:
            raise RefusedError(problems)
        async with self._database.acquire() as connection:
            issued = await self._insert(
                account_id,
                name=name.strip(),
                is_test=is_test,
                scopes=sorted(scope.value for scope in scopes),
                ip_allow_list=[str(network) for network in networks],
                document_hashes=document_hashes,
                expires_at=expires_at,
                connection=connection,
            )
        self._audit.record(entry_by(by, "api_key.create", account_id=account_id, subject_id=issued.key.id))
        return issued

    async def list_of(self, account_id: str) -> list[ApiKey]:
        """The account's keys, newest first, revoked and expired ones too."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"SELECT {COLUMNS} FROM api_key WHERE account_id = $1 ORDER BY created_at DESC, id DESC",  # noqa: S608  # constant columns
                account_id,
            )
        return [read_key(row) for row in rows]

    async def page(self, account_id: str, page: PageRequest) -> Page[ApiKey]:
        """The account's keys, newest first, revoked and expired ones too.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection, list_keys(account_id), keys=_ORDER, descending=True, page=page, item=read_key
            )

    async def count(self, account_id: str) -> RowCount:
        """How many keys :meth:`page` goes through."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, list_keys(account_id))

    async def get(self, account_id: str, key_id: str) -> ApiKey | None:
        """One key, None when the account has no such."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {COLUMNS} FROM api_key WHERE account_id = $1 AND id = $2",  # noqa: S608  # constant columns
                account_id,
                key_id,
            )
        return None if row is None else read_key(row)

    async def update(
        self,
        account_id: str,
        key_id: str,
        *,
        name: str | UnsetType = UNSET,
        scopes: Collection[Scope] | UnsetType = UNSET,
        ip_allow_list: Sequence[str] | UnsetType = UNSET,
        document_hashes: Sequence[str] | UnsetType = UNSET,
        expires_at: datetime | UnsetType | None = UNSET,
        by: Principal | None = None,
        field: str = "id",
        networks_field: tuple[str, ...] = ("ipAllowList",),
    ) -> ApiKey:
        """Change a key; what is UNSET stays. What is open under it goes on only as far as it still may.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, the key is revoked or expired; INVALID_INPUT, REQUIRED; the key has,
                or would have, scopes that ``by`` lacks, or less restrictions; SANDBOX_ONLY, a test key changes a live
                one.
        """
        networks, problems = (
            ([], []) if isinstance(ip_allow_list, UnsetType) else read_allow_list(ip_allow_list, field=networks_field)
        )
        if not isinstance(name, UnsetType):
            problems += check_text(name, ("name",), longest=_LONGEST_NAME)
        if not isinstance(scopes, UnsetType):
            problems += check_scopes(scopes, by)
        if not isinstance(document_hashes, UnsetType):
            problems += check_documents(document_hashes)
        if not isinstance(expires_at, UnsetType):
            problems += self._check_expiry(expires_at)
        problems += check_restrictions(
            by,
            expires_at=expires_at,
            ip_allow_list=ip_allow_list if isinstance(ip_allow_list, UnsetType) else [str(one) for one in networks],
            document_hashes=document_hashes,
            networks_field=networks_field,
        )
        if problems:
            raise RefusedError(problems)
        async with self._database.acquire() as connection, connection.transaction():
            key = await hold_key(connection, account_id, key_id, field)
            require_changeable(key, self._clock.now(), by, field)
            row = await connection.fetchrow(
                "UPDATE api_key SET name = $2, scopes = coalesce($3, scopes), ip_allow_list = $4, "  # noqa: S608  # constant columns
                f"document_hashes = $5, expires_at = $6 WHERE id = $1 RETURNING {COLUMNS}",
                key_id,
                key.name if isinstance(name, UnsetType) else name.strip(),
                None if isinstance(scopes, UnsetType) else sorted(scopes),
                list(key.ip_allow_list) if isinstance(ip_allow_list, UnsetType) else [str(one) for one in networks],
                list(key.document_hashes if isinstance(document_hashes, UnsetType) else document_hashes),
                key.expires_at if isinstance(expires_at, UnsetType) else expires_at,
            )
        await self.sessions.recheck(account_id)
        self._audit.record(entry_by(by, "api_key.update", account_id=account_id, subject_id=key_id))
        return read_key(row)

    async def revoke(self, account_id: str, key_id: str, *, by: Principal | None = None) -> ApiKey:
        """End a key for good, its access tokens, and what is open under any of them. Again changes nothing.

        Raises:
            RefusedError: NOT_FOUND; SANDBOX_ONLY, a test key ends a live one.
        """
        async with self._database.acquire() as connection, connection.transaction():
            key = await hold_key(connection, account_id, key_id)
            if by is not None and by.is_test and not key.is_test:
                raise RefusedError(live_one())
            row = await connection.fetchrow(
                "UPDATE api_key SET revoked_at = coalesce(revoked_at, $2) "  # noqa: S608  # constant columns
                f"WHERE id = $1 RETURNING {COLUMNS}",
                key_id,
                self._clock.now(),
            )
        await self.sessions.recheck(account_id)
        self._audit.record(entry_by(by, "api_key.revoke", account_id=account_id, subject_id=key_id))
        return read_key(row)

    async def rotate(
        self, account_id: str, key_id: str, *, grace: timedelta = timedelta(0), by: Principal | None = None
    ) -> IssuedKey:
        """Make a successor with the same name, scopes, addresses and expiry; the old key ends after ``grace``.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, the key is revoked or expired; INVALID_INPUT, it has scopes that
                ``by`` lacks, or lacks its restrictions; SANDBOX_ONLY, a test key rotates a live one.
        """
        if not timedelta(0) <= grace <= _LONGEST_GRACE:
            raise RefusedError(
                Problem("INVALID_INPUT", "The grace period is 0 to 31536000 seconds, a year.", ("graceSeconds",))
            )
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            old = await hold_key(connection, account_id, key_id)
            require_changeable(old, now, by)
            ends_at = now + grace if old.expires_at is None else min(now + grace, old.expires_at)
            if grace:
                await connection.execute("UPDATE api_key SET expires_at = $2 WHERE id = $1", old.id, ends_at)
            else:
                await connection.execute("UPDATE api_key SET revoked_at = $2 WHERE id = $1", old.id, now)
            issued = await self._insert(
                account_id,
                name=old.name,
                is_test=old.is_test,
                # As they are kept, with those that only a newer version knows.
                scopes=await connection.fetchval("SELECT scopes FROM api_key WHERE id = $1", old.id),
                ip_allow_list=old.ip_allow_list,
                document_hashes=old.document_hashes,
                expires_at=old.expires_at,
                connection=connection,
            )
        await self.sessions.recheck(account_id)
        self._audit.record(entry_by(by, "api_key.rotate", account_id=account_id, subject_id=key_id))
        return issued

    async def authenticate(
        self, token: str | None, remote_address: str | None, origin: str | None = None, request_id: str | None = None
    ) -> Principal:
        """Who holds this token: see `Credentials.authenticate`."""
        return await self.credentials.authenticate(token, remote_address, origin=origin, request_id=request_id)

    def _check_expiry(self, expires_at: datetime | None) -> list[Problem]:
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= self._clock.now()):
            return [Problem("INVALID_INPUT", "The expiry must lie in the future.", ("expiresAt",))]
        return []

    async def _insert(
        self,
        account_id: str,
        *,
        name: str,
        is_test: bool,
        scopes: Sequence[str],
        ip_allow_list: Sequence[str],
        document_hashes: Sequence[str],
        expires_at: datetime | None,
        connection: PooledConnection,
    ) -> IssuedKey:
        is_sandbox = await connection.fetchval("SELECT is_sandbox FROM account WHERE id = $1", account_id)
        if is_sandbox is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such account.", ("account",)))
        is_test = is_test or is_sandbox
        secret = self.credentials.issue(TEST_PREFIX if is_test else LIVE_PREFIX)
        row = await connection.fetchrow(
            "INSERT INTO api_key "  # noqa: S608  # constant columns
            "(id, account_id, name, is_test, hint, key_hash, scopes, ip_allow_list, document_hashes, created_at, "
            f"expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING {COLUMNS}",
            new_id(Kind.API_KEY),
            account_id,
            name,
            is_test,
            secret.hint,
            secret.hashed,
            list(scopes),
            list(ip_allow_list),
            list(document_hashes),
            self._clock.now(),
            expires_at,
        )
        return IssuedKey(token=secret.token, key=read_key(row))
