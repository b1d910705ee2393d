"""A running service: which parts of it run here, and how they fare."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.calls.living.registry import CallRegistry
from app.config import ROLES, Settings
from app.daemon import Daemon
from app.db.engine import Database
from app.errors import ConfigurationError, DatabaseUnavailableError
from app.events.bus import Bus
from app.health import PartHealth
from app.local.asterisk import AsteriskInstance
from app.ownership.lease import read_lease
from app.ownership.node import Node
from app.reaching.routed import RoutedCalls
from app.recordings.serve import RecordingFiles
from app.routing.sandbox import Sandbox
from app.services import Services
from app.webhooks.deliver import Deliverer


def check_roles(roles: Collection[str], settings: Settings) -> None:
    """Raises ConfigurationError for roles that do not exist, or that cannot run apart with these settings."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        wrong = f"There is no role {unknown[0]!r}." if unknown else "Give at least one role."
        raise ConfigurationError(f"{wrong} The roles are {', '.join(ROLES)}.")
    if set(roles) != set(ROLES) and settings.database_url is None:
        raise ConfigurationError(
            "The embedded PostgreSQL ends with its process, so it serves all roles in one. To run them apart, set "
            "OFFHOOK_DATABASE_URL for each; or leave --roles out."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service: its surface, and what tests and the demo look into."""

    settings: Settings
    roles: frozenset[str]
    services: Services
    database: Database
    bus: Bus
    routed_calls: RoutedCalls
    own_node: Node | None
    deliverer: Deliverer
    workers: Sequence[Daemon]
    listeners: Daemon
    traces: Daemon
    recording_files: RecordingFiles
    asterisk: AsteriskInstance | None
    sandbox: Sandbox | None

    @property
    def node(self) -> Node:
        """This process's share in its Asterisk. Raises LookupError without the role ``controller``."""
        if self.own_node is None:
            raise LookupError("this process has no role in driving an Asterisk")
        return self.own_node

    @property
    def registry(self) -> CallRegistry:
        """The live calls of this process; none on standby. Raises LookupError as ``node``."""
        return self.node.registry


class ServiceHealth:
    """How the parts of a running service fare, for ``/readyz`` and ``/metrics``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def check(self) -> Sequence[PartHealth]:
        """The parts that this process's roles stand on."""
        service, roles = self._service, self._service.roles
        parts = await self._check_outside()
        node = service.own_node
        if node is not None:
            parts.append(PartHealth("ownership", is_ready=True, reason=node.standing))
            tenure = node.tenure
            is_full = tenure is not None and tenure.collector.is_full
            reason = "The collector is full; recordings wait in Asterisk." if is_full else None
            parts.append(PartHealth("recordings", is_ready=not is_full, reason=reason))
        loops = [service.listeners.health]
        if "api" in roles:
            loops.append(service.services.feed.health)
        if "controller" in roles:
            loops.append(service.traces.health)
        if node is not None and node.tenure is not None:
            loops += node.tenure.healths
        if "worker" in roles:
            loops += (*service.deliverer.healths, *(worker.health for worker in service.workers))
        parts += (PartHealth(health.name, is_ready=health.is_healthy, reason=health.last_error) for health in loops)
        if service.routed_calls.is_draining:
            parts.append(PartHealth("shutdown", is_ready=False, reason="This process is shutting down."))
        return parts

    async def _check_outside(self) -> list[PartHealth]:
        """The database, and the Asterisk: by this process's own word if it drives it, else by the driver's."""
        service = self._service
        try:
            lease = await read_lease(service.database, service.settings.node)
        except DatabaseUnavailableError as error:
            lease = None
            database = PartHealth("database", is_ready=False, reason=error.message)
        else:
            database = PartHealth("database", is_ready=True)
        if service.roles == {"worker"}:
            return [database]
        node = service.own_node
        if node is not None and node.knows_best:
            why_not = node.why_not_ready
        elif lease is None or not lease.is_held:
            why_not = f"No process drives the Asterisk of node {service.settings.node}."
        else:
            why_not = lease.why_not_ready
        return [database, PartHealth("asterisk", is_ready=why_not is None, reason=why_not)]
