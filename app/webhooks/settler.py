"""The loop that writes what came of deliveries: everything that is ready, in one transaction, and again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database, PooledConnection
from app.errors import DatabaseUnavailableError
from app.events.log import Appended, EventLog
from app.facts.event import Draft
from app.facts.webhooks import WebhookDisabled
from app.ids import Kind, new_id
from app.webhooks.model import DeliveryState
from app.webhooks.plans import plan_as_usual, plan_by_index
from app.webhooks.settle import Release, Result, release, write_results

_LAST_WRITE_SECONDS: Final = 5.0

_FAILING: Final = "UPDATE webhook_endpoint SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL"
_WELL: Final = "UPDATE webhook_endpoint SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL"
_ENABLED: Final = "SELECT id FROM webhook_endpoint WHERE id = ANY ($1::text[]) AND is_enabled AND deleted_at IS NULL"
_DISABLE: Final = """
UPDATE webhook_endpoint
SET is_enabled = false, disabled_reason = $2, disabled_at = $3
WHERE id = $1 AND is_enabled
"""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result and what follows from it.

    ``fact`` is appended with it (``webhook.exhausted``), ``disable_reason`` disables the endpoint, ``was_failing`` is
    how the endpoint stood before. Without ``says_health`` its attempt changes nothing about how the endpoint stands.
    """

    account_id: str
    endpoint_id: str
    result: Result
    fact: Draft | None = None
    disable_reason: str | None = None
    was_failing: bool = False
    says_health: bool = True


class Settler(Daemon):
    """Writes a worker's outcomes in batches. Posting waits while ``capacity`` of them are unwritten."""

    name = "webhook-settler"

    def __init__(
        self,
        database: Database,
        log: EventLog,
        clock: Clock,
        *,
        worker: int,
        capacity: int,
        on_written: Callable[[], None],
    ) -> None:
        super().__init__(clock)
        self._worker = worker
        self._database = database
        self._log = log
        self._clock = clock
        self._on_written = on_written
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue(maxsize=capacity)
        self._releases: list[Release] = []
        # Taken and not yet known to be written; kept over failures.
        self._batch: list[Outcome] = []

    async def post(self, outcome: Outcome) -> None:
        """Have an outcome written. Waits while the database cannot keep up."""
        await self._outcomes.put(outcome)
        self.wake()

    def post_release(self, entry: Release) -> None:
        """Have leases ended. Never waits, for it is called by what is being cancelled; a lane posts at most one."""
        self._releases.append(entry)
        self.wake()

    async def run(self) -> None:
        """Write until stopped or cancelled, then what is left."""
        try:
            await super().run()
        finally:
            try:
                async with asyncio.timeout(_LAST_WRITE_SECONDS):
                    await self.run_round()
            except (DatabaseUnavailableError, TimeoutError) as error:
                # The leases run out and these deliveries are made again, which is what at least once means.
                _logger.warning("webhook_results_lost", count=len(self._batch), error=type(error).__name__)

    async def run_round(self) -> bool:
        while not self._outcomes.empty():
            self._batch.append(self._outcomes.get_nowait())
        releases = list(self._releases)
        if not self._batch and not releases:
            return False
        appended = await self._write(self._batch, releases)
        for _ in releases:
            self._releases.pop(0)
        batch, self._batch = self._batch, []
        if appended is not None:
            self._log.announce(appended)
        await self._note_health(batch)
        self._on_written()
        return not self._outcomes.empty()

    async def _write(self, outcomes: Sequence[Outcome], releases: Sequence[Release]) -> Appended | None:
        has_facts = any(outcome.fact is not None or outcome.disable_reason for outcome in outcomes)
        async with self._database.acquire() as connection, self._appending(connection):
            # A result that a crash of the server forgets is a delivery made twice, which was promised; a fact must not
            # be forgotten.
            await plan_by_index(connection, durable=has_facts)
            settled = await write_results(connection, [outcome.result for outcome in outcomes], worker=self._worker)
            await release(connection, releases, worker=self._worker)
            if not has_facts:
                return None
            await plan_as_usual(connection)
            return await self._append_facts(connection, outcomes, settled)

    @asynccontextmanager
    async def _appending(self, connection: PooledConnection) -> AsyncIterator[None]:
        with self._log.in_flight():
            async with connection.transaction():
                yield

    async def _append_facts(
        self, connection: PooledConnection, outcomes: Sequence[Outcome], settled: frozenset[str]
    ) -> Appended:
        drafts = [
            outcome.fact
            for outcome in outcomes
            if outcome.fact is not None
            and (outcome.result.delivery_id in settled)
            and outcome.result.state is DeliveryState.EXHAUSTED
        ]
        failed = {outcome.endpoint_id: outcome for outcome in outcomes if outcome.disable_reason is not None}
        enabled = [row["id"] for row in await connection.fetch(_ENABLED, list(failed))]
        now = self._clock.now()
        drafts += [
            Draft(
                id=new_id(Kind.EVENT),
                account_id=failed[endpoint_id].account_id,
                subject_id=endpoint_id,
                occurred_at=now,
                fact=WebhookDisabled(endpoint_id=endpoint_id, reason=failed[endpoint_id].disable_reason or ""),
            )
            for endpoint_id in enabled
        ]
        appended = await self._log.append_in(connection, drafts)
        # After the append, never before: whoever appends holds the log's lock and then wants endpoints' rows.
        for endpoint_id in sorted(enabled):
            reason = failed[endpoint_id].disable_reason
            await connection.execute(_DISABLE, endpoint_id, reason, now)
            _logger.warning("webhook_endpoint_disabled", endpoint_id=endpoint_id, reason=reason)
        return appended

    async def _note_health(self, outcomes: Sequence[Outcome]) -> None:
        """Remember since when an endpoint fails: only on the change, and each in a transaction of its own.

        Appending locks endpoints' rows in whatever order; holding one of them at a time cannot deadlock with it.
        """
        latest = {
            outcome.endpoint_id: outcome
            for outcome in outcomes
            if outcome.result.attempt is not None and outcome.says_health
        }
        for endpoint_id, outcome in latest.items():
            is_failing = outcome.result.state is not DeliveryState.DELIVERED
            if is_failing == outcome.was_failing:
                continue
            async with self._database.acquire() as connection:
                if is_failing:
                    await connection.execute(_FAILING, endpoint_id, self._clock.now())
                else:
                    await connection.execute(_WELL, endpoint_id)
