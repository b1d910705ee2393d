"""Testing an endpoint: a ``webhook.test`` goes the way of every event, and what came of it is waited for."""

import asyncio
from dataclasses import dataclass
from typing import Final

from app.clock import Clock
from app.errors import Problem, RefusedError
from app.events.log import EventLog
from app.facts.catalogue import FACT_TYPES
from app.facts.event import SYSTEM, Actor, Draft, Event
from app.facts.webhooks import WebhookTest, WebhookTriggered
from app.ids import Kind, new_id
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.model import Attempt, Delivery
from app.webhooks.queries import WebhookQueries

#: Two time-outs of an endpoint: one for a place when it is busy, one for the test itself.
WAIT_SECONDS: Final = 35.0
_FIRST_LOOK_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Tested:
    """The test's delivery and its one attempt; None when that had not ended in time, and can be read later."""

    delivery: Delivery
    attempt: Attempt | None


@dataclass(frozen=True, slots=True)
class Triggered:
    """What the log has of a sample that was sent, and the deliveries of it, one for each endpoint."""

    event: Event
    deliveries: tuple[Delivery, ...]


class WebhookTests:
    """The use case. The worker may be another process, so what came of the test is read from the database."""

    def __init__(
        self,
        endpoints: WebhookEndpoints,
        queries: WebhookQueries,
        log: EventLog,
        clock: Clock,
        *,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._endpoints = endpoints
        self._queries = queries
        self._log = log
        self._clock = clock
        self._wait_seconds = wait_seconds

    async def test(
        self, account_id: str, endpoint_id: str, *, actor: Actor = SYSTEM, request_id: str | None = None
    ) -> Tested:
        """Send ``webhook.test`` to an endpoint, whatever it asks for, and wait for the answer. It is tried once.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, the endpoint is disabled.
        """
        endpoint = await self._endpoints.get(account_id, endpoint_id)
        if endpoint is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such webhook endpoint.", ("id",)))
        if not endpoint.is_enabled:
            raise _disabled()
        (event,) = await self._log.append(
            [
                Draft(
                    id=new_id(Kind.EVENT),
                    account_id=account_id,
                    subject_id=endpoint_id,
                    occurred_at=self._clock.now(),
                    fact=WebhookTest(endpoint_id=endpoint_id),
                    actor=actor,
                    request_id=request_id,
                )
            ]
        )
        deliveries = await self._queries.of_event(account_id, event.id)
        if not deliveries:
            raise _disabled()  # just now
        return await self._wait_for_attempt(account_id, deliveries[0])

    async def trigger(
        self,
        account_id: str,
        event_type: str,
        *,
        actor: Actor = SYSTEM,
        request_id: str | None = None,
        is_sandbox: bool = False,
    ) -> Triggered:
        """Send a sample of an event to every enabled endpoint that asks for such; each is tried once.

        The log has a ``webhook.triggered`` of it, whatever the sample says, so nobody who reads the log takes it for
        something that happened.

        Raises:
            RefusedError: INVALID_INPUT, there are no samples of this type.
        """
        if event_type == WebhookTriggered.type or event_type not in FACT_TYPES:
            raise RefusedError(Problem("INVALID_INPUT", "There are no samples of this type.", ("type",)))
        (event,) = await self._log.append(
            [
                Draft(
                    id=new_id(Kind.EVENT),
                    account_id=account_id,
                    subject_id=account_id,
                    occurred_at=self._clock.now(),
                    fact=WebhookTriggered(event_type=event_type),
                    actor=actor,
                    request_id=request_id,
                    is_sandbox=is_sandbox,
                )
            ]
        )
        return Triggered(event, tuple(await self._queries.of_event(account_id, event.id)))

    async def _wait_for_attempt(self, account_id: str, delivery: Delivery) -> Tested:
        pause = _FIRST_LOOK_SECONDS
        try:
            async with asyncio.timeout(self._wait_seconds):
                while True:
                    attempts = (await self._queries.attempts_of(account_id, [delivery.id]))[delivery.id]
                    if attempts:
                        return Tested(await self._queries.get(account_id, delivery.id) or delivery, attempts[0])
                    await asyncio.sleep(pause)
                    pause = min(_LONGEST_PAUSE_SECONDS, pause * 1.5)
        except TimeoutError:
            return Tested(delivery, None)  # the caller is told, and can look later


def _disabled() -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", "The endpoint is disabled; enable it first.", ("id",), "DISABLED"))
