"""API keys: made, shown once, kept as a keyed hash, checked at every request."""

import dataclasses
import hmac
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from time import monotonic as system_monotonic
from typing import Any, Final

from app.accounts.allow_list import Network, is_address_in, read_allow_list
from app.accounts.audit import AuditEntry, AuditLog, entry_by
from app.accounts.known import KnownKeys
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import check_text
from app.clock import Clock, SystemClock
from app.db.engine import Database
from app.errors import AuthenticationError, DatabaseUnavailableError, Problem, RefusedError
from app.ids import Kind, new_id

LIVE_PREFIX: Final = "ofk_live_"
TEST_PREFIX: Final = "ofk_test_"

#: One sentence for every way a key can be wrong, so that an answer tells nothing about which keys exist.
_REFUSAL: Final = "The API key is missing, wrong, expired or revoked, or may not be used from this address."

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"  # letters that are hard to mistake
_SECRET_LENGTH: Final = 40  # 5.75 bits each: 230 bits
_LONGEST_TOKEN: Final = 200
_HINT_LENGTH: Final = 4
_LONGEST_NAME: Final = 100
_OUTAGE_SECONDS: Final = 900.0

_COLUMNS: Final = "id, account_id, name, is_test, hint, scopes, ip_allow_list, created_at, expires_at, revoked_at"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its owner may see it later: all but the key itself. ``hint`` is its beginning and end."""

    id: str
    account_id: str
    name: str
    is_test: bool
    hint: str
    scopes: tuple[Scope, ...]
    ip_allow_list: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; ``token`` is shown this once and kept nowhere."""

    token: str = dataclasses.field(repr=False)
    key: ApiKey


@dataclass(frozen=True, slots=True)
class _Credential:
    """What one look at the database says about a token that is neither unknown nor revoked."""

    principal: Principal
    networks: tuple[Network, ...]
    expires_at: datetime | None

    def admits(self, remote_address: str | None, now: datetime) -> bool:
        if self.expires_at is not None and now >= self.expires_at:
            return False
        return not self.networks or is_address_in(remote_address, self.networks)


class ApiKeys:
    """The keys of all accounts; every change names the account whose key it is.

    A valid key is remembered for ``cache_seconds``, so that hundreds of requests a second do not each ask the
    database. Revoking in this process works at once; a revocation in another process works here that much later.
    Expiry and addresses are checked at every use. While the database is away nobody can revoke a key, and one that was
    used in the last quarter of an hour is still known: a live call can be hung up.
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
    ) -> None:
        """``hashing_key`` is the service secret's key for `Purpose.API_KEYS`."""
        self._database = database
        self._hashing_key = hashing_key
        self._audit = audit
        self._clock = clock or SystemClock()
        self._known: KnownKeys[_Credential] = KnownKeys(
            cache_seconds, cache_size, monotonic, stale_seconds=_OUTAGE_SECONDS
        )

    async def create(
        self,
        account_id: str,
        *,
        name: str,
        scopes: Collection[Scope],
        is_test: bool = False,
        ip_allow_list: Sequence[str] = (),
        expires_at: datetime | None = None,
        by: Principal | None = None,
    ) -> IssuedKey:
        """Make a key. In a sandbox account every key is a test key.

        Args:
            account_id: Whose key it is.
            name: What people call it.
            scopes: What it may do; at least one, and none that ``by`` lacks.
            is_test: Whether it reaches the sandbox only; a test key cannot make a live one.
            ip_allow_list: CIDR networks or addresses it may be used from; empty for anywhere.
            expires_at: When it stops working; None for never.
            by: Who asks; None is the operator.

        Raises:
            RefusedError: INVALID_INPUT, REQUIRED; NOT_FOUND, there is no such account.
        """
        networks, problems = read_allow_list(ip_allow_list)
        problems += check_text(name, ("name",), longest=_LONGEST_NAME)
        problems += _check_scopes(scopes, by)
        if by is not None and by.is_test and not is_test:
            problems.append(Problem("SANDBOX_ONLY", "A test key cannot make a live one.", ("isTest",)))
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= self._clock.now()):
            problems.append(Problem("INVALID_INPUT", "The expiry must lie in the future.", ("expiresAt",)))
        if problems:
            raise RefusedError(problems)
        issued = await self._insert(
            account_id,
            name=name.strip(),
            is_test=is_test,
            scopes=sorted(scope.value for scope in scopes),
            ip_allow_list=[str(network) for network in networks],
            expires_at=expires_at,
        )
        self._audit.record(entry_by(by, "api_key.create", account_id=account_id, subject_id=issued.key.id))
        return issued

    async def list_of(self, account_id: str) -> list[ApiKey]:
        """The account's keys, newest first, revoked and expired ones too."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM api_key WHERE account_id = $1 ORDER BY created_at DESC, id DESC",  # noqa: S608  # constant columns
                account_id,
            )
        return [_read_key(row) for row in rows]

    async def revoke(self, account_id: str, key_id: str, *, by: Principal | None = None) -> ApiKey:
        """End a key for good. Revoking it again changes nothing.

        Raises:
            RefusedError: NOT_FOUND.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                "UPDATE api_key SET revoked_at = coalesce(revoked_at, $3) "  # noqa: S608  # constant columns
                f"WHERE account_id = $1 AND id = $2 RETURNING {_COLUMNS}",
                account_id,
                key_id,
                self._clock.now(),
            )
        self._known.clear()
        if row is None:
            raise RefusedError(_no_such_key())
        self._audit.record(entry_by(by, "api_key.revoke", account_id=account_id, subject_id=key_id))
        return _read_key(row)

    async def rotate(
        self, account_id: str, key_id: str, *, grace: timedelta = timedelta(0), by: Principal | None = None
    ) -> IssuedKey:
        """Make a successor with the same name, scopes, addresses and expiry; the old key ends after ``grace``.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, the key is revoked or expired; INVALID_INPUT, it has scopes that
                ``by`` lacks.
        """
        if grace < timedelta(0):
            raise RefusedError(Problem("INVALID_INPUT", "The grace period cannot be negative.", ("graceSeconds",)))
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM api_key WHERE account_id = $1 AND id = $2 FOR UPDATE",  # noqa: S608  # constant columns
                account_id,
                key_id,
            )
            if row is None:
                raise RefusedError(_no_such_key())
            old = _read_key(row)
            _require_rotatable(old, now, by)
            ends_at = now + grace if old.expires_at is None else min(now + grace, old.expires_at)
            if grace:
                await connection.execute("UPDATE api_key SET expires_at = $2 WHERE id = $1", old.id, ends_at)
            else:
                await connection.execute("UPDATE api_key SET revoked_at = $2 WHERE id = $1", old.id, now)
            issued = await self._insert(
                account_id,
                name=old.name,
                is_test=old.is_test,
                scopes=row["scopes"],
                ip_allow_list=row["ip_allow_list"],
                expires_at=old.expires_at,
                connection=connection,
            )
        self._known.clear()
        self._audit.record(entry_by(by, "api_key.rotate", account_id=account_id, subject_id=key_id))
        return issued

    async def authenticate(self, token: str | None, remote_address: str | None) -> Principal:
        """Who holds this token. ``remote_address`` is the peer's, or a trusted proxy's word for it.

        Raises:
            AuthenticationError: always the same one, whatever is wrong.
            DatabaseUnavailableError: the key is not remembered and the database is away.
        """
        hashed = self._hash(token or "")
        credential = self._known.find(hashed)
        if credential is None:
            try:
                credential = await self._look_up(hashed)
            except DatabaseUnavailableError:
                credential = self._known.find_stale(hashed)
                if credential is None:
                    raise
        if credential is None or not credential.admits(remote_address, self._clock.now()):
            if credential is not None:
                self._audit.record(
                    AuditEntry(
                        account_id=credential.principal.account_id,
                        action="api_key.use",
                        outcome=AuthenticationError.code,
                        subject_id=credential.principal.key_id,
                        remote_address=remote_address,
                    )
                )
            raise AuthenticationError(_REFUSAL)
        return dataclasses.replace(credential.principal, remote_address=remote_address)

    async def _look_up(self, hashed: bytes) -> _Credential | None:
        generation = self._known.generation
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                "SELECT api_key.id AS key_id, api_key.scopes, api_key.ip_allow_list, api_key.expires_at, "
                "api_key.is_test OR account.is_sandbox AS is_test, account.id AS account_id, "
                "account.name AS account_name, account.default_region "
                "FROM api_key JOIN account ON account.id = api_key.account_id "
                "WHERE api_key.key_hash = $1 AND api_key.revoked_at IS NULL AND account.suspended_at IS NULL",
                hashed,
            )
        if row is None:
            return None
        credential = _Credential(
            principal=Principal(
                account_id=row["account_id"],
                account_name=row["account_name"],
                default_region=row["default_region"],
                key_id=row["key_id"],
                scopes=frozenset(_read_scopes(row["scopes"])),
                is_test=row["is_test"],
            ),
            networks=tuple(ip_network(text) for text in row["ip_allow_list"]),
            expires_at=row["expires_at"],
        )
        self._known.remember(hashed, credential, generation)
        return credential

    async def _insert(
        self,
        account_id: str,
        *,
        name: str,
        is_test: bool,
        scopes: Sequence[str],
        ip_allow_list: Sequence[str],
        expires_at: datetime | None,
        connection: Any = None,
    ) -> IssuedKey:
        if connection is None:
            async with self._database.acquire() as own:
                return await self._insert(
                    account_id,
                    name=name,
                    is_test=is_test,
                    scopes=scopes,
                    ip_allow_list=ip_allow_list,
                    expires_at=expires_at,
                    connection=own,
                )
        is_sandbox = await connection.fetchval("SELECT is_sandbox FROM account WHERE id = $1", account_id)
        if is_sandbox is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such account.", ("account",)))
        is_test = is_test or is_sandbox
        prefix = TEST_PREFIX if is_test else LIVE_PREFIX
        token = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
        row = await connection.fetchrow(
            "INSERT INTO api_key "  # noqa: S608  # constant columns
            "(id, account_id, name, is_test, hint, key_hash, scopes, ip_allow_list, created_at, expires_at) "
            f"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {_COLUMNS}",
            new_id(Kind.API_KEY),
            account_id,
            name,
            is_test,
            f"{prefix}…{token[-_HINT_LENGTH:]}",
            self._hash(token),
            list(scopes),
            list(ip_allow_list),
            self._clock.now(),
            expires_at,
        )
        return IssuedKey(token=token, key=_read_key(row))

    def _hash(self, token: str) -> bytes:
        # Cut, not refused: a token too long to be ours costs what any wrong one costs, and matches nothing.
        return hmac.digest(self._hashing_key, token[:_LONGEST_TOKEN].encode("utf-8", "replace"), "sha256")


def _check_scopes(scopes: Collection[Scope], by: Principal | None) -> list[Problem]:
    if not scopes:
        return [Problem("REQUIRED", "Give at least one scope.", ("scopes",))]
    if by is not None and not by.scopes.issuperset(scopes):
        lacking = ", ".join(sorted(scope.value for scope in set(scopes) - by.scopes))
        return [Problem("INVALID_INPUT", f"A key cannot give what it does not have: {lacking}.", ("scopes",))]
    return []


def _require_rotatable(key: ApiKey, now: datetime, by: Principal | None) -> None:
    if key.revoked_at is not None:
        raise RefusedError(Problem("INVALID_STATE", "This key is revoked.", ("id",), current_state="REVOKED"))
    if key.expires_at is not None and key.expires_at <= now:
        raise RefusedError(Problem("INVALID_STATE", "This key has expired.", ("id",), current_state="EXPIRED"))
    problems = _check_scopes(key.scopes, by)
    if by is not None and by.is_test and not key.is_test:
        problems.append(Problem("SANDBOX_ONLY", "A test key cannot make a live one.", ("id",)))
    if problems:
        raise RefusedError(problems)


def _no_such_key() -> Problem:
    return Problem("NOT_FOUND", "There is no such API key.", ("id",))


def _read_scopes(values: Sequence[str]) -> list[Scope]:
    # A newer version may have written scopes that this one does not know: they open nothing here.
    known = {scope.value: scope for scope in Scope}
    return [known[value] for value in values if value in known]


def _read_key(row: Any) -> ApiKey:
    return ApiKey(
        id=row["id"],
        account_id=row["account_id"],
        name=row["name"],
        is_test=row["is_test"],
        hint=row["hint"],
        scopes=tuple(_read_scopes(row["scopes"])),
        ip_allow_list=tuple(row["ip_allow_list"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
