"""The use cases of callbacks: schedule, change, call off, read. Placing them is the scheduler's."""

import dataclasses
import math
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, assert_never
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from app.accounts.asked_by import AskedBy
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.callbacks import store
from app.callbacks.model import (
    FURTHEST_DAYS,
    LEAST_RETRY_SECONDS,
    LONGEST_GRACE_SECONDS,
    LONGEST_RETRY_SECONDS,
    MOST_ATTEMPTS,
    Attempt,
    Callback,
    CallbackFilter,
    CallbackState,
    Scheduled,
    ScheduleRequest,
    UpdateCallbackRequest,
    Wanted,
    When,
)
from app.callbacks.telling import say
from app.calls.keeping.keys import KeyClaim, KeyVeil, check_key, check_same_input, claim_keys, find_key, hash_input
from app.calls.planning.originate_checks import read_numbers
from app.calls.planning.requests import UNSET, OriginateOutcome, OriginateRequest
from app.clock import Clock
from app.db.engine import Database
from app.db.reader import AccountReader
from app.errors import Problem, RefusedError, UnavailableError
from app.events.log import EventLog
from app.facts.callbacks import CallbackCancelled, CallbackScheduled, CallbackUpdated
from app.hours.local_time import LocalTime, Resolution, resolve
from app.hours.zones import zone_of
from app.ids import Kind, kind_of, new_id
from app.numbers.parse import parse_destination
from app.testclock.rows import clock_of

SCHEDULE: Final = "scheduleCallback"
#: A time that is over by no more than this means now: it took so long to get here.
_JUST_NOW: Final = timedelta(seconds=60)
_TRIES: Final = 5
#: By no more than this the scheduler puts off what is due.
_PUT_OFF: Final = timedelta(minutes=1)


class Checks(Protocol):
    """Says what a call would be refused for: `app.reaching.calls.Calls`, asked for a dry run."""

    async def originate(self, principal: Principal, request: OriginateRequest) -> OriginateOutcome:
        """Raises RefusedError; UnavailableError when nobody can say."""
        ...


class Callbacks(AccountReader[Callback, CallbackFilter]):
    """The account's callbacks. ``changed`` is awaited after something became due sooner than anybody knew.

    Every method raises DatabaseUnavailableError.
    """

    def __init__(
        self,
        database: Database,
        log: EventLog,
        checks: Checks,
        clock: Clock,
        *,
        grace_seconds: float,
        veil: KeyVeil,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(database, store.SHAPE)
        self._event_log = log
        self._checks = checks
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._veil = veil
        self._changed = changed

    async def schedule(self, principal: Principal, request: ScheduleRequest) -> Scheduled:
        """Keep a call that is to be placed, or give back what this idempotency key has scheduled.

        Raises:
            RefusedError: INVALID_INPUT, for a time or a number; IDEMPOTENCY_KEY_REUSED; and what speaks against the
                call itself, as `CallService.originate` says it. An agent that is away now may be back by then.
        """
        principal.require(Scope.CALLBACKS)
        check_key(request.idempotency_key)
        input_hash = _hash(request)
        async with self._database.acquire() as connection:
            holder = await find_key(connection, principal.account_id, SCHEDULE, request.idempotency_key, self._veil)
            clock = await clock_of(connection, principal)
        if holder is not None:
            check_same_input(holder, input_hash)
            return Scheduled(callback=await self._replay(principal.account_id, holder.subject_id), is_replayed=True)
        now = self._clock.now()
        due_at, local, resolution = _read_when(request.when, clock.shows(now))
        grace = self._grace_seconds if request.grace_seconds is None else request.grace_seconds
        _check_numbers(grace, request.max_attempts, request.retry_after_seconds)
        wanted, is_sandbox = await self._check_call(principal, request.wanted)
        callback = Callback(
            id=new_id(Kind.CALLBACK),
            account_id=principal.account_id,
            state=CallbackState.SCHEDULED,
            due_at=due_at,
            local=local,
            resolution=resolution,
            wanted=wanted,
            grace_seconds=grace,
            max_attempts=request.max_attempts,
            retry_after_seconds=request.retry_after_seconds,
            attempt=0,
            call_id=None,
            failure=None,
            detail=None,
            is_sandbox=is_sandbox,
            created_at=now,
            updated_at=now,
            started_at=None,
            ended_at=None,
        )
        claim = KeyClaim(principal.account_id, SCHEDULE, request.idempotency_key, input_hash, callback.id)
        async with self._event_log.transaction() as transaction:
            is_ours = bool(await claim_keys(transaction.connection, [claim]))
            if is_ours:
                made = await store.insert(transaction.connection, callback, AskedBy.of(principal))
                await transaction.append([say(CallbackScheduled, made, at=now, by=principal)])
        if not is_ours:  # somebody with the same key was quicker
            return await self.schedule(principal, request)
        await self._changed()
        return Scheduled(callback=made)

    async def update(self, principal: Principal, request: UpdateCallbackRequest) -> Callback:
        """Change a callback that has not begun.

        Raises:
            RefusedError: as :meth:`schedule`; NOT_FOUND; INVALID_STATE once it has begun, or is over.
        """
        principal.require(Scope.CALLBACKS)
        async with self._database.acquire() as connection:
            clock = await clock_of(connection, principal)
        for _ in range(_TRIES):
            before = await self._find(principal.account_id, request.callback_id)
            principal.require_sandbox(is_sandbox=before.is_sandbox)
            if before.state is not CallbackState.SCHEDULED:
                raise _wrong_state(before)
            now = self._clock.now()
            after = _change(before, request, clock.shows(now))
            wanted, is_sandbox = after.wanted, before.is_sandbox
            if request.wanted is not UNSET:
                wanted, is_sandbox = await self._check_call(principal, after.wanted)
            after = dataclasses.replace(after, wanted=wanted, is_sandbox=is_sandbox)
            async with self._event_log.transaction() as transaction:
                changed = await store.change(transaction.connection, before, after, AskedBy.of(principal), now=now)
                if changed is None:
                    continue  # it was changed, or begun, meanwhile: look again
                await transaction.append([say(CallbackUpdated, changed, at=now, by=principal)])
            await self._changed()
            return changed
        raise UnavailableError("The callback is being changed by others all the time. Try again.")

    async def cancel(self, principal: Principal, callback_id: str) -> Callback:
        """Call it off, if it has not begun; one that was called off before stays so.

        Raises:
            RefusedError: NOT_FOUND; SANDBOX_ONLY; INVALID_STATE once it has begun, or is over.
        """
        principal.require(Scope.CALLBACKS)
        now = self._clock.now()
        cancelled: Callback | None = None
        if principal.is_confined:
            principal.require_sandbox(is_sandbox=(await self._find(principal.account_id, callback_id)).is_sandbox)
        if kind_of(callback_id) is Kind.CALLBACK:
            async with self._event_log.transaction() as transaction:
                cancelled = await store.cancel(transaction.connection, principal.account_id, callback_id, now=now)
                if cancelled is not None:
                    await transaction.append([say(CallbackCancelled, cancelled, at=now, by=principal)])
        if cancelled is not None:
            return cancelled
        found = await self._find(principal.account_id, callback_id)
        if found.state is CallbackState.CANCELLED:
            return found
        raise _wrong_state(found)

    async def attempts(self, callback_id: str) -> list[Attempt]:
        """The calls of a callback that was read before, first to last."""
        async with self._database.acquire() as connection:
            return await store.attempts_of(connection, callback_id)

    async def late_seconds(self) -> float:
        """How late the callback is that has been due for longest, of all accounts'; 0 when none is due."""
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction(readonly=True):
            due_at = await store.oldest_due(connection, now=now, put_off_until=now + _PUT_OFF)
        return 0.0 if due_at is None else (now - due_at).total_seconds()

    async def _find(self, account_id: str, callback_id: str) -> Callback:
        found = await self.get(account_id, callback_id) if kind_of(callback_id) is Kind.CALLBACK else None
        if found is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such callback.", ("id",)))
        return found

    async def _replay(self, account_id: str, callback_id: str) -> Callback:
        found = await self.get(account_id, callback_id)
        if found is None:
            msg = "an idempotency key is written together with its callback"
            raise LookupError(msg)
        return found

    async def _check_call(self, principal: Principal, wanted: Wanted) -> tuple[Wanted, bool]:
        """The call with its number as it is dialled, and whether it stays in the sandbox.

        What cannot be asked just now, since no Asterisk is there, is asked when the call is placed.
        """
        able = dataclasses.replace(principal, scopes=principal.scopes | {Scope.CALLS_ORIGINATE})
        try:
            found = await self._checks.originate(able, wanted.request("check", dry_run=True))
        except RefusedError as refused:
            problems = [one for one in refused.problems if one.code != "AGENT_OFFLINE"]
            if problems:
                raise RefusedError(problems) from refused
        except UnavailableError:
            pass  # see above
        else:
            return _with_numbers(principal, wanted, is_sandbox=found.call.is_sandbox), found.call.is_sandbox
        try:
            return _with_numbers(principal, wanted, is_sandbox=principal.is_test), principal.is_test
        except RefusedError:
            # Nobody has said whether its trunk is the sandbox's: then the number does.
            return _with_numbers(principal, wanted, is_sandbox=True), True


def _with_numbers(principal: Principal, wanted: Wanted, *, is_sandbox: bool) -> Wanted:
    """The call with its numbers in E.164: as do-not-call lists have them, and as they are shown."""
    numbers = read_numbers(wanted.request("check"), principal, is_sandbox=is_sandbox)
    caller_id = wanted.caller_id
    if caller_id is not None and kind_of(caller_id) is None:
        caller_id = parse_destination(
            caller_id, default_region=principal.default_region, is_sandbox=is_sandbox, field=("callerId",)
        )
    return msgspec.structs.replace(
        wanted, destination_number=numbers.destination, connect_number=numbers.connect, caller_id=caller_id
    )


def _change(before: Callback, request: UpdateCallbackRequest, now: datetime) -> Callback:
    """The callback with what is asked for, before its call is checked."""
    changes: dict[str, Any] = {}
    if request.when is not UNSET:
        due_at, local, resolution = _read_when(request.when, now)
        changes |= {"due_at": due_at, "local": local, "resolution": resolution}
    if request.wanted is not UNSET:
        changes["wanted"] = msgspec.structs.replace(before.wanted, **request.wanted)
    for name in ("grace_seconds", "max_attempts", "retry_after_seconds"):
        value = getattr(request, name)
        if value is not UNSET:
            changes[name] = value
    after = dataclasses.replace(before, **changes)
    _check_numbers(after.grace_seconds, after.max_attempts, after.retry_after_seconds)
    return after


def _read_when(when: When, now: datetime) -> tuple[datetime, LocalTime | None, Resolution | None]:
    """The instant that is meant; of a local time also what it was, and how the instant was found."""
    match when:
        case datetime():
            due_at, local, resolution = when, None, None
        case LocalTime():
            try:
                zone_of(when.time_zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                # ValueError and OSError: names such as "../etc" or "Europe", which are paths to zoneinfo.
                message = "There is no such time zone; use a name such as Europe/Berlin."
                raise RefusedError(Problem("INVALID_INPUT", message, ("at", "local", "timeZone"))) from error
            try:
                due_at, resolution = resolve(when)
            except OverflowError as error:
                raise RefusedError(Problem("INVALID_INPUT", "This time lies outside the calendar.", ("at",))) from error
            local = when
        case _:
            assert_never(when)
    if due_at < now - _JUST_NOW:
        raise RefusedError(Problem("INVALID_INPUT", "This time is over.", ("at",)))
    if due_at > now + timedelta(days=FURTHEST_DAYS):
        message = f"A callback is scheduled at most {FURTHEST_DAYS} days ahead."
        raise RefusedError(Problem("INVALID_INPUT", message, ("at",)))
    return due_at, local, resolution


def _check_numbers(grace_seconds: float, max_attempts: int, retry_after_seconds: float) -> None:
    problems = []
    if not (math.isfinite(grace_seconds) and 0 <= grace_seconds <= LONGEST_GRACE_SECONDS):
        message = f"Give 0 to {LONGEST_GRACE_SECONDS:.0f} seconds."
        problems.append(Problem("INVALID_INPUT", message, ("graceSeconds",)))
    if not 1 <= max_attempts <= MOST_ATTEMPTS:
        problems.append(Problem("INVALID_INPUT", f"Give 1 to {MOST_ATTEMPTS}.", ("maxAttempts",)))
    is_finite = math.isfinite(retry_after_seconds)
    if not (is_finite and LEAST_RETRY_SECONDS <= retry_after_seconds <= LONGEST_RETRY_SECONDS):
        message = f"Give {LEAST_RETRY_SECONDS:g} to {LONGEST_RETRY_SECONDS:.0f} seconds."
        problems.append(Problem("INVALID_INPUT", message, ("retryAfterSeconds",)))
    if problems:
        raise RefusedError(problems)


def _hash(request: ScheduleRequest) -> bytes:
    return hash_input(
        {
            "when": msgspec.to_builtins(request.when),
            "wanted": msgspec.to_builtins(request.wanted),
            "grace_seconds": request.grace_seconds,
            "max_attempts": request.max_attempts,
            "retry_after_seconds": request.retry_after_seconds,
        }
    )


def _wrong_state(callback: Callback) -> RefusedError:
    message = {
        CallbackState.STARTED: "Its call is being placed, or under way: end the call instead.",
        CallbackState.COMPLETED: "It was placed already.",
        CallbackState.FAILED: "It has failed; schedule another.",
        CallbackState.CANCELLED: "It was called off; schedule another.",
        CallbackState.SCHEDULED: "It is scheduled again just now; look again.",
    }[callback.state]
    return RefusedError(Problem("INVALID_STATE", message, ("id",), current_state=callback.state.value))
