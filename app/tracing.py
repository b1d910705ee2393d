"""One trace from a request to the webhooks that come of it, where ``OFFHOOK_TRACES_URL`` asks for it.

A place in a trace is a ``traceparent`` as W3C's Trace Context writes it: ``00-<trace>-<span>-<flags>``, and goes the
way of the request id: from the request to the caller it is made for, to the call's snapshot, the events, their
webhooks. So a call keeps its trace when its process dies. Unset, all of this costs the look at one module variable, and
nothing of OpenTelemetry is imported::

    if tracing.armed is not None:
        tracing.armed.tell(…)

Spans name ids, kinds and codes: never a number, a name, a digit, or the text of an error, which may quote one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

About: TypeAlias = Mapping[str, "str | int | bool | Sequence[str] | None"]

#: What spans name calls and legs by.
CALL_ID: Final = "offhook.call.id"
LEG_ID: Final = "offhook.leg.id"

#: https://www.w3.org/TR/trace-context/#traceparent-header-field-values: a later version may add fields behind these.
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_FIRST_VERSION, _NO_VERSION = "00", "ff"
_SAMPLED: Final = 0x01


class Role(StrEnum):
    """On which side of a request a span is: it answers one, makes one, or neither."""

    ANSWERS = "ANSWERS"
    ASKS = "ASKS"
    INSIDE = "INSIDE"


class Span(Protocol):
    """What is being done. ``traceparent`` is its place, for what it sets off; None when it is in no trace."""

    @property
    def traceparent(self) -> str | None: ...

    def say(self, about: About) -> None:
        """Say more of it; what is None is left out."""

    def fail(self, reason: str) -> None:
        """It did not come to what it was for. ``reason`` is a code or the name of an error."""


class Tracer(Protocol):
    """Writes spans down. ``otlp`` has the one that sends them somewhere."""

    def span(
        self,
        name: str,
        *,
        parent: str | None,
        role: Role = Role.INSIDE,
        about: About | None = None,
        links: Sequence[str] = (),
        begins: bool = False,
    ) -> AbstractContextManager[Span]:
        """What is done in the block, which is ``present`` there. An exception that leaves it fails the span.

        Without a parent it is in no trace, unless it ``begins`` one. ``links`` are places in other traces.
        """

    def tell(
        self,
        name: str,
        *,
        parent: str | None,
        began: datetime,
        ended: datetime,
        role: Role = Role.INSIDE,
        about: About | None = None,
        moments: Mapping[str, datetime | None] | None = None,
        failure: str | None = None,
        begins: bool = False,
    ) -> str | None:
        """What was done, with its instants; ``moments`` are what happened meanwhile. Gives its place."""


#: The tracer of this process, where there is one.
armed: Tracer | None = None

_present: Final[ContextVar[str | None]] = ContextVar("traceparent", default=None)


@contextmanager
def arming(tracer: Tracer) -> Iterator[None]:
    """Trace inside the block."""
    global armed  # noqa: PLW0603 -- one of its kind in a process, as where it sends what it writes
    armed = tracer
    try:
        yield
    finally:
        if armed is tracer:  # of several services in one process, as tests run them, the last one's counts
            armed = None


def present() -> str | None:
    """The place of what is being done in this task; None when it is in no trace."""
    return None if armed is None else _present.get()


@contextmanager
def at(traceparent: str | None) -> Iterator[None]:
    """Do what is in the block at this place."""
    before = _present.set(traceparent)
    try:
        yield
    finally:
        _present.reset(before)


def trace_of(traceparent: str) -> str:
    """The id of the trace, as logs name it."""
    return traceparent.split("-")[1]


def read_traceparent(given: Sequence[str]) -> str | None:
    """The place that a request names in its header ``traceparent``; None when it names none, or not well.

    Of several headers none counts. Of the flags only "sampled" is known.
    """
    if len(given) != 1 or (found := _TRACEPARENT.fullmatch(given[0].strip(" \t"))) is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == _NO_VERSION or (version == _FIRST_VERSION and more) or not trace.strip("0") or not span.strip("0"):
        return None
    return f"{_FIRST_VERSION}-{trace}-{span}-{int(flags, 16) & _SAMPLED:02x}"
