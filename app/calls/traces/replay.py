"""A trace done again: its inputs through the machine of this version, from its first snapshot. Pure.

What comes of them must be what was recorded: every fact, every command, every refusal, and the call in the end. Keys
are masked in a trace; where a call flow went on by one, keys that lead on otherwise are tried until one fits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.turn import Happening, Step
from app.calls.traces.masking import hide
from app.calls.traces.unseen import beginnings_for, keys_for
from app.calls.traces.words import FORMAT, AnyLine, FactLine, Final_, Header, Snapshot, Taken, decode_line, tag, untag

#: Inputs that are taken before a trace with masked keys is given up: some seconds.
_MOST_STEPS: Final = 20_000


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
    not done again: too many masked keys may have led a call flow on from there.
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
    found = _find(read)
    return Replayed(
        call_id=read.header.call_id,
        version=read.header.version,
        inputs=found.path.place,
        facts=found.path.facts,
        facts_missing=found.path.facts_missing,
        dropped=read.header.dropped,
        masked=read.header.masked,
        stopped_at=found.stopped_at,
        difference=found.difference,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """How far it was done again; ``event`` is what the next input may have been, where its keys are masked."""

    call: Call
    place: int = 0
    facts: int = 0
    facts_missing: int = 0
    event: Input | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """``equal`` is how much of the last input came out as recorded: of two ways, the one is closer that has more."""

    path: _Path
    difference: Difference | None = None
    stopped_at: int | None = None
    equal: int = 0

    @property
    def closeness(self) -> tuple[int, int]:
        return self.path.place, self.equal


def _find(read: _Read) -> _Found:
    """The way through all inputs that comes to what was recorded; or the one that comes closest, and where it parts.

    There is one way alone, but for keys that a call flow goes on by, and that are masked: see ``unseen``.
    """
    open_ways = [_Path(call=call) for call in reversed(beginnings_for(read.before))]
    closest: _Found | None = None
    first_choice: int | None = 1 if len(open_ways) > 1 else None
    steps = 0
    while open_ways:
        path = open_ways.pop()
        while True:
            found = _go_on(read, path)
            if isinstance(found, _Found):
                break
            path, *others = found
            if others:
                first_choice = min(first_choice or path.place + 1, path.place + 1)
                open_ways += reversed(others)
            steps += 1
        if found.difference is None:
            return found
        if closest is None or found.closeness > closest.closeness:
            closest = found
        if steps > _MOST_STEPS and open_ways:
            return _Found(_Path(call=read.before, place=(first_choice or 1) - 1), stopped_at=first_choice)
    assert closest is not None  # there was one way at least
    return closest


def _go_on(read: _Read, path: _Path) -> _Found | list[_Path]:
    """One input further; several, where it may have been one of several; or the end."""
    numbers = "numbers" in read.header.masked
    if path.place == len(read.taken):
        after = hide(msgspec.to_builtins(path.call), numbers=numbers)
        return _Found(path, next(_compare("the final state", msgspec.to_builtins(read.after), after), None))
    taken = read.taken[path.place]
    event = path.event or untag(taken.input)
    if path.event is None and len(keys := keys_for(path.call, event)) > 1:
        return [replace(path, event=key) for key in keys]
    where = f"input {path.place + 1} ({type(event).__name__})"
    place = path.place + 1
    try:
        result = step(path.call, event, taken.now, at=taken.at)
    except Exception as error:  # noqa: BLE001 -- whatever a machine with a mistake raises is what is looked for
        is_same = taken.raised == type(error).__name__
        said = Difference(where, taken.raised or "no error", f"{type(error).__name__}: {error}")
        return _Found(replace(path, place=place), None if is_same else said)
    known = [read.facts[one.sequence] for one in result.happenings if one.sequence in read.facts]
    after = _Path(
        call=result.call,
        place=place,
        facts=path.facts + len(known),
        facts_missing=path.facts_missing + len(result.happenings) - len(known),
    )
    for equal, differences in enumerate(_comparisons(where, read, taken, result, numbers=numbers)):
        difference = next(differences, None)
        if difference is not None:
            return _Found(after, difference, equal=equal)
    return [after]


def _comparisons(
    where: str, read: _Read, taken: Taken, result: Step, *, numbers: bool
) -> Iterator[Iterator[Difference]]:
    yield _compare(f"{where}, problems", list(taken.problems), [problem.code for problem in result.problems])
    made = [happening.sequence for happening in result.happenings]
    yield _compare(f"{where}, facts", list(taken.facts) if taken.facts else None, [made[0], made[-1]] if made else None)
    yield _compare(
        f"{where}, commands",
        msgspec.to_builtins(taken.commands),
        hide(msgspec.to_builtins([tag(one) for one in result.commands]), numbers=numbers),
    )
    for happening in result.happenings:
        recorded = read.facts.get(happening.sequence)
        if recorded is not None:
            yield _compare_fact(f"{where}, fact {happening.sequence}", recorded, happening, numbers=numbers)


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
