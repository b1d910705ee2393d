"""The events of devices and trunks, one type for each fact."""

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.enums.describing import describe
from app.api.types.event import Event
from app.api.types.people import Device
from app.api.types.trunks import Trunk
from app.facts.lines import DeviceGone

_NODE = "The Offhook node whose Asterisk says so."

describe(
    DeviceGone,
    "Why a device can no longer be called. Expect values you do not know: this list grows.",
    {
        "ENDED": "It said goodbye, or did not register anew in time.",
        "UNREACHABLE": "It no longer answers.",
        "DELETED": "It was deleted.",
    },
    name="DeviceUnregisteredReason",
)


@strawberry.interface(description="An event of a device.")
class DeviceEvent(Event):
    device_id: strawberry.ID = strawberry.field(description="The device.")
    node: str = strawberry.field(description=_NODE)
    extension_id: strawberry.ID | None = strawberry.field(description="The extension it belonged to, if to one.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent it belonged to, if to one.")

    @guarded_field(Scope.ROUTING, "The device as it is now; null once it is deleted.")
    async def device(self, info: Info) -> Device | None:
        found = await info.context.loaders.device.load(self.device_id)
        return None if found is None else Device.of(found, info.context.sight)


@strawberry.type(description="`device.registered`: the device has registered, or answers again; it can be called.")
class DeviceRegisteredEvent(DeviceEvent):
    pass


@strawberry.type(description="`device.unregistered`: the device can no longer be called.")
class DeviceUnregisteredEvent(DeviceEvent):
    reason: DeviceGone = strawberry.field(description="Why.")


@strawberry.interface(description="An event of a trunk.")
class TrunkEvent(Event):
    trunk_id: strawberry.ID = strawberry.field(description="The trunk.")
    node: str = strawberry.field(description=_NODE)
    name: str = strawberry.field(description="The trunk's name.")

    @guarded_field(Scope.ROUTING, "The trunk as it is now; null once it is deleted.")
    async def trunk(self, info: Info) -> Trunk | None:
        found = await info.context.loaders.trunk.load(self.trunk_id)
        return None if found is None else Trunk.of(found)


@strawberry.type(description="`trunk.down`: the trunk's far end does not answer; it is not dialled until it does.")
class TrunkDownEvent(TrunkEvent):
    pass


@strawberry.type(description="`trunk.up`: the trunk's far end answers again.")
class TrunkUpEvent(TrunkEvent):
    pass
