"""Making, changing and deleting outbound numbers and pools of them."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified, read_changes
from app.api.scalars import PhoneNumber
from app.api.types.problem import DeletionPayload, Payload
from app.api.types.trunks import OutboundNumber, OutboundNumberPool
from app.numbers.parse import E164, parse_caller_id
from app.resources.field_checks import LONGEST_TEXT
from app.routing.numbers import NumberChanges, PoolChanges
from app.routing.words import NumberCapability


@strawberry.input
class _OutboundNumberDetails:
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own words about it: 1 to {LONGEST_TEXT} characters; null is none."
    )
    is_default: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether calls that name no caller id show it. The first number is the default. Null is refused.",
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The trunk it belongs to; null is none."
    )
    capabilities: list[NumberCapability] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it may be used for; a new number may be used for everything when this is left out. Null is "
        "refused.",
    )


@strawberry.input(description="An outbound number to be made.")
class CreateOutboundNumberInput(_OutboundNumberDetails):
    number: PhoneNumber = strawberry.field(description="The number, with its country code.")


@strawberry.input(description="Changes of an outbound number. What is left out stays; lists replace.")
class UpdateOutboundNumberInput(_OutboundNumberDetails, Identified):
    pass


@strawberry.input(description="An outbound number to be deleted.")
class DeleteOutboundNumberInput(Identified):
    pass


@strawberry.type
class _OutboundNumberPayload(Payload):
    outbound_number: OutboundNumber | None = strawberry.field(
        default=None, description="As it is now; null when refused."
    )


@strawberry.type(description="What came of making an outbound number.")
class CreateOutboundNumberPayload(_OutboundNumberPayload):
    pass


@strawberry.type(description="What came of changing an outbound number.")
class UpdateOutboundNumberPayload(_OutboundNumberPayload):
    pass


@strawberry.type(description="What came of deleting an outbound number.")
class DeleteOutboundNumberPayload(DeletionPayload):
    pass


@strawberry.input(description="A pool of outbound numbers to be made.")
class CreateOutboundNumberPoolInput:
    name: str = strawberry.field(description=f"The name, 1 to {LONGEST_TEXT} characters.")
    number_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Its numbers, in their order. Null is refused."
    )


@strawberry.input(description="Changes of a pool of outbound numbers. What is left out stays; lists replace.")
class UpdateOutboundNumberPoolInput(Identified):
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The name, 1 to {LONGEST_TEXT} characters. Null is refused."
    )
    number_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="All its numbers anew. Null is refused."
    )
    add_number_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Numbers to be added at the end. Null is refused."
    )
    remove_number_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Numbers to be taken away. Null is refused."
    )


@strawberry.input(description="A pool of outbound numbers to be deleted.")
class DeleteOutboundNumberPoolInput(Identified):
    pass


@strawberry.type
class _OutboundNumberPoolPayload(Payload):
    outbound_number_pool: OutboundNumberPool | None = strawberry.field(
        default=None, description="As it is now; null when refused."
    )


@strawberry.type(description="What came of making a pool of outbound numbers.")
class CreateOutboundNumberPoolPayload(_OutboundNumberPoolPayload):
    pass


@strawberry.type(description="What came of changing a pool of outbound numbers.")
class UpdateOutboundNumberPoolPayload(_OutboundNumberPoolPayload):
    pass


@strawberry.type(description="What came of deleting a pool of outbound numbers.")
class DeleteOutboundNumberPoolPayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of what was deleted.")


def _read_number(given: CreateOutboundNumberInput, info: Info) -> E164:
    return parse_caller_id(given.number, default_region=info.context.caller.default_region, field=("number",))


@strawberry.type
class NumberMutations:
    @mutation(Scope.ROUTING, CreateOutboundNumberPayload, "Make a number that calls may show, or that is called.")
    async def create_outbound_number(
        self,
        info: Info,
        input: Annotated[CreateOutboundNumberInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateOutboundNumberPayload:
        values = read_changes(input, NumberChanges, info.context, skipped=("number",))
        made = await info.context.services.routing.numbers.create(
            info.context.caller, _read_number(input, info), values
        )
        return CreateOutboundNumberPayload(outbound_number=OutboundNumber.of(made, info.context.sight))

    @mutation(Scope.ROUTING, UpdateOutboundNumberPayload, "Change an outbound number.")
    async def update_outbound_number(
        self,
        info: Info,
        input: Annotated[UpdateOutboundNumberInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateOutboundNumberPayload:
        changes = read_changes(input, NumberChanges, info.context)
        changed = await info.context.services.routing.numbers.update(info.context.caller, input.id, changes)
        return UpdateOutboundNumberPayload(outbound_number=OutboundNumber.of(changed, info.context.sight))

    @mutation(Scope.ROUTING, DeleteOutboundNumberPayload, "Delete an outbound number. Pools lose it.")
    async def delete_outbound_number(
        self,
        info: Info,
        input: Annotated[DeleteOutboundNumberInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteOutboundNumberPayload:
        await info.context.services.routing.numbers.delete(info.context.caller, input.id)
        return DeleteOutboundNumberPayload(deleted_id=input.id)

    @mutation(Scope.ROUTING, CreateOutboundNumberPoolPayload, "Make a pool of outbound numbers.")
    async def create_outbound_number_pool(
        self,
        info: Info,
        input: Annotated[CreateOutboundNumberPoolInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateOutboundNumberPoolPayload:
        values = read_changes(input, PoolChanges, info.context)
        made = await info.context.services.routing.pools.create(info.context.caller, values)
        return CreateOutboundNumberPoolPayload(outbound_number_pool=OutboundNumberPool.of(made))

    @mutation(Scope.ROUTING, UpdateOutboundNumberPoolPayload, "Change a pool of outbound numbers.")
    async def update_outbound_number_pool(
        self,
        info: Info,
        input: Annotated[UpdateOutboundNumberPoolInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateOutboundNumberPoolPayload:
        changes = read_changes(input, PoolChanges, info.context)
        changed = await info.context.services.routing.pools.update(info.context.caller, input.id, changes)
        return UpdateOutboundNumberPoolPayload(outbound_number_pool=OutboundNumberPool.of(changed))

    @mutation(Scope.ROUTING, DeleteOutboundNumberPoolPayload, "Delete a pool. Its numbers stay.")
    async def delete_outbound_number_pool(
        self,
        info: Info,
        input: Annotated[DeleteOutboundNumberPoolInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteOutboundNumberPoolPayload:
        await info.context.services.routing.pools.delete(info.context.caller, input.id)
        return DeleteOutboundNumberPoolPayload(deleted_id=input.id)
