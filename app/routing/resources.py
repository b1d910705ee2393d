"""All kinds of routing together, as surfaces call them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from app.accounts.audit import AuditLog
from app.db.engine import Database
from app.resources.resource import Office
from app.routing.devices import Devices
from app.routing.flows import CallFlows, Voices
from app.routing.groups import Queues, RingGroups
from app.routing.inbound import InboundRoutes
from app.routing.numbers import OutboundNumberPools, OutboundNumbers
from app.routing.people import Agents, Extensions
from app.routing.policies import DestinationPolicies
from app.routing.trunks import Trunks
from app.secrets.sealing import Seals


async def tell_nobody() -> None:
    """For where there is no Asterisk to hear of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingResources:
    """Every kind's use cases."""

    agents: Agents
    extensions: Extensions
    devices: Devices
    trunks: Trunks
    numbers: OutboundNumbers
    pools: OutboundNumberPools
    ring_groups: RingGroups
    queues: Queues
    routes: InboundRoutes
    flows: CallFlows
    policies: DestinationPolicies

    @classmethod
    def open(
        cls,
        database: Database,
        audit: AuditLog,
        seals: Seals,
        *,
        lines_changed: Callable[[], Awaitable[None]] = tell_nobody,
        voices: Voices | None = None,
    ) -> Self:
        """``lines_changed`` is awaited after each change that Asterisk has to hear of. ``voices`` knows what can be
        spoken; None: that is found out when it is.
        """
        office = Office(database=database, audit=audit, seals=seals, lines_changed=lines_changed)
        return cls(
            agents=Agents(office),
            extensions=Extensions(office),
            devices=Devices(office),
            trunks=Trunks(office),
            numbers=OutboundNumbers(office),
            pools=OutboundNumberPools(office),
            ring_groups=RingGroups(office),
            queues=Queues(office),
            routes=InboundRoutes(office),
            flows=CallFlows(office, voices),
            policies=DestinationPolicies(database, audit),
        )
