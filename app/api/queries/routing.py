"""Agents, extensions, devices, groups, queues, trunks, numbers and routes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.types.call_flows import CallFlow
from app.api.types.groups import Queue, RingGroup
from app.api.types.people import Agent, Device, Extension
from app.api.types.trunks import InboundRoute, OutboundNumber, OutboundNumberPool, Trunk
from app.facts.masking import Sight
from app.resources.resource import Resource
from app.routing.resources import RoutingResources

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The id.")]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is there of one kind. The types of its fields are the annotations beside them."""

    find: Callable[[RoutingResources], Resource[Any]]
    make: Callable[[Any, Sight], Any]
    scope: Scope = Scope.ROUTING

    def one(self, description: str) -> Any:
        """The field of one of them."""

        async def resolve(info: Info, id: Id) -> Any:  # noqa: A002  # the argument's public name
            context = info.context
            found = await self.find(context.services.routing).get(context.account_id, id)
            return None if found is None else self.make(found, context.sight)

        return guarded_field(self.scope, description)(resolve)

    def all(self, description: str, list_name: str) -> Any:
        """The field of the list of them. Its cursors are good under this name alone."""

        async def resolve(
            info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
        ) -> Any:
            context, resource = info.context, self.find(info.context.services.routing)
            account_id, sight = context.account_id, context.sight
            return await connect(
                signer_of(context, list_name, None),
                lambda page: resource.page(account_id, page),
                lambda item: self.make(item, sight),
                lambda: resource.count(account_id),
                Paging(first, after, last, before),
            )

        return guarded_field(self.scope, description)(resolve)


_AGENTS: Final = _Kind(lambda routing: routing.agents, lambda item, _: Agent.of(item), Scope.AGENTS)
_EXTENSIONS: Final = _Kind(lambda routing: routing.extensions, lambda item, _: Extension.of(item))
_DEVICES: Final = _Kind(lambda routing: routing.devices, Device.of)
_RING_GROUPS: Final = _Kind(lambda routing: routing.ring_groups, RingGroup.of)
_QUEUES: Final = _Kind(lambda routing: routing.queues, Queue.of)
_CALL_FLOWS: Final = _Kind(lambda routing: routing.flows, CallFlow.of)
_TRUNKS: Final = _Kind(lambda routing: routing.trunks, lambda item, _: Trunk.of(item))
_OUTBOUND_NUMBERS: Final = _Kind(lambda routing: routing.numbers, OutboundNumber.of)
_OUTBOUND_NUMBER_POOLS: Final = _Kind(lambda routing: routing.pools, lambda item, _: OutboundNumberPool.of(item))
_INBOUND_ROUTES: Final = _Kind(lambda routing: routing.routes, InboundRoute.of)


@strawberry.type
class RoutingQueries:
    agent: Agent | None = _AGENTS.one("One agent; null when there is none.")
    agents: Connection[Agent] = _AGENTS.all("The account's agents, oldest first.", "agents")
    extension: Extension | None = _EXTENSIONS.one("One extension; null when there is none.")
    extensions: Connection[Extension] = _EXTENSIONS.all("The account's extensions, oldest first.", "extensions")
    device: Device | None = _DEVICES.one("One device; null when there is none.")
    devices: Connection[Device] = _DEVICES.all("The account's devices, oldest first.", "devices")
    ring_group: RingGroup | None = _RING_GROUPS.one("One ring group; null when there is none.")
    ring_groups: Connection[RingGroup] = _RING_GROUPS.all("The account's ring groups, oldest first.", "ringGroups")
    queue: Queue | None = _QUEUES.one("One queue; null when there is none.")
    queues: Connection[Queue] = _QUEUES.all("The account's queues, oldest first.", "queues")
    call_flows: Connection[CallFlow] = _CALL_FLOWS.all("The account's call flows, oldest first.", "callFlows")

    @guarded_field(Scope.ROUTING, "One call flow, at its latest version or another; null when there is none.")
    async def call_flow(
        self,
        info: Info,
        id: Id,  # noqa: A002  # the argument's public name
        version: Annotated[int | None, strawberry.argument(description="Which; by default the latest.")] = None,
    ) -> CallFlow | None:
        context, flows = info.context, info.context.services.routing.flows
        if version is None:
            found = await flows.get(context.account_id, id)
        else:
            found = await flows.get_version(context.account_id, id, version)
        return None if found is None else CallFlow.of(found, context.sight)

    trunk: Trunk | None = _TRUNKS.one("One trunk; null when there is none.")
    trunks: Connection[Trunk] = _TRUNKS.all("The account's trunks, oldest first.", "trunks")
    outbound_number: OutboundNumber | None = _OUTBOUND_NUMBERS.one("One outbound number; null when there is none.")
    outbound_numbers: Connection[OutboundNumber] = _OUTBOUND_NUMBERS.all(
        "The account's outbound numbers, oldest first.", "outboundNumbers"
    )
    outbound_number_pool: OutboundNumberPool | None = _OUTBOUND_NUMBER_POOLS.one(
        "One pool of outbound numbers; null when there is none."
    )
    outbound_number_pools: Connection[OutboundNumberPool] = _OUTBOUND_NUMBER_POOLS.all(
        "The account's pools of outbound numbers, oldest first.", "outboundNumberPools"
    )
    inbound_route: InboundRoute | None = _INBOUND_ROUTES.one("One inbound route; null when there is none.")
    inbound_routes: Connection[InboundRoute] = _INBOUND_ROUTES.all(
        "The account's inbound routes, oldest first.", "inboundRoutes"
    )
