"""Everything about who may call, in one hand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from app.accounts.allow_lists import AllowLists
from app.accounts.audit import AuditLog
from app.accounts.audit_lines import AuditLines
from app.accounts.keys import ApiKeys
from app.accounts.sessions import Sessions
from app.accounts.tokens import AccessTokens
from app.clock import Clock
from app.db.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Keys, tokens, allow-lists, what is open under them, and what was done with them."""

    keys: ApiKeys
    tokens: AccessTokens
    allow_lists: AllowLists
    sessions: Sessions
    audit: AuditLog
    audit_lines: AuditLines

    @classmethod
    def open(
        cls,
        database: Database,
        hashing_key: bytes,
        audit: AuditLog,
        clock: Clock,
        *,
        tell: Callable[[str], Awaitable[None]] | None = None,
    ) -> Self:
        """``hashing_key`` is the secret's key for `Purpose.API_KEYS`; ``tell`` tells the other processes."""
        keys = ApiKeys(database, hashing_key, audit, clock=clock, tell=tell)
        return cls(
            keys=keys,
            tokens=AccessTokens(database, keys.credentials, keys.sessions, audit, clock),
            allow_lists=AllowLists(database, keys, keys.sessions, audit),
            sessions=keys.sessions,
            audit=audit,
            audit_lines=AuditLines(database, audit),
        )
