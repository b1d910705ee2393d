"""Who holds a bearer token: API keys and access tokens, checked at every request, looked up once in a while."""

import asyncio
import dataclasses
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from time import monotonic as system_monotonic
from typing import Final
from weakref import WeakValueDictionary

import asyncpg

from app.accounts.allow_list import Network, is_address_in
from app.accounts.audit import AuditLog
from app.accounts.known import KnownKeys
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.clock import Clock, SystemClock
from app.db.engine import Database
from app.errors import AuthenticationError, DatabaseUnavailableError
from app.terminal import public_command

LIVE_PREFIX: Final = "ofk_live_"
TEST_PREFIX: Final = "ofk_test_"
ACCESS_PREFIX: Final = "oft_"

#: One sentence for every way a key can be wrong, so that an answer tells nothing about which keys exist.
REFUSAL: Final = (
    "The API key is wrong, expired or revoked, or may not be used from this address. "
    f"`{public_command()} key create sandbox` makes one for the sandbox."
)
#: Nobody said who calls.
NO_KEY: Final = (
    "This needs an API key: send 'Authorization: Bearer ofk_…'. "
    f"`{public_command()} key create sandbox` makes one for the sandbox."
)
_PLACEHOLDER_REFUSAL: Final = "This is the placeholder for an API key; send the key that was printed."
#: What stands for the rest of a key in documentation: an ellipsis, also as HTTP's headers are read, or three dots.
_PLACEHOLDERS: Final = ("…", "…".encode().decode("latin-1"), "...")

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"  # letters that are hard to mistake
_SECRET_LENGTH: Final = 40  # 5.75 bits each: 230 bits
_LONGEST_TOKEN: Final = 200
_HINT_LENGTH: Final = 4
_OUTAGE_SECONDS: Final = 900.0

#: An account that the operator suspended has no callers. One that suspended itself can still look, and take it back.
IS_SUSPENDED: Final = "account.suspended_at IS NOT NULL AND account.suspended_by IS DISTINCT FROM 'ACCOUNT'"

# What is over is found too, with the reason: its account's audit log says that somebody still tries it.
_FIND_KEY: Final = f"""
SELECT api_key.id AS key_id, NULL AS token_id, NULL AS agent_id, api_key.scopes, api_key.scopes AS most_scopes,
    api_key.ip_allow_list, account.ip_allow_list AS account_allow_list, NULL::text[] AS allowed_origins,
    api_key.expires_at, api_key.is_test OR account.is_sandbox AS is_test, api_key.document_hashes,
    api_key.is_test AND NOT account.is_sandbox AS is_confined,
    account.id AS account_id, account.name AS account_name, account.default_region,
    CASE WHEN api_key.revoked_at IS NOT NULL THEN 'REVOKED' WHEN {IS_SUSPENDED} THEN 'SUSPENDED' END AS over_for
FROM api_key JOIN account ON account.id = api_key.account_id
WHERE api_key.key_hash = $1
"""  # noqa: S608  # our own words

# A token is never worth more than its key: it ends with it, and loses the scopes that its key loses. Where its key may
# be used from is said of the program that holds the key, not of the browsers that it makes tokens for.
_FIND_ACCESS: Final = f"""
SELECT api_key.id AS key_id, token.id AS token_id, token.agent_id, token.scopes, api_key.scopes AS most_scopes,
    ARRAY[]::text[] AS ip_allow_list, account.ip_allow_list AS account_allow_list, token.allowed_origins,
    least(token.expires_at, api_key.expires_at) AS expires_at, api_key.is_test OR account.is_sandbox AS is_test,
    api_key.is_test AND NOT account.is_sandbox AS is_confined,
    api_key.document_hashes, account.id AS account_id, account.name AS account_name, account.default_region,
    CASE WHEN token.revoked_at IS NOT NULL OR api_key.revoked_at IS NOT NULL THEN 'REVOKED'
        WHEN {IS_SUSPENDED} THEN 'SUSPENDED'
        WHEN token.agent_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM agent WHERE agent.id = token.agent_id AND agent.deleted_at IS NULL) THEN 'AGENT_DELETED'
        END AS over_for
FROM access_token token
JOIN api_key ON api_key.id = token.key_id
JOIN account ON account.id = token.account_id
WHERE token.token_hash = $1
"""  # noqa: S608  # our own words


@dataclass(frozen=True, slots=True)
class Secret:
    """A bearer token before it is handed out: what is shown once, and what is kept of it."""

    token: str = dataclasses.field(repr=False)
    hint: str
    hashed: bytes = dataclasses.field(repr=False)


class _Reason(StrEnum):
    """Why a credential that is known may not be used: for its account's audit log, never for the answer."""

    REVOKED = "REVOKED"
    SUSPENDED = "SUSPENDED"
    AGENT_DELETED = "AGENT_DELETED"
    EXPIRED = "EXPIRED"
    ORIGIN = "ORIGIN"
    ADDRESS = "ADDRESS"


@dataclass(frozen=True, slots=True)
class _Credential:
    """What one look at the database says about a token that is not unknown. Only what is not over is remembered."""

    principal: Principal
    networks: tuple[Network, ...] = ()
    account_networks: tuple[Network, ...] = ()
    origins: frozenset[str] | None = None
    over_for: _Reason | None = None

    def why_not(self, remote_address: str | None, origin: str | None, now: datetime) -> _Reason | None:
        """What speaks against its use from there; None: nothing."""
        if self.over_for is not None:
            return self.over_for
        expires_at = self.principal.expires_at
        if expires_at is not None and now >= expires_at:
            return _Reason.EXPIRED
        if self.origins is not None and origin not in self.origins:
            return _Reason.ORIGIN
        for networks in (self.networks, self.account_networks):
            if networks and not is_address_in(remote_address, networks):
                return _Reason.ADDRESS
        return None


class Credentials:
    """Checks bearer tokens.

    A valid one is remembered for ``cache_seconds``, so that hundreds of requests a second do not each ask the
    database. A revocation works at once here, and in other processes as soon as they hear of it (see ``sessions``), at
    the latest after ``cache_seconds``. Expiry, addresses and origins are checked at every use. While the database is
    away nobody can revoke a key, and one that was used in the last quarter of an hour is still known: a live call can
    be hung up.
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
        self._looking: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def issue(self, prefix: str) -> Secret:
        """A new secret text that begins so."""
        token = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
        return Secret(token=token, hint=f"{prefix}…{token[-_HINT_LENGTH:]}", hashed=self._hash(token))

    def forget(self, account_id: str) -> None:
        """Ask the database again about everything of an account, and believe nothing that is being read right now."""
        self._known.forget(lambda credential: credential.principal.account_id == account_id)

    def forget_fresh(self) -> None:
        """Ask the database again about everything, as long as it can be asked."""
        self._known.age()

    async def authenticate(
        self, token: str | None, remote_address: str | None, *, origin: str | None = None, request_id: str | None = None
    ) -> Principal:
        """Who holds this token.

        Args:
            token: What came as bearer token, if anything.
            remote_address: The peer's, or a trusted proxy's word for it.
            origin: The ``Origin`` header: access tokens are good for their own origins alone.
            request_id: For the audit log.

        Raises:
            AuthenticationError: always the same one, whatever is wrong with a key; others for none and a placeholder.
            DatabaseUnavailableError: the key is not remembered and the database is away.
        """
        hashed = self._hash(token or "")
        credential = self._known.find(hashed)
        if credential is None:
            try:
                credential = await self._look_up_once(hashed, is_access=(token or "").startswith(ACCESS_PREFIX))
            except DatabaseUnavailableError:
                credential = self._known.find_stale(hashed)
                if credential is None:
                    raise
        if credential is None:
            self._audit.refuse(
                "api_key.use", AuthenticationError.code, remote_address=remote_address, request_id=request_id
            )
            raise AuthenticationError(_refuse_unknown(token))
        principal = dataclasses.replace(credential.principal, remote_address=remote_address, request_id=request_id)
        reason = credential.why_not(remote_address, origin, self._clock.now())
        if reason is not None:
            self._audit.refuse_use(principal, AuthenticationError.code, reason.value)
            raise AuthenticationError(REFUSAL)
        return dataclasses.replace(principal, request_id=None)

    async def _look_up_once(self, hashed: bytes, *, is_access: bool) -> _Credential | None:
        """Look a token up; who asks for the same one meanwhile waits, and then knows."""
        lock = self._looking.get(hashed)
        if lock is None:
            lock = self._looking[hashed] = asyncio.Lock()  # gone with the last who holds or awaits it
        async with lock:
            return self._known.find(hashed) or await self._look_up(hashed, is_access=is_access)

    async def _look_up(self, hashed: bytes, *, is_access: bool) -> _Credential | None:
        generation = self._known.generation
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_FIND_ACCESS if is_access else _FIND_KEY, hashed)
        if row is None:
            self._known.drop(hashed)
            return None
        if row["over_for"] is not None:
            self._known.drop(hashed)
            return _over(row)
        scopes = read_scopes(row["scopes"])
        credential = _Credential(
            principal=Principal(
                account_id=row["account_id"],
                account_name=row["account_name"],
                default_region=row["default_region"],
                key_id=row["key_id"],
                scopes=frozenset(scopes).intersection(read_scopes(row["most_scopes"])),
                is_test=row["is_test"],
                token_id=row["token_id"],
                agent_id=row["agent_id"],
                expires_at=row["expires_at"],
                document_hashes=frozenset(row["document_hashes"]),
                ip_allow_list=tuple(row["ip_allow_list"]),
                is_confined=row["is_confined"],
            ),
            networks=tuple(ip_network(text) for text in row["ip_allow_list"]),
            account_networks=tuple(ip_network(text) for text in row["account_allow_list"]),
            origins=None if row["allowed_origins"] is None else frozenset(row["allowed_origins"]),
        )
        self._known.remember(hashed, credential, generation)
        return credential

    def _hash(self, token: str) -> bytes:
        # Cut, not refused: a token too long to be ours costs what any wrong one costs, and matches nothing.
        return hmac.digest(self._hashing_key, token[:_LONGEST_TOKEN].encode("utf-8", "replace"), "sha256")


def _refuse_unknown(token: str | None) -> str:
    if not token:
        return NO_KEY
    return _PLACEHOLDER_REFUSAL if any(part in token for part in _PLACEHOLDERS) else REFUSAL


def _over(row: asyncpg.Record) -> _Credential:
    """One that is over, for the audit log. No more is read than a line of it has: a stranger's token takes no less."""
    principal = Principal(
        account_id=row["account_id"],
        account_name=row["account_name"],
        default_region=row["default_region"],
        key_id=row["key_id"],
        scopes=frozenset(),
        token_id=row["token_id"],
        agent_id=row["agent_id"],
    )
    return _Credential(principal, over_for=_Reason(row["over_for"]))


def read_scopes(values: Sequence[str]) -> list[Scope]:
    """Scopes as they are kept. A newer version may have written some that this one does not know: they open nothing."""
    known = {scope.value: scope for scope in Scope}
    return [known[value] for value in values if value in known]
