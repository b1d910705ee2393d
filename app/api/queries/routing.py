"""Agents, extensions, devices, groups, queues, trunks, numbers and routes."""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.types.groups import Queue, RingGroup
from app.api.types.people import Agent, Device, Extension
from app.api.types.trunks import InboundRoute, OutboundNumber, OutboundNumberPool, Trunk
from app.facts.masking import Sight
from app.routing.resource import Resource

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The id.")]


async def _connect(
    context: Context, name: str, resource: Resource[Any], make: Callable[[Any, Sight], Any], paging: Paging
) -> Connection[Any]:
    account_id, sight = context.account_id, context.sight
    return await connect(
        signer_of(context, name, None),
        lambda page: resource.page(account_id, page),
        lambda item: make(item, sight),
        lambda: resource.count(account_id),
        paging,
    )


async def _find(context: Context, resource: Resource[Any], make: Callable[[Any, Sight], Any], one: str) -> Any:
    found = await resource.get(context.account_id, one)
    return None if found is None else make(found, context.sight)


@strawberry.type
class RoutingQueries:
    @guarded_field(Scope.AGENTS, "One agent; null when there is none.")
    async def agent(self, info: Info, id: Id) -> Agent | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: Agent | None = await _find(context, context.services.routing.agents, lambda item, _: Agent.of(item), id)
        return found

    @guarded_field(Scope.AGENTS, "The account's agents, oldest first.")
    async def agents(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Agent]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(
            context, "agents", context.services.routing.agents, lambda item, _: Agent.of(item), paging
        )

    @guarded_field(Scope.ROUTING, "One extension; null when there is none.")
    async def extension(self, info: Info, id: Id) -> Extension | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: Extension | None = await _find(
            context, context.services.routing.extensions, lambda item, _: Extension.of(item), id
        )
        return found

    @guarded_field(Scope.ROUTING, "The account's extensions, oldest first.")
    async def extensions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Extension]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(
            context, "extensions", context.services.routing.extensions, lambda item, _: Extension.of(item), paging
        )

    @guarded_field(Scope.ROUTING, "One device; null when there is none.")
    async def device(self, info: Info, id: Id) -> Device | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: Device | None = await _find(context, context.services.routing.devices, Device.of, id)
        return found

    @guarded_field(Scope.ROUTING, "The account's devices, oldest first.")
    async def devices(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Device]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(context, "devices", context.services.routing.devices, Device.of, paging)

    @guarded_field(Scope.ROUTING, "One ring group; null when there is none.")
    async def ring_group(self, info: Info, id: Id) -> RingGroup | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: RingGroup | None = await _find(context, context.services.routing.ring_groups, RingGroup.of, id)
        return found

    @guarded_field(Scope.ROUTING, "The account's ring groups, oldest first.")
    async def ring_groups(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[RingGroup]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(context, "ringGroups", context.services.routing.ring_groups, RingGroup.of, paging)

    @guarded_field(Scope.ROUTING, "One queue; null when there is none.")
    async def queue(self, info: Info, id: Id) -> Queue | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: Queue | None = await _find(context, context.services.routing.queues, Queue.of, id)
        return found

    @guarded_field(Scope.ROUTING, "The account's queues, oldest first.")
    async def queues(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Queue]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(context, "queues", context.services.routing.queues, Queue.of, paging)

    @guarded_field(Scope.ROUTING, "One trunk; null when there is none.")
    async def trunk(self, info: Info, id: Id) -> Trunk | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: Trunk | None = await _find(context, context.services.routing.trunks, lambda item, _: Trunk.of(item), id)
        return found

    @guarded_field(Scope.ROUTING, "The account's trunks, oldest first.")
    async def trunks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Trunk]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(
            context, "trunks", context.services.routing.trunks, lambda item, _: Trunk.of(item), paging
        )

    @guarded_field(Scope.ROUTING, "One outbound number; null when there is none.")
    async def outbound_number(self, info: Info, id: Id) -> OutboundNumber | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: OutboundNumber | None = await _find(context, context.services.routing.numbers, OutboundNumber.of, id)
        return found

    @guarded_field(Scope.ROUTING, "The account's outbound numbers, oldest first.")
    async def outbound_numbers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[OutboundNumber]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(context, "outboundNumbers", context.services.routing.numbers, OutboundNumber.of, paging)

    @guarded_field(Scope.ROUTING, "One pool of outbound numbers; null when there is none.")
    async def outbound_number_pool(self, info: Info, id: Id) -> OutboundNumberPool | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: OutboundNumberPool | None = await _find(
            context, context.services.routing.pools, lambda item, _: OutboundNumberPool.of(item), id
        )
        return found

    @guarded_field(Scope.ROUTING, "The account's pools of outbound numbers, oldest first.")
    async def outbound_number_pools(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[OutboundNumberPool]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(
            context,
            "outboundNumberPools",
            context.services.routing.pools,
            lambda item, _: OutboundNumberPool.of(item),
            paging,
        )

    @guarded_field(Scope.ROUTING, "One inbound route; null when there is none.")
    async def inbound_route(self, info: Info, id: Id) -> InboundRoute | None:  # noqa: A002  # the argument's public name
        context = info.context
        found: InboundRoute | None = await _find(context, context.services.routing.routes, InboundRoute.of, id)
        return found

    @guarded_field(Scope.ROUTING, "The account's inbound routes, oldest first.")
    async def inbound_routes(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[InboundRoute]:
        context, paging = info.context, Paging(first, after, last, before)
        return await _connect(context, "inboundRoutes", context.services.routing.routes, InboundRoute.of, paging)
