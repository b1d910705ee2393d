"""Where calls are sent, as it is shown; the input of the same form is ``CallTarget``."""

from enum import StrEnum
from typing import Self, assert_never

import strawberry

from app.api.types.enums.describing import describe
from app.api.types.speech import VoiceSettings
from app.api.types.values import Party
from app.facts.masking import Sight
from app.flows import steps
from app.routing import targets
from app.speech.words import EngineType, Pitch, Rate, Volume


class TargetKind(StrEnum):
    """What a target is."""

    AGENT = "AGENT"
    EXTENSION = "EXTENSION"
    NUMBER = "NUMBER"
    RING_GROUP = "RING_GROUP"
    QUEUE = "QUEUE"
    CALL_FLOW = "CALL_FLOW"
    ANNOUNCEMENT = "ANNOUNCEMENT"
    MEDIA_STREAM = "MEDIA_STREAM"
    DIALPLAN = "DIALPLAN"


describe(
    TargetKind,
    "What a target is. Expect values you do not know: this list grows.",
    {
        "AGENT": "An agent, wherever it sits.",
        "EXTENSION": "One of the account's extensions.",
        "NUMBER": "An outside number.",
        "RING_GROUP": "A ring group.",
        "QUEUE": "A queue.",
        "CALL_FLOW": "A call flow.",
        "ANNOUNCEMENT": "Something that is said to the customer; then the call ends.",
        "MEDIA_STREAM": "A program that talks to the customer; then the call ends.",
        "DIALPLAN": "A place in the operator's own dialplan.",
    },
)


@strawberry.type(description="A value for a template's field.")
class FieldValue:
    name: str = strawberry.field(description="The field.")
    value: str = strawberry.field(description="What stands in it.")


@strawberry.type(description="Something that the customer hears, alone: a text, a template, or a sound file.")
class Announcement:
    text: str | None = strawberry.field(description="The text.")
    template_id: strawberry.ID | None = strawberry.field(description="The announcement template.")
    fields: list[FieldValue] = strawberry.field(description="What stands in the template's fields.")
    audio_file_id: strawberry.ID | None = strawberry.field(description="The sound file.")
    voice: VoiceSettings | None = strawberry.field(description="How it is spoken; null as the template says.")
    repeat: int = strawberry.field(description="How often it is said in all.")
    pause_seconds: float = strawberry.field(description="The silence between two times.")

    @classmethod
    def of(cls, said: steps.Announcement) -> Self:
        sound = said.sound
        if isinstance(sound, steps.PlayFile):
            return cls(
                text=None,
                template_id=None,
                fields=[],
                audio_file_id=strawberry.ID(sound.audio_file_id),
                voice=None,
                repeat=said.repeat,
                pause_seconds=said.pause_seconds,
            )
        template = sound.template
        return cls(
            text=sound.text or None,
            template_id=None if template is None else strawberry.ID(template.template_id),
            fields=[] if template is None else [FieldValue(name=one.key, value=one.value) for one in template.fields],
            audio_file_id=None,
            voice=_voice_of(sound),
            repeat=said.repeat,
            pause_seconds=said.pause_seconds,
        )


@strawberry.type(description="One of your own words to a program.")
class MediaStreamParameter:
    name: str = strawberry.field(description="The name.")
    value: str = strawberry.field(description="The value.")


@strawberry.type(description="A program that talks to the customer, alone.")
class MediaStreamTarget:
    url: str = strawberry.field(description="Where it is.")
    sample_rate: int = strawberry.field(description="Samples a second, both ways.")
    parameters: list[MediaStreamParameter] = strawberry.field(description="Your own words to it.")

    @classmethod
    def of(cls, stream: steps.StreamTarget) -> Self:
        parameters = [MediaStreamParameter(name=one.key, value=one.value) for one in stream.parameters]
        return cls(url=stream.url, sample_rate=stream.sample_rate, parameters=parameters)


@strawberry.type(description="A place in the dialplan of the operator's own Asterisk.")
class DialplanTarget:
    context: str = strawberry.field(description="The context.")
    extension: str = strawberry.field(description="The extension in it.")


def _voice_of(speech: steps.PlaySpeech) -> VoiceSettings | None:
    given = (speech.voice, speech.language, speech.engine_type, speech.volume, speech.rate, speech.pitch)
    if all(one is None for one in given):
        return None
    return VoiceSettings(
        id=None if speech.voice is None else strawberry.ID(speech.voice),
        language_code=speech.language,
        engine_type=EngineType(speech.engine_type or EngineType.STANDARD),
        volume=Volume(speech.volume or Volume.MEDIUM),
        rate=Rate(speech.rate or Rate.MEDIUM),
        pitch=Pitch(speech.pitch or Pitch.MEDIUM),
    )


@strawberry.type(description="Where calls are sent, as it was given to `CallTarget`; `kind` says which field is there.")
class RoutingTarget:
    kind: TargetKind = strawberry.field(description="What it is. The field of that name is there, all others are null.")
    agent_id: strawberry.ID | None = strawberry.field(default=None, description="The agent.")
    extension: str | None = strawberry.field(default=None, description="The extension's number.")
    number: Party | None = strawberry.field(default=None, description="The outside number.")
    ring_group_id: strawberry.ID | None = strawberry.field(default=None, description="The ring group.")
    queue_id: strawberry.ID | None = strawberry.field(default=None, description="The queue.")
    call_flow_id: strawberry.ID | None = strawberry.field(default=None, description="The call flow.")
    announcement: Announcement | None = strawberry.field(default=None, description="The announcement.")
    media_stream: MediaStreamTarget | None = strawberry.field(default=None, description="The program.")
    dialplan: DialplanTarget | None = strawberry.field(default=None, description="The place in the dialplan.")

    @classmethod
    def of(cls, target: targets.CallTarget, sight: Sight) -> Self:
        match target:
            case targets.ToAgent(id=one):
                return cls(kind=TargetKind.AGENT, agent_id=strawberry.ID(one))
            case targets.ToExtension(number=number):
                return cls(kind=TargetKind.EXTENSION, extension=number)
            case targets.ToNumber(number=number):
                return cls(kind=TargetKind.NUMBER, number=Party.of_number(number, sight))
            case targets.ToRingGroup(id=one):
                return cls(kind=TargetKind.RING_GROUP, ring_group_id=strawberry.ID(one))
            case targets.ToQueue(id=one):
                return cls(kind=TargetKind.QUEUE, queue_id=strawberry.ID(one))
            case targets.ToCallFlow(id=one):
                return cls(kind=TargetKind.CALL_FLOW, call_flow_id=strawberry.ID(one))
            case targets.ToAnnouncement(announcement=said):
                return cls(kind=TargetKind.ANNOUNCEMENT, announcement=Announcement.of(said))
            case targets.ToMediaStream(stream=stream):
                return cls(kind=TargetKind.MEDIA_STREAM, media_stream=MediaStreamTarget.of(stream))
            case targets.ToDialplan(dialplan=place):
                dialplan = DialplanTarget(context=place.context, extension=place.extension)
                return cls(kind=TargetKind.DIALPLAN, dialplan=dialplan)
            case _:
                assert_never(target)

    @classmethod
    def of_optional(cls, target: targets.CallTarget | None, sight: Sight) -> Self | None:
        return None if target is None else cls.of(target, sight)
