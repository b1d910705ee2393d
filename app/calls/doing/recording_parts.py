"""A recording's parts, in Asterisk's words: snoop channels, and what is written from them."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final

import msgspec

from app.ari.channels import SnoopDirection
from app.ari.client import AriClient
from app.ari.errors import AriConflict, AriNotFound, AriServerError
from app.calls.core import commands
from app.calls.core.causes import NORMAL_CLEARING
from app.calls.core.model.call import Call
from app.calls.core.model.recording import PartState, Recording, RecordingPart
from app.calls.core.recording import hears_out, leg_of_part
from app.calls.doing.answers import make_sure, unless_gone
from app.calls.names import snoop_of
from app.facts.vocabulary import RecordingState
from app.recordings.collecting import CollectJob, Part

_LEAST_SKEW: Final = timedelta(seconds=0.5)
#: Asterisk closes a file some 20 ms after its channel was hung up.
_LOOK_SECONDS: Final = 0.02
_LOOKS: Final = 50


@dataclass(frozen=True, slots=True)
class RecordingParts:
    """Carries out what recordings ask of one Asterisk."""

    ari: AriClient
    node: str

    async def create(self, command: commands.CreateSnoop, channel: str) -> None:
        """Make the snoop that one voice is written from. It comes as a StasisStart."""
        name = snoop_of(self.node, command.recording_id, command.role, command.number)
        spy = SnoopDirection.OUT if command.hears_out else SnoopDirection.IN
        snooping = self.ari.snoop(channel, name, spy=spy, app_args=("snoop",))
        await make_sure(snooping, lambda: self.ari.get_channel(name))

    async def record(self, command: commands.RecordSnoop) -> None:
        """Begin to write, all together, so that the sides begin within milliseconds of each other."""
        names = [snoop_of(self.node, command.recording_id, role, command.number) for role in command.roles]
        await _together(self._record(name, command.silence_seconds) for name in names)

    async def mute(self, command: commands.MuteParts) -> None:
        """Write silence from now on, or the voices again."""
        names = [snoop_of(self.node, command.recording_id, role, number) for role, number in command.parts]
        await _together(self._mute(name, is_muted=command.is_muted) for name in names)

    async def stop(self, command: commands.StopPart, recording: Recording | None) -> None:
        """End the writing of one voice, and its snoop; what nobody will collect goes."""
        name = snoop_of(self.node, command.recording_id, command.role, command.number)
        part = recording.part(command.role, command.number) if recording else None
        is_absent = part is not None and part.state is PartState.ABSENT
        is_unwanted = is_absent or (recording is not None and recording.state is RecordingState.FAILED)
        if not is_unwanted and (part is None or not part.is_beginning):
            with suppress(AriConflict, AriServerError):  # it is just beginning or ending: its snoop's end ends it too
                await unless_gone(self.ari.stop_live(name))
        await unless_gone(self.ari.hangup(name, reason_code=NORMAL_CLEARING))
        if is_unwanted:
            # Asterisk cancels a recording by deleting its file, which is not there yet while it begins: it answers 500,
            # or says yes and writes on. What has ended can be deleted.
            await self._wait_until_written(name)
            await unless_gone(self.ari.delete_stored(name))

    async def _wait_until_written(self, name: str) -> None:
        """Until its snoop's end has ended it; not for ever: the tidier deletes what comes later."""
        with suppress(AriNotFound):
            for _ in range(_LOOKS):
                await self.ari.get_live(name)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _record(self, name: str, silence_seconds: float | None) -> None:
        silence = 0 if silence_seconds is None else ceil(silence_seconds)
        await make_sure(self.ari.record(name, name, max_silence_seconds=silence), lambda: self.ari.get_live(name))

    async def _mute(self, name: str, *, is_muted: bool) -> None:
        with suppress(AriNotFound, AriConflict):  # it has ended, or is not written yet and is told again once it is
            # Asterisk counts wrongly: what is muted twice is heard again. Nobody may know whether it is muted already.
            await self.ari.unmute_live(name)
            if is_muted:
                await self.ari.mute_live(name)


def collect_job(node: str, call: Call, recording: Recording) -> CollectJob:
    """What the collector needs to know to put a recording together."""
    parts = tuple(
        Part(
            role=part.role,
            stored_name=snoop_of(node, recording.id, part.role, part.number),
            started_at=part.started_at or recording.created_at,
            finished_at=part.stopped_at,
            leg_id=None if hears_out(part.role, leg_of_part(call, part)) else leg_of_part(call, part).id,
            is_again=_is_again(recording, part),
            is_measurable=_is_measurable(recording, part),
        )
        for part in recording.parts
        if part.state is not PartState.ABSENT
    )
    ahead = _clock_ahead(recording)
    return CollectJob(
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


async def _together(requests: Iterable[Coroutine[None, None, None]]) -> None:
    """All at once; the first error once all are done."""
    results = await asyncio.gather(*requests, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _is_again(recording: Recording, part: RecordingPart) -> bool:
    """Whether an earlier part of the same voice was written, and broke off."""
    earlier = recording.parts[: recording.parts.index(part)]
    return any(
        one.leg_id == part.leg_id and one.role is part.role and one.state is not PartState.ABSENT for one in earlier
    )


def _is_measurable(recording: Recording, part: RecordingPart) -> bool:
    """Whether its file is as long as it was written for, by what Asterisk said of it, unless sound was lost.

    Of a recording that silence ends, Asterisk cuts the silence off.
    """
    return part.started_at is not None and not part.is_start_guessed and recording.silence_seconds is None


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
