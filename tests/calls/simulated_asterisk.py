"""An Asterisk small enough to reason about: channels, snoops, recordings, and what it says of them.

It does what the real one does as far as a call can tell: events come in a queue of their own, a command may do its
work and lose its answer, a snoop ends with the channel it listens to. The far ends are moved by the test.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple, assert_never

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.model.guests import TapKind
from app.facts.vocabulary import AnsweredBy, LegRole, MediaStreamEnd, MuteDirection, SupervisionMode
from app.ids import LegId, MediaStreamId, PlaybackId, RecordingId, SupervisionId


class Fate(Enum):
    """What becomes of a command."""

    DONE = auto()
    REFUSED = auto()
    UNSENT = auto()
    ANSWER_LOST = auto()
    LOST = auto()
    LATE = auto()


_KIND = {
    Fate.REFUSED: FailureKind.REFUSED,
    Fate.UNSENT: FailureKind.UNSENT,
    Fate.ANSWER_LOST: FailureKind.UNCLEAR,
    Fate.LOST: FailureKind.UNCLEAR,
    Fate.LATE: FailureKind.UNCLEAR,
}


class Stage(Enum):
    """Where a channel stands; WAITING: it came by itself, and waits to be answered."""

    WAITING = auto()
    DOWN = auto()
    DIALLED = auto()
    RINGING = auto()
    UP = auto()


@dataclass(slots=True)
class Channel:
    stage: Stage = Stage.DOWN
    is_bridged: bool = False
    has_music: bool = False
    has_ringback: bool = False
    muted: MuteDirection | None = None
    is_away: bool = False
    stream_id: MediaStreamId | None = None
    pitch: float | None = None
    keys_sent: str = ""


@dataclass(slots=True)
class Snoop:
    leg_id: LegId
    is_recording: bool = False
    is_muted: bool = False


#: A recording, a side, and the part's number.
Side = tuple[RecordingId, LegRole, int]


@dataclass(slots=True)
class Tap:
    """A supervision's ear or mouth, on a leg."""

    leg_id: LegId
    is_muted: bool = False
    is_placed: bool = False


TapKey = tuple[SupervisionId, int, TapKind]


class Said(NamedTuple):
    """An event, and when Asterisk says that it happened."""

    event: Input
    at: datetime


class GoneError(Exception):
    """What the command is for is not there."""


@dataclass(slots=True)
class SimulatedAsterisk:
    """``said`` are the events that nobody has heard yet; ``underway`` the requests that will still take effect.

    ``answered`` and ``ended`` are what the far ends know: when it was.
    """

    now: datetime
    channels: dict[LegId, Channel] = field(default_factory=dict)
    snoops: dict[Side, Snoop] = field(default_factory=dict)
    taps: dict[TapKey, Tap] = field(default_factory=dict)
    supervised: set[SupervisionId] = field(default_factory=set)
    has_bridge: bool = False
    said: list[Said] = field(default_factory=list)
    underway: list[Command] = field(default_factory=list)
    to_collect: list[RecordingId] = field(default_factory=list)
    to_assist: list[commands.PreparePrompt | commands.FindTarget] = field(default_factory=list)
    dials: Counter[LegId] = field(default_factory=Counter)
    memory: dict[LegId, inputs.LegDestroyed] = field(default_factory=dict)
    playbacks: set[PlaybackId] = field(default_factory=set)
    full_trunks: set[str] = field(default_factory=set)
    streams: dict[MediaStreamId, LegId] = field(default_factory=dict)
    keys_streamed: list[tuple[MediaStreamId, str]] = field(default_factory=list)
    written: list[tuple[LegId, str]] = field(default_factory=list)
    answered: dict[LegId, datetime] = field(default_factory=dict)
    ended: dict[LegId, datetime] = field(default_factory=dict)

    def carry_out(self, command: Command, fate: Fate = Fate.DONE) -> list[Input]:
        """Do a command, or fail it; gives what is known at once."""
        if isinstance(command, commands.CreateChannel) and command.trunk_id in self.full_trunks:
            return [inputs.CommandFailed(command=command, kind=FailureKind.FULL, detail="no free channel")]
        if fate is Fate.LATE:
            self.underway.append(command)
        if fate in {Fate.DONE, Fate.ANSWER_LOST}:
            try:
                found = self._do(command)
            except GoneError:
                return [inputs.CommandFailed(command=command, kind=FailureKind.GONE, detail="404")]
            if fate is Fate.DONE:
                return found
        return [inputs.CommandFailed(command=command, kind=_KIND[fate], detail=fate.name)]

    def catch_up(self, index: int = 0) -> None:
        """Let a request take effect whose answer nobody waits for any more."""
        with suppress(GoneError):  # it came too late for anything
            self._do(self.underway.pop(index))

    def look_up(self, leg_id: LegId, *, is_late: bool = False) -> list[Input]:
        """What a leg's channel is like, or how it ended."""
        channel = self.channels.get(leg_id)
        if channel is None:
            remembered = self.memory.get(leg_id, inputs.LegDestroyed(leg_id=leg_id, is_untraced=True))
            return [
                inputs.LegDestroyed(
                    leg_id=leg_id,
                    cause=remembered.cause,
                    sip_code=remembered.sip_code,
                    at=remembered.at,
                    answered_at=remembered.answered_at,
                    is_late=is_late,
                    is_untraced=remembered.is_untraced,
                )
            ]
        match channel.stage:
            case Stage.UP:
                return [inputs.LegAnswered(leg_id=leg_id, at=self.answered[leg_id])]
            case Stage.RINGING:
                return [inputs.LegRinging(leg_id=leg_id)]
            case Stage.WAITING:
                return []
            case Stage.DOWN | Stage.DIALLED:
                created = [inputs.LegCreated(leg_id=leg_id, channel_name=f"PJSIP/{leg_id}")] if is_late else []
                is_silent = channel.stage is Stage.DOWN  # a far end that was dialled has said 100 Trying
                return [*created, inputs.LegSilent(leg_id=leg_id)] if is_silent else [*created]
            case _:
                assert_never(channel.stage)

    def arrive(self, leg_id: LegId) -> None:
        """Somebody calls."""
        self.channels[leg_id] = Channel(Stage.WAITING)

    def ring(self, leg_id: LegId) -> None:
        self.channels[leg_id].stage = Stage.RINGING
        self._say(inputs.LegRinging(leg_id=leg_id))

    def answer(self, leg_id: LegId) -> None:
        self.channels[leg_id].stage = Stage.UP
        self.answered[leg_id] = self.now
        self._say(inputs.LegAnswered(leg_id=leg_id))

    def give_back(self, leg_id: LegId, **said: Any) -> None:
        """The device has said how its call to the target came out, or nothing in time."""
        self.channels[leg_id].is_away = False
        self._say(inputs.LegReferred(leg_id=leg_id, **said))

    def find_out(self, leg_id: LegId, answered_by: AnsweredBy, *, is_after_beep: bool = False) -> None:
        """The dialplan has listened for long enough, and gives the leg back."""
        self.channels[leg_id].is_away = False
        self._say(
            inputs.LegDetected(leg_id=leg_id, answered_by=answered_by, cause="LONG-1", is_after_beep=is_after_beep)
        )

    def replace(self, leg_id: LegId, channel: LegId) -> None:
        """The end of a link has a leg's place in the bridge."""
        self.channels[leg_id].is_bridged = False
        self.channels[channel] = Channel(Stage.UP, is_bridged=True)
        self.answered[channel] = self.now

    def press(self, leg_id: LegId, digit: str) -> None:
        self._say(inputs.DtmfReceived(leg_id=leg_id, digit=digit, duration_milliseconds=100))

    def fall_silent(self, recording_id: RecordingId, *, talking_seconds: int) -> None:
        """Who is recorded has said nothing for long enough: Asterisk ends it, and leaves the snoop."""
        for side, snoop in self.snoops.items():
            if side[0] == recording_id and snoop.is_recording:
                snoop.is_recording = False
                self._say(
                    inputs.PartStopped(
                        recording_id=side[0],
                        role=side[1],
                        number=side[2],
                        at=self.now,
                        talking_seconds=talking_seconds,
                    )
                )

    def close_stream(self, stream_id: MediaStreamId, reason: MediaStreamEnd, *, outcome: str | None = None) -> None:
        """Its program is gone, or its channel: the relay says so."""
        self._say(inputs.StreamClosed(stream_id=stream_id, reason=reason, outcome=outcome))

    def lose_relays(self) -> None:
        """The process that relayed is gone, and with it all that it had in Asterisk but the bridges."""
        self.streams.clear()

    def finish_sound(self, playback_id: PlaybackId) -> None:
        self.playbacks.remove(playback_id)
        self._say(inputs.SoundEnded(playback_id=playback_id))

    def break_off(self, playback_id: PlaybackId, failure: str | None) -> None:
        """Nobody hears it any more: who did may be on the way out. Of a tone, Asterisk says that it is done."""
        self.playbacks.remove(playback_id)
        self._say(inputs.SoundEnded(playback_id=playback_id, failure=failure))

    def end(self, leg_id: LegId, *, cause: int | None = 16, sip_code: int | None = None) -> None:
        """A channel ends, and with it what listens to it."""
        del self.channels[leg_id]
        self.ended[leg_id] = self.now
        self.taps = {key: tap for key, tap in self.taps.items() if tap.leg_id != leg_id}
        for side, snoop in list(self.snoops.items()):
            if snoop.leg_id == leg_id:
                self._end_snoop(side)
        ended = inputs.LegDestroyed(leg_id=leg_id, cause=cause, sip_code=sip_code, at=self.now)
        self.memory[leg_id] = msgspec.structs.replace(ended, answered_at=self.answered.get(leg_id))
        self._say(ended)

    def restart(self) -> None:
        """Everything is gone, and nothing was said."""
        self.channels.clear()
        self.snoops.clear()
        self.taps.clear()
        self.supervised.clear()
        self.underway.clear()
        self.said.clear()
        self.memory.clear()
        self.playbacks.clear()
        self.streams.clear()
        self.has_bridge = False

    def _say(self, event: Input) -> None:
        self.said.append(Said(event, self.now))

    def _do(self, command: Command) -> list[Input]:  # noqa: PLR0915  # one case for each command
        match command:
            case commands.CreateChannel(leg_id=leg_id, voice_pitch=pitch):
                self.channels[leg_id] = Channel(pitch=pitch)
                self._say(inputs.LegCreated(leg_id=leg_id, channel_name=f"PJSIP/{leg_id}"))
            case commands.DialChannel(leg_id=leg_id):
                self._channel(leg_id).stage = Stage.DIALLED
                self.dials[leg_id] += 1
            case commands.ReceiveChannel(leg_id=leg_id):
                self._channel(leg_id)
            case commands.KeepChannel(leg_id=leg_id):
                self._channel(leg_id)
            case commands.ReferLeg(leg_id=leg_id):
                channel = self._channel(leg_id)
                channel.is_bridged, channel.is_away = False, True
            case commands.DetectMachine(leg_id=leg_id) | commands.AwaitSilence(leg_id=leg_id):
                self._channel(leg_id).is_away = True
            case commands.EnterDialplan(leg_id=leg_id):
                channel = self._channel(leg_id)
                channel.is_bridged, channel.is_away = False, True
            case commands.AdoptChannel(leg_id=leg_id):
                self._channel(leg_id)
            case commands.AnswerChannel(leg_id=leg_id):
                if self._channel(leg_id).stage is Stage.WAITING:
                    self.answer(leg_id)
            case commands.HangupChannel(leg_id=leg_id):
                self._channel(leg_id)
                self.end(leg_id)
            case commands.CreateBridge():
                self.has_bridge = True
            case commands.JoinBridge(leg_id=leg_id):
                self._channel(leg_id).is_bridged, self._channel(leg_id).stream_id = True, None
            case commands.LeaveBridge(leg_id=leg_id):
                self._channel(leg_id).is_bridged = False
            case commands.StartMusic(leg_id=leg_id):
                self._channel(leg_id).has_music = True
            case commands.StopMusic(leg_id=leg_id):
                self._channel(leg_id).has_music = False
            case commands.StartRingback(leg_id=leg_id):
                self._channel(leg_id).has_ringback = True
            case commands.StopRingback(leg_id=leg_id):
                self._channel(leg_id).has_ringback = False
            case commands.SetMute(leg_id=leg_id, direction=direction):
                self._channel(leg_id).muted = direction
            case commands.SetPitch(leg_id=leg_id, pitch=pitch):
                self._channel(leg_id).pitch = pitch
            case commands.SendText(leg_id=leg_id, message_text=text):
                self.written.append((leg_id, text))
            case commands.SendDigits(leg_id=leg_id, digits=digits):
                self._channel(leg_id).keys_sent += digits
            case commands.StartPlayback(playback_id=playback_id, leg_id=heard_by):
                if heard_by is not None:
                    self._channel(heard_by)
                self.playbacks.add(playback_id)
                self._say(inputs.SoundStarted(playback_id=playback_id))
            case commands.EndPlayback(playback_id=playback_id):
                if playback_id not in self.playbacks:
                    raise GoneError
                self.playbacks.remove(playback_id)
                self._say(inputs.SoundEnded(playback_id=playback_id))
            case commands.DestroyBridge():
                self.has_bridge = False
            case commands.VerifyLeg(leg_id=leg_id):
                return self.look_up(leg_id)
            case commands.CreateSnoop(recording_id=recording_id, role=role, leg_id=leg_id, number=number):
                self._channel(leg_id)
                self.snoops[recording_id, role, number] = Snoop(leg_id)
                self._say(inputs.SnoopCreated(recording_id=recording_id, role=role, number=number))
            case commands.RecordSnoop():
                self._record(command)
            case commands.MuteParts(recording_id=recording_id, parts=parts, is_muted=is_muted):
                for role, number in parts:
                    snoop = self.snoops.get((recording_id, role, number))
                    if snoop is not None and snoop.is_recording:
                        snoop.is_muted = is_muted
            case commands.StopPart(recording_id=recording_id, role=role, number=number):
                if (recording_id, role, number) in self.snoops:
                    self._end_snoop((recording_id, role, number))
            case commands.CollectRecording(recording_id=recording_id):
                self.to_collect.append(recording_id)
            case commands.CreateTaps():
                self._tap(command)
            case commands.PlaceSupervisor(supervision_id=supervision_id, number=number, mode=mode):
                self._place(command)
                return [inputs.SupervisionPlaced(supervision_id=supervision_id, number=number, mode=mode)]
            case commands.EndTaps(supervision_id=supervision_id, number=number):
                for kind in TapKind:
                    self.taps.pop((supervision_id, number, kind), None)
            case commands.EndSupervision(supervision_id=supervision_id, number=number):
                for kind in TapKind:
                    self.taps.pop((supervision_id, number, kind), None)
                self.supervised.discard(supervision_id)
            case commands.OpenStream(stream_id=stream_id, leg_id=leg_id):
                self.streams[stream_id] = leg_id
                self._say(inputs.StreamReady(stream_id=stream_id))
            case commands.JoinStream(leg_id=leg_id):
                found = [one for one, of in self.streams.items() if of == leg_id]
                if not found:
                    raise GoneError
                self._channel(leg_id).is_bridged, self._channel(leg_id).stream_id = False, found[-1]
            case commands.PressInStream(stream_id=stream_id, digit=digit):
                self.keys_streamed.append((stream_id, digit))
            case commands.CloseStream(stream_id=stream_id):
                self.streams.pop(stream_id, None)
                for channel in self.channels.values():
                    if channel.stream_id == stream_id:
                        channel.stream_id = None
            case commands.PreparePrompt() | commands.FindTarget():
                self.to_assist.append(command)
            case commands.ForgetHangups(leg_ids=leg_ids):
                for leg_id in leg_ids:
                    self.memory.pop(leg_id, None)
            case _:
                assert_never(command)
        return []

    def _tap(self, command: commands.CreateTaps) -> None:
        for kind in TapKind:
            leg_id = command.leg_id if kind is TapKind.MOUTH else command.listens_to
            self._channel(leg_id)
            self.taps[command.supervision_id, command.number, kind] = Tap(leg_id)
            self._say(inputs.TapReady(supervision_id=command.supervision_id, number=command.number, kind=kind))

    def _place(self, command: commands.PlaceSupervisor) -> None:
        try:
            ear, mouth, *others = (self.taps[command.supervision_id, command.number, kind] for kind in TapKind)
        except KeyError as error:
            raise GoneError from error
        self._channel(command.leg_id)
        ear.is_muted = command.mode is not SupervisionMode.WHISPER
        mouth.is_muted = command.mode is not SupervisionMode.BARGE
        self.supervised.add(command.supervision_id)
        for tap in (ear, mouth, *others):
            tap.is_placed = True

    def _channel(self, leg_id: LegId) -> Channel:
        try:
            return self.channels[leg_id]
        except KeyError as error:
            raise GoneError from error

    def _record(self, command: commands.RecordSnoop) -> None:
        sides = [(command.recording_id, role, command.number) for role in command.roles]
        for side in sides:
            if side in self.snoops:
                self.snoops[side].is_recording = True
                recording_id, role, number = side
                self._say(inputs.PartStarted(recording_id=recording_id, role=role, at=self.now, number=number))
        if any(side not in self.snoops for side in sides):
            raise GoneError

    def _end_snoop(self, side: Side) -> None:
        snoop = self.snoops.pop(side)
        if snoop.is_recording:
            self._say(inputs.PartStopped(recording_id=side[0], role=side[1], number=side[2]))
