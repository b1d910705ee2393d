"""Before anything is erased: what would still call the person is called off, and what is under way is waited for."""

from datetime import datetime
from typing import Final

from app.callbacks import store as callbacks
from app.callbacks.telling import say
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.erasure.person import Person
from app.events.log import EventLog
from app.facts.callbacks import CallbackCancelled

# By way of the account's lists and campaigns, whose indexes have the number.
_REMOVE_CONTACTS: Final = """
UPDATE contact SET deleted_at = $3, updated_at = $3
WHERE list_id IN (SELECT id FROM contact_list WHERE account_id = $1) AND number = $2 AND deleted_at IS NULL
RETURNING list_id
"""
_HOLD_LISTS: Final = """
UPDATE contact_list SET version = version + 1
WHERE id IN (
    SELECT contact.list_id FROM contact_list AS list
    JOIN contact ON contact.list_id = list.id AND contact.number = $2 AND contact.deleted_at IS NULL
    WHERE list.account_id = $1
)
"""
_DUE_CALLBACKS: Final = "SELECT id FROM callback WHERE account_id = $1 AND number = $2 AND state = 'SCHEDULED'"

_CALLS: Final = """
SELECT EXISTS (SELECT FROM call WHERE NOT is_settled AND account_id = $1 AND snapshot::text ~ $3)
    AND $2::text IS NOT NULL
"""
_CALLBACKS: Final = """
SELECT EXISTS (SELECT FROM callback WHERE account_id = $1 AND number = $2 AND state IN ('CLAIMED', 'STARTED'))
    AND $3::text IS NOT NULL
"""
_OTPS: Final = """
SELECT EXISTS (
    SELECT FROM otp WHERE account_id = $1 AND number = $2 AND state IN ('PENDING', 'CLAIMED', 'CALLING')
) AND $3::text IS NOT NULL
"""
_ATTEMPTS: Final = """
SELECT EXISTS (
    SELECT FROM campaign_contact
    WHERE campaign_id IN (SELECT id FROM campaign WHERE account_id = $1) AND number = $2
        AND state IN ('CLAIMED', 'DIALING')
) AND $3::text IS NOT NULL
"""
_COMMANDS: Final = """
SELECT EXISTS (SELECT FROM call_command WHERE payload::text ~ $3 OR reply::text ~ $3)
    AND $1::text IS NOT NULL AND $2::text IS NOT NULL
"""
#: What is under way, in the words of whoever waits for it, and how one sees it. $1 account, $2 number, $3 a pattern.
_UNDER_WAY: Final = (
    ("a call", _CALLS),
    ("a callback", _CALLBACKS),
    ("a one-time password", _OTPS),
    ("a campaign's attempt", _ATTEMPTS),
    ("a request between processes", _COMMANDS),
)
# They may have read the number before it went, and write it after.
_OPEN_JOBS: Final = """
SELECT EXISTS (
    SELECT FROM job WHERE account_id = $1 AND kind <> 'ERASURE' AND created_at <= $2
        AND (state IN ('QUEUED', 'RUNNING') OR NOT is_settled)
)
"""


class Halting:
    """For one account. Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, log: EventLog, clock: Clock) -> None:
        self._database = database
        self._event_log = log
        self._clock = clock

    async def call_off(self, account_id: str, person: Person) -> int:
        """Take the person out of contact lists and cancel callbacks; how many of both."""
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_HOLD_LISTS, account_id, person.number)
            removed = len(await connection.fetch(_REMOVE_CONTACTS, account_id, person.number, now))
        async with self._event_log.transaction() as transaction:
            drafts = []
            for row in await transaction.connection.fetch(_DUE_CALLBACKS, account_id, person.number):
                cancelled = await callbacks.cancel(transaction.connection, account_id, row["id"], now=now)
                if cancelled is not None:
                    drafts.append(say(CallbackCancelled, cancelled, at=now))
            await transaction.append(drafts)
        return removed + len(drafts)

    async def under_way(self, account_id: str, person: Person, *, before: datetime) -> str | None:
        """Something that still has to end; None when nothing has. ``before``: jobs asked for until then."""
        async with self._database.acquire() as connection:
            for what, statement in _UNDER_WAY:
                if await connection.fetchval(statement, account_id, person.number, person.candidates):
                    return what
            return "an import, export or other job" if await self._has_jobs(connection, account_id, before) else None

    async def _has_jobs(self, connection: PooledConnection, account_id: str, before: datetime) -> bool:
        found: bool = await connection.fetchval(_OPEN_JOBS, account_id, before)
        return found
