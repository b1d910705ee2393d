"""A trace done again: its inputs through the machine of this version, from its first snapshot. Pure.

What comes of them must be what was recorded: every fact, every command, every refusal, and the call in the end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.turn import Happening
from app.calls.traces.masking import hide
from app.calls.traces.words import FORMAT, AnyLine, FactLine, Final_, Header, Snapshot, Taken, decode_line, tag, untag
from app.facts.masking import HIDDEN_DIGIT


class UnreadableTraceError(Exception):
    """The file is no trace, or one of another form; the message says where."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that came out otherwise: where, what was recorded, and what came of it now."""

    where: str
    recorded: Any
    replayed: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How it went. ``masked`` names what the trace has only masked: of that, the replayed state has masks as well.

    ``facts_missing`` were not in the file, so they were not compared. ``stopped_at`` is the input from which on it was
    not done again: a key that leads a call flow on, and is masked.
    """

    call_id: str
    version: str
    inputs: int = 0
    facts: int = 0
    dropped: int = 0
    facts_missing: int = 0
    masked: tuple[str, ...] = ()
    stopped_at: int | None = None
    difference: Difference | None = None


@dataclass(slots=True)
class _Read:
    header: Header
    before: Call
    after: Call
    taken: list[Taken]
    facts: dict[int, FactLine]


def replay(lines: Iterable[bytes | str]) -> Replayed:
    """Do a trace again.

    Raises:
        UnreadableTraceError: it cannot be read.
    """
    read = _read(lines)
    counts: dict[str, int] = {"inputs": 0, "facts": 0, "facts_missing": 0}
    difference = next(_differences(read, counts), None)
    return Replayed(
        call_id=read.header.call_id,
        version=read.header.version,
        dropped=read.header.dropped,
        masked=read.header.masked,
        difference=difference,
        **counts,
    )


def _differences(read: _Read, counts: dict[str, int]) -> Iterator[Difference]:
    call = read.before
    numbers = "numbers" in read.header.masked
    for place, taken in enumerate(read.taken, 1):
        event = untag(taken.input)
        where = f"input {place} ({type(event).__name__})"
        if _leads_unseen(call, event):
            counts["stopped_at"] = place
            return
        counts["inputs"] = place
        try:
            result = step(call, event, taken.now, at=taken.at)
        except Exception as error:  # noqa: BLE001 -- whatever a machine with a mistake raises is what is looked for
            if taken.raised != type(error).__name__:
                yield Difference(where, taken.raised or "no error", f"{type(error).__name__}: {error}")
            return
        call = result.call
        yield from _compare(f"{where}, problems", list(taken.problems), [problem.code for problem in result.problems])
        made = [happening.sequence for happening in result.happenings]
        yield from _compare(
            f"{where}, facts", list(taken.facts) if taken.facts else None, [made[0], made[-1]] if made else None
        )
        yield from _compare(
            f"{where}, commands",
            msgspec.to_builtins(taken.commands),
            hide(msgspec.to_builtins([tag(one) for one in result.commands]), numbers=numbers),
        )
        for happening in result.happenings:
            recorded = read.facts.get(happening.sequence)
            if recorded is None:
                counts["facts_missing"] += 1
                continue
            counts["facts"] += 1
            yield from _compare_fact(f"{where}, fact {happening.sequence}", recorded, happening, numbers=numbers)
    yield from _compare(
        "the final state",
        msgspec.to_builtins(read.after),
        hide(msgspec.to_builtins(call), numbers=numbers),
    )


def _leads_unseen(call: Call, event: Input) -> bool:
    """Whether a call flow goes on with a key that nobody sees any more."""
    is_masked = isinstance(event, inputs.DtmfReceived) and event.digit == HIDDEN_DIGIT
    return is_masked and call.flow is not None and not call.flow.is_over


def _compare_fact(where: str, recorded: FactLine, made: Happening, *, numbers: bool) -> Iterator[Difference]:
    yield from _compare(f"{where}, type", recorded.type, made.fact.type)
    yield from _compare(f"{where}, at", recorded.at.isoformat(), made.at.isoformat())
    yield from _compare(f"{where}, actor", msgspec.to_builtins(recorded.actor), msgspec.to_builtins(made.actor))
    yield from _compare(f"{where}, requestId", recorded.request_id, made.request_id)
    data = hide(msgspec.to_builtins(made.fact), numbers=numbers)
    yield from _compare(f"{where} ({made.fact.type})", recorded.data, data)


def _compare(where: str, recorded: Any, replayed: Any) -> Iterator[Difference]:
    """The first place at which two plain values differ."""
    if recorded == replayed:
        return
    if isinstance(recorded, dict) and isinstance(replayed, dict):
        for name in sorted({*recorded, *replayed}):
            # What is absent has its default, which is null wherever a mask may have put one.
            yield from _compare(f"{where}.{name}", recorded.get(name), replayed.get(name))
        return
    if isinstance(recorded, list | tuple) and isinstance(replayed, list | tuple) and len(recorded) == len(replayed):
        for place, (one, other) in enumerate(zip(recorded, replayed, strict=True)):
            yield from _compare(f"{where}[{place}]", one, other)
        return
    yield Difference(where, recorded, replayed)


def _read(lines: Iterable[bytes | str]) -> _Read:
    header: Header | None = None
    before: Call | None = None
    after: Call | None = None
    taken: list[Taken] = []
    facts: dict[int, FactLine] = {}
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        match _read_line(number, text, is_first=header is None):
            case Header() as line:
                header = line
            case Snapshot() as line:
                before = line.call
            case Final_() as line:
                after = line.call
            case Taken() as line:
                taken.append(line)
            case FactLine() as line:
                facts[line.sequence] = line
            case _:
                pass  # what went over the wire is for people to read
    if header is None or before is None or after is None:
        raise UnreadableTraceError("The file is cut short: it has no header, no first snapshot or no final state.")
    return _Read(header, before, after, taken, facts)


def _read_line(number: int, text: bytes | str, *, is_first: bool) -> AnyLine:
    try:
        if is_first and msgspec.json.decode(text, type=_Form).format != FORMAT:
            raise UnreadableTraceError(f"This version reads traces of form {FORMAT}; this is another.")
        line: AnyLine = decode_line(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UnreadableTraceError(f"Line {number} cannot be read: {error}") from error
    return line


class _Form(msgspec.Struct, frozen=True):
    format: int
