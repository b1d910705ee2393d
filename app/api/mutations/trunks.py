"""Making, changing and deleting trunks and inbound routes."""

from typing import Annotated, Final, cast

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import read_changes, replace_target
from app.api.mutations.inputs import CallTarget
from app.api.types.problem import UserError
from app.api.types.trunks import InboundRoute, Trunk
from app.routing.inbound import RouteChanges
from app.routing.trunks import TrunkChanges
from app.routing.words import CallerIdPolicy, Codec, Transport

_USER_ERRORS: Final = "What the caller can mend; empty when it was done."
_TRUNK_NULLABLE: Final = frozenset({"port", "username", "secret", "max_channels"})
_ROUTE_NULLABLE: Final = frozenset({"label", "trunk_id"})


@strawberry.input(description="A trunk to be made.")
class CreateTrunkInput:
    name: str = strawberry.field(description="1 to 20 lower-case letters and digits; never changes.")
    host: str = strawberry.field(description="Where its calls go: a DNS name or an IPv4 address.")
    port: int | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 65535; null is SIP's own, or what the host's DNS records say."
    )
    transport: Transport | None = strawberry.field(
        default=strawberry.UNSET, description="How SIP is carried; UDP by default. Null is refused."
    )
    username: str | None = strawberry.field(
        default=strawberry.UNSET, description="Who we are there; goes with `secret`. Null clears it."
    )
    secret: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its secret: never shown again. Null clears it."
    )
    registers: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether Asterisk registers there, so that calls find it. Null is refused.",
    )
    match_addresses: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where its calls come from: IPv4 addresses, networks up to /24, or an address "
        "with a port (`192.0.2.1:5062`). None may be another trunk's. By default `host`, "
        "when that is an address. Null is refused.",
    )
    codecs: list[Codec] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it may speak, best first; µ-law and A-law by default. Null is refused.",
    )
    dial_template: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What is dialled: `{e164}`, `{digits}` (by default) or `{national}`, with digits,"
        " `*` or `#` around it. Null is refused.",
    )
    max_channels: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many calls it takes at once; null is no limit."
    )
    caller_id_policy: CallerIdPolicy | None = strawberry.field(
        default=strawberry.UNSET,
        description="Which numbers may be shown over it; any of the account's by default. Null is refused.",
    )
    is_default: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether calls that name no trunk go out over it. The first trunk is the default. Null is refused.",
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is in use, both ways; by default it is. Null is refused."
    )
    qualify_seconds: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How often it is asked whether it is there; 0 is never, by default 30. Null is refused.",
    )


@strawberry.input(description="Changes of a trunk. What is left out stays; lists replace.")
class UpdateTrunkInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    host: str | None = strawberry.field(default=strawberry.UNSET, description="Where its calls go. Null is refused.")
    port: int | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 65535; null is SIP's own, or what the host's DNS records say."
    )
    transport: Transport | None = strawberry.field(
        default=strawberry.UNSET, description="How SIP is carried; UDP by default. Null is refused."
    )
    username: str | None = strawberry.field(
        default=strawberry.UNSET, description="Who we are there; goes with `secret`. Null clears it."
    )
    secret: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its secret: never shown again. Null clears it."
    )
    registers: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether Asterisk registers there, so that calls find it. Null is refused.",
    )
    match_addresses: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where its calls come from: IPv4 addresses, networks up to /24, or an address "
        "with a port (`192.0.2.1:5062`). None may be another trunk's. By default `host`, "
        "when that is an address. Null is refused.",
    )
    codecs: list[Codec] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it may speak, best first; µ-law and A-law by default. Null is refused.",
    )
    dial_template: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What is dialled: `{e164}`, `{digits}` (by default) or `{national}`, with digits,"
        " `*` or `#` around it. Null is refused.",
    )
    max_channels: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many calls it takes at once; null is no limit."
    )
    caller_id_policy: CallerIdPolicy | None = strawberry.field(
        default=strawberry.UNSET,
        description="Which numbers may be shown over it; any of the account's by default. Null is refused.",
    )
    is_default: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether calls that name no trunk go out over it. The first trunk is the default. Null is refused.",
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is in use, both ways; by default it is. Null is refused."
    )
    qualify_seconds: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How often it is asked whether it is there; 0 is never, by default 30. Null is refused.",
    )


@strawberry.input(description="A trunk to be deleted.")
class DeleteTrunkInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="What came of making a trunk.")
class CreateTrunkPayload:
    trunk: Trunk | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of changing a trunk.")
class UpdateTrunkPayload:
    trunk: Trunk | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of deleting a trunk.")
class DeleteTrunkPayload:
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of what was deleted.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.input(description="An inbound route to be made.")
class CreateInboundRouteInput:
    pattern: str = strawberry.field(
        description="For calls that dialled this: a number, the beginning of one with `*` behind it, "
        "or `*` alone. The most exact route has the call; the trunk's own before others."
    )
    target: CallTarget = strawberry.field(description="Where they go.")
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description="Your own words about it. Null clears it."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="For calls over this trunk; null is any."
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is in use; by default it is. Null is refused."
    )


@strawberry.input(description="Changes of an inbound route. What is left out stays; lists replace.")
class UpdateInboundRouteInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    pattern: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="For calls that dialled this: a number, the beginning of one with `*` behind it, "
        "or `*` alone. The most exact route has the call; the trunk's own before others. "
        "Null is refused.",
    )
    target: CallTarget | None = strawberry.field(
        default=strawberry.UNSET, description="Where they go. Null is refused."
    )
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description="Your own words about it. Null clears it."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="For calls over this trunk; null is any."
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is in use; by default it is. Null is refused."
    )


@strawberry.input(description="An inbound route to be deleted.")
class DeleteInboundRouteInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="What came of making an inbound route.")
class CreateInboundRoutePayload:
    inbound_route: InboundRoute | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of changing an inbound route.")
class UpdateInboundRoutePayload:
    inbound_route: InboundRoute | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of deleting an inbound route.")
class DeleteInboundRoutePayload:
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of what was deleted.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type
class TrunkMutations:
    @mutation(Scope.ROUTING, CreateTrunkPayload, "Make a trunk.")
    async def create_trunk(
        self,
        info: Info,
        input: Annotated[CreateTrunkInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateTrunkPayload:
        values = read_changes(input, nullable=_TRUNK_NULLABLE, skipped=("name",))
        made = await info.context.services.routing.trunks.create(
            info.context.caller, input.name, cast("TrunkChanges", values)
        )
        return CreateTrunkPayload(trunk=Trunk.of(made))

    @mutation(Scope.ROUTING, UpdateTrunkPayload, "Change a trunk.")
    async def update_trunk(
        self,
        info: Info,
        input: Annotated[UpdateTrunkInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateTrunkPayload:
        changes = read_changes(input, nullable=_TRUNK_NULLABLE)
        changed = await info.context.services.routing.trunks.update(
            info.context.caller, input.id, cast("TrunkChanges", changes)
        )
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
        values = replace_target(read_changes(input, nullable=_ROUTE_NULLABLE), info.context, "target")
        made = await info.context.services.routing.routes.create(info.context.caller, cast("RouteChanges", values))
        return CreateInboundRoutePayload(inbound_route=InboundRoute.of(made, info.context.sight))

    @mutation(Scope.ROUTING, UpdateInboundRoutePayload, "Change an inbound route.")
    async def update_inbound_route(
        self,
        info: Info,
        input: Annotated[UpdateInboundRouteInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateInboundRoutePayload:
        changes = replace_target(read_changes(input, nullable=_ROUTE_NULLABLE), info.context, "target")
        changed = await info.context.services.routing.routes.update(
            info.context.caller, input.id, cast("RouteChanges", changes)
        )
        return UpdateInboundRoutePayload(inbound_route=InboundRoute.of(changed, info.context.sight))

    @mutation(Scope.ROUTING, DeleteInboundRoutePayload, "Delete an inbound route.")
    async def delete_inbound_route(
        self,
        info: Info,
        input: Annotated[DeleteInboundRouteInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteInboundRoutePayload:
        await info.context.services.routing.routes.delete(info.context.caller, input.id)
        return DeleteInboundRoutePayload(deleted_id=input.id)
