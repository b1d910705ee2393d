"""The steps of call flows as they are given, and read into what the domain knows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import strawberry

from app.api.context import Context
from app.api.mutations.changes import read_target
from app.api.mutations.inputs import CallTarget
from app.api.mutations.lead_inputs import MediaStreamParameterInput
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Pair, Tone
from app.flows import limits, steps
from app.hours.week import Weekday
from app.media.urls import read_stream_url
from app.routing import targets

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


def read_flow(
    given: list[CallFlowStepInput], start: str | None, context: Context, *, fields: Sequence[str] = ()
) -> steps.Flow:
    """The flow that an input says.

    Raises:
        RefusedError: for targets and programs' URLs that are none, all at once.
    """
    problems: list[Problem] = []
    read: list[steps.Step] = []
    for place, one in enumerate(given):
        try:
            read.append(_read_step(one, context))
        except RefusedError as refused:
            path = ("steps", str(place), "mediaStream" if one.media_stream else "transfer")
            problems += [replace(problem, field=(*path, *problem.field)) for problem in refused.problems]
    if problems:
        raise RefusedError(problems)
    first = read[0].name if read else ""
    return steps.Flow(start=first if start is None else start, steps=tuple(read), fields=tuple(fields))


def _read_step(given: CallFlowStepInput, context: Context) -> steps.Step:
    if speak := given.speak:
        speech = steps.PlaySpeech(text=speak.text, voice=speak.voice, language=speak.language_code)
        return steps.Speak(name=speak.name, speech=speech, next=speak.next, failed=speak.failed)
    if play := given.play:
        return steps.Play(name=play.name, sounds=_read_sounds(play.sounds), next=play.next, failed=play.failed)
    if gather := given.gather:
        return _read_gather(gather)
    if branch := given.branch:
        cases = tuple(steps.Case(condition=_read_condition(case.when), next=case.next) for case in branch.cases)
        return steps.Branch(name=branch.name, cases=cases, otherwise=branch.otherwise)
    if record := given.record:
        return steps.Record(
            name=record.name,
            next=record.next,
            max_seconds=record.max_seconds,
            silence_seconds=record.silence_seconds,
            ends_on=record.ends_on,
            has_beep=record.beep,
            no_message=record.no_message,
        )
    if transfer := given.transfer:
        return steps.Transfer(
            name=transfer.name,
            target=_read_target(transfer.target, context),
            ring_seconds=transfer.ring_seconds,
            with_music=transfer.music,
            failed=transfer.failed,
        )
    if queue := given.queue:
        return steps.Enqueue(name=queue.name, queue_id=queue.queue_id, priority=queue.priority, failed=queue.failed)
    if voicemail := given.voicemail:
        return steps.Voicemail(
            name=voicemail.name,
            greeting=_read_sounds(voicemail.greeting),
            max_seconds=voicemail.max_seconds,
            silence_seconds=voicemail.silence_seconds,
            ends_on=voicemail.ends_on,
            next=voicemail.next,
        )
    if stream := given.media_stream:
        read_stream_url(stream.url, field=("url",))
        return steps.MediaStream(
            name=stream.name,
            url=stream.url,
            next=stream.next,
            failed=stream.failed,
            variable=stream.variable,
            sample_rate=stream.sample_rate,
            parameters=tuple(Pair(key=one.name, value=one.value) for one in stream.parameters),
        )
    return steps.HangUp(name=given.hang_up.name if given.hang_up else "")


def _read_gather(given: GatherStepInput) -> steps.Gather:
    longest = max((len(one.digits) for one in given.options), default=1)
    return steps.Gather(
        name=given.name,
        prompt=_read_sounds(given.prompt),
        min_digits=given.min_digits,
        max_digits=max(longest, given.min_digits, 1) if given.max_digits is None else given.max_digits,
        terminator=given.terminator,
        first_digit_seconds=given.first_digit_seconds,
        inter_digit_seconds=given.inter_digit_seconds,
        retries=given.retries,
        options=tuple(steps.Option(digits=one.digits, next=one.next) for one in given.options),
        next=given.next,
        no_input=given.no_input,
        no_match=given.no_match,
        variable=given.variable,
    )


def _read_sounds(given: list[FlowSoundInput]) -> tuple[steps.Sound, ...]:
    return tuple(_read_sound(one) for one in given)


def _read_sound(given: FlowSoundInput) -> steps.Sound:
    if one := given.speech:
        return steps.PlaySpeech(text=one.text, voice=one.voice, language=one.language_code)
    if given.audio_file_id:
        return steps.PlayFile(audio_file_id=given.audio_file_id)
    if given.digits:
        return steps.PlayDigits(digits=given.digits)
    if tone := given.tone:
        return steps.PlayTone(tone=tone.tone, seconds=tone.seconds)
    return steps.PlayInstalled(name=given.installed or "")  # whose name is refused when it is none


def _read_condition(given: FlowConditionInput) -> steps.Condition:
    if time := given.time:
        return steps.TimeIs(
            time_zone=time.time_zone, from_time=time.from_, to_time=time.to, weekdays=tuple(time.weekdays)
        )
    one: Any = given.variable
    return steps.VariableIs(variable=one.variable, one_of=tuple(one.one_of), starts_with=one.starts_with)


def _read_target(given: CallTarget, context: Context) -> steps.Target:
    match read_target(given, context, "target"):
        case targets.ToAgent(id=one):
            return steps.Target(agent_id=one)
        case targets.ToExtension(number=number):
            return steps.Target(extension=number)
        case targets.ToNumber(number=outside):
            return steps.Target(number=outside)
        case targets.ToRingGroup(id=one):
            return steps.Target(ring_group_id=one)
        case targets.ToQueue(id=one):
            return steps.Target(queue_id=one)
        case targets.ToCallFlow(id=one):
            return steps.Target(call_flow_id=one)
        case targets.ToAnnouncement(announcement=announcement):
            return steps.Target(announcement=announcement)
        case targets.ToMediaStream(stream=stream):
            return steps.Target(media_stream=stream)
        case targets.ToDialplan(dialplan=dialplan):
            return steps.Target(dialplan=dialplan)
