"""Everything about who may use a dialect, in one hand."""

from dataclasses import dataclass
from typing import Self

from app.accounts.audit import AuditLog
from app.accounts.dialect_credentials import DialectCredentials, Seals
from app.accounts.dialect_keys import DialectKeys
from app.accounts.dialect_requests import DialectRequests
from app.clock import Clock
from app.db.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectAccess:
    """Credentials as resources, who holds one that comes with a request, and which requests are the same."""

    credentials: DialectCredentials
    keys: DialectKeys
    requests: DialectRequests

    @classmethod
    def open(cls, database: Database, hashing_key: bytes, seals: Seals, audit: AuditLog, clock: Clock) -> Self:
        """``hashing_key`` is the secret's key for `Purpose.API_KEYS`."""
        return cls(
            credentials=DialectCredentials(database, hashing_key, seals, audit, clock),
            keys=DialectKeys(database, hashing_key, seals, audit, clock),
            requests=DialectRequests(database, hashing_key),
        )
