"""What originateCall would do, without its being done."""

from typing import Self

import strawberry

from app.api.types.values import Money, Party
from app.calls.core.model.leg import Leg
from app.calls.planning.requests import OriginateOutcome
from app.facts import vocabulary
from app.facts.masking import Sight
from app.facts.vocabulary import LegRole


@strawberry.type(description="A leg that would be dialled.")
class DryRunLeg:
    role: LegRole = strawberry.field(description="Whom it would reach.")
    party: Party = strawberry.field(description="Who would be called.")
    shown: Party = strawberry.field(description="What that phone would show calling.")
    trunk_id: strawberry.ID | None = strawberry.field(
        description="The trunk it would go over; null for a phone inside."
    )
    other_trunk_ids: list[strawberry.ID] = strawberry.field(
        description="The trunks that it would go over, in this order, should the first have no free channel."
    )
    ring_seconds: float = strawberry.field(description="How long it would ring at most.")
    wave: int = strawberry.field(
        description="Of the legs of one role those of the lowest wave ring first, and together; then the next."
    )

    @classmethod
    def of(cls, leg: Leg, sight: Sight) -> Self:
        return cls(
            role=leg.role,
            party=Party.of(leg.party, sight),
            shown=Party.of(vocabulary.Party(number=leg.shown_number, display=leg.shown_name), sight),
            trunk_id=None if leg.trunk_id is None else strawberry.ID(leg.trunk_id),
            other_trunk_ids=[strawberry.ID(way.trunk_id) for way in leg.other_ways],
            ring_seconds=leg.ring_seconds,
            wave=leg.wave,
        )


@strawberry.type(description="What would be dialled just now, in which order, and what allows it.")
class DryRun:
    legs: list[DryRunLeg] = strawberry.field(
        description="In the order of dialling: the other role's legs once somebody of the first role has answered."
    )
    allowed_by_prefix: str | None = strawberry.field(
        description="The rule of the account's destination policy that allows the dialled number, by its prefix; null "
        "when an extension is called."
    )
    queue_id: strawberry.ID | None = strawberry.field(
        description="The queue that the customer would wait in: at once, or when nobody of the agent's side is had."
    )
    call_flow_id: strawberry.ID | None = strawberry.field(
        description="The call flow that the customer would be led through: at once, or when nobody is had."
    )
    max_duration_seconds: float = strawberry.field(description="How long both might talk.")
    most_cost: Money | None = strawberry.field(
        description="What the call could cost at most, which would be reserved of the account's daily spend; null "
        "where there is no price."
    )

    @classmethod
    def of(cls, outcome: OriginateOutcome, sight: Sight) -> Self:
        call = outcome.call
        wait, flow = call.queue or call.next_queue, call.flow or call.next_flow
        return cls(
            legs=[DryRunLeg.of(leg, sight) for leg in call.legs],
            allowed_by_prefix=outcome.allowed_by,
            queue_id=None if wait is None else strawberry.ID(wait.queue_id),
            call_flow_id=None if flow is None or not flow.is_told else strawberry.ID(flow.flow_id),
            max_duration_seconds=call.max_duration_seconds,
            most_cost=None if outcome.most_cost is None else Money.of(outcome.most_cost),
        )
