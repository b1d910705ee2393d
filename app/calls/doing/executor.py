"""From commands to Asterisk. Each command is carried out once; what comes of it goes back as inputs.

Whatever fails is told by kind, never swallowed: refused, gone, unclear, or never sent.
"""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from math import ceil
from typing import Final, TypeAlias, assert_never

import structlog

from app import failpoints, tracing
from app.ari.channels import MuteDirection as AriMute
from app.ari.client import AriClient
from app.ari.errors import AriConflict, AriError, AriInvalid, AriNotFound
from app.calls import danger
from app.calls.core import commands, inputs
from app.calls.core.causes import cause_for
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.taps import host_of
from app.calls.doing.answers import kind_of, make_sure, unless_gone
from app.calls.doing.leg_lookup import LegLookup
from app.calls.doing.recording_parts import RecordingParts, collect_job
from app.calls.doing.streaming import NoRelays, Relays, Streaming
from app.calls.doing.supervising import Supervising
from app.calls.names import bridge_of, channel_of, channel_of_leg, hangup_memory, playback_of
from app.calls.planning.admission import Admission
from app.calls.trunk_room import NoLimits, TrunkRoom
from app.errors import DatabaseUnavailableError, OverloadedError
from app.facts.vocabulary import LegRole, MuteDirection
from app.ids import LegId
from app.recordings.collecting import CollectJob
from app.resources.shown_names import clean_shown_name

_log = structlog.get_logger(__name__)

Assistance: TypeAlias = commands.PreparePrompt | commands.FindTarget

_HANGUP_HANDLER: Final = "offhook-hangup,s,1"
#: The dialplan's contexts for a REFER of the leg's own phone: who is in a seat may transfer; supervisors and
#: participants may not.
_TRANSFERS: Final = "offhook-refer"
_NO_TRANSFERS: Final = "offhook-no-refer"
#: What Asterisk receives of a channel, which is what its party says.
_PITCH: Final = "PITCH_SHIFT(rx)"
#: Who writes to phones: a user at the address that Asterisk has for them.
_SENDER: Final = "offhook"
_DETECTION: Final = "offhook-amd"
_REFER_OUT: Final = "offhook-refer-out"


def refuse_to_assist(call: Call, command: Assistance) -> None:
    """Where nobody is there to help flows."""
    raise OverloadedError(f"Nobody does {type(command).__name__} for call {call.id}.")


class Executor:
    """Carries out the commands of calls on one Asterisk.

    ``may_forget`` says whether Asterisk's memory of how a call ended may go: not while that end is only in this
    machine's spool, for whoever takes over meanwhile has nothing else to learn it from. The tidier deletes it later.
    ``assist`` takes what is no business of Asterisk's; its answers come as inputs.
    """

    def __init__(
        self,
        ari: AriClient,
        *,
        node: str,
        collect: Callable[[CollectJob], None],
        may_forget: Callable[[], bool] = lambda: True,
        room: TrunkRoom | None = None,
        admission: Admission | None = None,
        relays: Relays | None = None,
        assist: Callable[[Call, Assistance], None] = refuse_to_assist,
        contexts: frozenset[str] = frozenset(),
    ) -> None:
        self._contexts = contexts
        self._ari = ari
        self._node = node
        self._collect = collect
        self._may_forget = may_forget
        self._room = room or NoLimits()
        self._admission = admission or Admission()
        self._assist = assist
        self._lookup = LegLookup(ari, node)
        self._recording_parts = RecordingParts(ari, node)
        self._supervising = Supervising(ari, node)
        self._streaming = Streaming(ari, node, NoRelays() if relays is None else relays)

    async def carry_out(self, call: Call, command: Command) -> tuple[Input, ...]:
        """Do it; gives what is known at once of how that went (most news comes as events)."""
        if tracing.armed is None:
            return await self._try(call, command)
        kind = type(command).__name__
        about = {tracing.CALL_ID: call.id, tracing.LEG_ID: getattr(command, "leg_id", None)}
        with tracing.armed.span(f"command {kind}", parent=call.traceparent, about=about) as span:
            news = await self._try(call, command)
            for failed in news:
                if isinstance(failed, inputs.CommandFailed):
                    span.fail(failed.kind.value)
            return news

    async def _try(self, call: Call, command: Command) -> tuple[Input, ...]:
        try:
            return await self._do(call, command)
        except AriError as error:
            kind = kind_of(error, command)
            # Asterisk's own words are in it, and it is kept with the call: no text in PostgreSQL holds a NUL.
            detail = str(error).replace("\0", "\N{REPLACEMENT CHARACTER}")
            _log.info("command_failed", call_id=call.id, command=type(command).__name__, kind=kind.value, detail=detail)
            return (inputs.CommandFailed(command=command, kind=kind, detail=detail),)
        except DatabaseUnavailableError as error:
            # Whether its trunk has a channel left, nobody knows: it is not dialled.
            return (inputs.CommandFailed(command=command, kind=FailureKind.UNSENT, detail=error.message),)
        except OverloadedError as error:
            # The collector's queue is full: the recording waits in Asterisk, and is offered again. Or that of whoever
            # assists flows: the flow goes on without.
            return (inputs.CommandFailed(command=command, kind=FailureKind.UNSENT, detail=error.message),)

    async def _do(self, call: Call, command: Command) -> tuple[Input, ...]:  # noqa: PLR0915  # one case for each command
        if failpoints.armed is not None:
            await danger.before_command(command)
        match command:
            case commands.CreateChannel():
                why_not = await self._admission.admit_leg(call, call.leg(command.leg_id))
                if why_not is not None:
                    return (inputs.CommandFailed(command=command, kind=FailureKind.CAPPED, detail=why_not),)
                if not await self._has_room(command):
                    detail = "The trunk has no free channel."
                    return (inputs.CommandFailed(command=command, kind=FailureKind.FULL, detail=detail),)
                await self._create(command, call.leg(command.leg_id).role)
            case commands.DialChannel():
                await self._ari.dial(self._channel(call, command.leg_id), timeout_seconds=ceil(command.timeout_seconds))
            case commands.HangupChannel():
                cause = cause_for(call, call.leg(command.leg_id), command.reason)
                await self._ari.hangup(self._channel(call, command.leg_id), reason_code=cause)
            case commands.ReceiveChannel():
                await self._receive(self._channel(call, command.leg_id), command.lifetime_seconds)
            case commands.KeepChannel():
                seconds = str(ceil(command.lifetime_seconds))
                await self._ari.set_variable(self._channel(call, command.leg_id), "TIMEOUT(absolute)", seconds)
            case commands.AdoptChannel():
                await self._adopt(self._channel(call, command.leg_id), command.lifetime_seconds)
            case commands.ReferLeg():
                await self._refer(self._channel(call, command.leg_id), command.dialled)
            case commands.DetectMachine():
                await self._detect(self._channel(call, command.leg_id), waits_for_beep=command.waits_for_beep)
            case commands.AwaitSilence():
                await self._await_silence(self._channel(call, command.leg_id))
            case commands.EnterDialplan():
                if command.context not in self._contexts:
                    detail = "OFFHOOK_DIALPLAN_CONTEXTS has no such context."
                    return (inputs.CommandFailed(command=command, kind=FailureKind.REFUSED, detail=detail),)
                await self._hand_over(self._channel(call, command.leg_id), command)
            case commands.AnswerChannel():
                await self._ari.answer(self._channel(call, command.leg_id))
            case commands.CreateBridge():
                bridge = bridge_of(self._node, call.id)
                creation = self._ari.create_bridge(bridge, bridge_type=("mixing",), name=call.id)
                with suppress(AriConflict):  # it is there: whoever puts a leg back makes sure of it first
                    await make_sure(creation, lambda: self._ari.get_bridge(bridge))
            case commands.JoinBridge():
                return await self._join_talk(call, command)
            case commands.LeaveBridge():
                await self._supervising.leave(call, command.leg_id)
                await self._leave(bridge_of(self._node, call.id), self._channel(call, command.leg_id))
            case commands.StartMusic():
                await self._ari.start_moh(self._channel(call, command.leg_id), music_class=command.music_class)
            case commands.StopMusic():
                await self._ari.stop_moh(self._channel(call, command.leg_id))
            case commands.StartRingback():
                await self._ari.ring(self._channel(call, command.leg_id))
            case commands.StopRingback():
                await self._ari.ring_stop(self._channel(call, command.leg_id))
            case commands.SetMute():
                await self._set_mute(self._channel(call, command.leg_id), command.direction)
            case commands.SetPitch():
                await self._ari.set_variable(self._channel(call, command.leg_id), _PITCH, f"{command.pitch:g}")
            case commands.SendText():
                await self._write_to(call.leg(command.leg_id), command.message_text)
            case commands.SendDigits():
                await self._ari.send_dtmf(
                    self._channel(call, command.leg_id),
                    command.digits,
                    between_ms=command.between_milliseconds,
                    duration_ms=command.duration_milliseconds,
                )
            case commands.StartPlayback():
                await self._play(call, command)
            case commands.EndPlayback():
                await self._ari.stop_playback(playback_of(self._node, command.playback_id))
            case commands.DestroyBridge():
                await unless_gone(self._ari.destroy_bridge(bridge_of(self._node, call.id)))
            case commands.VerifyLeg():
                leg = call.leg(command.leg_id)
                return await self._lookup.look_up(leg.id, is_late=False, channel_id=leg.channel_id)
            case commands.CreateSnoop():
                await self._recording_parts.create(command, self._channel(call, command.leg_id))
            case commands.RecordSnoop():
                await self._recording_parts.record(command)
            case commands.MuteParts():
                await self._recording_parts.mute(command)
            case commands.StopPart():
                await self._recording_parts.stop(command, call.recording(command.recording_id))
            case commands.CollectRecording():
                if (recording := call.recording(command.recording_id)) is not None:
                    self._collect(collect_job(self._node, call, recording))
            case commands.CreateTaps():
                channels = (self._channel(call, command.listens_to), self._channel(call, command.leg_id))
                await self._supervising.create_taps(command, listens_to=channels[0], supervisor=channels[1])
            case commands.PlaceSupervisor():
                supervisor = self._channel(call, command.leg_id)
                return (await self._supervising.place(command, call, supervisor=supervisor),)
            case commands.EndTaps():
                await self._supervising.end_taps(call, command.supervision_id, command.number)
            case commands.EndSupervision():
                await self._supervising.end(call, command.supervision_id, command.number)
            case commands.OpenStream():
                self._streaming.open(command, call, self._channel(call, command.leg_id))
            case commands.JoinStream():
                await self._streaming.join(call, command.leg_id, self._channel(call, command.leg_id))
            case commands.PressInStream():
                self._streaming.press(command)
            case commands.CloseStream():
                inside = None if command.leg_id is None else self._channel(call, command.leg_id)
                await self._streaming.close(command, inside)
            case commands.PreparePrompt() | commands.FindTarget():
                self._assist(call, command)
            case commands.ForgetHangups():
                for leg_id in command.leg_ids if self._may_forget() else ():
                    await self._ari.delete_global_variable(hangup_memory(self._channel(call, leg_id)))
            case _:
                assert_never(command)
        return ()

    async def _has_room(self, command: commands.CreateChannel) -> bool:
        return command.trunk_id is None or await self._room.take(command.trunk_id, command.leg_id)

    async def _create(self, command: commands.CreateChannel, role: LegRole) -> None:
        variables = {
            "TRANSFER_CONTEXT": _TRANSFERS if role in {LegRole.AGENT, LegRole.CUSTOMER} else _NO_TRANSFERS,
            "TIMEOUT(absolute)": str(ceil(command.lifetime_seconds)),
            "CHANNEL(hangup_handler_push)": _HANGUP_HANDLER,
        }
        if command.shown_number:
            variables["CONNECTEDLINE(num)"] = command.shown_number
        if shown_name := clean_shown_name(command.shown_name):
            variables["CONNECTEDLINE(name)"] = shown_name
        if command.presented_number:
            variables["CALLERID(num)"] = command.presented_number
        if presented_name := clean_shown_name(command.presented_name):
            variables["CALLERID(name)"] = presented_name
        if command.voice_pitch is not None:
            variables[_PITCH] = f"{command.voice_pitch:g}"
        variables |= {pair.key: pair.value for pair in command.variables if pair.key not in variables}
        await self._ari.create_channel(
            command.endpoint, channel_of(self._node, command.leg_id), app_args=("leg",), variables=variables
        )

    async def _write_to(self, leg: Leg, text: str) -> None:
        technology, _, endpoint = leg.endpoint.partition("/")
        await self._ari.send_message(technology, endpoint, sender=_SENDER, body=text)

    async def _adopt(self, channel: str, lifetime_seconds: float) -> None:
        await self._hear_of(channel)
        await self._ari.set_variable(channel, "CHANNEL(hangup_handler_push)", _HANGUP_HANDLER)
        await self._ari.set_variable(channel, "TIMEOUT(absolute)", str(ceil(lifetime_seconds)))

    async def _hear_of(self, channel: str) -> None:
        try:
            # Asterisk tells the end of a channel that left the application to those only who asked.
            await self._ari.subscribe_to_channel(channel)
        except AriInvalid as error:
            raise AriNotFound("The channel is gone.", operation=error.operation, status=HTTPStatus.NOT_FOUND) from error

    async def _refer(self, channel: str, dialled: str) -> None:
        """Lend the channel to the dialplan, which tells the device, and gives it back with what that said."""
        await self._hear_of(channel)
        await self._ari.set_variable(channel, "OFK_APP", self._ari.app)
        await self._ari.set_variable(channel, "OFK_REFER_TO", dialled)
        await self._ari.continue_in_dialplan(channel, context=_REFER_OUT, extension="s", priority=1)

    async def _detect(self, channel: str, *, waits_for_beep: bool) -> None:
        """Lend the channel to the dialplan, which listens to it, and gives it back with what that said."""
        await self._hear_of(channel)
        await self._ari.set_variable(channel, "OFK_APP", self._ari.app)
        await self._ari.set_variable(channel, "OFK_BEEP", "wait" if waits_for_beep else "")
        await self._ari.continue_in_dialplan(channel, context=_DETECTION, extension="s", priority=1)

    async def _await_silence(self, channel: str) -> None:
        """Likewise, of what is known to be a machine."""
        await self._hear_of(channel)
        await self._ari.set_variable(channel, "OFK_APP", self._ari.app)
        await self._ari.continue_in_dialplan(channel, context=_DETECTION, extension="silence", priority=1)

    async def _hand_over(self, channel: str, command: commands.EnterDialplan) -> None:
        """Hand the channel to the operator's dialplan, which may give it back."""
        await self._hear_of(channel)
        with suppress(AriConflict):  # it is there already
            await self._ari.set_variable(channel, "OFK_APP", self._ari.app)
            await self._ari.continue_in_dialplan(
                channel, context=command.context, extension=command.extension, priority=1
            )

    async def _receive(self, channel: str, lifetime_seconds: float) -> None:
        await self._hear_of(channel)
        await self._ari.set_variable(channel, "TIMEOUT(absolute)", str(ceil(lifetime_seconds)))
        await self._ari.ring(channel)

    async def _join_talk(self, call: Call, command: commands.JoinBridge) -> tuple[Input, ...]:
        host = host_of(call)
        if host is None or host.listens_to != command.leg_id:
            await self._supervising.leave(call, command.leg_id)  # of what was given up, nothing speaks twice
            await self._join(bridge_of(self._node, call.id), self._channel(call, command.leg_id))
            return ()
        again = await self._supervising.join(call, command.leg_id)
        if again is None:
            return ()
        return (inputs.CommandFailed(command=again, kind=FailureKind.REFUSED, detail="the agent sits in the talk"),)

    async def _join(self, bridge: str, channel: str) -> None:
        async def look() -> None:
            if channel not in (await self._ari.get_bridge(bridge)).channels:
                raise AriNotFound("The channel is not in it.", operation="GET /bridges/{}", status=HTTPStatus.NOT_FOUND)

        # Else a leg that is not dialled yet is told who waits there, and its INVITE says that instead of its caller id.
        joining = self._ari.add_channel(bridge, channel, inhibit_connected_line_updates=True)
        await make_sure(joining, look)

    async def _leave(self, bridge: str, channel: str) -> None:
        # It is not in the bridge, or gone altogether, which comes as its own event; or there is no bridge yet.
        with suppress(AriInvalid, AriNotFound):
            await self._ari.remove_channel(bridge, channel)

    async def _set_mute(self, channel: str, direction: MuteDirection | None) -> None:
        wanted = {MuteDirection.IN: AriMute.IN, MuteDirection.OUT: AriMute.OUT, MuteDirection.BOTH: AriMute.BOTH}
        if direction is not MuteDirection.BOTH:
            await self._ari.unmute(channel, direction=AriMute.BOTH)
        if direction is not None:
            await self._ari.mute(channel, direction=wanted[direction])

    async def _play(self, call: Call, command: commands.StartPlayback) -> None:
        name = playback_of(self._node, command.playback_id)
        if command.leg_id is None:
            playing = self._ari.play_to_bridge(bridge_of(self._node, call.id), command.media, name)
        else:
            playing = self._ari.play(self._channel(call, command.leg_id), command.media, name)
        await make_sure(playing, lambda: self._ari.get_playback(name))

    def _channel(self, call: Call, leg_id: LegId) -> str:
        return channel_of_leg(self._node, call.leg(leg_id))
