"""How the service fares, as an account may know it: no texts, which may name machines, and nothing of others."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.db.engine import Database
from app.errors import DatabaseUnavailableError
from app.ownership.lease import NodeStanding, read_standings
from app.ownership.node import Node

#: A node that nobody has driven for so long is no longer told of, unless it is the one that calls go to.
FORGOTTEN_SECONDS: Final = 86_400.0
_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """One Asterisk. ``is_default``: new calls go over it. ``since``: as it is now; None where that is not known."""

    name: str
    is_default: bool
    is_driven: bool
    is_ready: bool
    since: datetime | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """As this process knows it. ``nodes`` is None while the database does not answer, which knows them."""

    is_ready: bool
    is_database_ready: bool
    is_shutting_down: bool
    roles: tuple[str, ...]
    nodes: tuple[NodeStatus, ...] | None


class SystemStatus:
    """Reads the status, in at most some seconds. ``own_node`` is None without the role ``controller``."""

    def __init__(
        self,
        database: Database,
        node_name: str,
        *,
        own_node: Node | None,
        roles: Collection[str],
        is_draining: Callable[[], bool],
    ) -> None:
        self._database = database
        self._node_name = node_name
        self._own_node = own_node
        self._roles = tuple(sorted(roles))
        self._is_draining = is_draining

    async def read(self) -> Status:
        """As it stands now. Raises nothing: what cannot be found out is told as such."""
        try:
            async with asyncio.timeout(_SECONDS):
                found = await read_standings(self._database, self._node_name, forgotten_seconds=FORGOTTEN_SECONDS)
        except (DatabaseUnavailableError, TimeoutError):
            nodes = None
        else:
            nodes = self._see(found)
        is_draining = self._is_draining()
        return Status(
            is_ready=not is_draining and nodes is not None and any(one.is_default and one.is_ready for one in nodes),
            is_database_ready=nodes is not None,
            is_shutting_down=is_draining,
            roles=self._roles,
            nodes=nodes,
        )

    def _see(self, found: list[NodeStanding]) -> tuple[NodeStatus, ...]:
        if all(one.node != self._node_name for one in found):
            never = NodeStanding(node=self._node_name, is_held=False, is_ready=False, since=None, asterisk_version=None)
            found = sorted([*found, never], key=lambda one: one.node)
        return tuple(self._see_one(one) for one in found)

    def _see_one(self, one: NodeStanding) -> NodeStatus:
        is_default, is_ready = one.node == self._node_name, one.is_ready
        if is_default and self._own_node is not None and self._own_node.knows_best:
            is_ready = self._own_node.is_ready
        return NodeStatus(
            name=one.node,
            is_default=is_default,
            is_driven=one.is_held,
            is_ready=is_ready,
            since=one.since if is_ready is one.is_ready else None,
            version=one.asterisk_version,
        )
