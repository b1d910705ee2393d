"""Traces as JSON: the lines of one, and inputs and commands that say what they are.

The core's own structs say nothing of their kind: in the code it is their class. Here each gets a twin that is written
with its class's name under ``type``, made from the core's unions, so that what is added to them is here as well.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeAlias, Union, get_args

import msgspec

from app.calls.core import inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.facts.event import Actor
from app.facts.vocabulary import Words

#: Of the file's form; a reader of another number must not guess.
FORMAT: Final = 1


def _twins(kinds: Iterable[type[Any]], **replaced: Any) -> dict[type[Any], type[Any]]:
    return {
        kind: msgspec.defstruct(
            kind.__name__,
            [(name, replaced[name]) for name in kind.__struct_fields__ if name in replaced],
            bases=(kind,),
            frozen=True,
            kw_only=True,
            omit_defaults=True,
            tag_field="type",
            tag=kind.__name__,
        )
        for kind in kinds
    }


_COMMANDS: Final = _twins(get_args(Command))
TaggedCommand: TypeAlias = Union[tuple(_COMMANDS.values())]  # type: ignore[valid-type]  # noqa: UP007 -- made of a tuple
_INPUTS: Final = _twins(get_args(Input), command=TaggedCommand)
TaggedInput: TypeAlias = Union[tuple(_INPUTS.values())]  # type: ignore[valid-type]  # noqa: UP007
_KINDS: Final = {twin: kind for kind, twin in (*_COMMANDS.items(), *_INPUTS.items())}


def tag(event: Input | Command) -> Any:
    """The twin of an input or command."""
    kind = type(event)
    values = {name: getattr(event, name) for name in kind.__struct_fields__}
    if isinstance(event, inputs.CommandFailed):
        values["command"] = tag(event.command)
    return (_INPUTS.get(kind) or _COMMANDS[kind])(**values)


def untag(twin: Any) -> Any:
    """The input or command behind a twin."""
    values = {name: getattr(twin, name) for name in twin.__struct_fields__}
    if isinstance(twin, inputs.CommandFailed):
        values["command"] = untag(twin.command)
    return _KINDS[type(twin)](**values)


class Line(Words, frozen=True, kw_only=True, omit_defaults=True, tag_field="line"):
    """One line. ``ms`` is when, in milliseconds since the trace began."""


class Taken(Line, frozen=True, kw_only=True, omit_defaults=True, tag="input"):
    """An input that the machine took: at its ``now``, for something that happened ``at``.

    ``facts`` are the first and last number of the facts that came of it, ``commands`` what was asked, ``problems`` the
    codes of a refusal. ``raised`` is the error of a machine that failed, by name.
    """

    ms: float
    now: datetime
    at: datetime
    input: TaggedInput
    facts: tuple[int, int] | None = None
    commands: tuple[TaggedCommand, ...] = ()
    problems: tuple[str, ...] = ()
    raised: str | None = None


class CarriedOut(Line, frozen=True, kw_only=True, omit_defaults=True, tag="command"):
    """A command goes to Asterisk: the requests that follow are its own."""

    ms: float
    command: str


class Exchanged(Line, frozen=True, kw_only=True, omit_defaults=True, tag="request"):
    """A request to Asterisk: its operation without its parts, the status, how long it took, and what was wrong."""

    ms: float
    operation: str
    latency_ms: float
    status: int | None = None
    error: str | None = None


class Heard(Line, frozen=True, kw_only=True, omit_defaults=True, tag="event"):
    """An event that Asterisk sent and dated ``timestamp``."""

    ms: float
    type: str
    timestamp: datetime | None = None


class Header(Line, frozen=True, kw_only=True, omit_defaults=True, tag="header"):
    """What the file is. ``dropped``: so many lines had no room. ``masked`` says what cannot be read: digits, numbers.

    ``began_at`` is the instant of ``ms`` 0.
    """

    format: int
    call_id: str
    node: str
    version: str
    began_at: datetime
    dropped: int = 0
    masked: tuple[str, ...] = ()


class Snapshot(Line, frozen=True, kw_only=True, omit_defaults=True, tag="snapshot"):
    """The call before the first input."""

    call: Call


class Final_(Line, frozen=True, kw_only=True, omit_defaults=True, tag="final"):  # noqa: N801 -- Final is typing's
    """The call after the last input."""

    call: Call


class FactLine(Line, frozen=True, kw_only=True, omit_defaults=True, tag="fact"):
    """A fact as the log has it."""

    sequence: int
    at: datetime
    type: str
    actor: Actor
    data: Any
    request_id: str | None = None


Entry: TypeAlias = Taken | CarriedOut | Exchanged | Heard
AnyLine: TypeAlias = Header | Snapshot | Taken | CarriedOut | Exchanged | Heard | FactLine | Final_


class Document(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A trace as it is kept: without the facts, which the log has. Digits are hidden in it already."""

    header: Header
    before: Call
    after: Call
    entries: tuple[Entry, ...] = ()

    def without_traffic(self) -> "Document":
        """What can be done again, and nothing else."""
        kept = tuple(entry for entry in self.entries if isinstance(entry, Taken))
        dropped = self.header.dropped + len(self.entries) - len(kept)
        return msgspec.structs.replace(self, entries=kept, header=msgspec.structs.replace(self.header, dropped=dropped))


encode: Final = msgspec.json.Encoder().encode
decode_document: Final = msgspec.json.Decoder(Document).decode
decode_line: Final = msgspec.json.Decoder(AnyLine).decode
