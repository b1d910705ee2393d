"""Judges every outbound number again and again, and asks the provider about those whose opinion is no longer good.

So a flag comes a minute after the calls that earned it at the latest, and goes when what spoke against the number has
left the window. Several workers share the numbers: whoever takes some puts off the others.
"""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database
from app.numbers.parse import E164
from app.reputation.judging import Rules
from app.reputation.opinions import Opinions
from app.reputation.rows import Subject, review

BATCH: Final = 200
#: Questions on their way at once.
_ASKED_AT_ONCE: Final = 8

_log = structlog.get_logger(__name__)

_ENSURE: Final = """
INSERT INTO number_reputation (account_id, number, due_at)
SELECT account_id, number, $1 FROM outbound_number AS one
WHERE deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM number_reputation AS known WHERE known.account_id = one.account_id AND known.number = one.number)
ORDER BY account_id, number
LIMIT $2
ON CONFLICT (account_id, number) DO NOTHING
"""
_TAKE: Final = """
UPDATE number_reputation SET due_at = $2 WHERE (account_id, number) IN (
    SELECT account_id, number FROM number_reputation WHERE due_at <= $1
    ORDER BY due_at, account_id, number LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING account_id, number
"""
_STALE: Final = """
SELECT account_id, number FROM unnest($1::text[], $2::text[]) AS subject (account_id, number)
JOIN outbound_number AS one USING (account_id, number)
WHERE one.deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM number_opinion AS told
    WHERE told.account_id = subject.account_id AND told.number = subject.number AND told.expires_at > $3)
ORDER BY account_id, number
"""


class ReputationReviewer(Daemon):
    """One round judges as many numbers as a batch holds, of those that are due."""

    name = "reputation-reviewer"

    def __init__(
        self, database: Database, clock: Clock, rules: Rules, opinions: Opinions | None, *, seconds: float
    ) -> None:
        super().__init__(clock)
        self.poll_seconds = seconds / 2
        self._seconds = seconds
        self._database = database
        self._clock = clock
        self._rules = rules
        self._opinions = opinions

    async def run_round(self) -> bool:
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_ENSURE, now, BATCH)
            rows = await connection.fetch(_TAKE, now, now + timedelta(seconds=self._seconds), BATCH)
        subjects: list[Subject] = [(row["account_id"], E164(row["number"])) for row in rows]
        if not subjects:
            return False
        await self._ask_about(subjects)
        async with self._database.acquire() as connection, connection.transaction():
            changed = await review(connection, subjects, self._rules, self._clock.now())
        for (account_id, _), judgement in changed:
            # Without the number, which is a person's business as much as ours.
            reasons = [one.code.value for one in judgement.reasons]
            _log.info("number_judged", account_id=account_id, verdict=judgement.verdict.value, reasons=reasons)
        return len(subjects) == BATCH

    async def _ask_about(self, subjects: list[Subject]) -> None:
        opinions = self._opinions
        if opinions is None or opinions.is_resting:
            return
        accounts, numbers = [one for one, _ in subjects], [str(one) for _, one in subjects]
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_STALE, accounts, numbers, self._clock.now())
        room = asyncio.Semaphore(_ASKED_AT_ONCE)

        async def ask(account_id: str, number: E164) -> None:
            async with room:
                await opinions.ask(account_id, number)  # at once nothing, when the provider has gone silent meanwhile

        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(ask(row["account_id"], E164(row["number"])))
