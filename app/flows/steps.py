"""The steps of a call flow: one closed union, as stored, as checked and as run.

A flow is a list of named steps. Each names the steps that may come after it; the first is ``Flow.start``. What is left
out when stored has its default, so the default of a field that exists must never change.
"""

from typing import TypeAlias

import msgspec

from app.facts.vocabulary import Pair, Tone, Words
from app.hours.week import Weekday


class Stored(Words, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Base of whatever is one of several kinds."""


class Target(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Whom to reach, as `app.routing.targets` reads it: exactly one is set. ``number`` is E.164."""

    agent_id: str | None = None
    extension: str | None = None
    number: str | None = None
    ring_group_id: str | None = None
    queue_id: str | None = None
    call_flow_id: str | None = None
    announcement: "Announcement | None" = None
    media_stream: "StreamTarget | None" = None
    dialplan: "DialplanTarget | None" = None


class PlayTone(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="tone"):
    """A tone, for ``seconds``; a beep is as long as it is."""

    tone: Tone
    seconds: float = 2.0


class PlayInstalled(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="installed"):
    """One of the sounds installed with the Asterisk."""

    name: str


class PlayDigits(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="digits"):
    """Digits, read out one by one."""

    digits: str


class PlayFile(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="file"):
    """One of the account's audio files."""

    audio_file_id: str


class PlaySilence(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="silence"):
    """Nothing, for ``seconds``."""

    seconds: float


class FilledTemplate(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One of the account's announcement templates, and what stands in its fields: texts by the fields' names."""

    template_id: str
    fields: tuple[Pair, ...] = ()


class PlaySpeech(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="speech"):
    """A text, spoken. ``{name}`` in it stands for a variable, unless it ``is_literal``.

    A voice of None is the server's for the language. What is None of ``engine_type``, ``volume``, ``rate``, ``pitch``
    (the words of `app.speech.words`) is as it is with most texts. Instead of the ``text`` there may be a ``template``,
    which has a voice of its own.
    """

    text: str
    voice: str | None = None
    language: str | None = None
    engine_type: str | None = None
    volume: str | None = None
    rate: str | None = None
    pitch: str | None = None
    template: FilledTemplate | None = None
    is_literal: bool = False


class PlaySecret(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="secret"):
    """A one-time password's announcement, by its id; what is said stands nowhere in the call. No kept flow has it."""

    secret_id: str


Sound: TypeAlias = PlayTone | PlayInstalled | PlayDigits | PlayFile | PlaySpeech | PlaySilence | PlaySecret


class Announcement(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a customer hears alone, ``repeat`` times with ``pause_seconds`` between; then it is over."""

    sound: PlaySpeech | PlayFile
    repeat: int = 1
    pause_seconds: float = 1.0


class StreamTarget(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A program that a customer talks to alone, until it is done; then it is over."""

    url: str
    sample_rate: int = 8000
    parameters: tuple[Pair, ...] = ()


class DialplanTarget(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A place in the dialplan of the operator's Asterisk, which takes a customer over."""

    context: str
    extension: str


class VariableIs(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="variable"):
    """The variable is one of these texts, or begins with ``starts_with``, or (neither given) is not empty."""

    variable: str
    one_of: tuple[str, ...] = ()
    starts_with: str | None = None


class TimeIs(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="time"):
    """The wall clock in ``time_zone`` is in ``[from_time, to_time)`` (``HH:MM``) on one of ``weekdays`` (none: any).

    A range that ends before it begins goes over midnight, and belongs to the day on which it began.
    """

    time_zone: str
    from_time: str = "00:00"
    to_time: str = "24:00"
    weekdays: tuple[Weekday, ...] = ()


Condition: TypeAlias = VariableIs | TimeIs


class Option(Words, frozen=True, kw_only=True):
    """What the caller may press, and the step that it leads to."""

    digits: str
    next: str


class Case(Words, frozen=True, kw_only=True):
    """The step that comes next when the condition holds."""

    condition: Condition
    next: str


class Speak(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="speak"):
    """Say a text. ``failed``: the step instead of ``next`` when it could not be said; None goes on as if it had."""

    name: str
    speech: PlaySpeech
    next: str
    failed: str | None = None


class Play(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="play"):
    """Play sounds, one after the other. ``failed`` as for :class:`Speak`."""

    name: str
    sounds: tuple[Sound, ...]
    next: str
    failed: str | None = None


class Gather(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="gather"):
    """Ask for digits, which the first one pressed ends the prompt for.

    All are in with the ``terminator`` (not part of them), with ``max_digits`` of them, or ``inter_digit_seconds`` after
    the last. They fit when there are ``min_digits`` and one of ``options`` has them, or ``next`` takes all others.
    Digits that do not fit, and none within ``first_digit_seconds``, are asked for again, ``retries`` times in all.
    """

    name: str
    no_input: str
    prompt: tuple[Sound, ...] = ()
    min_digits: int = 1
    max_digits: int = 1
    terminator: str | None = "#"
    first_digit_seconds: float = 5.0
    inter_digit_seconds: float = 3.0
    retries: int = 2
    options: tuple[Option, ...] = ()
    next: str | None = None
    no_match: str | None = None
    variable: str | None = None


class Branch(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="branch"):
    """Go on with the first case whose condition holds."""

    name: str
    cases: tuple[Case, ...]
    otherwise: str


class Record(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="record"):
    """Record what the caller says, until it presses ``ends_on``, is silent, or has said enough.

    ``no_message``: the step instead of ``next`` when nothing was said.
    """

    name: str
    next: str
    max_seconds: float = 120.0
    silence_seconds: float | None = 5.0
    ends_on: str | None = "#"
    has_beep: bool = True
    no_message: str | None = None


class Transfer(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="transfer"):
    """Ring somebody for the caller. ``failed``: the step when nobody was had; None ends the call."""

    name: str
    target: Target
    ring_seconds: float | None = None
    with_music: bool = False
    failed: str | None = None


class Enqueue(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="queue"):
    """Let the caller wait in a queue. ``failed``: the step when there is no such queue any more; None ends the call."""

    name: str
    queue_id: str
    priority: int = 0
    failed: str | None = None


class Voicemail(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="voicemail"):
    """Take a message: greeting, beep, message. Ends the call where ``next`` is None."""

    name: str
    greeting: tuple[Sound, ...] = ()
    max_seconds: float = 180.0
    silence_seconds: float | None = 10.0
    ends_on: str | None = "#"
    next: str | None = None


class MediaStream(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="mediaStream"):
    """Let a program talk to the caller over a websocket, until it is done. ``variable`` keeps its word for how it went;
    ``failed`` is where it goes on when the program cannot be had.
    """

    name: str
    url: str
    next: str | None = None
    failed: str | None = None
    variable: str | None = None
    sample_rate: int = 8000
    parameters: tuple[Pair, ...] = ()


class Dialplan(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="dialplan"):
    """Hand the caller to the operator's own dialplan. No kept flow has it: it stands for a target alone."""

    name: str
    context: str
    extension: str


class HangUp(Stored, frozen=True, kw_only=True, omit_defaults=True, tag="hangUp"):
    """End the call."""

    name: str


Step: TypeAlias = (
    Speak | Play | Gather | Branch | Record | Transfer | Enqueue | Voicemail | MediaStream | Dialplan | HangUp
)


class Flow(Words, frozen=True, kw_only=True, omit_defaults=True):
    """What one version of a call flow says: where it begins, and all its steps.

    ``fields`` are variables that are set before it begins: in a campaign to the contact's. Elsewhere they are empty.
    """

    start: str
    steps: tuple[Step, ...]
    fields: tuple[str, ...] = ()

    def step(self, name: str) -> Step | None:
        """The step of this name."""
        return next((one for one in self.steps if one.name == name), None)


_DECODER = msgspec.json.Decoder(Flow)


def flow_as_json(flow: Flow) -> str:
    """What is stored."""
    return msgspec.json.encode(flow).decode()


def flow_from_json(stored: str | bytes) -> Flow:
    """What was stored.

    Raises:
        msgspec.ValidationError: it is no flow.
    """
    return _DECODER.decode(stored)


def kind_of_step(step: Step) -> str:
    """The step's kind in one word, as stored."""
    kind = step.__struct_config__.tag
    assert isinstance(kind, str)  # every step above has one
    return kind


def sounds_of(step: Step) -> tuple[Sound, ...]:
    """What a step says or plays first."""
    match step:
        case Speak(speech=speech):
            return (speech,)
        case Play(sounds=sounds):
            return sounds
        case Gather(prompt=prompt):
            return prompt
        case Voicemail(greeting=greeting):
            return (*greeting, PlayTone(tone=Tone.BEEP))
        case Record(has_beep=True):
            return (PlayTone(tone=Tone.BEEP),)
        case _:
            return ()


def target_of(step: Step) -> Target | None:
    """Whom a step leads to outside the flow."""
    match step:
        case Transfer(target=target):
            return target
        case Enqueue(queue_id=queue_id):
            return Target(queue_id=queue_id)
        case _:
            return None
