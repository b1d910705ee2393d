"""The lines of an account: its trunk to the far end, what may be dialled over it from there, and where that goes."""

from dataclasses import dataclass
from typing import Any, cast

from app.accounts.audit import AuditLog
from app.local.asterisk import AsteriskInstance
from app.routing.inbound import RouteChanges
from app.routing.model import RingGroupMember
from app.routing.resources import RoutingResources
from app.routing.targets import CallTarget, ToRingGroup
from app.routing.words import RingStrategy
from app.secrets.sealing import Sealer
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook


@dataclass(frozen=True, slots=True)
class Exchange:
    """The account's lines: what may be dialled over its trunk, and where that goes."""

    offhook: RunningOffhook
    routing: RoutingResources
    asterisk: AsteriskInstance
    far_end: FarEnd

    async def route(self, pattern: str, target: CallTarget, **rules: Any) -> None:
        """What is dialled goes there."""
        values: dict[str, Any] = {"pattern": pattern, "target": target, **rules}
        await self.routing.routes.create(self.offhook.principal, cast("RouteChanges", values))

    async def group(self, first: str, *, ring_seconds: float, overflow: CallTarget | None) -> ToRingGroup:
        """An extension in a group of its own."""
        async with self.offhook.service.database.acquire() as connection:
            extension_id = await connection.fetchval("SELECT id FROM extension WHERE number = $1", first)
        members = [RingGroupMember(agent_id=None, extension_id=extension_id)]
        made = await self.routing.ring_groups.create(
            self.offhook.principal,
            {
                "name": "first",
                "strategy": RingStrategy.ALL,
                "ring_seconds": ring_seconds,
                "members": members,
                "overflow": overflow,
            },
        )
        return ToRingGroup(id=made.id)

    async def call(self, number: str, *, caller: str = "+4930123456", name: str = "") -> FarEndCall:
        """Somebody outside calls."""
        uri = f"sip:{number}@127.0.0.1:{self.asterisk.sip_port}"
        return await self.far_end.place_call(uri, caller_number=caller, caller_name=name)


async def make_exchange(offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd) -> Exchange:
    """With the far end as the way out, too."""
    database = offhook.service.database
    routing = RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))
    await routing.trunks.update(offhook.principal, offhook.trunks["farend"], {"is_default": True})
    return Exchange(offhook, routing, asterisk, far_end)
