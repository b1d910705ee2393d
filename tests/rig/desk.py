"""The desk: a caller of Offhook, who places calls and follows what becomes of them. Tests speak through it.

::

    call = await desk.place_call("+15550100000", connect="2001")
    await desk.wait_for(call.id, "call.connected")
    await desk.hang_up(call.id)
    story = await desk.wait_for_end(call.id)
    assert story.record["disposition"] == "ANSWERED"

What is under the desk (``Line``) is either the services themselves or GraphQL over HTTP; both speak the public words:
types of facts as in the log, their bodies in camelCase.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self, TypeAlias

from app.calls.core.verbs import Verb
from app.calls.planning.requests import OriginateRequest, WaitFor
from app.errors import UnavailableError
from app.facts.vocabulary import LegRole, RecordingMode

Body: TypeAlias = dict[str, Any]

#: Two cores are shared by Asterisk, both far ends, PostgreSQL and the tests: only an outright hang should hit this.
PATIENCE_SECONDS = 120.0
_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Fact:
    """One event of a call. ``body`` is the fact itself as JSON has it, ``cursor`` its place in the log."""

    id: str
    cursor: str
    type: str
    call_id: str
    call_sequence: int
    sequence: int
    at: datetime
    body: Body

    @property
    def happened_at(self) -> datetime:
        """When it truly was: what Asterisk tells late is taken down (``at``) late."""
        told = (self.body.get(name) for name in ("endedAt", "answeredAt", "ringingAt", "connectedAt"))
        return next((datetime.fromisoformat(text) for text in told if text is not None), self.at)

    @property
    def role(self) -> str | None:
        """Of a leg's fact: AGENT or CUSTOMER."""
        leg = self.body.get("leg")
        return str(leg["role"]) if leg else None

    @property
    def word(self) -> str:
        """The type, and for a leg whose: ``leg.ringing AGENT``."""
        return f"{self.type} {self.role}" if self.role else self.type


@dataclass(frozen=True, slots=True)
class PlacedCall:
    id: str
    state: str
    wait_outcome: str
    is_replayed: bool


@dataclass(frozen=True, slots=True)
class Story:
    """All facts of an ended call, in order."""

    facts: tuple[Fact, ...]

    @property
    def words(self) -> list[str]:
        return [fact.word for fact in self.facts]

    @property
    def types(self) -> list[str]:
        return [fact.type for fact in self.facts]

    def all_of(self, type_name: str, role: str | None = None) -> list[Fact]:
        return [fact for fact in self.facts if fact.type == type_name and role in (None, fact.role)]

    def the(self, type_name: str, role: str | None = None) -> Fact:
        """The one fact of this type (and leg)."""
        found = self.all_of(type_name, role)
        assert len(found) == 1, f"{len(found)} × {type_name} {role or ''} in {self.words}"
        return found[0]

    @property
    def ended(self) -> Fact:
        return self.the("call.ended")

    @property
    def record(self) -> Body:
        """The call detail record, as ``call.ended`` carries it."""
        record: Body = self.ended.body["cdr"]
        return record

    @property
    def disposition(self) -> str:
        return str(self.ended.body["disposition"])

    @property
    def end(self) -> tuple[str, str]:
        """endReason: code and party."""
        reason = self.ended.body["endReason"]
        return reason["code"], reason["party"]

    @property
    def digits(self) -> str:
        return "".join(fact.body["digit"] for fact in self.all_of("dtmf.received"))

    @property
    def recording_ids(self) -> list[str]:
        return [fact.body["recordingId"] for fact in self.all_of("recording.started")]


class Line(Protocol):
    """What a desk needs of Offhook. Refusals are raised as OffhookErrors, whatever the transport."""

    async def originate(self, request: OriginateRequest) -> PlacedCall: ...

    async def hang_up(self, call_id: str) -> None: ...

    async def act(self, subject_id: str, verb: Verb) -> None:
        """Ask something of a live call, by its id or one of its legs'."""
        ...

    async def record(self, call_id: str) -> Body | None:
        """The stored call detail record."""
        ...

    async def recordings(self, call_id: str) -> list[Body]:
        """The call's recordings: ``id state channels durationSeconds sizeBytes sha256 url failure`` and more."""
        ...

    def follow(self, after: str | None) -> AsyncIterator[Fact]:
        """Every fact of the account's calls behind a cursor (None: from the beginning), then live.

        Raises:
            UnavailableError: the line broke; follow again from the last cursor.
        """
        ...

    async def facts(self, call_id: str) -> list[Fact]:
        """What the log has about a call."""
        ...


@dataclass
class Desk:
    """A caller with a line, and with ears for what happens to its calls."""

    line: Line
    node: str
    trunks: dict[str, str] = field(default_factory=dict)
    _heard: dict[str, list[Fact]] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    @contextlib.asynccontextmanager
    async def listening(cls, line: Line, node: str, trunks: dict[str, str]) -> AsyncIterator[Self]:
        desk = cls(line, node, trunks)
        async with asyncio.TaskGroup() as group:
            listener = group.create_task(desk._listen())
            try:
                yield desk
            finally:
                listener.cancel()

    async def _listen(self) -> None:
        cursor: str | None = None
        while True:
            try:
                async for fact in self.line.follow(cursor):
                    cursor = fact.cursor
                    async with self._news:
                        self._heard.setdefault(fact.call_id, []).append(fact)
                        self._news.notify_all()
            except UnavailableError:  # as any client does: from the last cursor on
                await asyncio.sleep(_AGAIN_SECONDS)

    async def place_call(
        self,
        number: str | None = None,
        *,
        connect: str | None = "2001",
        connect_number: str | None = None,
        first: LegRole = LegRole.AGENT,
        trunk: str | None = None,
        key: str | None = None,
        record: RecordingMode = RecordingMode.OFF,
        wait_for: WaitFor = WaitFor.CREATED,
        **fields: Any,
    ) -> PlacedCall:
        """Connect extension ``connect`` (or ``connect_number``) with ``number``; ``trunk``: main, farend or sipp."""
        return await self.line.originate(
            OriginateRequest(
                idempotency_key=key or str(uuid.uuid4()),
                destination_number=number,
                connect_extension=None if connect_number else connect,
                connect_number=connect_number,
                dial_first=first,
                trunk_id=self.trunks[trunk] if trunk else None,
                recording_mode=record,
                wait_for=wait_for,
                **fields,
            )
        )

    async def hang_up(self, call_id: str) -> None:
        await self.line.hang_up(call_id)

    async def act(self, subject_id: str, verb: Verb) -> None:
        await self.line.act(subject_id, verb)

    def heard(self, call_id: str) -> list[Fact]:
        """What has been heard of a call so far."""
        return list(self._heard.get(call_id, ()))

    async def wait_until(
        self, call_id: str, holds: Callable[[list[Fact]], bool], *, seconds: float = PATIENCE_SECONDS, what: str
    ) -> list[Fact]:
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: holds(self.heard(call_id)))
        except TimeoutError:
            words = [fact.word for fact in self.heard(call_id)]
            raise AssertionError(f"{what} of {call_id} did not come within {seconds:g} s; heard: {words}") from None
        return self.heard(call_id)

    async def wait_for(
        self, call_id: str, type_name: str, role: str | None = None, *, seconds: float = PATIENCE_SECONDS
    ) -> Fact:
        """The first fact of this type (of that leg), waited for if need be."""

        def found(facts: list[Fact]) -> bool:
            return any(fact.type == type_name and role in (None, fact.role) for fact in facts)

        facts = await self.wait_until(call_id, found, seconds=seconds, what=f"{type_name} {role or ''}")
        return next(fact for fact in facts if fact.type == type_name and role in (None, fact.role))

    async def wait_for_arrival(self, dialled: str, *, seconds: float = PATIENCE_SECONDS) -> str:
        """The id of the (last) call that came in for this number, waited for if need be."""

        def found() -> str | None:
            for call_id, facts in reversed(self._heard.items()):
                about = facts[0].body["call"] if facts else {}
                if about.get("direction") == "INBOUND" and about.get("dialledNumber") == dialled:
                    return call_id
            return None

        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: found() is not None)
        except TimeoutError:
            raise AssertionError(f"no call to {dialled} came in within {seconds:g} s") from None
        call_id = found()
        assert call_id is not None
        return call_id

    async def wait_for_end(self, call_id: str, *, seconds: float = PATIENCE_SECONDS) -> Story:
        """Every fact of the call, once it has ended and its recordings are settled."""

        def is_over(facts: list[Fact]) -> bool:
            types = [fact.type for fact in facts]
            settled = types.count("recording.saved") + types.count("recording.failed")
            wanted = any(fact.type == "call.created" and fact.body["recordingMode"] != "OFF" for fact in facts)
            is_recorded = wanted and "call.connected" in types
            return "call.ended" in types and (not is_recorded or settled >= 1)

        return Story(tuple(await self.wait_until(call_id, is_over, seconds=seconds, what="the end")))
