"""How a call went, for whoever looks for a mistake."""

from typing import Self

import strawberry

from app.api.diagnostics import PATH
from app.calls.core.model.call import Call as LiveCall
from app.facts.vocabulary import LegRole
from app.reaching.diagnostics import Request, Summary


@strawberry.type(description="A request to Asterisk.")
class AsteriskRequest:
    operation: str = strawberry.field(description="Method and path, with `{}` for ids: `POST /channels/{}/dial`.")
    latency_seconds: float = strawberry.field(description="How long the answer took, in seconds.")
    status: int | None = strawberry.field(description="The HTTP status; null when no answer came.")
    error: str | None = strawberry.field(description="What was wrong, in Asterisk's own words.")

    @classmethod
    def of(cls, request: Request) -> Self:
        return cls(
            operation=request.operation,
            latency_seconds=request.latency_ms / 1000,
            status=request.status,
            error=request.error,
        )


@strawberry.type(description="How a leg ended on the wire.")
class LegEnd:
    leg_id: strawberry.ID = strawberry.field(description="The leg.")
    role: LegRole = strawberry.field(description="Whom it reached.")
    sip_code: int | None = strawberry.field(description="The far end's final SIP status, where it gave one.")
    hangup_cause: int | None = strawberry.field(description="The Q.850 cause of its end.")


@strawberry.type(
    description="How a call went on the wire, from its trace: see `url` for the whole of it, which `offhook replay` "
    "does again."
)
class Diagnostics:
    input_count: int = strawberry.field(description="What happened to the call: events, requests, timers.")
    request_count: int = strawberry.field(description="Requests to Asterisk for it.")
    failure_count: int = strawberry.field(description="How many of these failed.")
    dropped_count: int = strawberry.field(description="Lines that the trace had no room for, the oldest first.")
    slowest_request: AsteriskRequest | None = strawberry.field(description="The request that took longest.")
    errors: list[AsteriskRequest] = strawberry.field(description="The first twenty requests that failed.")
    leg_ends: list[LegEnd] = strawberry.field(description="How each leg that has ended did so.")
    url: str = strawberry.field(
        description="The trace as NDJSON. GET it with the same `Authorization` header as this request; numbers are "
        "masked without the scope `pii:read`, pressed keys always."
    )

    @classmethod
    def of(cls, summary: Summary, call: LiveCall, public_url: str) -> Self:
        return cls(
            input_count=summary.inputs,
            request_count=summary.requests,
            failure_count=summary.failures,
            dropped_count=summary.dropped,
            slowest_request=None if summary.slowest is None else AsteriskRequest.of(summary.slowest),
            errors=[AsteriskRequest.of(one) for one in summary.errors],
            leg_ends=[
                LegEnd(
                    leg_id=strawberry.ID(leg.id), role=leg.role, sip_code=leg.sip_code, hangup_cause=leg.hangup_cause
                )
                for leg in call.legs
                if leg.ended_at is not None
            ],
            url=public_url.rstrip("/") + PATH.format(call_id=call.id),
        )
