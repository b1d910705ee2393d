"""The kill switch: a suspended account has nothing dialled for it, and nothing taken in, from the commit on.

One that the operator has suspended is refused with all its keys, and its sockets are closed. One that has suspended
itself may still read, and resume itself. Its devices and trunks leave Asterisk in both cases.
"""

from dataclasses import replace
from typing import Final

from app.accounts.audit import AuditEntry, AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.accounts.sessions import CREDENTIALS_CHANGED, Sessions
from app.clock import Clock
from app.errors import Problem, RefusedError
from app.events.bus import EVENTS
from app.events.log import EventLog, LogTransaction
from app.facts.event import SYSTEM, Draft
from app.facts.usage import AccountResumed, AccountSuspended, SuspendedBy
from app.ids import Kind, new_id

LONGEST_REASON: Final = 200
#: Whose devices and trunks are in Asterisk has changed: `app.provisioning.sync`, which is above, listens to it.
_LINES_CHANGED: Final = "offhook_lines"

_LOCK: Final = "SELECT suspended_at, suspended_by, is_sandbox FROM account WHERE id = $1 FOR UPDATE"
_SUSPEND: Final = """
UPDATE account SET suspended_at = coalesce(suspended_at, $2), suspended_by = $3, suspension_reason = $4 WHERE id = $1
"""
_RESUME: Final = """
UPDATE account SET suspended_at = NULL, suspended_by = NULL, suspension_reason = NULL WHERE id = $1
"""
_NOTIFY: Final = "SELECT pg_notify($1, $2)"


class Suspensions:
    """``sessions`` are those of this process; others hear of it over PostgreSQL."""

    def __init__(self, log: EventLog, audit: AuditLog, clock: Clock, sessions: Sessions | None = None) -> None:
        self._log = log
        self._audit = audit
        self._clock = clock
        self._sessions = sessions

    async def suspend(
        self, by: Principal | None, account_id: str, *, reason: str | None = None, ends_calls: bool = False
    ) -> bool:
        """Suspend an account; ``by`` None is the operator. Gives whether that is news.

        Its live calls are for the caller of this to hang up. Once the operator has suspended an account it stays so,
        whatever its keys say.

        Raises:
            RefusedError: NOT_FOUND, INVALID_INPUT.
        """
        _check_reason(reason)
        who = SuspendedBy.OPERATOR if by is None else SuspendedBy.ACCOUNT
        async with self._log.transaction() as transaction:
            row = await transaction.connection.fetchrow(_LOCK, account_id)
            if row is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such account."))
            is_news = row["suspended_at"] is None or (by is None and row["suspended_by"] == SuspendedBy.ACCOUNT)
            if is_news:
                await transaction.connection.execute(_SUSPEND, account_id, self._clock.now(), who.value, reason)
                fact = AccountSuspended(suspended_by=who, ends_calls=ends_calls, reason=reason)
                await self._tell(transaction, by, account_id, fact, is_sandbox=row["is_sandbox"])
        self._audit.record(_entry(by, "account.suspend", account_id, reason))
        await self._recheck(account_id)
        return is_news

    async def resume(self, by: Principal | None, account_id: str, *, reason: str | None = None) -> bool:
        """Resume an account; gives whether that is news. ``reason`` is for the audit log.

        Raises:
            RefusedError: NOT_FOUND, INVALID_INPUT; ACCOUNT_SUSPENDED, the operator has suspended it.
        """
        _check_reason(reason)
        async with self._log.transaction() as transaction:
            row = await transaction.connection.fetchrow(_LOCK, account_id)
            if row is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such account."))
            if by is not None and row["suspended_at"] is not None and row["suspended_by"] != SuspendedBy.ACCOUNT:
                message = "The operator has suspended the account, so only the operator can resume it."
                raise RefusedError(Problem("ACCOUNT_SUSPENDED", message))
            is_news = row["suspended_at"] is not None
            if is_news:
                await transaction.connection.execute(_RESUME, account_id)
                await self._tell(transaction, by, account_id, AccountResumed(), is_sandbox=row["is_sandbox"])
        self._audit.record(_entry(by, "account.resume", account_id, reason))
        await self._recheck(account_id)
        return is_news

    async def _tell(
        self,
        transaction: LogTransaction,
        by: Principal | None,
        account_id: str,
        fact: AccountSuspended | AccountResumed,
        *,
        is_sandbox: bool,
    ) -> None:
        # With the commit, so that whoever asks afterwards, in whatever process, finds it so.
        await transaction.connection.execute(_NOTIFY, CREDENTIALS_CHANGED, f"suspension {account_id}")
        await transaction.connection.execute(_NOTIFY, _LINES_CHANGED, "")
        await transaction.connection.execute(_NOTIFY, EVENTS, "suspension +")
        draft = Draft(
            id=new_id(Kind.EVENT),
            account_id=account_id,
            subject_id=account_id,
            occurred_at=self._clock.now(),
            fact=fact,
            actor=SYSTEM if by is None else by.actor,
            request_id=None if by is None else by.request_id,
            is_sandbox=is_sandbox,
        )
        await transaction.append([draft])

    async def _recheck(self, account_id: str) -> None:
        if self._sessions is not None:
            await self._sessions.recheck(account_id)


def _check_reason(reason: str | None) -> None:
    """Raises RefusedError: INVALID_INPUT."""
    if reason is not None and (problems := check_text(reason, ("reason",), longest=LONGEST_REASON)):
        raise RefusedError(problems)


def _entry(by: Principal | None, action: str, account_id: str, reason: str | None) -> AuditEntry:
    entry = entry_by(by, action, account_id=account_id, subject_id=account_id)
    return entry if reason is None else replace(entry, details={**entry.details, "reason": reason})
