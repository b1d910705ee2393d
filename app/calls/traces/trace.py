"""The trace of one live call: the last of what it took, asked, sent and heard, in a ring of a fixed size.

A call's whole life fits in many times over. Of one that goes on and on the oldest lines are dropped, and so that the
rest can still be done again, the snapshot before the first of them is moved on by the machine itself.
"""

import time
from collections import deque
from contextvars import ContextVar
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, TypeAlias

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.model.flow import FlowRun
from app.calls.core.turn import Step
from app.calls.core.verbs import Play, SendDtmf, SendMessage, StartMediaStream
from app.calls.traces.flow_words import with_signs
from app.calls.traces.masking import mask_said
from app.calls.traces.words import FORMAT, CarriedOut, Document, Entry, Exchanged, Header, Heard, Taken, tag
from app.facts.masking import HIDDEN_DIGIT, mask_digits
from app.flows.steps import MediaStream, PlaySpeech
from app.flows.words import BUILT_IN

#: Lines that a trace holds. A call with a transfer and a recording has some 150.
MOST_ENTRIES: Final = 600
_LONGEST_ERROR: Final = 200
#: In place of a text that somebody was written.
_UNREAD: Final = HIDDEN_DIGIT * 4
#: Media that are spoken or pressed digits, and so perhaps a one-time password.
_SPOKEN: Final = ("digits:", "number:", "characters:")


class _Kind(Enum):
    COMMAND = auto()
    REQUEST = auto()
    EVENT = auto()


#: What was noted in passing, which becomes a line when somebody wants it: the kind, the instant, and the rest.
_Noted: TypeAlias = tuple[Any, ...]


class Round:
    """An input that was taken, as it was, and what came of it."""

    __slots__ = ("at", "event", "facts", "instant", "now", "problems", "raised", "requests")

    def __init__(self, instant: float, event: Input, now: datetime, at: datetime) -> None:
        self.instant = instant
        self.event = event
        self.now = now
        self.at = at
        self.facts: tuple[int, int] | None = None
        self.requests: tuple[Command, ...] = ()
        self.problems: tuple[str, ...] = ()
        self.raised: str | None = None


class Trace:
    """Kept by a call's actor, in its own task alone."""

    __slots__ = ("_after", "_before", "_began", "_began_at", "_dropped", "_entries", "_size", "_version")

    def __init__(self, call: Call, began_at: datetime, *, version: str, size: int = MOST_ENTRIES) -> None:
        self._before = self._after = call
        self._version = version
        self._began_at = began_at
        self._began = time.perf_counter()
        self._size = size
        self._dropped = 0
        self._entries: deque[Round | _Noted] = deque()

    def take(self, event: Input, now: datetime, at: datetime) -> None:
        """An input is about to be taken."""
        self._add(Round(time.perf_counter(), event, now, at))

    def come_of(self, result: Step) -> None:
        """What came of the input that was taken last."""
        latest = self._latest
        if latest is None:
            return
        self._after = result.call
        if result.happenings:
            latest.facts = (result.happenings[0].sequence, result.happenings[-1].sequence)
        latest.requests = result.commands
        if result.problems:
            latest.problems = tuple(problem.code for problem in result.problems)

    def fail(self, error: Exception) -> None:
        """The actor failed; should it have been the machine, doing it again fails in the same way."""
        if (latest := self._latest) is not None:
            latest.raised = type(error).__name__

    def carry_out(self, command: Command) -> None:
        """A command is about to be carried out."""
        self._add((_Kind.COMMAND, time.perf_counter(), type(command).__name__))

    def note_exchange(self, operation: str, status: int | None, seconds: float, error: str | None) -> None:
        """A request has been answered, or has not."""
        self._add((_Kind.REQUEST, time.perf_counter() - seconds, operation, status, seconds, error))

    def hear(self, event_type: str, timestamp: datetime | None) -> None:
        """An event has come."""
        self._add((_Kind.EVENT, time.perf_counter(), event_type, timestamp))

    def document(self) -> Document:
        """All of it, up to the call as the machine left it last, with every digit hidden."""
        header = Header(
            format=FORMAT,
            call_id=self._after.id,
            node=self._after.node,
            version=self._version,
            began_at=self._began_at,
            dropped=self._dropped,
            masked=("digits",),
        )
        return Document(
            header=header,
            before=_without_digits(self._before),
            after=_without_digits(self._after),
            entries=tuple(self._write(entry) for entry in self._entries),
        )

    @property
    def _latest(self) -> Round | None:
        return next((entry for entry in reversed(self._entries) if isinstance(entry, Round)), None)

    def _ms(self, instant: float) -> float:
        return round(1000 * (instant - self._began), 3)

    def _write(self, entry: Round | _Noted) -> Entry:
        match entry:
            case Round():
                return _written(entry, self._ms(entry.instant))
            case (_Kind.COMMAND, instant, name):
                return CarriedOut(ms=self._ms(instant), command=name)
            case (_Kind.EVENT, instant, event_type, timestamp):
                return Heard(ms=self._ms(instant), type=event_type, timestamp=timestamp)
            case (_Kind.REQUEST, instant, operation, status, seconds, error):
                return Exchanged(
                    ms=self._ms(instant),
                    operation=operation,
                    status=status,
                    latency_ms=round(1000 * seconds, 3),
                    error=None if error is None else error[:_LONGEST_ERROR],
                )
            case _:
                raise ValueError(entry)

    def _add(self, entry: Round | _Noted) -> None:
        if len(self._entries) >= self._size:
            oldest = self._entries.popleft()
            self._dropped += 1
            if isinstance(oldest, Round):
                self._before = step(self._before, oldest.event, oldest.now, at=oldest.at).call
        self._entries.append(entry)


_current: Final[ContextVar[Trace | None]] = ContextVar("trace", default=None)


def follow(trace: Trace | None) -> None:
    """From here on, the requests of this task (and of those it begins) belong to this trace."""
    _current.set(trace)


def note_exchange(operation: str, status: int | None, seconds: float, error: str | None) -> None:
    """A request to Asterisk came to its end: put it down to the call in whose task it was made."""
    trace = _current.get()
    if trace is not None:
        trace.note_exchange(operation, status, seconds, error)


def _written(entry: Round, ms: float) -> Taken:
    return Taken(
        ms=ms,
        now=entry.now,
        at=entry.at,
        input=tag(_hide_in_input(entry.event)),
        facts=entry.facts,
        commands=tuple(tag(_hide_in_command(command)) for command in entry.requests),
        problems=entry.problems,
        raised=entry.raised,
    )


def _without_digits(call: Call) -> Call:
    call = msgspec.structs.replace(call, dtmf=mask_digits(call.dtmf)) if call.dtmf else call
    if call.softphone_message is not None:
        call = msgspec.structs.replace(call, softphone_message=_UNREAD)
    if call.answers:
        answers = tuple(msgspec.structs.replace(one, held=mask_said(one.held)) for one in call.answers)
        call = msgspec.structs.replace(call, answers=answers)
    if call.transfer is not None and call.transfer.flow is not None:
        transfer = msgspec.structs.replace(call.transfer, flow=_hide_in_flow(call.transfer.flow))
        call = msgspec.structs.replace(call, transfer=transfer)
    flow, next_flow = _hide_in_flow(call.flow), _hide_in_flow(call.next_flow)
    is_same = flow is call.flow and next_flow is call.next_flow
    return call if is_same else msgspec.structs.replace(call, flow=flow, next_flow=next_flow)


def _hide_in_flow(flow: FlowRun | None) -> FlowRun | None:
    """What was pressed for a flow, what it waits to be pressed, and what it would tell programs."""
    if flow is None:
        return None
    variables = tuple(
        one if one.name in BUILT_IN else msgspec.structs.replace(one, held=mask_said(one.held))
        for one in flow.variables
    )
    media = tuple((hide_media(words), seconds) for words, seconds in flow.media)
    steps = tuple(_hide_stream(step) if isinstance(step, MediaStream) else step for step in flow.steps)
    flow = msgspec.structs.replace(flow, digits=mask_digits(flow.digits), variables=variables, media=media, steps=steps)
    return with_signs(msgspec.structs.replace(flow, then_flow=_hide_in_flow(flow.then_flow)))


def _hide_in_input(event: Input) -> Input:
    match event:
        case inputs.DtmfReceived():
            return msgspec.structs.replace(event, digit=mask_digits(event.digit))
        case inputs.PromptReady():
            return msgspec.structs.replace(event, media=tuple(hide_media(one) for one in event.media))
        case inputs.TransferRequested() | inputs.TargetFound() | inputs.OverflowChosen():
            return msgspec.structs.replace(event, flow=_hide_in_flow(event.flow)) if event.flow else event
        case inputs.CommandFailed():
            hidden = _hide_in_command(event.command)
            return event if hidden is event.command else msgspec.structs.replace(event, command=hidden)
        case inputs.Requested(verb=StartMediaStream() as verb):
            return msgspec.structs.replace(event, verb=_hide_stream(verb))
        case inputs.Requested(verb=SendMessage() as verb):
            return msgspec.structs.replace(event, verb=msgspec.structs.replace(verb, message_text=_UNREAD))
        case inputs.Requested(verb=SendDtmf() | Play() as verb):
            return msgspec.structs.replace(event, verb=_hide(verb))
        case _:
            return event


def _hide_in_command(command: Command) -> Command:
    match command:
        case commands.SendDigits() | commands.StartPlayback():
            hidden: Command = _hide(command)
            return hidden
        case commands.SendText():
            return msgspec.structs.replace(command, message_text=_UNREAD)
        case commands.PressInStream():
            return msgspec.structs.replace(command, digit=mask_digits(command.digit))
        case commands.OpenStream():
            opening: Command = _hide_stream(command)
            return opening
        case commands.PreparePrompt():
            sounds = tuple(
                msgspec.structs.replace(one, text=mask_said(one.text)) if isinstance(one, PlaySpeech) else one
                for one in command.sounds
            )
            return msgspec.structs.replace(command, sounds=sounds)
        case _:
            return command


def _hide(holder: Any) -> Any:
    if hasattr(holder, "digits"):
        return msgspec.structs.replace(holder, digits=mask_digits(holder.digits))
    return msgspec.structs.replace(holder, media=tuple(hide_media(one) for one in holder.media))


def _hide_stream(holder: Any) -> Any:
    """The address of a program may hold a credential, and what it is told is between it and the account."""
    parameters = tuple(msgspec.structs.replace(one, value=HIDDEN_DIGIT * 4) for one in holder.parameters)
    return msgspec.structs.replace(holder, url=holder.url.partition("?")[0], parameters=parameters)


def hide_media(media: str) -> str:
    """Media as Asterisk takes it, without what it would speak: ``digits:1234`` as ``digits:xxxx``."""
    scheme, colon, rest = media.partition(":")
    if rest.startswith(("http://", "https://")):
        # The address is a credential, and what it leads to may be a one-time password.
        return f"{scheme}{colon}{rest.partition(':')[0]}://xxxx"
    return scheme + colon + mask_digits(rest) if scheme + colon in _SPOKEN else media
