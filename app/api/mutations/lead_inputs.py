"""What leads a customer who talks to nobody, as it is given: announcements, programs, and the voices they have."""

from typing import Final

import strawberry

from app.calls import texts as call_texts
from app.facts.vocabulary import Pair
from app.flows import limits
from app.flows.steps import Announcement, FilledTemplate, PlayFile, PlaySpeech, StreamTarget
from app.media.asterisk_media import SAMPLE_RATES
from app.media.model import MOST_PARAMETERS
from app.speech import model, texts
from app.speech.words import EngineType, Pitch, Rate, Volume

_RATES: Final = " or ".join(str(rate) for rate in SAMPLE_RATES)


@strawberry.input(
    description="How a text is to be spoken. What the voice does not do is refused, never left out in silence."
)
class VoiceInput:
    id: strawberry.ID | None = strawberry.field(
        default=None, description="One of `voices`; when left out, the first that speaks the language."
    )
    language_code: str | None = strawberry.field(
        default=None, description="A BCP 47 tag such as `de-DE`; when left out, the voice's own, or `en-US`."
    )
    engine_type: EngineType = strawberry.field(default=EngineType.STANDARD, description="How speech is made.")
    volume: Volume = strawberry.field(default=Volume.MEDIUM, description="How loud.")
    rate: Rate = strawberry.field(default=Rate.MEDIUM, description="How fast.")
    pitch: Pitch = strawberry.field(
        default=Pitch.MEDIUM, description="How high; Amazon Polly's neural voices take `MEDIUM` only."
    )


@strawberry.input(description="A value for a template's field.")
class FieldValueInput:
    name: str = strawberry.field(description="The field.")
    value: str = strawberry.field(description=f"1 to {texts.LONGEST_VALUE} characters of plain text.")


@strawberry.input(description="One of your own words to the program, told in `start`.")
class MediaStreamParameterInput:
    name: str = strawberry.field(description=f"The name: 1 to {call_texts.LONGEST_PAIR_KEY} characters.")
    value: str = strawberry.field(description=f"The value: at most {call_texts.LONGEST_PAIR_VALUE} characters.")


@strawberry.input(
    description="Something that is said to the customer alone; then the call ends. Give exactly one of `text`, "
    "`templateId` and `audioFileId`."
)
class AnnouncementInput:
    text: str | None = strawberry.field(
        default=None, description=f"A text: 1 to {texts.LONGEST_TEXT} characters of plain text; SSML is not taken."
    )
    template_id: strawberry.ID | None = strawberry.field(default=None, description="An announcement template.")
    fields: list[FieldValueInput] = strawberry.field(
        default_factory=list, description="With `templateId`: a value for each of its fields."
    )
    audio_file_id: strawberry.ID | None = strawberry.field(
        default=None, description="One of the account's sound files."
    )
    voice: VoiceInput | None = strawberry.field(
        default=None,
        description="How it is spoken; when left out, as the template says, or as the first voice for `en-US` does.",
    )
    repeat: int = strawberry.field(default=1, description=f"How often it is said in all: 1 to {limits.MOST_REPEATS}.")
    pause_seconds: float = strawberry.field(
        default=1.0,
        description="The silence between two times: 0, or "
        f"{limits.SHORTEST_PAUSE_SECONDS:g} to {limits.LONGEST_PAUSE_SECONDS:g} seconds.",
    )


@strawberry.input(description="A program that talks to the customer alone; when it is done, the call ends.")
class MediaStreamTargetInput:
    url: str = strawberry.field(
        description="Where the program is, `wss://…`: one of the account's media endpoints, or below one."
    )
    sample_rate: int = strawberry.field(
        default=SAMPLE_RATES[0], description=f"Samples a second, both ways: {_RATES}; 16 bit, one channel."
    )
    parameters: list[MediaStreamParameterInput] = strawberry.field(
        default_factory=list, description=f"Your own words to the program: at most {MOST_PARAMETERS}."
    )


@strawberry.input(description="A place in the dialplan of the operator's own Asterisk, which takes the customer over.")
class DialplanTargetInput:
    context: str = strawberry.field(
        description="The context: one that the server's setting `OFFHOOK_DIALPLAN_CONTEXTS` (none) lists."
    )
    extension: str = strawberry.field(description="The extension in it, at priority 1.")


def read_voice(given: VoiceInput) -> model.VoiceSettings:
    """An input's voice as the domain has it."""
    return model.VoiceSettings(
        voice=given.id,
        language=given.language_code,
        engine_type=given.engine_type,
        volume=given.volume,
        rate=given.rate,
        pitch=given.pitch,
    )


def read_announcement(given: AnnouncementInput) -> Announcement:
    """The announcement. When none or several things are to be said it says nothing, which is refused further on."""
    template = None
    if given.template_id is not None:
        fields = tuple(Pair(key=one.name, value=one.value) for one in given.fields)
        template = FilledTemplate(template_id=given.template_id, fields=fields)
    sound: PlaySpeech | PlayFile
    if given.audio_file_id is not None and given.text is None and template is None:
        sound = PlayFile(audio_file_id=given.audio_file_id)
    elif given.audio_file_id is not None:
        sound = PlaySpeech(text="")
    else:
        voice = given.voice
        sound = PlaySpeech(
            text=given.text or "",
            template=template,
            is_literal=True,
            voice=None if voice is None else voice.id,
            language=None if voice is None else voice.language_code,
            engine_type=None if voice is None else voice.engine_type.value,
            volume=None if voice is None else voice.volume.value,
            rate=None if voice is None else voice.rate.value,
            pitch=None if voice is None else voice.pitch.value,
        )
    return Announcement(sound=sound, repeat=given.repeat, pause_seconds=given.pause_seconds)


def read_stream_target(given: MediaStreamTargetInput) -> StreamTarget:
    """The program."""
    parameters = tuple(Pair(key=one.name, value=one.value) for one in given.parameters)
    return StreamTarget(url=given.url, sample_rate=given.sample_rate, parameters=parameters)
