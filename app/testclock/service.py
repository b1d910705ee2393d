"""The use cases of test clocks: look, advance, reset. Whoever places calls by them is told, and looks at its rows."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import check_text
from app.calls.keeping.keys import (
    KeyClaim,
    KeyVeil,
    check_key,
    check_same_input,
    claim_keys,
    find_key,
    hash_input,
    key_is_reused,
)
from app.clock import Clock
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.testclock import rows
from app.testclock.clock import FURTHEST_DAYS, SandboxClock

LONGEST_REASON: Final = 200
ADVANCE: Final = "advanceTestClock"
#: Any of these may set it: it is of use to whoever has one.
SCOPES: Final = (Scope.CALLBACKS, Scope.CAMPAIGNS_WRITE)

_FURTHEST: Final = timedelta(days=FURTHEST_DAYS)


@dataclass(frozen=True, slots=True)
class Shown:
    """A clock, and what it shows at the instant at which it was looked at. ``is_replayed``: the key had set it."""

    clock: SandboxClock
    now: datetime
    is_replayed: bool = False


class SandboxClocks:
    """Every method raises DatabaseUnavailableError; ScopeError without one of ``SCOPES``."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        veil: KeyVeil | None = None,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """``changed`` is awaited after each commit: what is due may be due sooner than anybody knew."""
        self._database = database
        self._audit = audit
        self._clock = clock
        self._veil = veil
        self._changed = changed

    async def look(self, by: Principal) -> Shown | None:
        """The account's test clock; None for a live key, which has none."""
        _require(by)
        if not by.is_test:
            return None
        async with self._database.acquire() as connection:
            clock = await rows.find_clock(connection, by.account_id)
        return self._shown(clock)

    async def advance(
        self, by: Principal, idempotency_key: str, *, to: datetime | None = None, by_seconds: float | None = None
    ) -> Shown:
        """Let it show ``to``, or ``by_seconds`` more than it does: exactly one of them. Once for each key.

        Raises:
            RefusedError: INVALID_STATE, the key is live; INVALID_INPUT, not one of them, or it would go back, or too
                far; IDEMPOTENCY_KEY_REUSED.
        """
        _require_test(by)
        check_key(idempotency_key)
        asked = hash_input({"to": None if to is None else to.astimezone(UTC).isoformat(), "by": by_seconds})
        wanted = _read(to, by_seconds)
        async with self._database.acquire() as connection, connection.transaction():
            await rows.lock_account(connection, by.account_id)
            before = await rows.find_clock(connection, by.account_id)
            holder = await find_key(connection, by.account_id, ADVANCE, idempotency_key, self._veil)
            if holder is not None:
                check_same_input(holder, asked)
                return self._shown(before, is_replayed=True)
            now = self._clock.now()
            ahead = _ahead(before, wanted, now)
            claim = KeyClaim(by.account_id, ADVANCE, idempotency_key, asked, by.account_id)
            if by.account_id not in await claim_keys(connection, [claim]):
                raise key_is_reused()
            after = await rows.keep_clock(connection, by.account_id, ahead, now)
        await self._note(by, "advance", aheadSeconds=after.ahead.total_seconds())
        return self._shown(after)

    async def reset(self, by: Principal, *, reason: str | None = None) -> Shown:
        """Let it show the true time. Twice is as good as once.

        Raises:
            RefusedError: INVALID_STATE, the key is live; INVALID_INPUT, for the reason.
        """
        _require_test(by)
        if reason is not None and (problems := check_text(reason, ("reason",), longest=LONGEST_REASON)):
            raise RefusedError(problems)
        async with self._database.acquire() as connection, connection.transaction():
            await rows.lock_account(connection, by.account_id)
            is_changed = await rows.forget_clock(connection, by.account_id)
        if is_changed:
            await self._note(by, "reset", **({} if reason is None else {"reason": reason}))
        return self._shown(SandboxClock())

    def _shown(self, clock: SandboxClock, *, is_replayed: bool = False) -> Shown:
        return Shown(clock, clock.shows(self._clock.now()), is_replayed)

    async def _note(self, by: Principal, verb: str, **details: object) -> None:
        entry = entry_by(by, f"test_clock.{verb}", account_id=by.account_id)
        self._audit.record(replace(entry, details={**entry.details, **details}))
        await self._changed()


def _require(by: Principal) -> None:
    if not any(by.has(scope) for scope in SCOPES):
        by.require(SCOPES[0])


def _require_test(by: Principal) -> None:
    _require(by)
    if not by.is_test:
        message = "Live time is the true time. Use a test key: its callbacks and campaigns go by the test clock."
        raise RefusedError(Problem("INVALID_STATE", message, current_state="LIVE"))


def _read(to: datetime | None, by_seconds: float | None) -> datetime | timedelta:
    if (to is None) == (by_seconds is None):
        raise RefusedError(Problem("INVALID_INPUT", "Give exactly one of to and bySeconds.", ("to",)))
    if to is not None:
        return to
    assert by_seconds is not None  # see above
    if not (math.isfinite(by_seconds) and 0 < by_seconds <= _FURTHEST.total_seconds()):
        message = f"Give more than 0 and at most {_FURTHEST.total_seconds():.0f} seconds."
        raise RefusedError(Problem("INVALID_INPUT", message, ("bySeconds",)))
    return timedelta(seconds=by_seconds)


def _ahead(before: SandboxClock, wanted: datetime | timedelta, now: datetime) -> timedelta:
    """How far ahead the clock is to be."""
    field = "to" if isinstance(wanted, datetime) else "bySeconds"
    ahead = wanted - now if isinstance(wanted, datetime) else before.ahead + wanted
    if ahead < before.ahead:
        message = f"The test clock shows {before.shows(now).isoformat()}, and never goes back. Reset it first."
        raise RefusedError(Problem("INVALID_INPUT", message, (field,)))
    if ahead > _FURTHEST:
        message = f"The test clock goes at most {FURTHEST_DAYS} days ahead of the true time. Reset it first."
        raise RefusedError(Problem("INVALID_INPUT", message, (field,)))
    return ahead
