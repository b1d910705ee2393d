"""A look at Asterisk, and what it means for a call that nobody watched: the inputs that the call has missed.

One list of channels and one of bridges tell nearly all of it, however many calls there are; only what is not in them is
asked for by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.ari.client import AriClient
from app.ari.errors import AriNotFound
from app.ari.resources import Channel
from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.guests import Supervision, TapKind
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.recording import PartState, Recording, RecordingPart
from app.calls.core.taps import host_of, is_to_talk
from app.calls.doing.leg_lookup import LegLookup, is_over
from app.calls.names import booth_of, bridge_of, channel_of_leg, snoop_of, stream_of, supervision_bridge_of, tap_of
from app.clock import Clock
from app.facts.vocabulary import LegState, MediaStreamEnd, MediaStreamState, RecordingState, SupervisionState
from app.ids import asterisk_prefix

_UP = "Up"


@dataclass(frozen=True, slots=True)
class Seen:
    """What of one node's Asterisk had at a moment: channels by id, ids of bridges, and which channel was in which.

    ``others`` are the channels that this node did not make; of those that came to us, legs of calls are among them.
    """

    node: str
    channels: dict[str, Channel]
    bridges: tuple[str, ...]
    bridge_of: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Channel] = field(default_factory=dict)

    def channel_of(self, leg: Leg) -> Channel | None:
        """The leg's channel, if it has one."""
        among = self.others if leg.has_come else self.channels
        return among.get(channel_of_leg(self.node, leg))

    def has_leg(self, leg: Leg) -> bool:
        """Whether the leg has a channel."""
        return self.channel_of(leg) is not None


async def look(ari: AriClient, node: str) -> Seen:
    """Look now."""
    channels, bridges = await ari.list_channels(), await ari.list_bridges()
    channels = [channel for channel in channels if not is_over(channel)]
    prefix = asterisk_prefix(node)
    return Seen(
        node,
        {channel.id: channel for channel in channels if channel.id.startswith(prefix)},
        tuple(bridge.id for bridge in bridges if bridge.id.startswith(prefix)),
        {channel: bridge.id for bridge in bridges for channel in bridge.channels},
        {channel.id: channel for channel in channels if not channel.id.startswith(prefix)},
    )


def is_older_than_asterisk(call: Call, asterisk_started_at: datetime | None, seen: Seen) -> bool:
    """Whether Asterisk has started anew since the call's legs were made, and so has none of them."""
    living = [leg for leg in call.legs if leg.is_alive]
    # One that is being made is written down and perhaps never was in Asterisk: it proves nothing by being absent.
    made = [leg for leg in living if leg.state is not LegState.CREATING]
    if asterisk_started_at is None or not made or any(seen.has_leg(leg) for leg in living):
        return False
    return all(leg.latest_at is not None and leg.latest_at < asterisk_started_at for leg in made)


def is_misplaced(call: Call, leg: Leg, seen: Seen) -> bool:
    """Whether a leg that is up was seen in the talk and does not belong there, or the other way round."""
    if leg.state is not LegState.UP or call.is_ending or not seen.has_leg(leg):
        return False
    bridge, talk = seen.bridge_of.get(channel_of_leg(seen.node, leg)), bridge_of(seen.node, call.id)
    if leg.place is Place.STREAM:
        stream = call.stream_on(leg.id)
        return stream is not None and bridge != stream_of(seen.node, stream.id)
    host = host_of(call)
    if host is not None and host.listens_to == leg.id and bridge == booth_of(seen.node, host.id):
        # It sits apart, and is in the talk by what joins it to that.
        is_joined = all(seen.bridge_of.get(tap) == where for tap, where in _joints(call, host, seen.node).items())
        return leg.place is not Place.NOWHERE and (leg.place is not Place.TALK or not is_joined)
    return leg.place is not Place.NOWHERE and (bridge == talk) is not (leg.place is Place.TALK)


def _joints(call: Call, host: Supervision, node: str) -> dict[str, str]:
    """What joins an agent that sits apart to the talk, and where that belongs."""
    return {
        tap_of(node, host.id, host.taps, TapKind.VOICE): bridge_of(node, call.id),
        tap_of(node, host.id, host.taps, TapKind.LINE): booth_of(node, host.id),
    }


def look_at(call: Call, supervision: Supervision, seen: Seen) -> inputs.SupervisionSeen | None:
    """What a supervision has not, or has not where it belongs; None when all is well, or is still to be asked for."""
    if supervision.tapped_at is None or call.is_ending:
        return None
    names = {kind: tap_of(seen.node, supervision.id, supervision.taps, kind) for kind in TapKind}
    there = tuple(kind for kind in TapKind if names[kind] in seen.channels)
    own, talk = supervision_bridge_of(seen.node, supervision.id), bridge_of(seen.node, call.id)
    places = {
        names[TapKind.EAR]: own,
        channel_of_leg(seen.node, call.leg(supervision.leg_id)): own,
        names[TapKind.MOUTH]: talk,
    }
    agent = call.seats[0]
    if host_of(call) == supervision and agent is not None and is_to_talk(agent):
        places |= _joints(call, supervision, seen.node)
        places[channel_of_leg(seen.node, agent)] = booth_of(seen.node, supervision.id)
    is_placed = all(seen.bridge_of.get(channel) == bridge for channel, bridge in places.items())
    if is_placed and supervision.state is SupervisionState.ACTIVE:
        return None
    return inputs.SupervisionSeen(supervision_id=supervision.id, number=supervision.taps, taps=there)


class Finder:
    """Finds what calls have missed."""

    def __init__(self, ari: AriClient, lookup: LegLookup, clock: Clock) -> None:
        self._ari = ari
        self._lookup = lookup
        self._clock = clock

    async def find_missed(self, call: Call, seen: Seen, *, is_adopted: bool = False) -> list[Input]:
        """The inputs that bring a call from where it is to where Asterisk has it.

        ``is_adopted``: nobody is about to act for the call; what it wants and does not have, nobody has asked for.

        Raises:
            AriError: Asterisk did not say.
        """
        found: list[Input] = []
        for leg in call.legs:
            if leg.is_alive:
                found += await self._find_leg(leg, seen.channel_of(leg))
            if is_misplaced(call, leg, seen):
                found.append(inputs.LegMisplaced(leg_id=leg.id))
        found += [seen_of for one in call.supervisions if (seen_of := look_at(call, one, seen)) is not None]
        found += _find_streams(call, seen, is_adopted=is_adopted)
        for recording in call.recordings:
            if recording.state in {RecordingState.PENDING, RecordingState.RECORDING}:
                found += await self._find_recording(recording, seen)
                found += _find_missing(recording, seen) if is_adopted else ()
        return found

    async def _find_leg(self, leg: Leg, channel: Channel | None) -> tuple[Input, ...]:
        if channel is None:
            end = await self._lookup.how_it_ended(leg.id, is_late=True, channel_id=leg.channel_id)
            # Of a leg whose channel is being asked for this very moment there is no trace either.
            return (inputs.LegDoubtful(leg_id=leg.id),) if end.is_untraced else (end,)
        match channel.state:
            case "Up" if leg.state is LegState.UP:
                return (inputs.LegAnswered(leg_id=leg.id),)
            case "Up":
                return (await self._lookup.since_when(leg.id, channel, is_late=True, channel_id=leg.channel_id),)
            case "Ringing":
                return (inputs.LegRinging(leg_id=leg.id),)
            case _ if leg.has_come:
                return ()  # it waits for our answer
            case _:
                return await self._lookup.look_into(leg.id, channel, is_late=True)

    async def _find_recording(self, recording: Recording, seen: Seen) -> list[Input]:
        """Sides that stopped, sides that are written and nobody heard so, and sides that wait for being written."""
        found: list[Input] = []
        begun: list[RecordingPart] = []
        ready: list[RecordingPart] = []
        seconds = 0
        for part in recording.parts:
            written = await self._written_seconds(seen, recording, part)
            match part.state:
                case PartState.RECORDING | PartState.STOPPING if written is None:
                    found.append(inputs.PartStopped(recording_id=recording.id, role=part.role, number=part.number))
                case PartState.SNOOPING | PartState.READY if written is not None:
                    begun.append(part)
                    seconds = max(seconds, written)
                case PartState.SNOOPING | PartState.READY if (
                    snoop_of(seen.node, recording.id, part.role, part.number) in seen.channels
                ):
                    ready.append(part)
                case _:
                    pass  # as it should be; or it cannot begin, and its timer says so
        # Those of a number are asked for together; Asterisk tells how long they run in whole seconds only.
        known = {part.number: part.started_at for part in recording.parts if part.started_at is not None}
        guess = self._clock.now() - timedelta(seconds=seconds)
        found += [
            inputs.PartStarted(
                recording_id=recording.id,
                role=part.role,
                at=known.get(part.number, guess),
                number=part.number,
                is_guessed=True,
            )
            for part in begun
        ]
        return found + _made_ready(recording, ready)

    async def _written_seconds(self, seen: Seen, recording: Recording, part: RecordingPart) -> int | None:
        """For how long a side has been written; None when it is not."""
        name = snoop_of(seen.node, recording.id, part.role, part.number)
        if part.is_over or name not in seen.channels:
            return None
        try:
            return (await self._ari.get_live(name)).duration or 0
        except AriNotFound:
            return None


def _find_streams(call: Call, seen: Seen, *, is_adopted: bool) -> list[Input]:
    """A stream is relayed by the process that opened it, and by no other: of one taken over nobody has the ends."""
    found: list[Input] = []
    for stream in call.media_streams:
        channel = seen.channels.get(stream_of(seen.node, stream.id))
        if is_adopted:
            reason = MediaStreamEnd.SERVICE_RESTARTED
            found.append(inputs.StreamClosed(stream_id=stream.id, reason=reason))
        elif stream.state is MediaStreamState.ACTIVE and channel is None:
            found.append(inputs.StreamClosed(stream_id=stream.id, reason=MediaStreamEnd.MEDIA_LOST))
        elif channel is not None and channel.state == _UP:
            found.append(inputs.StreamReady(stream_id=stream.id))
    return found


def _find_missing(recording: Recording, seen: Seen) -> list[Input]:
    return [
        inputs.SnoopMissing(recording_id=recording.id, role=part.role, number=part.number)
        for part in recording.parts
        if part.state is PartState.SNOOPING
        and snoop_of(seen.node, recording.id, part.role, part.number) not in seen.channels
    ]


def _made_ready(recording: Recording, parts: Sequence[RecordingPart]) -> list[Input]:
    """Sides whose snoop is there. While one of them is not known to be, the others wait for it, as they would."""
    waiting = [part for part in parts if part.state is PartState.SNOOPING]
    return [
        inputs.SnoopCreated(recording_id=recording.id, role=part.role, is_late=True, number=part.number)
        for part in waiting or parts
    ]
