"""How the service fares, as any key may know it."""

from datetime import datetime
from importlib.metadata import version
from typing import Final, Self

import strawberry

from app.api.types.enums.system_status import ServiceRole
from app.reaching import status

_VERSION: Final = version("offhook")


@strawberry.type(description="An Asterisk that calls go over.")
class AsteriskNode:
    name: str = strawberry.field(description="Its name, by which Offhook's settings know it.")
    is_default: bool = strawberry.field(
        description="Calls that are asked for here are placed over it. Another belongs to other processes."
    )
    is_driven: bool = strawberry.field(description="A process of Offhook has it in hand, or just takes it over.")
    is_connected: bool = strawberry.field(
        description="That process is connected with it and knows how its calls stand, so calls can be placed over it."
    )
    since: datetime | None = strawberry.field(
        description="Since when `isConnected` is as it is; null before anybody drove it, and while it is just changing."
    )
    version: str | None = strawberry.field(
        description="Asterisk's version as of the latest connection; null before there was one."
    )

    @classmethod
    def of(cls, one: status.NodeStatus) -> Self:
        return cls(
            name=one.name,
            is_default=one.is_default,
            is_driven=one.is_driven,
            is_connected=one.is_ready,
            since=one.since,
            version=one.version,
        )


@strawberry.type(
    description="How the service fares, as the process that answers knows it: of itself at first hand, of an Asterisk "
    "that another process drives by that one's word in the database, which is seconds old at most."
)
class SystemStatus:
    version: str = strawberry.field(description="Offhook's version.")
    is_ready: bool = strawberry.field(
        description="Calls can be placed here: the database answers, the default Asterisk is connected, and this "
        "process is not shutting down."
    )
    is_database_ready: bool = strawberry.field(description="The database answers.")
    is_shutting_down: bool = strawberry.field(
        description="This process takes no new calls any more: another, or its successor, will."
    )
    roles: list[ServiceRole] = strawberry.field(description="What the process that answers does.")
    asterisk_nodes: list[AsteriskNode] | None = strawberry.field(
        description="The default Asterisk, and all others that were driven within the last day, by name; null while "
        "the database does not answer, which knows them."
    )

    @classmethod
    def of(cls, found: status.Status) -> Self:
        return cls(
            version=_VERSION,
            is_ready=found.is_ready,
            is_database_ready=found.is_database_ready,
            is_shutting_down=found.is_shutting_down,
            roles=[ServiceRole(one) for one in found.roles],
            asterisk_nodes=None if found.nodes is None else [AsteriskNode.of(one) for one in found.nodes],
        )
