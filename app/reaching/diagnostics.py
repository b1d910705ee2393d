"""What is known of how a call went: its trace with its facts, as lines of a file, and summed up."""

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.traces.keeper import TraceQueries
from app.calls.traces.masking import hide
from app.calls.traces.words import Document, Exchanged, FactLine, Final_, Snapshot, Taken, encode
from app.events.log import EventFilter, EventLog
from app.facts.event import Event
from app.reaching.calls import Calls

_AT_ONCE: Final = 500
_MOST_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Asterisk: its operation without its parts, the status (None: no answer), and what was wrong."""

    operation: str
    latency_ms: float
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A trace summed up. ``errors`` are the first of the requests that failed; ``dropped`` lines had no room."""

    inputs: int
    requests: int
    failures: int
    dropped: int
    slowest: Request | None
    errors: list[Request] = field(default_factory=list)


class Diagnostics:
    """Reads traces, of calls that live somewhere and of calls that are over."""

    def __init__(self, calls: Calls, kept: TraceQueries, log: EventLog) -> None:
        self._calls = calls
        self._kept = kept
        self._log = log

    async def summary(self, principal: Principal, call_id: str) -> Summary | None:
        """The trace of one of the caller's calls, summed up; None when there is none.

        Raises:
            ScopeError: the key lacks calls:read.
            UnavailableError: nobody can say just now.
        """
        document = await self._find(principal, call_id)
        if document is None:
            return None
        requests = [_request(entry) for entry in document.entries if isinstance(entry, Exchanged)]
        failures = [one for one in requests if one.error is not None]
        return Summary(
            inputs=sum(isinstance(entry, Taken) for entry in document.entries),
            requests=len(requests),
            failures=len(failures),
            dropped=document.header.dropped,
            slowest=max(requests, key=lambda one: one.latency_ms, default=None),
            errors=failures[:_MOST_ERRORS],
        )

    async def lines(self, principal: Principal, call_id: str) -> bytes | None:
        """The whole trace as NDJSON, with its facts, as far as the caller may see; None when there is none.

        Raises:
            As :meth:`summary`.
        """
        document = await self._find(principal, call_id)
        if document is None:
            return None
        facts = await self._facts(principal.account_id, document)
        numbers = not principal.has(Scope.PII_READ)
        header = document.header
        if numbers:
            header = msgspec.structs.replace(header, masked=(*header.masked, "numbers"))
        lines: list[Any] = [header, Snapshot(call=document.before)]
        for entry in document.entries:
            lines.append(entry)
            if isinstance(entry, Taken) and entry.facts is not None:
                first, last = entry.facts
                lines += (facts[number] for number in range(first, last + 1) if number in facts)
        lines.append(Final_(call=document.after))
        return b"".join(encode(hide(msgspec.to_builtins(line), numbers=numbers)) + b"\n" for line in lines)

    async def _find(self, principal: Principal, call_id: str) -> Document | None:
        principal.require(Scope.CALLS_READ)
        kept = await self._kept.get(principal.account_id, call_id)
        return kept or await self._calls.live_trace(principal, call_id)

    async def _facts(self, account_id: str, document: Document) -> dict[int, FactLine]:
        found: dict[int, FactLine] = {}
        where, after = EventFilter(subject_id=document.header.call_id), 0
        while events := await self._log.read_after(after, limit=_AT_ONCE, account_id=account_id, where=where):
            after = events[-1].sequence
            found |= {event.call_sequence: _fact_line(event) for event in events if event.call_sequence is not None}
        return found


def _request(entry: Exchanged) -> Request:
    return Request(entry.operation, entry.latency_ms, entry.status, entry.error)


def _fact_line(event: Event) -> FactLine:
    return FactLine(
        sequence=event.call_sequence or 0,
        at=event.timestamp,
        type=event.type,
        actor=event.actor,
        data=event.fact,
        request_id=event.request_id,
    )
