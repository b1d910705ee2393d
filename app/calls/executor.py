"""From commands to Asterisk. Each command is carried out once; what comes of it goes back as inputs.

Whatever fails is told by kind, never swallowed: refused, gone, unclear, or never sent.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Final, assert_never

import msgspec
import structlog

from app import failpoints
from app.ari.channels import MuteDirection as AriMute
from app.ari.channels import SnoopDirection
from app.ari.client import AriClient
from app.ari.errors import AriBadAnswer, AriConflict, AriError, AriInvalid, AriNotFound, AriRefused, AriUnavailable
from app.ari.resources import Channel
from app.calls import danger
from app.calls.core import commands, inputs
from app.calls.core.arriving import cause_for
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.model import Call, HangupReason, PartState, Recording, RecordingPart
from app.calls.core.recording import leg_of_part
from app.calls.names import bridge_of, channel_of, channel_of_leg, hangup_memory, playback_of, snoop_of
from app.calls.quality import parse_quality
from app.calls.supervising import Supervising
from app.errors import OverloadedError
from app.facts.vocabulary import MuteDirection, RecordingState
from app.ids import LegId
from app.recordings.jobs import CollectJob, Part

_log = structlog.get_logger(__name__)

HANGUP_HANDLER: Final = "offhook-hangup,s,1"
NORMAL_CLEARING: Final = 16
#: Asterisk's own addition to Q.850, which it also tells a phone by SIP's words for it: nobody missed a call there.
ANSWERED_ELSEWHERE: Final = 26
#: The application that a channel is in while it is ours to command.
STASIS: Final = "Stasis"

_LEAST_SKEW: Final = timedelta(seconds=0.5)
_STAMP: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?")  # seconds; eleven digits are well within any calendar
_CAUSE: Final = re.compile(r"[0-9]{1,3}")  # Q.850: 7 bits
_SIP_FAILURE: Final = re.compile(r"SIP +([3-6][0-9]{2})(?![0-9])")  # RFC 3261, 7.2: 3xx to 6xx are final and no success


class Executor:
    """Carries out the commands of calls on one Asterisk.

    ``may_forget`` says whether Asterisk's memory of how a call ended may go: not while that end is only in this
    machine's spool, for whoever takes over meanwhile has nothing else to learn it from. The tidier deletes it later.
    """

    def __init__(
        self,
        ari: AriClient,
        *,
        node: str,
        collect: Callable[[CollectJob], None],
        may_forget: Callable[[], bool] = lambda: True,
    ) -> None:
        self._ari = ari
        self._node = node
        self._collect = collect
        self._may_forget = may_forget
        self._supervising = Supervising(ari, node)

    async def carry_out(self, call: Call, command: Command) -> tuple[Input, ...]:
        """Do it; gives what is known at once of how that went (most news comes as events)."""
        try:
            return await self._do(call, command)
        except AriError as error:
            kind = _kind_of(error, command)
            # Asterisk's own words are in it, and it is kept with the call: no text in PostgreSQL holds a NUL.
            detail = str(error).replace("\0", "\N{REPLACEMENT CHARACTER}")
            _log.info("command_failed", call_id=call.id, command=type(command).__name__, kind=kind.value, detail=detail)
            return (inputs.CommandFailed(command=command, kind=kind, detail=detail),)
        except OverloadedError as error:
            # The collector's queue is full: the recording waits in Asterisk, and is offered again.
            return (inputs.CommandFailed(command=command, kind=FailureKind.UNSENT, detail=error.message),)

    async def _do(self, call: Call, command: Command) -> tuple[Input, ...]:  # noqa: PLR0915  # one case for each command
        if failpoints.armed is not None:
            await danger.before_command(command)
        match command:
            case commands.CreateChannel():
                await self._create(command)
            case commands.DialChannel():
                await self._ari.dial(self._channel(call, command.leg_id), timeout_seconds=ceil(command.timeout_seconds))
            case commands.HangupChannel():
                is_elsewhere = command.reason is HangupReason.ANSWERED_ELSEWHERE
                cause = ANSWERED_ELSEWHERE if is_elsewhere else cause_for(call, call.leg(command.leg_id))
                await self._ari.hangup(self._channel(call, command.leg_id), reason_code=cause)
            case commands.ReceiveChannel():
                await self._receive(self._channel(call, command.leg_id), command.lifetime_seconds)
            case commands.AnswerChannel():
                await self._ari.answer(self._channel(call, command.leg_id))
            case commands.CreateBridge():
                bridge = bridge_of(self._node, call.id)
                creation = self._ari.create_bridge(bridge, bridge_type=("mixing",), name=call.id)
                with suppress(AriConflict):  # it is there: whoever puts a leg back makes sure of it first
                    await self._make_sure(creation, lambda: self._ari.get_bridge(bridge))
            case commands.JoinBridge():
                await self._join(bridge_of(self._node, call.id), self._channel(call, command.leg_id))
            case commands.LeaveBridge():
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
                await self._ignore_gone(self._ari.destroy_bridge(bridge_of(self._node, call.id)))
            case commands.VerifyLeg():
                return await self.look_up(command.leg_id, is_late=False, channel_id=call.leg(command.leg_id).channel_id)
            case commands.CreateSnoop():
                name = snoop_of(self._node, command.recording_id, command.role, command.number)
                channel = self._channel(call, command.leg_id)
                snooping = self._ari.snoop(channel, name, spy=SnoopDirection.IN, app_args=("snoop",))
                await self._make_sure(snooping, lambda: self._ari.get_channel(name))
            case commands.RecordSnoop():
                await self._record(command)
            case commands.MuteParts():
                await self._mute_parts(command)
            case commands.StopPart():
                await self._stop_part(call, command)
            case commands.CollectRecording():
                self._submit(call, command)
            case commands.CreateTaps():
                channels = (self._channel(call, command.listens_to), self._channel(call, command.leg_id))
                await self._supervising.create_taps(command, listens_to=channels[0], supervisor=channels[1])
            case commands.PlaceSupervisor():
                supervisor = self._channel(call, command.leg_id)
                await self._supervising.place(command, call.id, supervisor=supervisor)
            case commands.EndTaps():
                await self._supervising.end_taps(command.supervision_id, command.number)
            case commands.EndSupervision():
                await self._supervising.end(command.supervision_id, command.number)
            case commands.ForgetHangups():
                for leg_id in command.leg_ids if self._may_forget() else ():
                    await self._ari.delete_global_variable(hangup_memory(self._channel(call, leg_id)))
            case _:
                assert_never(command)
        return ()

    async def look_up(self, leg_id: LegId, *, is_late: bool, channel_id: str | None = None) -> tuple[Input, ...]:
        """What Asterisk knows of a leg now: where its channel stands, or how it ended.

        ``channel_id``: of a leg that came to us, its channel.
        """
        try:
            channel = await self._ari.get_channel(channel_id or channel_of(self._node, leg_id))
        except AriNotFound:
            return (await self.how_it_ended(leg_id, is_late=is_late, channel_id=channel_id),)
        match channel.state:
            case "Up":
                return (inputs.LegAnswered(leg_id=leg_id),)
            case "Ringing":
                return (inputs.LegRinging(leg_id=leg_id),)
            case _ if channel_id is not None:
                return ()  # it waits for our answer
            case _:
                return await self.look_into(leg_id, channel, is_late=is_late)

    async def look_into(self, leg_id: LegId, channel: Channel, *, is_late: bool) -> tuple[Input, ...]:
        """What became of a leg whose channel is neither up nor ringing: whether it can be dialled, or was."""
        found: list[Input] = []
        if is_late and channel.dialplan.app_name == STASIS:
            # Otherwise its StasisStart is still to come, and only then can it be dialled.
            found.append(inputs.LegCreated(leg_id=leg_id, channel_name=channel.name))
        try:
            if not await self._ari.get_variable(channel.id, "HANGUPCAUSE_KEYS()"):
                found.append(inputs.LegSilent(leg_id=leg_id))  # not so much as a 100
            elif await self._ari.get_variable(channel.id, "CHANNEL(pjsip,remote_tag)"):
                found.append(inputs.LegRinging(leg_id=leg_id))  # a 18x: a 100 has no tag (RFC 3261, 8.2.6.2)
        except AriRefused as error:
            # Gone meanwhile, or an Asterisk without these functions: what is known stands, and its timers.
            _log.info("leg_not_looked_into", reason=str(error))
        return tuple(found)

    async def how_it_ended(self, leg_id: LegId, *, is_late: bool, channel_id: str | None = None) -> inputs.LegDestroyed:
        """From Asterisk's memory, of a leg that has no channel there (any more)."""
        memory = await self._ari.get_global_variable(hangup_memory(channel_id or channel_of(self._node, leg_id)))
        at, cause, sip_code = parse_hangup_memory(memory)
        quality = parse_quality(memory.rpartition("|")[2])
        return inputs.LegDestroyed(
            leg_id=leg_id,
            cause=cause,
            sip_code=sip_code,
            at=at,
            is_late=is_late,
            is_untraced=at is None,
            quality=quality,
        )

    async def _create(self, command: commands.CreateChannel) -> None:
        variables = {
            "TIMEOUT(absolute)": str(ceil(command.lifetime_seconds)),
            "CHANNEL(hangup_handler_push)": HANGUP_HANDLER,
        }
        if command.shown_number:
            variables["CONNECTEDLINE(num)"] = command.shown_number
        if command.shown_name:
            variables["CONNECTEDLINE(name)"] = command.shown_name
        if command.presented_number:
            variables["CALLERID(num)"] = command.presented_number
        if command.presented_name:
            variables["CALLERID(name)"] = command.presented_name
        await self._ari.create_channel(
            command.endpoint, channel_of(self._node, command.leg_id), app_args=("leg",), variables=variables
        )

    async def _receive(self, channel: str, lifetime_seconds: float) -> None:
        try:
            # Asterisk tells the end of a channel that left the application to those only who asked.
            await self._ari.subscribe_to_channel(channel)
        except AriInvalid as error:
            raise AriNotFound("The channel is gone.", operation=error.operation, status=HTTPStatus.NOT_FOUND) from error
        await self._ari.set_variable(channel, "TIMEOUT(absolute)", str(ceil(lifetime_seconds)))
        await self._ari.ring(channel)

    async def _record(self, command: commands.RecordSnoop) -> None:
        names = [snoop_of(self._node, command.recording_id, role, command.number) for role in command.roles]
        # Together, so that both sides begin within milliseconds of each other.
        results = await asyncio.gather(*(self._record_one(name) for name in names), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _record_one(self, name: str) -> None:
        await self._make_sure(self._ari.record(name, name), lambda: self._ari.get_live(name))

    async def _mute_parts(self, command: commands.MuteParts) -> None:
        names = [snoop_of(self._node, command.recording_id, role, number) for role, number in command.parts]
        results = await asyncio.gather(
            *(self._mute_part(name, is_muted=command.is_muted) for name in names), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _mute_part(self, name: str, *, is_muted: bool) -> None:
        with suppress(AriNotFound, AriConflict):  # it has ended, or is not written yet and is told again once it is
            # Asterisk counts wrongly: what is muted twice is heard again. Nobody may know whether it is muted already.
            await self._ari.unmute_live(name)
            if is_muted:
                await self._ari.mute_live(name)

    async def _join(self, bridge: str, channel: str) -> None:
        async def look() -> None:
            if channel not in (await self._ari.get_bridge(bridge)).channels:
                raise AriNotFound("The channel is not in it.", operation="GET /bridges/{}", status=HTTPStatus.NOT_FOUND)

        await self._make_sure(self._ari.add_channel(bridge, channel), look)

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
        await self._make_sure(playing, lambda: self._ari.get_playback(name))

    async def _make_sure(self, making: Awaitable[object], look: Callable[[], Awaitable[object]]) -> None:
        """Carry out a request that makes something under a name of ours; if its answer is lost, look for the thing."""
        try:
            await making
        except AriUnavailable as error:
            if not error.outcome_unknown:
                raise
            try:
                await look()
            except AriError:  # not there, or nobody says: the first error tells more
                raise error from None

    async def _stop_part(self, call: Call, command: commands.StopPart) -> None:
        name = snoop_of(self._node, command.recording_id, command.role, command.number)
        recording = call.recording(command.recording_id)
        part = recording.part(command.role, command.number) if recording else None
        is_absent = part is not None and part.state is PartState.ABSENT
        if is_absent or (recording is not None and recording.state is RecordingState.FAILED):
            # Nobody will collect it: what there is of it goes, whether it is being written or was.
            await self._ignore_gone(self._ari.cancel_live(name))
            await self._ignore_gone(self._ari.delete_stored(name))
        elif part is None or not part.is_beginning:
            await self._ignore_gone(self._ari.stop_live(name))
        await self._ignore_gone(self._ari.hangup(name, reason_code=NORMAL_CLEARING))

    async def _ignore_gone(self, request: Coroutine[None, None, None]) -> None:
        with suppress(AriNotFound):  # it is what was asked for
            await request

    def _submit(self, call: Call, command: commands.CollectRecording) -> None:
        recording = call.recording(command.recording_id)
        if recording is None:
            return
        parts = tuple(
            Part(
                role=part.role,
                stored_name=snoop_of(self._node, recording.id, part.role, part.number),
                started_at=part.started_at or recording.created_at,
                finished_at=part.stopped_at,
                leg_id=leg_of_part(call, part).id,
                is_again=_is_again(recording, part),
            )
            for part in recording.parts
            if part.state is not PartState.ABSENT
        )
        ahead = _clock_ahead(recording)
        self._collect(
            CollectJob(
                recording_id=recording.id,
                account_id=call.account_id,
                call_id=call.id,
                mode=recording.mode,
                parts=parts,
                gaps=tuple(
                    msgspec.structs.replace(
                        gap,
                        began_at=gap.began_at + ahead,
                        ended_at=None if gap.ended_at is None else gap.ended_at + ahead,
                    )
                    for gap in recording.gaps
                ),
            )
        )

    def _channel(self, call: Call, leg_id: LegId) -> str:
        return channel_of_leg(self._node, call.leg(leg_id))


def _is_again(recording: Recording, part: RecordingPart) -> bool:
    """Whether an earlier part of the same voice was written, and broke off."""
    earlier = recording.parts[: recording.parts.index(part)]
    return any(
        one.leg_id == part.leg_id and one.role is part.role and one.state is not PartState.ABSENT for one in earlier
    )


def _clock_ahead(recording: Recording) -> timedelta:
    """How far Asterisk's clock is ahead of the call's time: gaps are by the one, what is written by the other.

    News takes some milliseconds to come, so only what cannot be explained by that counts.
    """
    ahead = [
        part.started_at - part.heard_at
        for part in recording.parts
        if part.started_at is not None and part.heard_at is not None
    ]
    least = min(ahead, key=abs, default=timedelta())
    return least if abs(least) >= _LEAST_SKEW else timedelta()


def parse_hangup_memory(text: str) -> tuple[datetime | None, int | None, int | None]:
    """The instant, cause and SIP status in ``1795221571.395|17|SIP 486 Busy Here|…``; None for what is not there.

    The dialplan's hang-up handler writes it, with what ``parse_quality`` reads at the end. A provisional or successful
    SIP status says nothing about the end.
    """
    stamp, _, rest = text.partition("|")
    cause_text, _, sip_text = rest.partition("|")
    if _STAMP.fullmatch(stamp) is None:
        return None, None, None
    at = datetime.fromtimestamp(float(stamp), UTC)
    cause = int(cause_text) if _CAUSE.fullmatch(cause_text) else None
    status = _SIP_FAILURE.match(sip_text)
    return at, cause, int(status[1]) if status else None


def _kind_of(error: AriError, command: Command) -> FailureKind:
    match error:
        case AriNotFound() if isinstance(command, commands.JoinBridge):
            return FailureKind.REFUSED  # 404 is the bridge's; the channel's are 400, and 422 when it is on its way out
        case AriInvalid() if isinstance(command, commands.JoinBridge):
            return FailureKind.GONE
        case AriNotFound():
            return FailureKind.GONE
        case AriConflict() if isinstance(command, commands.CreateChannel):
            # Our own name is taken: an earlier try of this very request got through.
            return FailureKind.UNCLEAR
        case AriUnavailable() if not error.outcome_unknown:
            return FailureKind.UNSENT
        case AriUnavailable() | AriBadAnswer():
            return FailureKind.UNCLEAR
        case _:
            return FailureKind.REFUSED
