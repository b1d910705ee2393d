"""Which numbers an account may call."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self

import strawberry

from app.api.context import Info
from app.api.fields import field
from app.api.scalars import PhoneNumber
from app.api.types.enums.describing import OPEN, describe
from app.numbers.parse import parse_destination
from app.numbers.policy import Allowed, DenialReason, Rule, denial_sentence, evaluate, version_of


class DestinationAction(StrEnum):
    ALLOW = "ALLOW"
    DENY = "DENY"


describe(
    DestinationAction,
    "What a rule does with the numbers that it means.",
    {"ALLOW": "They may be called.", "DENY": "They may not."},
)
describe(
    DenialReason,
    f"Why a number may not be called. {OPEN}",
    {one.value: denial_sentence(one) for one in DenialReason},
)


@strawberry.type(description="One rule about numbers that begin alike, or are of one country.")
class DestinationRule:
    destination: str = strawberry.field(
        description="As it is written in `setDestinationPolicy`: a prefix such as `+1212`, or a country such as `GB`."
    )
    prefix: str = strawberry.field(
        description="The prefix, `+` and digits; a country's rule has the country's calling code."
    )
    country: str | None = strawberry.field(
        description="ISO 3166-1 alpha-2: of the numbers with this prefix only this country's are meant."
    )
    action: DestinationAction = strawberry.field(description="What it does.")
    note: str | None = strawberry.field(description="Why it is there.")

    @classmethod
    def of(cls, rule: Rule) -> Self:
        return cls(
            destination=rule.country or rule.prefix,
            prefix=rule.prefix,
            country=rule.country,
            action=DestinationAction.ALLOW if rule.is_allowed else DestinationAction.DENY,
            note=rule.note,
        )


@strawberry.type(description="Whether a number may be called, and what says so.")
class DestinationVerdict:
    is_allowed: bool = strawberry.field(description="It may be called.")
    reason: DenialReason | None = strawberry.field(
        description="Why the number may not be called, for programs; null when it may."
    )
    message: str | None = strawberry.field(
        description="Why the number may not be called, for people, in English; null when it may."
    )
    rule: DestinationRule | None = strawberry.field(description="The rule that spoke last, where one did.")


@strawberry.type(
    description="Which numbers the account may call: what the operator grants, narrowed by the account's own rules. "
    "Of each the longest prefix wins, a country wins against its own calling code, and what no rule means is denied. "
    "Premium-rate, shared-cost, personal, satellite and other special numbers are denied even so, unless a rule of "
    "both names them: `+1900` opens North America's premium numbers, `+1` does not. Emergency and short numbers "
    "cannot be called at all."
)
class DestinationPolicy:
    every: strawberry.Private[tuple[Rule, ...]]

    @field("The account's own rules, in their order; null when it has none, and may call whatever is granted.")
    def rules(self) -> list[DestinationRule] | None:
        return [DestinationRule.of(rule) for rule in self.every if rule.is_own] or None

    @field("What the operator grants, in the operator's order. No key changes it.")
    def granted(self) -> list[DestinationRule]:
        return [DestinationRule.of(rule) for rule in self.every if not rule.is_own]

    @field(
        "Which rules these are: the same word for the same rules, the account's and the operator's. A campaign's "
        "contacts tell it in `explain`, as the version that they were decided on."
    )
    def version(self) -> str:
        return version_of(self.every)

    @field("Whether a number may be called. Nothing is dialled. Refused as INVALID_NUMBER when it is none.")
    def verdict(
        self, info: Info, number: Annotated[PhoneNumber, strawberry.argument(description="The number.")]
    ) -> DestinationVerdict:
        caller = info.context.caller
        parsed = parse_destination(
            number, default_region=caller.default_region, is_sandbox=caller.is_test, field=("number",)
        )
        found = evaluate(parsed, self.every)
        rule = None if found.rule is None else DestinationRule.of(found.rule)
        if isinstance(found, Allowed):
            return DestinationVerdict(is_allowed=True, reason=None, message=None, rule=rule)
        return DestinationVerdict(
            is_allowed=False, reason=found.reason, message=denial_sentence(found.reason), rule=rule
        )

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> Self:
        return cls(every=tuple(rules))
