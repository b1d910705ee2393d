"""Facts about devices and trunks, as one node's Asterisk sees them."""

from enum import StrEnum

from app.facts.calls import Fact


class DeviceGone(StrEnum):
    """Why a device can no longer be reached."""

    ENDED = "ENDED"
    UNREACHABLE = "UNREACHABLE"
    DELETED = "DELETED"


class DeviceFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one device. ``node`` is the Offhook node whose Asterisk says so."""

    device_id: str
    node: str
    extension_id: str | None = None
    agent_id: str | None = None


class DeviceRegistered(DeviceFact, frozen=True, kw_only=True):
    """The device has registered, or answers again; it can be called."""

    type = "device.registered"


class DeviceUnregistered(DeviceFact, frozen=True, kw_only=True):
    """The device can no longer be called; ``reason`` says why."""

    type = "device.unregistered"
    reason: DeviceGone


class TrunkFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one trunk. ``node`` is the Offhook node whose Asterisk says so."""

    trunk_id: str
    node: str
    name: str


class TrunkDown(TrunkFact, frozen=True, kw_only=True):
    """The trunk's far end does not answer; it is not dialled until it does."""

    type = "trunk.down"


class TrunkUp(TrunkFact, frozen=True, kw_only=True):
    """The trunk's far end answers again."""

    type = "trunk.up"
