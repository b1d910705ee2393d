"""What a call's things are called in Asterisk, and back: all known before the first request."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from app.calls.core.model.guests import TapKind
from app.calls.core.model.leg import Leg
from app.facts.vocabulary import LegRole
from app.ids import (
    CallId,
    Kind,
    LegId,
    MediaStreamId,
    PlaybackId,
    RecordingId,
    SupervisionId,
    asterisk_name,
    asterisk_prefix,
    kind_of,
    split_asterisk_name,
)

#: The dialplan's application that a channel is in while it is ours to command.
STASIS: Final = "Stasis"
#: What Asterisk calls the ends of a link between two calls that a telephone has put together.
LINK: Final = "Local/_attended@transfer-"
_WORD = {LegRole.AGENT: "agent", LegRole.CUSTOMER: "customer"}
_ROLE = {word: role for role, word in _WORD.items()}
_PART = re.compile(r"-(?:([2-9]|[1-9][0-9]{1,3})-)?([a-z]+)")
_TAP = re.compile(r"-([1-9][0-9]{0,5})-(ear|mouth|voice|line)")
_BOOTH: Final = "-booth"


class RecordedPart(NamedTuple):
    """Which part of which recording."""

    recording_id: RecordingId
    role: LegRole
    number: int


def channel_of(node: str, leg_id: LegId) -> str:
    """The channel of a leg that we call."""
    return asterisk_name(node, leg_id)


def channel_of_leg(node: str, leg: Leg) -> str:
    """The channel of a leg: of one that came to us, what Asterisk calls it."""
    return channel_of(node, leg.id) if leg.channel_id is None else leg.channel_id


def bridge_of(node: str, call_id: CallId) -> str:
    """The bridge of a call."""
    return asterisk_name(node, call_id)


def snoop_of(node: str, recording_id: RecordingId, role: LegRole, number: int = 1) -> str:
    """The snoop channel that hears one leg, and the stored recording it writes.

    The number comes first: Asterisk takes a channel whose id begins with the whole id of another for that one.
    """
    which = "" if number == 1 else f"-{number}"
    return asterisk_name(node, recording_id, f"{which}-{_WORD[role]}")


def playback_of(node: str, playback_id: PlaybackId) -> str:
    """The playback in Asterisk."""
    return asterisk_name(node, playback_id)


def tap_of(node: str, supervision_id: SupervisionId, number: int, kind: TapKind) -> str:
    """The snoop channel that is one of a supervision's taps. The number comes first, as in :func:`snoop_of`."""
    return asterisk_name(node, supervision_id, f"-{number}-{kind.value.lower()}")


def supervision_bridge_of(node: str, supervision_id: SupervisionId) -> str:
    """The bridge of a supervisor and the ear."""
    return asterisk_name(node, supervision_id)


def booth_of(node: str, supervision_id: SupervisionId) -> str:
    """The bridge in which the agent sits apart while it is listened to."""
    return asterisk_name(node, supervision_id, _BOOTH)


class Tap(NamedTuple):
    """Which tap of which supervision."""

    supervision_id: SupervisionId
    number: int
    kind: TapKind


def tap_in(node: str, channel_id: str) -> Tap | None:
    """The tap that this channel is, or None."""
    split = split_asterisk_name(node, channel_id)
    if split is None or kind_of(split[0]) is not Kind.SUPERVISION:
        return None
    found = _TAP.fullmatch(split[1])
    return None if found is None else Tap(SupervisionId(split[0]), int(found[1]), TapKind(found[2].upper()))


def supervision_in(node: str, bridge_id: str) -> SupervisionId | None:
    """The supervision one of whose bridges this is, or None."""
    split = split_asterisk_name(node, bridge_id)
    if split is None or split[1] not in {"", _BOOTH} or kind_of(split[0]) is not Kind.SUPERVISION:
        return None
    return SupervisionId(split[0])


def stream_of(node: str, stream_id: MediaStreamId) -> str:
    """A media stream's channel, and the bridge in which its leg is with it."""
    return asterisk_name(node, stream_id)


def stream_in(node: str, name: str) -> MediaStreamId | None:
    """The media stream whose channel or bridge this is, or None."""
    split = split_asterisk_name(node, name)
    if split is None or split[1] or kind_of(split[0]) is not Kind.MEDIA_STREAM:
        return None
    return MediaStreamId(split[0])


def playback_in(node: str, name: str) -> PlaybackId | None:
    """The playback that this is in Asterisk, or None."""
    split = split_asterisk_name(node, name)
    if split is None or kind_of(split[0]) is not Kind.PLAYBACK:
        return None
    return PlaybackId(split[0])


def hangup_memory(channel_id: str) -> str:
    """The global variable in which Asterisk remembers how a channel ended."""
    return f"hup_{channel_id}"


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


def recorded_part(node: str, name: str) -> RecordedPart | None:
    """The part of a recording that a snoop channel or stored recording belongs to, or None."""
    split = split_asterisk_name(node, name)
    if split is None or kind_of(split[0]) is not Kind.RECORDING:
        return None
    found = _PART.fullmatch(split[1])
    role = None if found is None else _ROLE.get(found[2])
    if found is None or role is None:
        return None
    return RecordedPart(RecordingId(split[0]), role, int(found[1] or 1))
