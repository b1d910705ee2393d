"""Sounds and keys in a live call."""

import dataclasses
from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import mutation
from app.api.mutations.acting import act
from app.api.mutations.inputs import given_text
from app.api.types.call import Call
from app.api.types.problem import Payload
from app.calls.core import media, verbs
from app.calls.core.playing import MOST_PLAYBACKS
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Tone
from app.ids import Kind, LegId, PlaybackId, new_id

_MILLISECONDS: Final = f"{media.SHORTEST_KEY_MILLISECONDS} to {media.LONGEST_KEY_MILLISECONDS}"


@strawberry.input(one_of=True, description="Something to be played: exactly one of these.")
class SoundInput:
    tone: Tone | None = strawberry.field(default=strawberry.UNSET, description="A tone.")
    digits: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Digits, `*` and `#`, read out one by one; at most {media.LONGEST_DIGITS}.",
    )
    installed: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="One of the sounds installed with the Asterisk, by its name there, such as `vm-goodbye`.",
    )
    audio_file_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="One of the account's sound files."
    )


@strawberry.input(description="Sounds to be played into a call.")
class PlayAudioInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    leg_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who is to hear it; when left out, everybody in the talk."
    )
    sounds: list[SoundInput] = strawberry.field(
        description=f"What to play, one after the other: 1 to {media.MOST_SOUNDS}. A tone goes on until it is stopped."
    )


@strawberry.input(description="A playback to be stopped.")
class StopPlaybackInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    playback_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which; when left out, all that run in the call."
    )


@strawberry.input(
    description=(
        "Keys to be pressed towards a leg, as if the other party had pressed them. While a sound is played to that leg"
        " alone, a prompt of a call flow too, they wait for its end, as Asterisk does: `stopPlayback` first where they"
        " must come at once."
    )
)
class SendDtmfInput:
    leg_id: strawberry.ID = strawberry.field(description="Who gets them; the leg must have answered.")
    digits: str = strawberry.field(description=f"1 to {media.LONGEST_DIGITS} of `0`-`9`, `A`-`D`, `*` and `#`.")
    duration_milliseconds: int = strawberry.field(
        default=100, description=f"How long each is pressed: {_MILLISECONDS}."
    )
    between_milliseconds: int = strawberry.field(default=100, description=f"The pause between two: {_MILLISECONDS}.")


@strawberry.type(description="What came of sounds that were to be played.")
class PlayAudioPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")
    playback_id: strawberry.ID | None = strawberry.field(
        default=None, description="The playback's id, for `stopPlayback` and as its events have it."
    )


@strawberry.type(description="What came of stopping a playback.")
class StopPlaybackPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type(description="What came of keys that were to be pressed.")
class SendDtmfPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type
class PlayingMutations:
    @mutation(
        Scope.CALLS_CONTROL,
        PlayAudioPayload,
        "Play sounds into a live call: to one leg, or to everybody. `playback.started`, then `playback.finished` or "
        "`playback.failed` tell what comes of it. `INVALID_STATE` when no leg is named and the call is not "
        "`CONNECTED`; the leg is not `UP` or cannot be had just now (`LEAVING`, `DETECTING`, `DIALPLAN`, "
        f"`TRANSFER_DIALING`); {MOST_PLAYBACKS} sounds are being played already (`PLAYING`); or the call is ending or "
        "has ended, or tells a one-time password.",
    )
    async def play_audio(
        self,
        info: Info,
        input: Annotated[PlayAudioInput, strawberry.argument(description="The sounds.")],  # noqa: A002  # GraphQL's own word
    ) -> PlayAudioPayload:
        playback_id = PlaybackId(new_id(Kind.PLAYBACK))
        leg_id = None if input.leg_id is None else LegId(input.leg_id)
        verb = verbs.Play(playback_id=playback_id, media=await _read_sounds(input.sounds, info.context), leg_id=leg_id)
        acted = await act(info, input.call_id, verb)
        return PlayAudioPayload(call=Call.of(acted.call, info.context.sight), playback_id=strawberry.ID(playback_id))

    @mutation(
        Scope.CALLS_CONTROL,
        StopPlaybackPayload,
        "Stop what is being played into a call. "
        "`NOT_FOUND` when it is not being played, or no more; `INVALID_STATE` when the call is ending or has ended.",
    )
    async def stop_playback(
        self,
        info: Info,
        input: Annotated[StopPlaybackInput, strawberry.argument(description="The playback.")],  # noqa: A002
    ) -> StopPlaybackPayload:
        verb = verbs.StopPlayback(playback_id=input.playback_id)
        acted = await act(info, input.call_id, verb)
        return StopPlaybackPayload(call=Call.of(acted.call, info.context.sight))

    @mutation(
        Scope.CALLS_CONTROL,
        SendDtmfPayload,
        "Press keys towards a leg of a live call. `INVALID_STATE` when the leg is not `UP` or cannot be had just now "
        "(`LEAVING`, `DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`); or the call is ending or has ended, or tells a "
        "one-time password.",
    )
    async def send_dtmf(
        self,
        info: Info,
        input: Annotated[SendDtmfInput, strawberry.argument(description="The keys.")],  # noqa: A002
    ) -> SendDtmfPayload:
        problems = media.check_keys(input.digits, input.duration_milliseconds, input.between_milliseconds)
        if problems:
            raise RefusedError(problems)
        verb = verbs.SendDtmf(
            leg_id=LegId(input.leg_id),
            digits=input.digits,
            duration_milliseconds=input.duration_milliseconds,
            between_milliseconds=input.between_milliseconds,
        )
        acted = await act(info, input.leg_id, verb)
        return SendDtmfPayload(call=Call.of(acted.call, info.context.sight))


async def _read_sounds(given: list[SoundInput], context: Context) -> tuple[str, ...]:
    """The sounds in Asterisk's words.

    Raises:
        RefusedError: INVALID_INPUT, NOT_FOUND, for all that are none.
    """
    if not 1 <= len(given) <= media.MOST_SOUNDS:
        raise RefusedError(Problem("INVALID_INPUT", f"Give 1 to {media.MOST_SOUNDS} sounds.", ("sounds",)))
    read: list[str] = []
    problems: list[Problem] = []
    for number, sound in enumerate(given):
        digits, installed = given_text(sound.digits), given_text(sound.installed)
        if isinstance(sound.tone, Tone):
            read.append(media.tone_media(sound.tone))
            continue
        if sound.audio_file_id:
            try:
                read.append(await context.services.speech.audio_files.media_of(context.account_id, sound.audio_file_id))
            except RefusedError as refused:
                problems += [
                    dataclasses.replace(one, field=("sounds", str(number), *one.field)) for one in refused.problems
                ]
            continue
        words = media.spoken_digits_media(digits) if digits is not None else media.sound_media(installed or "")
        if words is None:
            name = "digits" if digits is not None else "installed"
            message = "Give digits, * and #." if digits is not None else "This cannot be the name of a sound."
            problems.append(Problem("INVALID_INPUT", message, ("sounds", str(number), name)))
        else:
            read.append(words)
    if problems:
        raise RefusedError(problems)
    return tuple(read)
