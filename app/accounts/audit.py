"""The audit log: who did or was refused what. Written in batches beside the work, never in its way.

Lines wait in memory for a moment, so a crash may lose the last of them; what must survive a crash is a fact in the
event log. When the database cannot keep up and the queue is full, the newest lines are dropped and counted, and both
the log and the next line that fits say how many.

A request that does something leaves one line: see ``gathering``. A credential that may not be used is one line a
credential, reason and address, and then one more for every ten seconds of it, which says how often; so is what
strangers are refused, who have no account: see ``knocks``.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import structlog

from app.accounts.gathering import present_gathering
from app.accounts.knocks import Knocks
from app.accounts.principal import Principal
from app.clock import Clock, SystemClock
from app.db.engine import Database
from app.errors import DatabaseUnavailableError
from app.facts.event import SYSTEM, Actor
from app.ids import Kind, kind_of

_log = structlog.get_logger(__name__)

_QUEUE_SIZE: Final = 10_000
_BATCH_SIZE: Final = 500
_RETRY_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 0.2  # how long a batch waits for company
_LONGEST_TEXT: Final = 500

_INSERT: Final = """
INSERT INTO audit_line
    (account_id, at, actor_kind, actor_id, action, outcome, subject_id, request_id, remote_address, details)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line. ``action`` is ``<noun>.<verb>`` (``api_key.create``), ``outcome`` OK or an error's code.

    ``details`` hold short facts, never secrets, digits pressed, or whole inputs.
    """

    account_id: str | None
    action: str
    outcome: str = "OK"
    subject_id: str | None = None
    actor: Actor = SYSTEM
    request_id: str | None = None
    remote_address: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def entry_by(
    principal: Principal | None, action: str, *, account_id: str, subject_id: str | None = None, outcome: str = "OK"
) -> AuditEntry:
    """A line about what a caller did; None is the operator at the command line, who stands as SYSTEM."""
    return AuditEntry(
        account_id=account_id,
        action=action,
        outcome=outcome,
        subject_id=subject_id,
        actor=SYSTEM if principal is None else principal.actor,
        request_id=None if principal is None else principal.request_id,
        remote_address=None if principal is None else principal.remote_address,
        details={} if principal is None else _details_of(principal),
    )


def _details_of(principal: Principal) -> dict[str, Any]:
    told = {"accessTokenId": principal.token_id, "agentId": principal.agent_id}
    return {name: value for name, value in told.items() if value is not None}


class AuditLog:
    """Takes lines at once, stores them soon. Someone must run `run`, or call `flush` before the end."""

    def __init__(self, database: Database, *, clock: Clock | None = None, queue_size: int = _QUEUE_SIZE) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._queue: deque[tuple[datetime, AuditEntry]] = deque()
        self._queue_size = queue_size
        self._has_lines = asyncio.Event()
        self._writing = asyncio.Lock()
        self._dropped = 0
        self._dropped_unsaid = 0
        # Apart, so that a crowd of strangers does not push out what is known of a leaked key.
        self._strangers = Knocks()
        self._holders = Knocks()

    @property
    def dropped(self) -> int:
        """How many lines found the queue full since the start."""
        return self._dropped

    def record(self, entry: AuditEntry) -> None:
        """Queue a line, or add it to the present request's; when the queue is full it is dropped and counted."""
        gathered = present_gathering()
        if gathered is not None and gathered.takes(entry):
            return
        if len(self._queue) >= self._queue_size:
            if self._dropped_unsaid == 0:
                _log.warning("audit_queue_full", size=self._queue_size)
            self._dropped += 1
            self._dropped_unsaid += 1
            return
        self._queue.append((self._clock.now(), entry))
        self._has_lines.set()

    def refuse(
        self,
        action: str,
        code: str,
        *,
        principal: Principal | None = None,
        remote_address: str | None = None,
        request_id: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue the line of something that was refused, to a caller or (None) to a stranger."""
        if principal is not None:
            entry = entry_by(principal, action, account_id=principal.account_id, outcome=code)
            self.record(replace(entry, details={**entry.details, **(details or {})}))
            return
        entry = AuditEntry(
            account_id=None,
            action=action,
            outcome=code,
            request_id=request_id,
            remote_address=remote_address,
            details=details or {},
        )
        self._record_knock(self._strangers, (action, code), entry)

    def refuse_use(self, principal: Principal, code: str, reason: str) -> None:
        """Queue the line of a credential that is known and may not be used; ``reason`` is a word for why not."""
        if principal.token_id is not None:
            action, subject_id = "access_token.use", principal.token_id
        else:
            is_dialect = kind_of(principal.key_id) is Kind.DIALECT_CREDENTIAL
            action, subject_id = "dialect_credential.use" if is_dialect else "api_key.use", principal.key_id
        entry = entry_by(principal, action, account_id=principal.account_id, subject_id=subject_id, outcome=code)
        entry = replace(entry, details={**entry.details, "reason": reason})
        self._record_knock(self._holders, (subject_id, reason), entry)

    def _record_knock(self, knocks: Knocks, knock: tuple[str, ...], entry: AuditEntry) -> None:
        missed = knocks.count(knock, entry.remote_address, self._clock.now())
        if missed is not None:
            self.record(replace(entry, details={**entry.details, "refusedBefore": missed}) if missed else entry)

    async def run(self) -> None:
        """Store lines until cancelled; what is queued then is stored before returning, if the database answers."""
        try:
            while True:
                await self._has_lines.wait()
                await asyncio.sleep(_GATHER_SECONDS)
                try:
                    await self.flush()
                except DatabaseUnavailableError as error:  # the lines stay queued; the database comes back
                    _log.warning("audit_lines_waiting", waiting=len(self._queue), error=str(error))
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            await self._flush_last()

    async def flush(self) -> None:
        """Store everything that is queued now.

        Raises:
            DatabaseUnavailableError: the rest stays queued.
        """
        async with self._writing:
            while self._queue:
                batch = [self._queue[index] for index in range(min(_BATCH_SIZE, len(self._queue)))]
                await self._store(batch)
                for _ in batch:
                    self._queue.popleft()
            self._has_lines.clear()
        if self._dropped_unsaid:
            said, self._dropped_unsaid = self._dropped_unsaid, 0
            self.record(AuditEntry(account_id=None, action="audit.drop", details={"lines": said}))

    async def _flush_last(self) -> None:
        try:
            await self.flush()
        except DatabaseUnavailableError:  # we are on our way out and have nowhere to put them
            _log.exception("audit_lines_lost", lines=len(self._queue))

    async def _store(self, batch: list[tuple[datetime, AuditEntry]]) -> None:
        rows = [
            (
                _clean(entry.account_id),
                at,
                entry.actor.kind.value,
                _clean(entry.actor.id),
                _clean(entry.action),
                _clean(entry.outcome),
                _clean(entry.subject_id),
                _clean(entry.request_id),
                _clean(entry.remote_address),
                {_clean(key): _clean_value(value) for key, value in entry.details.items()},
            )
            for at, entry in batch
        ]
        async with self._database.acquire() as connection:
            await connection.executemany(_INSERT, rows)


def _clean(text: str | None) -> str | None:
    # PostgreSQL's text holds neither NUL nor lone surrogates, and one bad string must not sink a whole batch.
    if text is None:
        return None
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")


def _clean_value(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else _clean(str(value))
