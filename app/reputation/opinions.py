"""What the provider said of numbers, kept as long as it is good; and the provider, asked for what is not known.

A provider that does not answer costs one time-out, then it is left alone for a while: calls and look-ups go on without
it, by what is known here.
"""

from datetime import timedelta
from typing import Final

import structlog

from app.clock import Clock
from app.db.engine import Database
from app.numbers.parse import E164
from app.reputation.judging import Opinion
from app.reputation.provider import NoOpinionError, Provider, Told

#: How long a provider that did not answer is not asked again.
REST_SECONDS: Final = 30.0

_log = structlog.get_logger(__name__)

_FIND: Final = """
SELECT is_flagged, reason FROM number_opinion WHERE account_id = $1 AND number = $2 AND expires_at > $3
"""
_KEEP: Final = """
INSERT INTO number_opinion (account_id, number, is_flagged, reason, asked_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, number) DO UPDATE SET is_flagged = excluded.is_flagged, reason = excluded.reason,
    asked_at = excluded.asked_at, expires_at = excluded.expires_at
"""


class Opinions:
    """Finds them, and asks. Only as many questions are on their way as whoever asks lets be."""

    def __init__(self, database: Database, clock: Clock, provider: Provider) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider
        self._silent_until = clock.monotonic()

    @property
    def is_resting(self) -> bool:
        """Whether the provider did not answer a moment ago, and is not asked."""
        return self._clock.monotonic() < self._silent_until

    async def find(self, account_id: str, number: E164, *, may_ask: bool) -> Opinion | None:
        """What the provider says of the number; None when it knows nothing or has not been asked.

        ``may_ask``: it is asked when nothing that it said is good any more.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_FIND, account_id, number, self._clock.now())
        if row is not None:
            return None if row["is_flagged"] is None else Opinion(row["is_flagged"], row["reason"])
        return await self.ask(account_id, number) if may_ask else None

    async def ask(self, account_id: str, number: E164) -> Opinion | None:
        """Ask the provider, and keep what it says. None when it knows nothing, or does not answer."""
        if self.is_resting:
            return None
        try:
            told = await self._provider.ask(number)
        except NoOpinionError as error:  # own history decides
            self._silent_until = self._clock.monotonic() + REST_SECONDS
            _log.warning("reputation_provider_silent", why=str(error), asked_again_in_seconds=REST_SECONDS)
            return None
        await self._keep(account_id, number, told)
        return told.opinion

    async def _keep(self, account_id: str, number: E164, told: Told) -> None:
        now, opinion = self._clock.now(), told.opinion
        is_flagged, reason = (None, None) if opinion is None else (opinion.is_flagged, opinion.reason)
        expires_at = now + timedelta(seconds=told.good_for_seconds)
        async with self._database.acquire() as connection:
            await connection.execute(_KEEP, account_id, number, is_flagged, reason, now, expires_at)
