"""Call flows and their steps, as they are shown."""

from datetime import datetime
from typing import Any, Self, assert_never

import strawberry

from app.api.types.call_target import MediaStreamParameter, RoutingTarget
from app.api.types.node import Node
from app.facts.masking import Sight
from app.facts.vocabulary import Tone
from app.flows import steps
from app.hours.week import Weekday
from app.routing import model
from app.routing.flows import call_target_of


@strawberry.type(description="Something that a caller hears: one of these, with what belongs to it; the rest is null.")
class FlowSound:
    text: str | None = strawberry.field(default=None, description="A text that is spoken.")
    voice: str | None = strawberry.field(default=None, description="Its voice; null is the first for the language.")
    language_code: str | None = strawberry.field(default=None, description="Its language.")
    audio_file_id: strawberry.ID | None = strawberry.field(default=None, description="A sound file.")
    installed: str | None = strawberry.field(default=None, description="A sound installed with the Asterisk.")
    digits: str | None = strawberry.field(default=None, description="Digits that are read out.")
    tone: Tone | None = strawberry.field(default=None, description="A tone.")
    seconds: float | None = strawberry.field(default=None, description="For how long the tone, or silence, lasts.")

    @classmethod
    def of(cls, sound: steps.Sound) -> Self:
        match sound:
            case steps.PlaySpeech():
                return cls(text=sound.text, voice=sound.voice, language_code=sound.language)
            case steps.PlayFile():
                return cls(audio_file_id=strawberry.ID(sound.audio_file_id))
            case steps.PlayInstalled():
                return cls(installed=sound.name)
            case steps.PlayDigits():
                return cls(digits=sound.digits)
            case steps.PlaySecret():
                return cls()  # no kept flow has one
            case steps.PlaySilence():
                return cls(seconds=sound.seconds)
            case steps.PlayTone():
                return cls(tone=sound.tone, seconds=None if sound.tone is Tone.BEEP else sound.seconds)
            case _:
                assert_never(sound)

    @classmethod
    def of_all(cls, sounds: tuple[steps.Sound, ...]) -> list[Self]:
        return [cls.of(one) for one in sounds]


@strawberry.interface(description="A step of a call flow.")
class CallFlowStep:
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="Says a text.")
class SpeakStep(CallFlowStep):
    speech: FlowSound = strawberry.field(description="The text.")
    next: str | None = strawberry.field(description="The step after it.")
    failed: str | None = strawberry.field(description="The step instead, when it could not be said.")


@strawberry.type(description="Plays sounds.")
class PlayStep(CallFlowStep):
    sounds: list[FlowSound] = strawberry.field(description="One after the other.")
    next: str | None = strawberry.field(description="The step after it.")
    failed: str | None = strawberry.field(description="The step instead, when one could not be played.")


@strawberry.type(description="What a caller may press.")
class GatherOption:
    digits: str = strawberry.field(description="The digits.")
    next: str = strawberry.field(description="The step that they lead to.")


@strawberry.type(description="Asks for digits.")
class GatherStep(CallFlowStep):
    prompt: list[FlowSound] = strawberry.field(description="What is said first.")
    min_digits: int = strawberry.field(description="The least.")
    max_digits: int = strawberry.field(description="The most.")
    terminator: str | None = strawberry.field(description="The key that ends the input.")
    first_digit_seconds: float = strawberry.field(description="How long the first may take.")
    inter_digit_seconds: float = strawberry.field(description="How long each next one may take.")
    retries: int = strawberry.field(description="How often it asks again.")
    options: list[GatherOption] = strawberry.field(description="What may be pressed.")
    next: str | None = strawberry.field(description="The step for all other digits.")
    no_input: str = strawberry.field(description="The step when nothing was pressed.")
    no_match: str | None = strawberry.field(description="The step when nothing fits; null is `noInput`.")
    variable: str | None = strawberry.field(description="The variable that keeps them.")


@strawberry.type(description="A condition: of a variable, or of the time. What does not belong to its kind is null.")
class FlowCondition:
    variable: str | None = strawberry.field(default=None, description="The variable.")
    one_of: list[str] | None = strawberry.field(default=None, description="It is one of these.")
    starts_with: str | None = strawberry.field(default=None, description="It begins so.")
    time_zone: str | None = strawberry.field(default=None, description="The time zone.")
    from_: str | None = strawberry.field(default=None, name="from", description="From this time on, `HH:MM`.")
    to: str | None = strawberry.field(default=None, description="Until this time, `HH:MM`.")
    weekdays: list[Weekday] | None = strawberry.field(default=None, description="On these days; none is every day.")

    @classmethod
    def of(cls, condition: steps.Condition) -> Self:
        match condition:
            case steps.VariableIs():
                return cls(
                    variable=condition.variable, one_of=list(condition.one_of), starts_with=condition.starts_with
                )
            case steps.TimeIs():
                return cls(
                    time_zone=condition.time_zone,
                    from_=condition.from_time,
                    to=condition.to_time,
                    weekdays=list(condition.weekdays),
                )
            case _:
                assert_never(condition)


@strawberry.type(description="A way that a branch may take.")
class BranchCase:
    when: FlowCondition = strawberry.field(description="When this holds.")
    next: str = strawberry.field(description="The step that comes then.")


@strawberry.type(description="Goes on with the first case whose condition holds.")
class BranchStep(CallFlowStep):
    cases: list[BranchCase] = strawberry.field(description="In order.")
    otherwise: str = strawberry.field(description="The step when none holds.")


@strawberry.type(description="Records what the caller says.")
class RecordStep(CallFlowStep):
    max_seconds: float = strawberry.field(description="How long at most.")
    silence_seconds: float | None = strawberry.field(description="How much silence ends it.")
    ends_on: str | None = strawberry.field(description="The key that ends it.")
    beep: bool = strawberry.field(description="A beep comes before it.")
    next: str | None = strawberry.field(description="The step after it.")
    no_message: str | None = strawberry.field(description="The step instead, when nothing was said.")


@strawberry.type(description="Rings somebody for the caller.")
class TransferStep(CallFlowStep):
    target: RoutingTarget = strawberry.field(description="Whom.")
    ring_seconds: float | None = strawberry.field(description="How long each phone rings.")
    music: bool = strawberry.field(description="The caller hears music meanwhile.")
    failed: str | None = strawberry.field(description="The step when nobody was had; null ends the call.")


@strawberry.type(description="Lets the caller wait in a queue.")
class QueueStep(CallFlowStep):
    queue_id: strawberry.ID = strawberry.field(description="The queue.")
    priority: int = strawberry.field(description="The caller's priority: the highest in the queue goes first.")
    failed: str | None = strawberry.field(description="The step when there is no such queue; null ends the call.")


@strawberry.type(description="Takes a message.")
class VoicemailStep(CallFlowStep):
    greeting: list[FlowSound] = strawberry.field(description="What is said first.")
    max_seconds: float = strawberry.field(description="How long at most.")
    silence_seconds: float | None = strawberry.field(description="How much silence ends it.")
    ends_on: str | None = strawberry.field(description="The key that ends it.")
    next: str | None = strawberry.field(description="The step after it; null ends the call.")


@strawberry.type(description="Lets a program talk to the caller over a websocket.")
class MediaStreamStep(CallFlowStep):
    url: str = strawberry.field(description="Where the program is.")
    sample_rate: int = strawberry.field(description="Samples a second, both ways.")
    parameters: list[MediaStreamParameter] = strawberry.field(description="Your own words to the program.")
    next: str | None = strawberry.field(description="The step after it; null ends the call.")
    failed: str | None = strawberry.field(description="The step when it could not be had; null is `next`.")
    variable: str | None = strawberry.field(description="The variable that keeps its word for how it went.")


@strawberry.type(description="Ends the call.")
class HangUpStep(CallFlowStep):
    pass


STEP_TYPES: tuple[type[CallFlowStep], ...] = (
    SpeakStep,
    PlayStep,
    GatherStep,
    BranchStep,
    RecordStep,
    TransferStep,
    QueueStep,
    VoicemailStep,
    MediaStreamStep,
    HangUpStep,
)


def step_of(step: steps.Step, sight: Sight) -> CallFlowStep:
    """A step as it is shown."""
    match step:
        case steps.Speak():
            return SpeakStep(name=step.name, speech=FlowSound.of(step.speech), next=step.next, failed=step.failed)
        case steps.Play():
            return PlayStep(name=step.name, sounds=FlowSound.of_all(step.sounds), next=step.next, failed=step.failed)
        case steps.Gather():
            return GatherStep(
                **_same(step, GatherStep, "prompt", "options"),
                prompt=FlowSound.of_all(step.prompt),
                options=[GatherOption(digits=one.digits, next=one.next) for one in step.options],
            )
        case steps.Branch():
            cases = [BranchCase(when=FlowCondition.of(one.condition), next=one.next) for one in step.cases]
            return BranchStep(name=step.name, cases=cases, otherwise=step.otherwise)
        case steps.Record():
            return RecordStep(**_same(step, RecordStep, "beep"), beep=step.has_beep)
        case steps.Transfer():
            target = RoutingTarget.of(call_target_of(step.target), sight)
            return TransferStep(**_same(step, TransferStep, "target", "music"), target=target, music=step.with_music)
        case steps.Enqueue():
            return QueueStep(**_same(step, QueueStep))
        case steps.Voicemail():
            return VoicemailStep(**_same(step, VoicemailStep, "greeting"), greeting=FlowSound.of_all(step.greeting))
        case steps.MediaStream():
            given = [MediaStreamParameter(name=one.key, value=one.value) for one in step.parameters]
            return MediaStreamStep(**_same(step, MediaStreamStep, "parameters"), parameters=given)
        case steps.HangUp():
            return HangUpStep(name=step.name)
        case steps.Dialplan():
            raise ValueError("no kept flow leads into the dialplan")  # a mistake of ours
        case _:
            assert_never(step)


def _same(step: steps.Step, kind: Any, *others: str) -> dict[str, Any]:
    """The fields that have the same name and form here and there."""
    return {name: getattr(step, name) for name in kind.__dataclass_fields__ if name not in others}


@strawberry.type(
    description="What a customer is led through alone: steps that speak, play, ask for digits, record, and lead to "
    "people. Every change makes a new version; a call keeps the one that it began with."
)
class CallFlow(Node):
    name: str = strawberry.field(description="The name.")
    version: int = strawberry.field(description="Its number, from 1.")
    start: str = strawberry.field(description="The first step.")
    steps: list[CallFlowStep] = strawberry.field(description="All steps.")
    fields: list[str] = strawberry.field(description="The variables that are set before the flow begins.")
    created_at: datetime = strawberry.field(description="When the flow was made.")
    updated_at: datetime = strawberry.field(description="When this version was made.")

    @classmethod
    def of(cls, flow: model.CallFlow, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(flow.id),
            name=flow.name,
            version=flow.version,
            start=flow.flow.start,
            steps=[step_of(one, sight) for one in flow.flow.steps],
            fields=list(flow.flow.fields),
            created_at=flow.created_at,
            updated_at=flow.updated_at,
        )
