"""Accounts: made and found."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
import phonenumbers

from app.accounts.audit import AuditLog, entry_by
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.hours.zones import zone_of
from app.ids import Kind, new_id

_NAME: Final = re.compile(r"[a-z0-9]{2,20}", re.ASCII)
_RESERVED: Final = frozenset({"offhook", "ofh"})  # our own names in Asterisk begin so
_LONGEST_DISPLAY_NAME: Final = 100
#: A hundred years.
MOST_DAYS: Final = 36_525
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")

_COLUMNS: Final = "id, name, display_name, default_region, is_sandbox, created_at, suspended_at, time_zone"
# By the partial index over calls that are not settled.
_LIVE_CALLS: Final = """
SELECT account_id, count(*) AS calls FROM call WHERE NOT is_settled AND state <> 'ENDED' GROUP BY account_id
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant; ``name`` is what its endpoints in Asterisk begin with.

    ``default_region`` and ``time_zone`` are where it is: how its national numbers are read, and what time it is for
    numbers that say nothing of a place.
    """

    id: str
    name: str
    display_name: str
    default_region: str
    is_sandbox: bool
    created_at: datetime
    suspended_at: datetime | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which recordings, and voicemails, are kept after they were saved: 0, for ever; None, the service's."""

    recording_days: float | None = None
    voicemail_days: float | None = None


class Accounts:
    """The operator's view of all accounts: nothing here is scoped to one, so no API key may reach it."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def create(
        self,
        name: str,
        *,
        display_name: str | None = None,
        default_region: str = "US",
        time_zone: str = "Etc/UTC",
        is_sandbox: bool = False,
    ) -> Account:
        """Make an account. It may call nobody until it has destination rules.

        Raises:
            RefusedError: INVALID_INPUT; ALREADY_EXISTS, the name is taken.
        """
        display_name = (display_name or name).strip()
        problems = [
            *_check_name(name),
            *check_text(display_name, ("displayName",), longest=_LONGEST_DISPLAY_NAME),
            *_check_region(default_region),
            *_check_time_zone(time_zone),
        ]
        if problems:
            raise RefusedError(problems)
        try:
            async with self._database.acquire() as connection:
                row = await connection.fetchrow(
                    "INSERT INTO account (id, name, display_name, default_region, time_zone, is_sandbox) "  # noqa: S608  # constant columns
                    f"VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}",
                    new_id(Kind.ACCOUNT),
                    name,
                    display_name,
                    default_region,
                    time_zone,
                    is_sandbox,
                )
        except asyncpg.UniqueViolationError as error:
            raise RefusedError(
                Problem("ALREADY_EXISTS", f"There is an account {name!r} already.", ("name",))
            ) from error
        account = _read(row)
        self._audit.record(entry_by(None, "account.create", account_id=account.id, subject_id=account.id))
        return account

    async def find(self, name_or_id: str) -> Account | None:
        """The account with this name or id."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM account WHERE name = $1 OR id = $1",  # noqa: S608  # constant columns
                name_or_id,
            )
        return None if row is None else _read(row)

    async def list_all(self) -> list[Account]:
        """Every account, by name."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(f"SELECT {_COLUMNS} FROM account ORDER BY name")  # noqa: S608  # constant columns
        return [_read(row) for row in rows]

    async def count_live_calls(self) -> dict[str, int]:
        """How many calls each account has that have not ended, by its id; those without any are left out."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_LIVE_CALLS)
        return {row["account_id"]: row["calls"] for row in rows}

    async def set_retention(self, account_id: str, days: Retention) -> None:
        """How long the account's recordings are kept from now on, those that it has included.

        Raises:
            RefusedError: INVALID_INPUT, days below 0 or without end.
        """
        given = {"recordings": days.recording_days, "voicemails": days.voicemail_days}
        problems = [
            Problem("INVALID_INPUT", f"Give days from 0 (for ever) to {MOST_DAYS}.", (name,))
            for name, value in given.items()
            if value is not None and not 0 <= value <= MOST_DAYS
        ]
        if problems:
            raise RefusedError(problems)
        async with self._database.acquire() as connection:
            await connection.execute(
                "UPDATE account SET recording_retention_days = $2, voicemail_retention_days = $3 WHERE id = $1",
                account_id,
                days.recording_days,
                days.voicemail_days,
            )
        self._audit.record(entry_by(None, "account.set_retention", account_id=account_id, subject_id=account_id))

    async def retention(self, account_id: str) -> Retention:
        """How long the account's recordings are kept."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                "SELECT recording_retention_days, voicemail_retention_days FROM account WHERE id = $1", account_id
            )
        return Retention() if row is None else Retention(*row)


def check_text(text: str, field: tuple[str, ...], *, longest: int) -> list[Problem]:
    """What is wrong with a text that people will read: empty, too long, or with control characters in it."""
    if not text.strip():
        return [Problem("REQUIRED", "This must not be empty.", field)]
    if len(text) > longest:
        return [Problem("INVALID_INPUT", f"Use at most {longest} characters.", field)]
    if _CONTROL.search(text):
        return [Problem("INVALID_INPUT", "Control characters and line breaks are not allowed.", field)]
    return []


def _check_name(name: str) -> list[Problem]:
    if _NAME.fullmatch(name) is None or name in _RESERVED:
        return [
            Problem("INVALID_INPUT", "An account's name is 2 to 20 lower-case letters and digits.", ("name",)),
        ]
    return []


def _check_time_zone(name: str) -> list[Problem]:
    try:
        zone_of(name)
    except (OSError, ValueError, LookupError):  # of unknown names, and of those that are paths
        return [Problem("INVALID_INPUT", "Use an IANA time zone such as Europe/Berlin.", ("timeZone",))]
    return []


def _check_region(region: str) -> list[Problem]:
    if region not in phonenumbers.SUPPORTED_REGIONS:
        return [Problem("INVALID_INPUT", "Use a two-letter country code such as US or DE.", ("defaultRegion",))]
    return []


def _read(row: Any) -> Account:
    return Account(**dict(row))
