"""One attempt: the event in its endpoint's shape, signed afresh, sent, and what came back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final, TypeAlias

import asyncpg
import structlog

from app import tracing
from app.clock import Clock
from app.egress.requests import Answer, Egress, EgressError
from app.egress.signing import Signer
from app.facts.recordings import SignedUrl
from app.facts.webhooks import WebhookTriggered
from app.ids import Kind, new_id
from app.metrics import WEBHOOK_ATTEMPTS, WEBHOOK_SECONDS
from app.secrets.sealing import Sealer
from app.webhooks.model import Attempt
from app.webhooks.payload import MintUrl, Shape, build_body, is_linked, shape_of
from app.webhooks.schedule import read_retry_after

_CACHED_SIGNERS: Final = 1000
_USER_AGENT: Final = f"Offhook/{version('offhook')}"

_logger = structlog.get_logger(__name__)

#: By the event's sequence and the shape it is sent in.
Bodies: TypeAlias = dict[tuple[int, Shape], bytes]


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt, and the pause that its answer asked for."""

    attempt: Attempt
    retry_after: timedelta | None = None


class _UnreadableEventError(Exception):
    """The log has an event of a type or form that this version does not know."""


class Sender:
    """Sends claimed rows. ``mint`` makes signed addresses of recordings; without it there are none in the bodies."""

    def __init__(self, egress: Egress, sealer: Sealer, clock: Clock, mint: MintUrl | None = None) -> None:
        self._egress = egress
        self._sealer = sealer
        self._clock = clock
        self._mint = mint
        self._signers: dict[tuple[bytes, ...], Signer] = {}

    async def attempt(self, row: asyncpg.Record, bodies: Bodies) -> Sent:
        """Make one request for a claimed row. ``bodies`` keeps what others of the same claim can be sent as well."""
        if tracing.armed is None:
            return await self._attempt(row, bodies, None)
        about = {
            "offhook.endpoint.id": row["endpoint_id"],
            "offhook.delivery.id": row["id"],
            "offhook.event.id": row["event_id"],
            "offhook.event.type": row["event_type"],
            "offhook.attempt": row["attempts"] + 1,
        }
        with tracing.armed.span("webhook", parent=row["traceparent"], role=tracing.Role.ASKS, about=about) as span:
            sent = await self._attempt(row, bodies, span.traceparent)
            span.say({"http.response.status_code": sent.attempt.status})
            if sent.attempt.failure is not None:  # which may name the address; the deliveries say it in full
                span.fail("not delivered")
            return sent

    async def _attempt(self, row: asyncpg.Record, bodies: Bodies, traceparent: str | None) -> Sent:
        number = row["attempts"] + 1
        started_at = self._clock.now()
        started = time.perf_counter()
        answer: Answer | None = None
        failure: str | None
        retry_after = None
        try:
            body = self._body(row, bodies, started_at)
            answer = await self._send(row, number, started_at, body, traceparent)
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
        return Sent(
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

    async def _send(
        self, row: asyncpg.Record, number: int, at: datetime, body: bytes, traceparent: str | None
    ) -> Answer:
        signed = self._signer(row, at).headers(webhook_id=row["event_id"], at=at, body=body)
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": _USER_AGENT,
            "offhook-delivery-sequence": str(row["delivery_sequence"]),
            "offhook-attempt": str(number),
            **signed,
        }
        if traceparent is not None:
            headers["traceparent"] = traceparent
        if row["is_replay"]:
            headers["offhook-replay"] = "true"
        if row["fact_type"] == WebhookTriggered.type:
            headers["offhook-test"] = "true"
        return await self._egress.post(row["url"], headers, body)

    def _signer(self, row: asyncpg.Record, at: datetime) -> Signer:
        """Whoever signs with the present secret, and with those that were rotated out and are still good."""
        sealed: tuple[bytes, ...] = (row["secret_sealed"],)
        if row["retired_secrets"]:
            pairs = zip(row["retired_secrets"], row["retired_until"], strict=True)
            sealed += tuple(secret for secret, until in pairs if until > at)
        signer = self._signers.get(sealed)
        if signer is None:
            if len(self._signers) >= _CACHED_SIGNERS:
                self._signers.clear()
            keys = [self._sealer.open(one, owner_id=row["endpoint_id"]) for one in sealed]
            signer = self._signers[sealed] = Signer(keys)
        return signer

    def _body(self, row: asyncpg.Record, bodies: Bodies, at: datetime) -> bytes:
        """The event's body, made once for all the endpoints it was claimed for together that see the same."""
        shape = shape_of(row)
        if self._mint is not None and is_linked(row):
            mint = self._mint
            return _build(row, shape, lambda recording_id: mint(recording_id, at))
        key = (row["event_sequence"], shape)
        body = bodies.get(key)
        if body is None:
            body = bodies[key] = _build(row, shape, None)
        return body


def _build(row: asyncpg.Record, shape: Shape, link: Callable[[str], SignedUrl] | None) -> bytes:
    try:
        return build_body(row, shape, link)
    except (KeyError, ValueError) as error:
        raise _UnreadableEventError(row["event_type"]) from error


def _judge(status: int) -> str | None:
    """Why an answer with this status is a failure; None when it is none."""
    match status // 100:
        case 2:
            return None
        case 3:
            return f"answered {status}: redirects are not followed"
        case _:
            return f"answered {status}"
