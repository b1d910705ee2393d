"""Making, changing and deleting trunks and inbound routes."""

from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified, read_changes
from app.api.mutations.inputs import CallTarget
from app.api.types.problem import DeletionPayload, Payload
from app.api.types.trunks import InboundRoute, Trunk
from app.facts.vocabulary import RecordingMode
from app.resources.field_checks import LONGEST_TEXT
from app.routing.inbound import RouteChanges
from app.routing.trunks import TrunkChanges
from app.routing.words import CallerIdPolicy, Codec, Transport

_OVERFLOW: Final = (
    "Where they go when nobody whom the target means answers, nor whom that overflows to. A queue has its own overflow."
)
_RECORDING: Final = "Whose voice is recorded once somebody has answered"


@strawberry.input
class _TrunkDetails:
    port: int | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 65535; null is SIP's own, or what the host's DNS records say."
    )
    transport: Transport | None = strawberry.field(
        default=strawberry.UNSET,
        description="How SIP is carried; a new trunk has `UDP` when this is left out. Null is refused.",
    )
    username: str | None = strawberry.field(
        default=strawberry.UNSET, description="Who we are there; goes with `secret`. Null is nobody."
    )
    secret: str | None = strawberry.field(
        default=strawberry.UNSET, description="The secret that goes with `username`: never shown again. Null is none."
    )
    registers: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether Asterisk registers there, so that calls find it. Null is refused.",
    )
    match_addresses: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where its calls come from: IPv4 addresses, networks up to /24, or an address "
        "with a port (`192.0.2.1:5062`). None may be another trunk's. A new trunk has "
        "its `host` when this is left out and that is an address. Null is refused.",
    )
    codecs: list[Codec] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it may speak, best first; a new trunk has µ-law and A-law when this is left out. Null is "
        "refused.",
    )
    dial_template: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What is dialled: `{e164}`, `{digits}` or `{national}`, with digits, `*` or `#` around it; a new "
        "trunk has `{digits}` when this is left out. Null is refused.",
    )
    max_channels: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many calls it takes at once: 1 to 10000; null is no limit."
    )
    caller_id_policy: CallerIdPolicy | None = strawberry.field(
        default=strawberry.UNSET,
        description="Which numbers may be shown over it; any of the account's over a new trunk when this is left out. "
        "Null is refused.",
    )
    is_default: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether calls that name no trunk go out over it. The first trunk is the default. Null is refused.",
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether it is in use, both ways; a new trunk is when this is left out. Null is refused.",
    )
    qualify_seconds: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How often it is asked whether it is there, in seconds: 1 to 3600, 0 is never; a new trunk is "
        "every 30 when this is left out. Null is refused.",
    )


@strawberry.input(description="A trunk to be made.")
class CreateTrunkInput(_TrunkDetails):
    name: str = strawberry.field(description="1 to 20 lower-case letters and digits; never changes.")
    host: str = strawberry.field(description="Where its calls go: a DNS name or an IPv4 address.")


@strawberry.input(description="Changes of a trunk. What is left out stays; lists replace.")
class UpdateTrunkInput(_TrunkDetails, Identified):
    host: str | None = strawberry.field(default=strawberry.UNSET, description="Where its calls go. Null is refused.")


@strawberry.input(description="A trunk to be deleted.")
class DeleteTrunkInput(Identified):
    pass


@strawberry.type
class _TrunkPayload(Payload):
    trunk: Trunk | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making a trunk.")
class CreateTrunkPayload(_TrunkPayload):
    pass


@strawberry.type(description="What came of changing a trunk.")
class UpdateTrunkPayload(_TrunkPayload):
    pass


@strawberry.type(description="What came of deleting a trunk.")
class DeleteTrunkPayload(DeletionPayload):
    pass


@strawberry.input
class _InboundRouteDetails:
    overflow: CallTarget | None = strawberry.field(default=strawberry.UNSET, description=f"{_OVERFLOW} Null is none.")
    recording_mode: RecordingMode | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"{_RECORDING}; a new route has `OFF` when this is left out. Null is refused.",
    )
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own words about it: 1 to {LONGEST_TEXT} characters; null is none."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="For calls over this trunk; null is any."
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether it is in use; a new route is when this is left out. Null is refused.",
    )


@strawberry.input(description="An inbound route to be made.")
class CreateInboundRouteInput(_InboundRouteDetails):
    pattern: str = strawberry.field(
        description="For calls that dialled this: a number, the beginning of one with `*` behind it, "
        "or `*` alone. The most exact route has the call; the trunk's own before others."
    )
    target: CallTarget = strawberry.field(description="Where they go.")


@strawberry.input(description="Changes of an inbound route. What is left out stays; lists replace.")
class UpdateInboundRouteInput(_InboundRouteDetails, Identified):
    pattern: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="For calls that dialled this: a number, the beginning of one with `*` behind it, "
        "or `*` alone. The most exact route has the call; the trunk's own before others. "
        "Null is refused.",
    )
    target: CallTarget | None = strawberry.field(
        default=strawberry.UNSET, description="Where they go. Null is refused."
    )


@strawberry.input(description="An inbound route to be deleted.")
class DeleteInboundRouteInput(Identified):
    pass


@strawberry.type
class _InboundRoutePayload(Payload):
    inbound_route: InboundRoute | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making an inbound route.")
class CreateInboundRoutePayload(_InboundRoutePayload):
    pass


@strawberry.type(description="What came of changing an inbound route.")
class UpdateInboundRoutePayload(_InboundRoutePayload):
    pass


@strawberry.type(description="What came of deleting an inbound route.")
class DeleteInboundRoutePayload(DeletionPayload):
    pass


@strawberry.type
class TrunkMutations:
    @mutation(Scope.ROUTING, CreateTrunkPayload, "Make a trunk.")
    async def create_trunk(
        self,
        info: Info,
        input: Annotated[CreateTrunkInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateTrunkPayload:
        values = read_changes(input, TrunkChanges, info.context, skipped=("name",))
        made = await info.context.services.routing.trunks.create(info.context.caller, input.name, values)
        return CreateTrunkPayload(trunk=Trunk.of(made))

    @mutation(
        Scope.ROUTING,
        UpdateTrunkPayload,
        "Change a trunk. Of one in Asterisk's own files (`isProvisioned` is false) `isDefault` and `callerIdPolicy` "
        "alone; the rest is the operator's (`INVALID_STATE`).",
    )
    async def update_trunk(
        self,
        info: Info,
        input: Annotated[UpdateTrunkInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateTrunkPayload:
        changes = read_changes(input, TrunkChanges, info.context)
        changed = await info.context.services.routing.trunks.update(info.context.caller, input.id, changes)
        return UpdateTrunkPayload(trunk=Trunk.of(changed))

    @mutation(Scope.ROUTING, DeleteTrunkPayload, "Delete a trunk and its routes. Calls on it go on.")
    async def delete_trunk(
        self,
        info: Info,
        input: Annotated[DeleteTrunkInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteTrunkPayload:
        await info.context.services.routing.trunks.delete(info.context.caller, input.id)
        return DeleteTrunkPayload(deleted_id=input.id)

    @mutation(Scope.ROUTING, CreateInboundRoutePayload, "Say where calls from outside go.")
    async def create_inbound_route(
        self,
        info: Info,
        input: Annotated[CreateInboundRouteInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateInboundRoutePayload:
        values = read_changes(input, RouteChanges, info.context)
        made = await info.context.services.routing.routes.create(info.context.caller, values)
        return CreateInboundRoutePayload(inbound_route=InboundRoute.of(made, info.context.sight))

    @mutation(Scope.ROUTING, UpdateInboundRoutePayload, "Change an inbound route.")
    async def update_inbound_route(
        self,
        info: Info,
        input: Annotated[UpdateInboundRouteInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateInboundRoutePayload:
        changes = read_changes(input, RouteChanges, info.context)
        changed = await info.context.services.routing.routes.update(info.context.caller, input.id, changes)
        return UpdateInboundRoutePayload(inbound_route=InboundRoute.of(changed, info.context.sight))

    @mutation(Scope.ROUTING, DeleteInboundRoutePayload, "Delete an inbound route.")
    async def delete_inbound_route(
        self,
        info: Info,
        input: Annotated[DeleteInboundRouteInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteInboundRoutePayload:
        await info.context.services.routing.routes.delete(info.context.caller, input.id)
        return DeleteInboundRoutePayload(deleted_id=input.id)
