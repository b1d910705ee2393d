"""The steps of call flows as they are given."""

from typing import Final

import strawberry

from app.api.mutations.inputs import CallTarget
from app.api.mutations.lead_inputs import MediaStreamParameterInput
from app.facts.vocabulary import Tone
from app.flows import limits
from app.hours.week import Weekday

_NEXT: Final = "The step that comes then."
_SECONDS: Final = f"{limits.SHORTEST_WAIT_SECONDS:g} to {limits.LONGEST_WAIT_SECONDS:g} seconds."
_MESSAGE: Final = f"{limits.SHORTEST_MESSAGE_SECONDS:g} to {limits.LONGEST_MESSAGE_SECONDS:g} seconds."
_SILENCE: Final = (
    f"So much silence ends it: {limits.SHORTEST_SILENCE_SECONDS:g} to {limits.LONGEST_SILENCE_SECONDS:g} seconds; "
    "null: no silence does."
)
_NAME: Final = f"The step's name, by which others lead to it: at most {limits.LONGEST_NAME} characters."
_TEXT: Final = (
    f"What to say: 1 to {limits.LONGEST_TEXT} characters. `{{name}}` in it stands for a variable that a step gathers, "
    "or for `caller` or `dialled`; digits are said one by one."
)
_FAILED_SOUND: Final = (
    "The step instead of `next` when it could not be made or played; when left out, it goes on as if it had been heard."
)


@strawberry.input(description="A tone in a call flow.")
class FlowToneInput:
    tone: Tone = strawberry.field(description="Which.")
    seconds: float = strawberry.field(default=2.0, description=f"For how long: {_SECONDS} A beep is as long as it is.")


@strawberry.input(description="A text to be spoken.")
class FlowSpeechInput:
    text: str = strawberry.field(description=_TEXT)
    voice: str | None = strawberry.field(
        default=None, description="One of `voices`; when left out, the first that speaks the language."
    )
    language_code: str | None = strawberry.field(default=None, description="Such as `en-US`.")


@strawberry.input(one_of=True, description="Something that a caller hears: exactly one of these.")
class FlowSoundInput:
    speech: FlowSpeechInput | None = strawberry.field(default=strawberry.UNSET, description="A text.")
    audio_file_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="One of the account's sound files."
    )
    installed: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="One of the sounds installed with the Asterisk, by its name there, such as `vm-goodbye`.",
    )
    digits: str | None = strawberry.field(default=strawberry.UNSET, description="Digits, read out one by one.")
    tone: FlowToneInput | None = strawberry.field(default=strawberry.UNSET, description="A tone.")


@strawberry.input(description="Say a text.")
class SpeakStepInput:
    name: str = strawberry.field(description=_NAME)
    text: str = strawberry.field(description=_TEXT)
    voice: str | None = strawberry.field(default=None, description="One of `voices`.")
    language_code: str | None = strawberry.field(default=None, description="Such as `en-US`.")
    next: str = strawberry.field(description=_NEXT)
    failed: str | None = strawberry.field(default=None, description=_FAILED_SOUND)


@strawberry.input(description="Play sounds, one after the other.")
class PlayStepInput:
    name: str = strawberry.field(description=_NAME)
    sounds: list[FlowSoundInput] = strawberry.field(description=f"1 to {limits.MOST_SOUNDS}.")
    next: str = strawberry.field(description=_NEXT)
    failed: str | None = strawberry.field(default=None, description=_FAILED_SOUND)


@strawberry.input(description="What a caller may press, and where it leads.")
class GatherOptionInput:
    digits: str = strawberry.field(description="One or more of `0`-`9`, `A`-`D`, `*` and `#`.")
    next: str = strawberry.field(description=_NEXT)


@strawberry.input(
    description="Ask for digits. The first one pressed ends the prompt. All are in with the terminator, with "
    "`maxDigits` of them, or `interDigitSeconds` after the last."
)
class GatherStepInput:
    name: str = strawberry.field(description=_NAME)
    prompt: list[FlowSoundInput] = strawberry.field(default_factory=list, description="What is said first, each time.")
    min_digits: int = strawberry.field(default=1, description=f"1 to {limits.LONGEST_DIGITS}.")
    max_digits: int | None = strawberry.field(
        default=None,
        description=f"1 to {limits.LONGEST_DIGITS}; when left out, as many as the longest option has, or 1.",
    )
    terminator: str | None = strawberry.field(
        default="#", description="The key that ends the input, and is no part of it; null for none."
    )
    first_digit_seconds: float = strawberry.field(
        default=5.0, description=f"How long after the prompt the first digit may take: {_SECONDS}"
    )
    inter_digit_seconds: float = strawberry.field(
        default=3.0, description=f"How long each next one may take: {_SECONDS}"
    )
    retries: int = strawberry.field(
        default=2, description=f"How often it asks again when nothing fits: 0 to {limits.MOST_RETRIES}."
    )
    options: list[GatherOptionInput] = strawberry.field(
        default_factory=list, description=f"What may be pressed: at most {limits.MOST_OPTIONS}."
    )
    next: str | None = strawberry.field(
        default=None, description="The step for all digits that no option has; when left out, they do not fit."
    )
    no_input: str = strawberry.field(description="The step when nothing was pressed, however often it asked.")
    no_match: str | None = strawberry.field(
        default=None, description="The step when nothing that was pressed fits; when left out, `noInput`."
    )
    variable: str | None = strawberry.field(
        default=None, description="Keep the digits under this name, for texts and branches of this flow."
    )


@strawberry.input(description="What a variable is; with neither, that it is not empty.")
class VariableConditionInput:
    variable: str = strawberry.field(
        description="Its name: one that a step gathers, `caller`, `dialled` or `answeredBy`."
    )
    one_of: list[str] = strawberry.field(default_factory=list, description="It is one of these.")
    starts_with: str | None = strawberry.field(default=None, description="It begins so.")


@strawberry.input(
    description="What time it is. A range that ends before it begins goes over midnight, and belongs to the day on "
    "which it began. Where the clock is put forward or back, it is what the clock on the wall shows that counts."
)
class TimeConditionInput:
    time_zone: str = strawberry.field(description="By its IANA name, such as `Europe/Berlin`.")
    from_: str = strawberry.field(default="00:00", name="from", description="`HH:MM`, included.")
    to: str = strawberry.field(default="24:00", description="`HH:MM`, not included.")
    weekdays: list[Weekday] = strawberry.field(default_factory=list, description="On these days; none is every day.")


@strawberry.input(one_of=True, description="A condition: exactly one of these.")
class FlowConditionInput:
    variable: VariableConditionInput | None = strawberry.field(default=strawberry.UNSET, description="Of a variable.")
    time: TimeConditionInput | None = strawberry.field(default=strawberry.UNSET, description="Of the time.")


@strawberry.input(description="A way that a branch may take.")
class BranchCaseInput:
    when: FlowConditionInput = strawberry.field(description="When this holds.")
    next: str = strawberry.field(description=_NEXT)


@strawberry.input(description="Go on with the first case whose condition holds.")
class BranchStepInput:
    name: str = strawberry.field(description=_NAME)
    cases: list[BranchCaseInput] = strawberry.field(description=f"1 to {limits.MOST_CASES}, in order.")
    otherwise: str = strawberry.field(description="The step when none of the conditions holds.")


@strawberry.input(description="Record what the caller says.")
class RecordStepInput:
    name: str = strawberry.field(description=_NAME)
    max_seconds: float = strawberry.field(default=120.0, description=f"How long at most: {_MESSAGE}")
    silence_seconds: float | None = strawberry.field(default=5.0, description=_SILENCE)
    ends_on: str | None = strawberry.field(default="#", description="The key that ends it; null for none.")
    beep: bool = strawberry.field(default=True, description="A beep comes before it.")
    next: str = strawberry.field(description=_NEXT)
    no_message: str | None = strawberry.field(
        default=None, description="The step instead of `next` when nothing was said."
    )


@strawberry.input(description="Ring somebody for the caller.")
class TransferStepInput:
    name: str = strawberry.field(description=_NAME)
    target: CallTarget = strawberry.field(description="Whom, or where to; also another call flow.")
    ring_seconds: float | None = strawberry.field(
        default=None,
        description=f"How long each phone rings: {limits.SHORTEST_RING_SECONDS:g} to "
        f"{limits.LONGEST_RING_SECONDS:g} seconds; when left out, what the target or the server says.",
    )
    music: bool = strawberry.field(default=False, description="The caller hears music meanwhile, not ringing.")
    failed: str | None = strawberry.field(
        default=None, description="The step when nobody was had; when left out, the call ends."
    )


@strawberry.input(description="Let the caller wait in a queue, which has an overflow of its own.")
class QueueStepInput:
    name: str = strawberry.field(description=_NAME)
    queue_id: strawberry.ID = strawberry.field(description="The queue.")
    priority: int = strawberry.field(
        default=0, description=f"0 to {limits.HIGHEST_PRIORITY}: of those who wait, the highest goes first."
    )
    failed: str | None = strawberry.field(
        default=None, description="The step when there is no such queue any more; when left out, the call ends."
    )


@strawberry.input(description="Take a message: greeting, beep, message. `voicemail.received` tells of it.")
class VoicemailStepInput:
    name: str = strawberry.field(description=_NAME)
    greeting: list[FlowSoundInput] = strawberry.field(
        default_factory=list,
        description=f"What is said first: at most {limits.MOST_SOUNDS}. One that cannot be made is left out.",
    )
    max_seconds: float = strawberry.field(default=180.0, description=f"How long at most: {_MESSAGE}")
    silence_seconds: float | None = strawberry.field(default=10.0, description=_SILENCE)
    ends_on: str | None = strawberry.field(default="#", description="The key that ends it; null for none.")
    next: str | None = strawberry.field(default=None, description=f"{_NEXT} When left out, the call ends.")


@strawberry.input(description="Let a program talk to the caller over a websocket, until it is done.")
class MediaStreamStepInput:
    name: str = strawberry.field(description=_NAME)
    url: str = strawberry.field(
        description="Where the program is, `wss://…`: one of the account's media endpoints, or below one, by the time "
        "a caller gets here."
    )
    sample_rate: int = strawberry.field(default=8000, description="Samples a second, both ways: 8000 or 16000.")
    parameters: list[MediaStreamParameterInput] = strawberry.field(
        default_factory=list, description=f"Your own words to the program: at most {limits.MOST_PARAMETERS}."
    )
    next: str | None = strawberry.field(default=None, description=f"{_NEXT} When left out, the call ends.")
    failed: str | None = strawberry.field(
        default=None, description="The step instead of `next` when the program could not be had."
    )
    variable: str | None = strawberry.field(
        default=None, description="A variable that keeps the program's own word for how it went, if it gives one."
    )


@strawberry.input(description="End the call.")
class HangUpStepInput:
    name: str = strawberry.field(description=_NAME)


@strawberry.input(one_of=True, description="A step of a call flow: exactly one of these.")
class CallFlowStepInput:
    speak: SpeakStepInput | None = strawberry.field(default=strawberry.UNSET, description="Say a text.")
    play: PlayStepInput | None = strawberry.field(default=strawberry.UNSET, description="Play sounds.")
    gather: GatherStepInput | None = strawberry.field(default=strawberry.UNSET, description="Ask for digits.")
    branch: BranchStepInput | None = strawberry.field(default=strawberry.UNSET, description="Choose a way.")
    record: RecordStepInput | None = strawberry.field(default=strawberry.UNSET, description="Record the caller.")
    transfer: TransferStepInput | None = strawberry.field(default=strawberry.UNSET, description="Ring somebody.")
    queue: QueueStepInput | None = strawberry.field(default=strawberry.UNSET, description="Wait in a queue.")
    voicemail: VoicemailStepInput | None = strawberry.field(default=strawberry.UNSET, description="Take a message.")
    media_stream: MediaStreamStepInput | None = strawberry.field(
        default=strawberry.UNSET, description="Let a program talk to the caller."
    )
    hang_up: HangUpStepInput | None = strawberry.field(default=strawberry.UNSET, description="End the call.")
