"""Who holds a dialect's credential: asked of the database at every request, so that an end is one at once."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, Final

from app.accounts.allow_list import is_address_in
from app.accounts.audit import AuditLog
from app.accounts.credentials import IS_SUSPENDED
from app.accounts.dialect_credentials import Seals, hash_secret
from app.accounts.dialects import LISTED, SCOPES, Dialect
from app.accounts.principal import Principal
from app.clock import Clock
from app.db.engine import Database
from app.errors import AuthenticationError

#: One sentence for every way a credential can be wrong, so that an answer tells nothing about which there are.
REFUSAL: Final = "The credentials are missing, wrong, expired or revoked, or may not be used from this address."

_USE_SECONDS: Final = 60.0
_LONGEST_NAME: Final = 64

_FIND: Final = f"""
SELECT held.id, held.is_test OR account.is_sandbox AS is_test, held.is_test AND NOT account.is_sandbox AS is_confined,
    held.secret_hash, held.sealed_key, held.ip_allow_list, account.ip_allow_list AS account_allow_list,
    held.expires_at, held.revoked_at, held.last_used_at, {IS_SUSPENDED} AS is_suspended,
    account.id AS account_id, account.name AS account_name, account.default_region, account.time_zone
FROM dialect_credential held JOIN account ON account.id = held.account_id
WHERE held.dialect = $1 AND
"""  # noqa: S608  # our own words
_BY_SECRET: Final = f"{_FIND} held.secret_hash = $2"
_BY_NAME: Final = f"{_FIND} held.user_name = $2"
_NOTE_USE: Final = """
UPDATE dialect_credential SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks, and the key that the request must be signed with, where the dialect has one.

    ``time_zone`` is the account's: where a dialect writes wall clocks' times, they are this zone's.
    """

    principal: Principal
    time_zone: str
    signing_key: str | None = field(default=None, repr=False)


class DialectKeys:
    """Checks the credentials that come with requests."""

    def __init__(self, database: Database, hashing_key: bytes, seals: Seals, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._hashing_key = hashing_key
        self._seals = seals
        self._audit = audit
        self._clock = clock

    async def authenticate(
        self,
        dialect: Dialect,
        secret: str,
        *,
        user_name: str | None = None,
        remote_address: str | None = None,
        request_id: str | None = None,
    ) -> Holder:
        """Who holds this secret; with a user name, where the dialect's clients name themselves.

        Raises:
            AuthenticationError: always the same one, whatever is wrong.
            DatabaseUnavailableError: nobody can say right now.
        """
        hashed = hash_secret(self._hashing_key, dialect, secret)
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                _BY_SECRET if user_name is None else _BY_NAME,
                dialect.value,
                hashed if user_name is None else user_name[:_LONGEST_NAME].replace("\x00", ""),
            )
        if row is None or not hmac.compare_digest(hashed, row["secret_hash"]):
            self._audit.refuse(
                "dialect_credential.use", AuthenticationError.code, remote_address=remote_address, request_id=request_id
            )
            raise AuthenticationError(REFUSAL)
        principal = _principal_of(row, dialect, remote_address)
        now = self._clock.now()
        reason = _why_not(row, dialect, remote_address, now)
        if reason is not None:
            self._audit.refuse_use(principal, AuthenticationError.code, reason)
            raise AuthenticationError(REFUSAL)
        await self._note_use(row, now)
        sealed = row["sealed_key"]
        return Holder(
            principal=principal,
            time_zone=row["time_zone"],
            signing_key=None if sealed is None else self._seals.open(sealed, owner_id=row["id"]).decode(),
        )

    def refuse_signature(self, holder: Holder) -> AuthenticationError:
        """The secret was right and the request is not signed as it must be: what is said and noted of that."""
        self._audit.refuse_use(holder.principal, AuthenticationError.code, "SIGNATURE")
        return AuthenticationError(REFUSAL)

    async def _note_use(self, row: Any, now: datetime) -> None:
        since = now - timedelta(seconds=_USE_SECONDS)
        if row["last_used_at"] is None or row["last_used_at"] < since:
            async with self._database.acquire() as connection:
                await connection.execute(_NOTE_USE, row["id"], now, since)


def _principal_of(row: Any, dialect: Dialect, remote_address: str | None) -> Principal:
    return Principal(
        account_id=row["account_id"],
        account_name=row["account_name"],
        default_region=row["default_region"],
        key_id=row["id"],
        scopes=SCOPES[dialect],
        is_test=row["is_test"],
        is_confined=row["is_confined"],
        expires_at=row["expires_at"],
        ip_allow_list=tuple(row["ip_allow_list"]),
        remote_address=remote_address,
    )


def _why_not(row: Any, dialect: Dialect, remote_address: str | None, now: datetime) -> str | None:
    """A word for the account's audit log, never for the answer."""
    if row["revoked_at"] is not None:
        return "REVOKED"
    if row["is_suspended"]:
        return "SUSPENDED"
    if row["expires_at"] is not None and now >= row["expires_at"]:
        return "EXPIRED"
    lists = [texts for texts in (row["ip_allow_list"], row["account_allow_list"]) if texts]
    if not lists and dialect in LISTED:
        return "ADDRESS"
    for texts in lists:
        if not is_address_in(remote_address, [ip_network(text) for text in texts]):
            return "ADDRESS"
    return None
