"""The worker: claims lanes, sends their deliveries one after the other, and posts what came of them."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final, TypeAlias

import asyncpg
import structlog

from app.clock import Clock
from app.daemon import Daemon, Health
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.event import Draft
from app.facts.masking import Sight
from app.facts.webhooks import WebhookExhausted
from app.ids import Kind, new_id
from app.metrics import WEBHOOK_ATTEMPTS, WEBHOOK_SECONDS, WEBHOOKS_EXHAUSTED
from app.webhooks.claim import Lane, Limits, claim_lanes
from app.webhooks.egress import Answer, Egress, EgressError
from app.webhooks.model import Attempt, DeliveryState
from app.webhooks.payload import build_body, sight_of
from app.webhooks.schedule import Schedule, read_retry_after
from app.webhooks.sealing import Sealer
from app.webhooks.settle import Release, Result
from app.webhooks.settler import Outcome, Settler
from app.webhooks.signing import Signer

_GONE: Final = 410
_RUN_LENGTH: Final = 32
_LEASE_MARGIN_SECONDS: Final = 30.0
_CACHED_SIGNERS: Final = 1000
_USER_AGENT: Final = f"Offhook/{version('offhook')}"

_logger = structlog.get_logger(__name__)

#: By the event's sequence and what may be seen of it.
Bodies: TypeAlias = dict[tuple[int, Sight], bytes]


@dataclass(frozen=True, slots=True)
class _Sent:
    """One attempt and what it means for the delivery."""

    attempt: Attempt
    retry_after: timedelta | None = None


class _UnreadableEventError(Exception):
    """The log has an event of a type or form that this version does not know."""


class Deliverer(Daemon):
    """Delivers everything that is due, ``concurrency`` lanes at once, of one endpoint at most a quarter of them.

    An endpoint that keeps failing gets a sixteenth: many that hang must not take all the places.
    Several workers may run, in one process or in many; their machines' clocks should agree within seconds.
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
    ) -> None:
        """Set it up.

        ``lease_seconds`` is how long after a kill -9 somebody else goes on; by default two time-outs and a margin.
        """
        super().__init__(clock)
        self._database = database
        self._egress = egress
        self._sealer = sealer
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
        self._busy: Counter[str] = Counter()
        self._signers: dict[bytes, Signer] = {}
        self._settler = Settler(database, log, clock, capacity=4 * concurrency, on_written=self.wake)

    @property
    def healths(self) -> tuple[Health, Health]:
        """How both loops fare: the one that delivers and the one that writes results."""
        return self.health, self._settler.health

    async def run(self) -> None:
        """Deliver until stopped (attempts on their way are waited for) or cancelled (they are given up)."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._settler.run())
            try:
                async with asyncio.TaskGroup() as self._lanes:
                    await super().run()
            finally:
                self._settler.stop()

    async def run_round(self) -> bool:
        free = self._concurrency - self._busy.total()
        if free <= 0:
            return False  # a lane that ends wakes us
        now = self._clock.now()
        lanes = await claim_lanes(
            self._database,
            now=now,
            lease_until=now + self._lease,
            most=free,
            limits=self._limits,
            busy=self._busy,
        )
        bodies: Bodies = {}
        for lane in lanes:
            self._busy[lane.endpoint_id] += 1
            self._lanes.create_task(self._deliver_lane(lane, bodies))
        return len(lanes) == free

    async def _deliver_lane(self, lane: Lane, bodies: Bodies) -> None:
        place = 0
        try:
            while place < len(lane.rows) and self._has_time(lane):
                outcome = await self._deliver(lane, lane.rows[place], bodies)
                place += 1
                await self._settler.post(outcome)
                if outcome.result.state is DeliveryState.PENDING:
                    place = len(lane.rows)  # settling it parks what is behind
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
        if row["event_id"] is None:  # past the log's retention
            return self._conclude(lane, row, DeliveryState.DROPPED, row["attempts"], None)
        if self._schedule.is_exhausted(row["attempts"]):  # the schedule was made shorter
            return self._conclude(lane, row, DeliveryState.EXHAUSTED, row["attempts"], None)
        sent = await self._attempt(row, bodies)
        attempt = sent.attempt
        if attempt.failure is None:
            return self._conclude(lane, row, DeliveryState.DELIVERED, attempt.number, attempt)
        attempts = attempt.number
        is_gone = attempt.status == _GONE
        if is_gone:
            # The endpoint is disabled and its events are kept, so one attempt is kept too for when it is enabled.
            attempts = min(attempts, self._schedule.attempts - 1)
        if self._schedule.is_exhausted(attempts):
            return self._conclude(lane, row, DeliveryState.EXHAUSTED, attempts, attempt)
        again = self._schedule.next_attempt_at(attempts, self._clock.now(), retry_after=sent.retry_after)
        return self._conclude(
            lane, row, DeliveryState.PENDING, attempts, attempt, next_attempt_at=again, is_gone=is_gone
        )

    def _conclude(
        self,
        lane: Lane,
        row: asyncpg.Record,
        state: DeliveryState,
        attempts: int,
        attempt: Attempt | None,
        *,
        next_attempt_at: datetime | None = None,
        is_gone: bool = False,
    ) -> Outcome:
        now = self._clock.now()
        fact = None
        if state is DeliveryState.EXHAUSTED:
            WEBHOOKS_EXHAUSTED.inc()
            fact = _exhausted(row, attempts, now)
        return Outcome(
            account_id=row["account_id"],
            endpoint_id=row["endpoint_id"],
            result=Result(
                delivery_id=row["id"],
                lease=lane.leased_until,
                state=state,
                attempts=attempts,
                attempt=attempt,
                next_attempt_at=next_attempt_at,
                finished_at=None if state is DeliveryState.PENDING else now,
            ),
            fact=fact,
            is_gone=is_gone,
            was_failing=row["failing_since"] is not None,
        )

    async def _attempt(self, row: asyncpg.Record, bodies: Bodies) -> _Sent:
        number = row["attempts"] + 1
        started_at = self._clock.now()
        started = time.perf_counter()
        answer: Answer | None = None
        failure: str | None
        retry_after = None
        try:
            answer = await self._send(row, number, started_at, self._body(row, bodies))
            failure = _judge(answer.status)
            retry_after = read_retry_after(answer.status, answer.retry_after, self._clock.now())
        except EgressError as error:
            failure = error.failure
        except _UnreadableEventError:
            # A newer version wrote it and shares the database while it is rolled out: by the retry all may know it.
            failure = "this version of Offhook cannot read the event"
        except Exception:
            # Whatever it is, it concerns this delivery: it waits for its retry, and the others go on.
            _logger.exception("webhook_attempt_broke", delivery_id=row["id"], endpoint_id=row["endpoint_id"])
            failure = "an error inside Offhook"
        latency = time.perf_counter() - started
        WEBHOOK_ATTEMPTS.labels("delivered" if failure is None else "failed").inc()
        WEBHOOK_SECONDS.observe(latency)
        _logger.debug(
            "webhook_attempt",
            delivery_id=row["id"],
            endpoint_id=row["endpoint_id"],
            event_id=row["event_id"],
            number=number,
            status=answer.status if answer else None,
            failure=failure,
            latency_seconds=round(latency, 4),
        )
        return _Sent(
            Attempt(
                id=new_id(Kind.WEBHOOK_ATTEMPT),
                delivery_id=row["id"],
                number=number,
                started_at=started_at,
                latency_seconds=latency,
                status=answer.status if answer else None,
                failure=failure,
                response_excerpt=answer.excerpt if answer else None,
            ),
            retry_after,
        )

    async def _send(self, row: asyncpg.Record, number: int, at: datetime, body: bytes) -> Answer:
        signed = self._signer(row).headers(webhook_id=row["event_id"], at=at, body=body)
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": _USER_AGENT,
            "offhook-delivery-sequence": str(row["delivery_sequence"]),
            "offhook-attempt": str(number),
            **signed,
        }
        return await self._egress.post(row["url"], headers, body)

    def _signer(self, row: asyncpg.Record) -> Signer:
        sealed = row["secret_sealed"]
        signer = self._signers.get(sealed)
        if signer is None:
            if len(self._signers) >= _CACHED_SIGNERS:
                self._signers.clear()
            signer = self._signers[sealed] = Signer(self._sealer.open(sealed, owner_id=row["endpoint_id"]))
        return signer

    @staticmethod
    def _body(row: asyncpg.Record, bodies: Bodies) -> bytes:
        """The event's body, made once for all the endpoints it was claimed for together that see as much."""
        sight = sight_of(row)
        key = (row["event_sequence"], sight)
        body = bodies.get(key)
        if body is None:
            try:
                body = bodies[key] = build_body(row, sight)
            except (KeyError, ValueError) as error:
                raise _UnreadableEventError(row["event_type"]) from error
        return body


def _judge(status: int) -> str | None:
    """Why an answer with this status is a failure; None when it is none."""
    match status // 100:
        case 2:
            return None
        case 3:
            return f"answered {status}: redirects are not followed"
        case _:
            return f"answered {status}"


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
