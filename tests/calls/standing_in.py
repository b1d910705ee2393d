"""What stands around the core's shells in their tests: a clock, a store and an executor that do as they are told."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.keeping.keys import KeyClaim
from app.calls.keeping.store import Change, KeyTaken
from app.calls.living.actor import CallActor
from app.facts.vocabulary import RecordingMode
from tests.calls.making import make_call, run_steps

DEADLINE_SECONDS = 60.0


class HandClock:
    """A clock that stands at the present until a test moves it."""

    def __init__(self, present: datetime | None = None) -> None:
        self.present = present or datetime.now(UTC)

    def now(self) -> datetime:
        return self.present

    def monotonic(self) -> float:
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        self.present += timedelta(seconds=seconds)


class RunningClock(HandClock):
    """A clock that runs from an instant on."""

    def __init__(self, present: datetime) -> None:
        super().__init__(present)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self.present + timedelta(seconds=time.monotonic() - self._began)


class Journal:
    """What was done, in order: ``commit leg.dialing``, ``CreateChannel``."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def count(self, line: str) -> int:
        return self.lines.count(line)


class JournalStore:
    """Stands where the call store stands. ``fates`` are those of the next commits; without one a commit succeeds."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.journal = journal or Journal()
        self.fates: list[Exception | KeyTaken] = []
        self.changes: list[Change] = []
        self.tried: list[Change] = []

    async def commit(self, change: Change) -> KeyTaken | None:
        self.tried.append(change)
        await asyncio.sleep(0)
        if self.fates:
            fate = self.fates.pop(0)
            if isinstance(fate, KeyTaken):
                return fate
            self.journal.lines.append("failed")
            raise fate
        self.changes.append(change)
        words = " ".join(draft.fact.type for draft in change.drafts)
        self.journal.lines.append(f"commit {words}".strip())
        return None


class JournalExecutor:
    """Stands where the executor stands: what comes of a command is asked of ``answer``; by default nothing."""

    def __init__(self, journal: Journal | None = None) -> None:
        self.journal = journal or Journal()
        self.commands: list[Command] = []
        self.answer: Callable[[Command], tuple[Input, ...]] = lambda _: ()
        self.gate: asyncio.Event | None = None

    async def carry_out(self, _call: Call, command: Command) -> tuple[Input, ...]:
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        self.commands.append(command)
        self.journal.lines.append(type(command).__name__)
        return self.answer(command)

    def asked(self, *kinds: type[Command]) -> list[str]:
        """The names of the commands so far, of these kinds."""
        return [type(command).__name__ for command in self.commands if isinstance(command, kinds)]


def make_actor(
    call: Call,
    store: JournalStore,
    executor: JournalExecutor,
    clock: HandClock | None = None,
    *,
    claim: KeyClaim | None = None,
) -> CallActor:
    """An actor between stand-ins."""
    return CallActor(
        call,
        store=store,  # type: ignore[arg-type]  # stands in for the store
        executor=executor,  # type: ignore[arg-type]  # stands in for the executor
        clock=clock or HandClock(call.created_at),
        claim=claim,
    )


def claim_for(call: Call, key: str = "k", *, input_hash: bytes = b"h") -> KeyClaim:
    return KeyClaim(call.account_id, "originateCall", key, input_hash, call.id)


def obey(command: Command) -> tuple[Input, ...]:
    """Asterisk makes and ends channels at once."""
    match command:
        case commands.CreateChannel():
            return (inputs.LegCreated(leg_id=command.leg_id, channel_name="PJSIP/x"),)
        case commands.HangupChannel():
            return (inputs.LegDestroyed(leg_id=command.leg_id, cause=16),)
        case _:
            return ()


def answered_call(call: Call) -> Call:
    """The call with its first leg up, its second not made yet."""
    first = call.legs[0].id
    return run_steps(
        call,
        [
            inputs.Start(),
            inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
            inputs.LegAnswered(leg_id=first),
        ],
    )[-1].call


def connected_call(mode: RecordingMode = RecordingMode.OFF) -> Call:
    """A call whose parties talk, four seconds after its creation."""
    call = make_call(recording_mode=mode)
    first, second = (leg.id for leg in call.legs)
    events: list[Input] = [
        inputs.Start(),
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.LegAnswered(leg_id=first),
        inputs.LegCreated(leg_id=second, channel_name="PJSIP/b"),
        inputs.LegAnswered(leg_id=second),
    ]
    return run_steps(call, events)[-1].call


class ActorWorld:
    """An actor on stand-ins that write one journal."""

    def __init__(self, call: Call, *, is_new: bool = False) -> None:
        self.journal = Journal()
        self.store, self.executor = JournalStore(self.journal), JournalExecutor(self.journal)
        self.clock = HandClock(call.created_at)
        self.actor = make_actor(call, self.store, self.executor, self.clock, claim=claim_for(call) if is_new else None)

    @property
    def call(self) -> Call:
        return self.actor.call

    @property
    def facts(self) -> list[str]:
        return [draft.fact.type for change in self.store.changes for draft in change.drafts]


@asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[list["asyncio.Task[None]"]]:
    """These in the background until the end of the block; what one of them raised is raised there."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return once the condition holds; fail when it does not in time."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.002)
