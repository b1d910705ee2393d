"""Announcements, talks with programs, and hand-overs to the dialplan as what they are to the machine: steps. Pure."""

import re
from typing import Final

from app.errors import Problem
from app.flows import limits
from app.flows.check_parts import can_be_said, check_stream
from app.flows.steps import (
    Announcement,
    Dialplan,
    DialplanTarget,
    FilledTemplate,
    Flow,
    HangUp,
    MediaStream,
    Play,
    PlaySilence,
    PlaySpeech,
    Sound,
    StreamTarget,
)

__all__ = [
    "Announcement",
    "DialplanTarget",
    "FilledTemplate",
    "StreamTarget",
    "announcing",
    "check_announcement",
    "check_dialplan",
    "check_stream_target",
    "handing_over",
    "is_context",
    "streaming",
]

_SAY: Final = "say"
_BYE: Final = "bye"
_TALK: Final = "talk"
_CONTEXT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,78}")
_EXTENSION: Final = re.compile(r"[A-Za-z0-9+*#_.-]{1,79}")
#: Contexts of the service's own dialplan, in which a channel is not a customer's.
_OWN: Final = ("offhook", "sandbox")


def announcing(announcement: Announcement) -> Flow:
    """The announcement as steps: said so many times, with silence between; then it is hung up."""
    sounds: tuple[Sound, ...] = (announcement.sound,)
    if announcement.repeat > 1:
        pause = (PlaySilence(seconds=announcement.pause_seconds),) if announcement.pause_seconds else ()
        sounds += (announcement.repeat - 1) * (*pause, announcement.sound)
    return Flow(start=_SAY, steps=(Play(name=_SAY, sounds=sounds, next=_BYE), HangUp(name=_BYE)))


def streaming(target: StreamTarget) -> Flow:
    """The talk with a program as a step; once it is over it is hung up."""
    return Flow(start=_TALK, steps=(_talk(target),))


def check_announcement(announcement: Announcement, *field: str) -> list[Problem]:
    """What can be told from it alone. Whether it can be spoken is the business of `app.speech`."""
    problems = []
    sound = announcement.sound
    if isinstance(sound, PlaySpeech) and bool(sound.text) is (sound.template is not None):
        problems.append(Problem("REQUIRED", "Give a text, a template or a sound file, one of them.", field))
    if isinstance(sound, PlaySpeech) and not can_be_said(sound.text, longest=limits.LONGEST_ANNOUNCEMENT):
        message = f"Give at most {limits.LONGEST_ANNOUNCEMENT} characters that can be said."
        problems.append(Problem("INVALID_INPUT", message, (*field, "text")))
    if not 1 <= announcement.repeat <= limits.MOST_REPEATS:
        message = f"It is said 1 to {limits.MOST_REPEATS} times."
        problems.append(Problem("INVALID_INPUT", message, (*field, "repeat")))
    pause = announcement.pause_seconds
    if pause != 0 and not limits.SHORTEST_PAUSE_SECONDS <= pause <= limits.LONGEST_PAUSE_SECONDS:
        message = f"Give 0, or {limits.SHORTEST_PAUSE_SECONDS:g} to {limits.LONGEST_PAUSE_SECONDS:g} seconds."
        problems.append(Problem("INVALID_INPUT", message, (*field, "pauseSeconds")))
    return problems


def check_stream_target(target: StreamTarget, *field: str) -> list[Problem]:
    """Likewise; whether the account allows the URL is the business of `app.media`."""
    return check_stream(_talk(target), field)


def _talk(target: StreamTarget) -> MediaStream:
    return MediaStream(name=_TALK, url=target.url, sample_rate=target.sample_rate, parameters=target.parameters)


def handing_over(target: DialplanTarget) -> Flow:
    """The hand-over to the dialplan as a step."""
    return Flow(start=_TALK, steps=(Dialplan(name=_TALK, context=target.context, extension=target.extension),))


def is_context(name: str) -> bool:
    """Whether a context of the operator's may be called so."""
    return _CONTEXT.fullmatch(name) is not None and not name.startswith(_OWN)


def check_dialplan(target: DialplanTarget, *field: str) -> list[Problem]:
    """Whether there can be such a place; whether calls may go there, the operator's setting says."""
    problems = []
    if not is_context(target.context):
        problems.append(
            Problem("DIALPLAN_NOT_ALLOWED", "This is no context that calls may go to.", (*field, "context"))
        )
    if _EXTENSION.fullmatch(target.extension) is None:
        message = "Give 1 to 79 letters, digits, and + * # _ . -."
        problems.append(Problem("INVALID_INPUT", message, (*field, "extension")))
    return problems
