"""What is thought of outbound numbers, and which one a call shows."""

from datetime import datetime
from typing import Self

import strawberry

from app.api.types.values import Party
from app.calls.core.model.call import Call
from app.calls.reading.explain import explain_caller_id
from app.facts.masking import Sight
from app.facts.vocabulary import Direction, Nearness
from app.reputation.judging import FlagReason, Reason, ReputationVerdict
from app.reputation.rows import NumberStanding


@strawberry.type(description="One thing that speaks against a number.")
class ReputationReason:
    code: FlagReason = strawberry.field(description="What it is, for programs.")
    message: str = strawberry.field(description="What it is, for people, in English.")

    @classmethod
    def of(cls, reason: Reason) -> Self:
        return cls(code=reason.code, message=reason.message)


@strawberry.type(description="What is thought of one of the account's numbers. No call is placed with a flagged one.")
class Reputation:
    verdict: ReputationVerdict = strawberry.field(description="What is thought of it.")
    reasons: list[ReputationReason] = strawberry.field(
        description="What speaks against it; empty unless it is flagged."
    )
    calls: int = strawberry.field(
        description="The calls in the window that tell something: answered, not answered, or declined."
    )
    answer_rate: float | None = strawberry.field(
        description="The share of `calls` that people answered, 0 to 1; null when there are none."
    )
    complaints: int = strawberry.field(description="Complaints that count (`reportNumberComplaint`).")
    flagged_at: datetime | None = strawberry.field(description="Since when it is flagged; null when it is not.")
    reviewed_at: datetime | None = strawberry.field(
        description="When it was judged last; null before the first time, within a minute of its making."
    )

    @classmethod
    def of(cls, standing: NumberStanding) -> Self:
        return cls(
            verdict=standing.verdict,
            reasons=[ReputationReason.of(one) for one in standing.reasons],
            calls=standing.calls,
            answer_rate=standing.answer_rate,
            complaints=standing.complaints,
            flagged_at=standing.flagged_at,
            reviewed_at=standing.reviewed_at,
        )


@strawberry.type(description="The number that a call shows outside, and how it was come by.")
class CallerIdUsed:
    number: Party = strawberry.field(description="The number.")
    outbound_number_id: strawberry.ID | None = strawberry.field(
        description="The outbound number that was chosen from a pool; null when none was named."
    )
    pool_id: strawberry.ID | None = strawberry.field(description="The pool that it was chosen from, if from one.")
    nearness: Nearness | None = strawberry.field(
        description="With a pool: how near it is to whoever sees it, as far as the digits tell."
    )
    flagged_count: int | None = strawberry.field(
        description="With a pool: how many of its numbers were left out because they are flagged."
    )
    reason: str = strawberry.field(description="Why this one, in a sentence.")

    @classmethod
    def of_optional(cls, call: Call, sight: Sight) -> Self | None:
        """None for a call that shows none of the account's numbers."""
        number = Party.of_number(call.caller_id, sight)
        if number is None or call.direction is not Direction.OUTBOUND:
            return None
        choice = call.caller_id_choice
        return cls(
            number=number,
            outbound_number_id=None if choice is None else strawberry.ID(choice.number_id),
            pool_id=None if choice is None else strawberry.ID(choice.pool_id),
            nearness=None if choice is None else choice.nearness,
            flagged_count=None if choice is None else choice.flagged,
            reason=explain_caller_id(call),
        )
