"""Narrowing which numbers the account may call."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.types.destinations import DestinationAction, DestinationPolicy
from app.api.types.problem import Payload
from app.routing.policies import read_rule


@strawberry.input(description="One rule about numbers that begin alike, or are of one country.")
class DestinationRuleInput:
    destination: str = strawberry.field(
        description="A prefix, `+` and up to 15 digits (`+` alone means all), or a country, ISO 3166-1 alpha-2 in "
        "capital letters. Among several that fit the longest wins; a country wins against its own calling code."
    )
    action: DestinationAction = strawberry.field(description="What it does.")
    note: str | None = strawberry.field(default=None, description="Why it is there: at most 100 characters.")


@strawberry.input(description="The account's own rules, all of them.")
class SetDestinationPolicyInput:
    rules: list[DestinationRuleInput] | None = strawberry.field(
        description="They replace the former ones, 1 to 1000. Null takes them away: the account may call whatever the "
        "operator grants."
    )


@strawberry.type(description="What came of setting the account's own rules.")
class SetDestinationPolicyPayload(Payload):
    destination_policy: DestinationPolicy | None = strawberry.field(
        default=None, description="As it is now; null when refused."
    )


@strawberry.type
class DestinationMutations:
    @mutation(
        Scope.KEYS,
        SetDestinationPolicyPayload,
        "Set the account's own rules about which numbers may be called. They narrow what the operator grants and never "
        "widen it: a number must be allowed by both, and a rule that allows nothing of what is granted is refused as "
        "DESTINATION_DENIED. They hold at once for every call that is placed, transferred or scheduled from now on, "
        "and for those that were scheduled before when they are dialled.",
    )
    async def set_destination_policy(
        self,
        info: Info,
        input: Annotated[SetDestinationPolicyInput, strawberry.argument(description="The rules.")],  # noqa: A002  # GraphQL's own word
    ) -> SetDestinationPolicyPayload:
        rules = (
            None
            if input.rules is None
            else [
                read_rule(
                    one.destination,
                    is_allowed=one.action is DestinationAction.ALLOW,
                    note=one.note,
                    field=("rules", str(place), "destination"),
                )
                for place, one in enumerate(input.rules)
            ]
        )
        policies = info.context.services.routing.policies
        return SetDestinationPolicyPayload(
            destination_policy=DestinationPolicy.of(await policies.set_own_rules(info.context.caller, rules))
        )
