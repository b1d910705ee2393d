"""The worker: claims lanes, sends their deliveries one after the other, and posts what came of them."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog

from app import failpoints
from app.clock import Clock
from app.daemon import Daemon, Health
from app.db.engine import Database
from app.egress.requests import Egress
from app.errors import DatabaseUnavailableError
from app.events.log import EventLog
from app.facts.event import Draft
from app.facts.webhooks import WebhookExhausted, WebhookTest, WebhookTriggered
from app.ids import Kind, new_id
from app.metrics import WEBHOOK_DELIVERY_SECONDS, WEBHOOKS_EXHAUSTED
from app.secrets.sealing import Sealer
from app.webhooks.claim import Lane, Limits, claim_lanes, end_lost_leases
from app.webhooks.classic import is_classic
from app.webhooks.failure_lines import FailureLines
from app.webhooks.model import Attempt, DeliveryState, Format
from app.webhooks.payload import MintUrl
from app.webhooks.presence import Presence
from app.webhooks.schedule import Schedule
from app.webhooks.sender import Bodies, Sender
from app.webhooks.settle import Release, Result
from app.webhooks.settler import Outcome, Settler

GONE_REASON: Final = "The endpoint answered 410 Gone."
DISABLE_AFTER: Final = timedelta(days=5)

_GONE: Final = 410
_RUN_LENGTH: Final = 32
# A first failure may be the first request in days: it takes a delivery that failed repeatedly to conclude anything.
_CONCLUSIVE_ATTEMPTS: Final = 3
_TEST_ATTEMPTS: Final = 1
_LEASE_MARGIN_SECONDS: Final = 30.0
_INSTANT: Final = timedelta(microseconds=1)  # as fine as PostgreSQL tells them apart

_logger = structlog.get_logger(__name__)


class Deliverer(Daemon):
    """Delivers everything that is due, ``concurrency`` lanes at once, of one endpoint at most a quarter of them.

    An endpoint that keeps failing gets a sixteenth: many that hang must not take all the places.
    Several workers may run, in one process or in many; their machines' clocks should agree within seconds. What a dead
    one was about to send is taken over at once.
    """

    name = "webhook-deliverer"

    def __init__(
        self,
        database: Database,
        log: EventLog,
        egress: Egress,
        sealer: Sealer,
        clock: Clock,
        schedule: Schedule,
        *,
        concurrency: int = 64,
        lease_seconds: float | None = None,
        disable_after: timedelta = DISABLE_AFTER,
        mint: MintUrl | None = None,
    ) -> None:
        """Set it up.

        ``lease_seconds`` is how long a worker that is alive may take over one lane before others go on, by default two
        time-outs and a margin. An endpoint is disabled after ``disable_after`` without success. ``mint`` makes signed
        addresses of recordings.
        """
        super().__init__(clock)
        self._database = database
        self._egress = egress
        self._clock = clock
        self._schedule = schedule
        self._concurrency = concurrency
        if lease_seconds is None:
            lease_seconds = 2 * egress.longest_seconds + _LEASE_MARGIN_SECONDS
        if lease_seconds <= egress.longest_seconds:
            raise ValueError(f"a lease of {lease_seconds:g} s ends before a request of {egress.longest_seconds:g} s")
        self._lease = timedelta(seconds=lease_seconds)
        self._limits = Limits(
            lanes_per_endpoint=max(1, concurrency // 4),
            lanes_per_failing_endpoint=max(1, concurrency // 16),
            run_length=_RUN_LENGTH,
        )
        self._disable_after = disable_after
        self._sender = Sender(egress, sealer, clock, mint)
        self._failure_lines = FailureLines(clock)
        self._busy: Counter[str] = Counter()
        self._last_lease = datetime.min.replace(tzinfo=UTC)
        self._lost_leases: list[datetime] = []
        self._presence = Presence(database, clock, on_change=self.wake)
        self._settler = Settler(
            database, log, clock, worker=self._presence.number, capacity=4 * concurrency, on_written=self.wake
        )

    @property
    def healths(self) -> tuple[Health, Health, Health]:
        """How the loops fare: the one that delivers, the one that writes results, the one that shows it is alive."""
        return self.health, self._settler.health, self._presence.health

    async def run(self) -> None:
        """Deliver until stopped (attempts on their way are waited for) or cancelled (they are given up)."""
        async with asyncio.TaskGroup() as presence:
            presence.create_task(self._presence.run())
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._settler.run())
                    try:
                        async with asyncio.TaskGroup() as self._lanes:
                            await super().run()
                    finally:
                        self._settler.stop()
            finally:
                self._presence.stop()  # the last, once all leases are ended

    async def run_round(self) -> bool:
        free = self._concurrency - self._busy.total()
        if free <= 0 or not self._presence.is_held:
            return False  # a lane that ends wakes us, and so does the presence
        lanes = await self._claim(free)
        bodies: Bodies = {}
        for lane in lanes:
            self._busy[lane.endpoint_id] += 1
            self._lanes.create_task(self._deliver_lane(lane, bodies))
        return len(lanes) == free

    async def _claim(self, free: int) -> list[Lane]:
        worker, now = self._presence.number, self._clock.now()
        if self._lost_leases:
            await end_lost_leases(self._database, worker=worker, leases=self._lost_leases)
            self._lost_leases.clear()
        # No two claims of a worker have the same lease, whatever the clock does: a lease is how they are told apart.
        self._last_lease = lease_until = max(now + self._lease, self._last_lease + _INSTANT)
        try:
            return await claim_lanes(
                self._database,
                worker=worker,
                now=now,
                lease_until=lease_until,
                most=free,
                limits=self._limits,
                busy=self._busy,
            )
        except DatabaseUnavailableError:
            self._lost_leases.append(lease_until)
            raise

    async def _deliver_lane(self, lane: Lane, bodies: Bodies) -> None:
        place = 0
        try:
            while place < len(lane.rows) and self._has_time(lane):
                outcome = await self._deliver(lane, lane.rows[place], bodies)
                place += 1
                await self._settler.post(outcome)
                if outcome.result.state is DeliveryState.PENDING:
                    place = len(lane.rows)  # settling it parks what is behind
        except Exception:
            # Whatever it is, it concerns this lane, and the others go on. Its leases run out by themselves: ended now,
            # it would be claimed and break again at once.
            place = len(lane.rows)
            _logger.exception("webhook_lane_broke", endpoint_id=lane.endpoint_id, subject_id=lane.subject_id)
        finally:
            rest = tuple(row["id"] for row in lane.rows[place:])
            if rest:
                self._settler.post_release(Release(rest, lane.leased_until))
            self._busy[lane.endpoint_id] -= 1
            if self._busy[lane.endpoint_id] <= 0:
                del self._busy[lane.endpoint_id]

    def _has_time(self, lane: Lane) -> bool:
        """Whether another attempt would surely end within the lease."""
        longest = timedelta(seconds=self._egress.longest_seconds)
        return not self.is_stopping and self._clock.now() + longest <= lane.leased_until

    async def _deliver(self, lane: Lane, row: asyncpg.Record, bodies: Bodies) -> Outcome:
        attempts, earlier = row["attempts"], row["earlier_attempts"]
        if row["event_id"] is None or _is_unwanted(row):  # no longer in the log, or no longer of its format
            return self._conclude(lane, row, DeliveryState.DROPPED, attempts)
        if self._is_exhausted(row, attempts):  # the schedule was made shorter
            return self._conclude(lane, row, DeliveryState.EXHAUSTED, attempts)
        sent = await self._sender.attempt(row, bodies)
        if failpoints.armed is not None:
            await failpoints.reach(failpoints.Failpoint.AFTER_WEBHOOK_SENT)
        attempt = sent.attempt
        if attempt.failure is None:
            if not row["is_replay"]:
                late = (self._clock.now() - row["occurred_at"]).total_seconds()
                WEBHOOK_DELIVERY_SECONDS.labels("retry" if attempts else "first").observe(max(0.0, late))
            return self._conclude(lane, row, DeliveryState.DELIVERED, attempt.number, attempt)
        reason = self._why_disable(row, attempt)
        if reason is not None:
            # Its events are kept, this one too, with a whole schedule before it for when the endpoint is enabled.
            again = self._schedule.next_attempt_at(0, self._clock.now())
            return self._conclude(
                lane, row, DeliveryState.PENDING, attempt.number, attempt, next_attempt_at=again, disable_reason=reason
            )
        if self._is_exhausted(row, attempt.number):
            return self._conclude(lane, row, DeliveryState.EXHAUSTED, attempt.number, attempt)
        again = self._schedule.next_attempt_at(
            attempt.number - earlier, self._clock.now(), retry_after=sent.retry_after
        )
        return self._conclude(lane, row, DeliveryState.PENDING, attempt.number, attempt, next_attempt_at=again)

    def _is_exhausted(self, row: asyncpg.Record, attempts: int) -> bool:
        """Whether these were all the attempts there are; a test has one, since somebody waits for what comes of it."""
        in_this_round: int = attempts - row["earlier_attempts"]
        if _is_test(row):
            return in_this_round >= _TEST_ATTEMPTS
        return self._schedule.is_exhausted(in_this_round)

    def _why_disable(self, row: asyncpg.Record, attempt: Attempt) -> str | None:
        if _is_test(row):
            return None  # somebody tries it out, which must not end what real calls are told to
        if attempt.status == _GONE:
            return GONE_REASON
        since, now = row["failing_since"], self._clock.now()
        if since is None or now - since < self._disable_after:
            return None
        if attempt.number - row["earlier_attempts"] < min(_CONCLUSIVE_ATTEMPTS, self._schedule.attempts):
            return None
        return f"No delivery succeeded for {_say_duration(self._disable_after)}."

    def _conclude(
        self,
        lane: Lane,
        row: asyncpg.Record,
        state: DeliveryState,
        attempts: int,
        attempt: Attempt | None = None,
        *,
        next_attempt_at: datetime | None = None,
        disable_reason: str | None = None,
    ) -> Outcome:
        now = self._clock.now()
        fact = None
        if state is DeliveryState.EXHAUSTED and not _is_test(row):
            WEBHOOKS_EXHAUSTED.inc()
            fact = _exhausted(row, attempts, now)
        if attempt is not None and attempt.failure is not None:
            # Once the endpoint is disabled, none comes by itself.
            again = next_attempt_at if disable_reason is None else None
            self._failure_lines.say(row["account_id"], row["endpoint_id"], attempt, next_attempt_at=again)
        return Outcome(
            account_id=row["account_id"],
            endpoint_id=row["endpoint_id"],
            result=Result(
                delivery_id=row["id"],
                lease=lane.leased_until,
                state=state,
                attempts=attempts,
                attempt=attempt,
                earlier_attempts=row["earlier_attempts"] if disable_reason is None else attempts,
                next_attempt_at=next_attempt_at,
                finished_at=None if state is DeliveryState.PENDING else now,
            ),
            fact=fact,
            disable_reason=disable_reason,
            was_failing=row["failing_since"] is not None,
            says_health=_says_health(row, state),
        )


def _is_test(row: asyncpg.Record) -> bool:
    return row["fact_type"] == WebhookTest.type or _is_sample(row)


def _is_sample(row: asyncpg.Record) -> bool:
    return bool(row["fact_type"] == WebhookTriggered.type)


def _says_health(row: asyncpg.Record, state: DeliveryState) -> bool:
    """Whether its attempt tells how the endpoint stands. That a test arrives does; that it fails ends nothing."""
    return not _is_test(row) or (state is DeliveryState.DELIVERED and not _is_sample(row))


def _is_unwanted(row: asyncpg.Record) -> bool:
    """Whether it was put in line before its endpoint changed to a format that has no body for it."""
    return row["format"] == Format.CLASSIC and not is_classic(row["event_type"])


def _say_duration(duration: timedelta) -> str:
    if duration >= timedelta(days=1) and duration % timedelta(days=1) == timedelta():
        return "a day" if duration.days == 1 else f"{duration.days} days"
    return f"{duration.total_seconds():g} seconds"


def _exhausted(row: asyncpg.Record, attempts: int, now: datetime) -> Draft:
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=row["account_id"],
        subject_id=row["endpoint_id"],
        occurred_at=now,
        fact=WebhookExhausted(
            endpoint_id=row["endpoint_id"],
            delivery_id=row["id"],
            event_id=row["event_id"],
            event_type=row["event_type"],
            attempts=attempts,
        ),
        is_sandbox=row["is_sandbox"],
    )
