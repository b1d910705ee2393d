"""Credentials of dialects as rows: how they are read and listed."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.accounts.dialects import Dialect
from app.db.conditions import Conditions
from app.db.keyset import Listing

NAMES: Final = (
    *("id", "account_id", "dialect", "name", "is_test", "hint", "user_name", "ip_allow_list"),
    *("created_at", "expires_at", "revoked_at", "last_used_at"),
)
COLUMNS: Final = ", ".join(NAMES)


@dataclass(frozen=True, slots=True)
class DialectCredential:
    """A credential as its owner may see it later: all but the secrets. ``hint`` is the secret's beginning and end.

    ``user_name`` is None where a dialect's clients do not name themselves. ``last_used_at`` is true to the minute.
    """

    id: str
    account_id: str
    dialect: Dialect
    name: str
    is_test: bool
    hint: str
    user_name: str | None
    ip_allow_list: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A new credential. Its secrets are shown this once: ``signing_key`` where requests are signed."""

    secret: str = dataclasses.field(repr=False)
    signing_key: str | None = dataclasses.field(repr=False)
    credential: DialectCredential


def list_credentials(account_id: str) -> Listing:
    """An account's credentials of dialects."""
    where = Conditions()
    where.add("account_id = {}", account_id)
    return Listing("dialect_credential", NAMES, COLUMNS, where)


def read_credential(row: Any) -> DialectCredential:
    """A credential of its row."""
    return DialectCredential(
        **{**dict(row), "dialect": Dialect(row["dialect"]), "ip_allow_list": tuple(row["ip_allow_list"])}
    )
