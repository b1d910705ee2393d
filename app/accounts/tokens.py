"""Access tokens: what a program with a key hands to a browser. Short-lived, narrower than the key, bound to origins."""

import dataclasses
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.accounts.audit import AuditLog, entry_by
from app.accounts.credentials import ACCESS_PREFIX, Credentials, read_scopes
from app.accounts.key_rows import check_scopes
from app.accounts.known import KnownKeys
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.sessions import Sessions
from app.clock import Clock
from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError, ScopeError
from app.ids import Kind, new_id
from app.paging import Page, PageRequest

DEFAULT_SECONDS: Final = 900
LONGEST_SECONDS: Final = 86_400

_MOST_ORIGINS: Final = 20
#: As browsers write the ``Origin`` header (RFC 6454, 6.2): lower case, no path, no default port. Host names with an
#: underscore, which DNS has and browsers open, are the names of many containers.
_ORIGIN: Final = re.compile(
    r"(https?)://([a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?", re.ASCII
)
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
#: Whoever may make keys lives for ever: a token that could would outlive itself.
_NEVER: Final = frozenset({Scope.KEYS})
_KEPT: Final = timedelta(days=30)
_ORIGIN_SECONDS: Final = 30.0
_ORIGINS_KNOWN: Final = 1000

_NAMES: Final = (
    *("id", "account_id", "key_id", "agent_id", "hint", "scopes", "allowed_origins"),
    *("created_at", "expires_at", "revoked_at"),
)
_COLUMNS: Final = ", ".join(_NAMES)
_ORDER: Final = (Key("created_at", datetime), Key("id", str))
_IS_TEST: Final = """
SELECT api_key.is_test FROM access_token token JOIN api_key ON api_key.id = token.key_id
WHERE token.account_id = $1 AND token.id = $2
"""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as its account may see it later: all but the token itself."""

    id: str
    account_id: str
    key_id: str
    agent_id: str | None
    hint: str
    scopes: tuple[Scope, ...]
    allowed_origins: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; ``secret`` is shown this once and kept nowhere."""

    secret: str = dataclasses.field(repr=False)
    token: AccessToken


class AccessTokens:
    """The access tokens of all accounts; every change names the caller whose account it is in."""

    def __init__(
        self, database: Database, credentials: Credentials, sessions: Sessions, audit: AuditLog, clock: Clock
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._sessions = sessions
        self._audit = audit
        self._clock = clock
        self._origins: KnownKeys[bool] = KnownKeys(_ORIGIN_SECONDS, _ORIGINS_KNOWN, lambda: clock.now().timestamp())

    async def create(
        self,
        by: Principal,
        *,
        scopes: Collection[Scope],
        allowed_origins: Sequence[str],
        agent_id: str | None = None,
        ttl_seconds: int = DEFAULT_SECONDS,
    ) -> IssuedToken:
        """Make a token. It ends after ``ttl_seconds``, or with the key that asks, whichever is first.

        Args:
            by: The key that asks.
            scopes: What the token may do: at least one, none that the key lacks, and never ``keys``.
            allowed_origins: The pages that may use it, as browsers write origins: ``https://crm.example``.
            agent_id: The agent that it stands for.
            ttl_seconds: 1 second to a day.

        Raises:
            RefusedError: INVALID_INPUT, REQUIRED; NOT_FOUND, the account has no such agent.
        """
        origins, problems = _read_origins(allowed_origins)
        problems += check_scopes(scopes, by)
        if not _NEVER.isdisjoint(scopes):
            problems.append(Problem("INVALID_INPUT", "An access token cannot have the scope keys.", ("scopes",)))
        if not 1 <= ttl_seconds <= LONGEST_SECONDS:
            problems.append(
                Problem("INVALID_INPUT", f"A token lives for 1 to {LONGEST_SECONDS} seconds.", ("ttlSeconds",))
            )
        if problems:
            raise RefusedError(problems)
        now = self._clock.now()
        expires_at = now + timedelta(seconds=ttl_seconds)
        if by.expires_at is not None:
            expires_at = min(expires_at, by.expires_at)
        secret = self._credentials.issue(ACCESS_PREFIX)
        async with self._database.acquire() as connection, connection.transaction():
            if agent_id is not None:
                found = await connection.fetchval(
                    "SELECT id FROM agent WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL",
                    by.account_id,
                    agent_id,
                )
                if found is None:
                    raise RefusedError(Problem("NOT_FOUND", "There is no such agent.", ("agentId",)))
            # What has been over for a month is of no use to anybody, and is swept up by who comes next.
            await connection.execute(
                "DELETE FROM access_token WHERE account_id = $1 AND expires_at < $2", by.account_id, now - _KEPT
            )
            row = await connection.fetchrow(
                "INSERT INTO access_token "  # noqa: S608  # constant columns
                "(id, account_id, key_id, agent_id, hint, token_hash, scopes, allowed_origins, created_at, expires_at) "
                f"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {_COLUMNS}",
                new_id(Kind.ACCESS_TOKEN),
                by.account_id,
                by.key_id,
                agent_id,
                secret.hint,
                secret.hashed,
                sorted(scopes),
                origins,
                now,
                expires_at,
            )
        for origin in origins:
            self._origins.remember(origin.encode(), True, self._origins.generation)
        token = _read_token(row)
        self._audit.record(entry_by(by, "access_token.create", account_id=by.account_id, subject_id=token.id))
        return IssuedToken(secret=secret.token, token=token)

    async def revoke(self, by: Principal, token_id: str | None) -> AccessToken:
        """End a token for good, and what is open under it; None is the caller's own. Again changes nothing.

        Raises:
            ScopeError: the caller lacks ``keys``, and it is not its own.
            RefusedError: NOT_FOUND; REQUIRED, the caller has no token of its own; SANDBOX_ONLY, a test key ends the
                token of a live one.
        """
        if token_id is None and by.token_id is None:
            raise RefusedError(Problem("REQUIRED", "Say which token: this request came with a key.", ("id",)))
        if token_id is not None and token_id != by.token_id and not by.has(Scope.KEYS):
            raise ScopeError(Scope.KEYS.value)
        async with self._database.acquire() as connection, connection.transaction():
            if by.is_confined:
                is_test = await connection.fetchval(_IS_TEST, by.account_id, token_id or by.token_id)
                by.require_sandbox(is_sandbox=is_test is not False)
            row = await connection.fetchrow(
                "UPDATE access_token SET revoked_at = coalesce(revoked_at, $3) "  # noqa: S608  # constant columns
                f"WHERE account_id = $1 AND id = $2 RETURNING {_COLUMNS}",
                by.account_id,
                token_id or by.token_id,
                self._clock.now(),
            )
        if row is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such access token.", ("id",)))
        token = _read_token(row)
        await self._sessions.recheck(by.account_id)
        self._audit.record(entry_by(by, "access_token.revoke", account_id=by.account_id, subject_id=token.id))
        return token

    async def page(self, account_id: str, page: PageRequest) -> Page[AccessToken]:
        """The account's tokens that may be used now, as far as only they are asked, newest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                _living(account_id, self._clock.now()),
                keys=_ORDER,
                descending=True,
                page=page,
                item=_read_token,
            )

    async def count(self, account_id: str) -> RowCount:
        """How many tokens :meth:`page` goes through."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _living(account_id, self._clock.now()))

    async def is_origin_known(self, origin: str) -> bool:
        """Whether some token that is still good may be used by pages of this origin: for a browser's preflight.

        Known for half a minute, so that strangers' preflights do not each ask the database.
        """
        hashed = origin[:300].encode("utf-8", "replace")
        known = self._origins.find(hashed)
        if known is None:
            generation = self._origins.generation
            async with self._database.acquire() as connection:
                known = await connection.fetchval(
                    "SELECT EXISTS (SELECT FROM access_token "
                    "WHERE expires_at > $2 AND revoked_at IS NULL AND allowed_origins @> ARRAY[$1]::text[])",
                    origin,
                    self._clock.now(),
                )
            self._origins.remember(hashed, bool(known), generation)
        return bool(known)


def _living(account_id: str, now: datetime) -> Listing:
    where = Conditions()
    where.add("account_id = {} AND revoked_at IS NULL AND expires_at > {}", account_id, now)
    where.add(
        "key_id IN (SELECT id FROM api_key WHERE account_id = {} AND revoked_at IS NULL "
        "AND (expires_at IS NULL OR expires_at > {}))",
        account_id,
        now,
    )
    where.add(
        "(agent_id IS NULL OR agent_id IN (SELECT id FROM agent WHERE account_id = {} AND deleted_at IS NULL))",
        account_id,
    )
    return Listing("access_token", _NAMES, _COLUMNS, where)


def _read_origins(given: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """Origins as browsers write them, and what is wrong with the list."""
    if not given:
        return [], [Problem("REQUIRED", "Name the pages that may use it: https://crm.example.", ("allowedOrigins",))]
    if len(given) > _MOST_ORIGINS:
        return [], [Problem("INVALID_INPUT", f"At most {_MOST_ORIGINS} origins.", ("allowedOrigins",))]
    origins: list[str] = []
    problems = []
    for index, text in enumerate(given):
        match = _ORIGIN.fullmatch(text.strip().lower())
        if match is None:
            problems.append(
                Problem(
                    "INVALID_INPUT",
                    "Use an origin such as https://crm.example or http://localhost:3000: no path, no wildcard.",
                    ("allowedOrigins", str(index)),
                )
            )
            continue
        origin = match[0].removesuffix(_DEFAULT_PORTS[match[1]])
        if origin not in origins:
            origins.append(origin)
    return origins, problems


def _read_token(row: Any) -> AccessToken:
    return AccessToken(
        **{
            **dict(row),
            "scopes": tuple(read_scopes(row["scopes"])),
            "allowed_origins": tuple(row["allowed_origins"]),
        }
    )
