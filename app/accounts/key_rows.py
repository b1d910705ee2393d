"""API keys as rows: how they are read, and what may be done with one."""

import dataclasses
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any, Final

from msgspec import UNSET, UnsetType

from app.accounts.allow_list import is_network_in
from app.accounts.credentials import read_scopes
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.db.conditions import Conditions
from app.db.engine import PooledConnection
from app.db.keyset import Listing
from app.errors import Problem, RefusedError

NAMES: Final = (
    *("id", "account_id", "name", "is_test", "hint", "scopes", "ip_allow_list", "document_hashes"),
    *("created_at", "expires_at", "revoked_at"),
)
COLUMNS: Final = ", ".join(NAMES)
_MOST_DOCUMENTS: Final = 500
_DOCUMENT_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


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
    document_hashes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; ``token`` is shown this once and kept nowhere."""

    token: str = dataclasses.field(repr=False)
    key: ApiKey


def check_scopes(scopes: Collection[Scope], by: Principal | None) -> list[Problem]:
    """What is wrong with scopes that somebody wants to give; None is the operator, who has all."""
    if not scopes:
        return [Problem("REQUIRED", "Give at least one scope.", ("scopes",))]
    if by is not None and not by.scopes.issuperset(scopes):
        lacking = ", ".join(sorted(scope.value for scope in set(scopes) - by.scopes))
        return [Problem("INVALID_INPUT", f"A key cannot give what it does not have: {lacking}.", ("scopes",))]
    return []


def check_restrictions(
    by: Principal | None,
    *,
    expires_at: datetime | UnsetType | None = UNSET,
    ip_allow_list: Sequence[str] | UnsetType = UNSET,
    document_hashes: Sequence[str] | UnsetType = UNSET,
    networks_field: tuple[str, ...] = ("ipAllowList",),
) -> list[Problem]:
    """What a key that is to be like this would have over ``by``, a key with restrictions: it could shed them so.

    UNSET is not asked about. ``ip_allow_list`` are networks as `read_allow_list` gives them, as texts.
    """
    if by is None:
        return []
    problems = []
    if by.expires_at is not None and expires_at is not UNSET and (expires_at is None or expires_at > by.expires_at):
        problems.append(
            Problem(
                "INVALID_INPUT",
                "The key that asks expires, so it can give this no later expiry than its own.",
                ("expiresAt",),
            )
        )
    if by.ip_allow_list and ip_allow_list is not UNSET and not _are_within(ip_allow_list, by.ip_allow_list):
        problems.append(
            Problem(
                "INVALID_INPUT",
                "The key that asks is limited to certain addresses: it can give some of these alone.",
                networks_field,
            )
        )
    if by.document_hashes and document_hashes is not UNSET:
        wanted = frozenset(document_hashes)
        if not wanted or not wanted <= by.document_hashes:
            problems.append(
                Problem(
                    "INVALID_INPUT",
                    "The key that asks is limited to certain documents: it can give some of these alone.",
                    ("documentHashes",),
                )
            )
    return problems


def _are_within(networks: Sequence[str], bounds: Sequence[str]) -> bool:
    outer = [ip_network(text) for text in bounds]
    return bool(networks) and all(any(is_network_in(ip_network(text), bound) for bound in outer) for text in networks)


def require_changeable(key: ApiKey, now: datetime, by: Principal | None, field: str = "id") -> None:
    """Raises RefusedError: INVALID_STATE, INVALID_INPUT, SANDBOX_ONLY; ``field`` names the key in the input."""
    if key.revoked_at is not None:
        raise RefusedError(Problem("INVALID_STATE", "This key is revoked.", (field,), current_state="REVOKED"))
    if key.expires_at is not None and key.expires_at <= now:
        raise RefusedError(Problem("INVALID_STATE", "This key has expired.", (field,), current_state="EXPIRED"))
    problems = check_scopes(key.scopes, by)
    if check_restrictions(
        by, expires_at=key.expires_at, ip_allow_list=key.ip_allow_list, document_hashes=key.document_hashes
    ):
        message = "The key that asks has restrictions of expiry, addresses or documents that this one lacks."
        problems.append(Problem("INVALID_INPUT", message, (field,)))
    if by is not None and by.is_test and not key.is_test:
        problems.append(live_one(field))
    if problems:
        raise RefusedError(problems)


async def hold_key(connection: PooledConnection, account_id: str, key_id: str, field: str = "id") -> ApiKey:
    """The key, kept as it is until the transaction ends. Raises RefusedError: NOT_FOUND."""
    row = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM api_key WHERE account_id = $1 AND id = $2 FOR UPDATE",  # noqa: S608  # constant columns
        account_id,
        key_id,
    )
    if row is None:
        raise RefusedError(Problem("NOT_FOUND", "There is no such API key.", (field,)))
    return read_key(row)


def live_one(field: str = "id") -> Problem:
    """A live key is none of a test key's business."""
    return Problem("SANDBOX_ONLY", "A test key cannot make, change or end a live one.", (field,))


def list_keys(account_id: str) -> Listing:
    """An account's keys."""
    where = Conditions()
    where.add("account_id = {}", account_id)
    return Listing("api_key", NAMES, COLUMNS, where)


def check_documents(hashes: Sequence[str]) -> list[Problem]:
    """What is wrong with the SHA-256 sums of the documents that a key may send."""
    if len(hashes) > _MOST_DOCUMENTS:
        return [Problem("INVALID_INPUT", f"At most {_MOST_DOCUMENTS} documents.", ("documentHashes",))]
    return [
        Problem("INVALID_INPUT", "A document's SHA-256 is 64 hex digits, lower case.", ("documentHashes", str(index)))
        for index, text in enumerate(hashes)
        if _DOCUMENT_HASH.fullmatch(text) is None
    ]


def read_key(row: Any) -> ApiKey:
    """A key of its row."""
    return ApiKey(
        id=row["id"],
        account_id=row["account_id"],
        name=row["name"],
        is_test=row["is_test"],
        hint=row["hint"],
        scopes=tuple(read_scopes(row["scopes"])),
        ip_allow_list=tuple(row["ip_allow_list"]),
        document_hashes=tuple(row["document_hashes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
