"""What a call's things are called in Asterisk, and back: all known before the first request."""

from functools import lru_cache

from app.facts.vocabulary import LegRole
from app.ids import (
    CallId,
    Kind,
    LegId,
    PlaybackId,
    RecordingId,
    asterisk_name,
    asterisk_prefix,
    kind_of,
    split_asterisk_name,
)

_SUFFIX = {LegRole.AGENT: "-agent", LegRole.CUSTOMER: "-customer"}
_ROLE = {suffix: role for role, suffix in _SUFFIX.items()}


def channel_of(node: str, leg_id: LegId) -> str:
    """The channel of a leg."""
    return asterisk_name(node, leg_id)


def bridge_of(node: str, call_id: CallId) -> str:
    """The bridge of a call."""
    return asterisk_name(node, call_id)


def snoop_of(node: str, recording_id: RecordingId, role: LegRole) -> str:
    """The snoop channel that hears one side, and the stored recording it writes."""
    return asterisk_name(node, recording_id, _SUFFIX[role])


def playback_of(node: str, playback_id: PlaybackId) -> str:
    """The playback in Asterisk."""
    return asterisk_name(node, playback_id)


def playback_in(node: str, name: str) -> PlaybackId | None:
    """The playback that this is in Asterisk, or None."""
    split = split_asterisk_name(node, name)
    if split is None or kind_of(split[0]) is not Kind.PLAYBACK:
        return None
    return PlaybackId(split[0])


def hangup_memory_of(node: str, leg_id: LegId) -> str:
    """The global variable in which Asterisk remembers how a leg ended."""
    return f"hup_{channel_of(node, leg_id)}"


# Asterisk names each leg in some eight events.
@lru_cache(maxsize=8192)
def leg_in(node: str, channel_id: str) -> LegId | None:
    """The leg whose channel this is, or None."""
    prefix = asterisk_prefix(node)
    # Most events of a busy Asterisk that are not ours end here.
    if not channel_id.startswith(prefix):
        return None
    leg_id = channel_id[len(prefix) :]
    return LegId(leg_id) if kind_of(leg_id) is Kind.LEG else None


def call_in(node: str, bridge_id: str) -> CallId | None:
    """The call whose bridge this is, or None."""
    split = split_asterisk_name(node, bridge_id)
    if split is None or split[1] or kind_of(split[0]) is not Kind.CALL:
        return None
    return CallId(split[0])


def recorded_side(node: str, name: str) -> tuple[RecordingId, LegRole] | None:
    """The recording and side that a snoop channel or stored recording belongs to, or None."""
    split = split_asterisk_name(node, name)
    if split is None or kind_of(split[0]) is not Kind.RECORDING or split[1] not in _ROLE:
        return None
    return RecordingId(split[0]), _ROLE[split[1]]
