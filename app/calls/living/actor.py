"""One writer per call: everything that wants to change a call posts an input here, and waits its turn.

Each round: take what has come (or the timer that is due), step the machine, commit, then carry out the commands.
Nothing is done before what led to it is durable.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

import structlog

from app import failpoints, tracing
from app.calls import danger
from app.calls.core.commands import (
    AnswerChannel,
    AwaitSilence,
    Command,
    CreateBridge,
    CreateChannel,
    CreateSnoop,
    CreateTaps,
    DetectMachine,
    DialChannel,
    EnterDialplan,
    FindTarget,
    JoinBridge,
    JoinStream,
    KeepChannel,
    LeaveBridge,
    OpenStream,
    PlaceSupervisor,
    PreparePrompt,
    ReferLeg,
    SendDigits,
    SendText,
    SetMute,
    SetPitch,
    StartMusic,
    StartPlayback,
    StartRingback,
    VerifyLeg,
)
from app.calls.core.ending import has_ended
from app.calls.core.inputs import (
    AgentOffered,
    Asked,
    CommandFailed,
    DtmfReceived,
    FailureKind,
    Input,
    LegAnswered,
    LegDestroyed,
    TimerFired,
)
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.turn import Step
from app.calls.doing.executor import Executor
from app.calls.keeping.keys import KeyClaim
from app.calls.keeping.store import CallStore, Change, FencedError, KeyTaken, make_drafts
from app.calls.living.call_time import CallTime
from app.calls.reading.spans import tell_legs
from app.calls.traces.trace import Trace, follow
from app.clock import Clock
from app.errors import OverloadedError, RefusedError, UnavailableError
from app.facts.event import Draft

_log = structlog.get_logger(__name__)

Answer: TypeAlias = "asyncio.Future[Call]"

MAILBOX_SIZE: Final = 512
#: Places that only pressed keys leave free: everything else a call must not miss.
KEPT_FREE: Final = 128
_FIRST_RETRY_SECONDS: Final = 0.1
_SLOWEST_RETRY_SECONDS: Final = 5.0


class CallActor:
    """The owner of one live call."""

    def __init__(
        self,
        call: Call,
        *,
        store: CallStore,
        executor: Executor,
        clock: Clock,
        claim: KeyClaim | None = None,
        not_after: datetime | None = None,
        on_change: Callable[[Call], None] = lambda _: None,
        trace: Trace | None = None,
    ) -> None:
        self.call = call
        self._store = store
        self._executor = executor
        self._clock = clock
        self._time = CallTime(clock)
        self._claim = claim
        self._not_after = not_after
        self._on_change = on_change
        self.trace = trace
        #: Each with its instant: a commit that takes long must not make what waits behind it any later.
        self._mailbox: deque[tuple[Input, datetime, Answer | None]] = deque()
        self._has_mail = asyncio.Event()
        self._waiters: list[tuple[Callable[[Call], bool], asyncio.Future[Call]]] = []
        # Whoever starts it, with a key or without one: a call that has stated nothing yet is in no database.
        self._is_written = call.sequence > 0
        self._is_given_up = False
        self._last_now = call.created_at
        self._has_missed_input = False
        self._is_over = False
        #: Done with the first commit: None when the call stands, KeyTaken when its key belongs to another.
        self.accepted: asyncio.Future[KeyTaken | None] = asyncio.get_running_loop().create_future()
        # Whoever asked may have gone away before the answer; that is no lost exception.
        self.accepted.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._is_written:
            self.accepted.set_result(None)

    def post(self, event: Input, *, at: datetime | None = None) -> None:
        """Put an input into the mailbox; ``at`` is when Asterisk says it happened.

        Raises:
            OverloadedError: the mailbox is full; the input was not taken. Once there is room again the call looks in
                Asterisk for what it missed.
        """
        size = MAILBOX_SIZE - KEPT_FREE if isinstance(event, DtmfReceived) else MAILBOX_SIZE
        if len(self._mailbox) >= size:
            self._has_missed_input = True
            raise OverloadedError(f"The mailbox of call {self.call.id} is full.")
        self._mailbox.append((event, self._time.of(at), None))
        self._has_mail.set()

    def ask(self, event: Asked | AgentOffered) -> "asyncio.Future[Call]":
        """Put a request into the mailbox; gives the call once it is written and has been asked of Asterisk.

        The future raises RefusedError when it cannot be done as the call stands by then, INVALID_STATE when the call
        was over first.

        Raises:
            OverloadedError: as :meth:`post`.
        """
        answer: Answer = asyncio.get_running_loop().create_future()
        # Whoever asked may have gone away before the answer; that is no lost exception.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._is_over:
            answer.set_exception(has_ended(self.call))
            return answer
        self.post(event)
        self._mailbox[-1] = (*self._mailbox[-1][:2], answer)
        return answer

    def give_up(self) -> None:
        """Nobody wants the call any more: unless somebody is dialled for it already, nobody will be, and it ends.

        One that is not written yet, and will be, ends without being dialled as well.
        """
        self._is_given_up = not any(leg.dialing_at is not None for leg in self.call.legs)

    def post_first(self, events: Sequence[Input], *, at: datetime) -> None:
        """Put inputs before all that wait, in their order: for a call that has just been taken over."""
        self._put_first(events, self._time.of(at))
        self._has_mail.set()

    async def wait_until(self, holds: Callable[[Call], bool]) -> Call:
        """The call once something holds of it as committed, or once it ends here without; at once when it holds."""
        if self._is_over or (self._is_written and holds(self.call)):
            return self.call
        future: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        entry = (holds, future)
        self._waiters.append(entry)
        try:
            return await future
        finally:
            if entry in self._waiters:
                self._waiters.remove(entry)

    async def run(self) -> None:
        """Live until the call is settled, or was never accepted."""
        follow(self.trace)
        try:
            while not self.call.is_settled or self._mailbox:
                event, at, answer = await self._next()
                if not await self._turn(event, at, answer):
                    return
        except FencedError:
            return  # the call is in other hands; the store has said so
        finally:
            self._dismiss_waiters()

    async def _next(self) -> "tuple[Input, datetime, Answer | None]":
        if self._has_missed_input and not self._mailbox:
            self._has_missed_input = False
            await self._look_up_legs()
        while not self._mailbox:
            timer = self.call.next_timer
            seconds = None if timer is None else max(0.0, (timer.due - self._time.now()).total_seconds())
            self._has_mail.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._has_mail.wait()
            except TimeoutError:
                timer = self.call.next_timer
                if timer is not None and timer.due <= self._time.now():
                    return TimerFired(name=timer.name), self._time.now(), None
        return self._mailbox.popleft()

    async def _turn(self, event: Input, at: datetime, answer: "Answer | None") -> bool:
        """One round. Gives False when the call was never accepted and there is nothing to live for."""
        before = self.call
        # What Asterisk says late happened when it happened, but is told after what was told before it.
        self._last_now = max(at, self._last_now)
        if self.trace is not None:
            self.trace.take(event, self._last_now, at)
        result = step(before, event, self._last_now, at=at)
        if self.trace is not None:
            self.trace.come_of(result)
        if result.problems and answer is not None and not answer.done():
            answer.set_exception(RefusedError(result.problems))
        has_come_of_it = result.call is not before or result.commands
        if has_come_of_it and not await self._act(before, result):
            return False
        if answer is not None and not answer.done():
            answer.set_result(self.call)
        return True

    async def _act(self, before: Call, result: Step) -> bool:
        drafts = make_drafts(result.call, result.happenings)
        if failpoints.armed is not None:
            await danger.before_commit(result.happenings)
        if not await self._commit(before, result.call, drafts):
            return False
        if failpoints.armed is not None:
            await danger.after_commit(result.happenings)
        if tracing.armed is not None:
            tell_legs(tracing.armed, self.call, result.happenings)
        self._on_change(self.call)
        self._tell_waiters()
        await self._carry_out(result.commands)
        return True

    async def _carry_out(self, commands: tuple[Command, ...]) -> None:
        consequences: list[Input] = []
        has_bridge_failed = False
        for command in commands:
            if self._is_given_up and isinstance(command, CreateChannel | DialChannel):
                consequences.append(CommandFailed(command=command, kind=FailureKind.UNSENT, detail="given up"))
                continue
            if is_pointless(self.call, command) or (
                has_bridge_failed and isinstance(command, CreateChannel | DialChannel)
            ):
                # A party that could not be put into the bridge must not cause another to be rung.
                continue
            if self.trace is not None:
                self.trace.carry_out(command)
            for consequence in await self._executor.carry_out(self.call, command):
                consequences.append(consequence)
                has_bridge_failed |= isinstance(consequence, CommandFailed) and isinstance(
                    consequence.command, CreateBridge | JoinBridge
                )
        self._put_first(consequences, self._time.now())

    def _put_first(self, news: Sequence[Input], at: datetime) -> None:
        """Put news of our own doing before what waits, which happened in a world where it was not known.

        Only a leg's end that was looked up goes behind the answer that Asterisk had told of it before.
        """
        for event in reversed(news):
            behind = 0
            if isinstance(event, LegDestroyed) and event.at is not None:
                answer = LegAnswered(leg_id=event.leg_id)
                behind = max(
                    (place for place, (mail, _, _) in enumerate(self._mailbox, 1) if mail == answer), default=0
                )
            self._mailbox.insert(behind, (event, at, None))

    async def _look_up_legs(self) -> None:
        _log.warning("call_looks_for_missed_input", call_id=self.call.id)
        for leg in self.call.legs:
            if leg.is_alive:
                await self._carry_out((VerifyLeg(leg_id=leg.id),))

    async def _commit(self, before: Call, after: Call, drafts: tuple[Draft, ...]) -> bool:
        change = Change(
            call=after,
            drafts=drafts,
            legs=tuple(leg for leg in after.legs if leg not in before.legs or not self._is_written),
            recordings=tuple(one for one in after.recordings if one not in before.recordings and one.parts),
            claim=None if self._is_written else self._claim,
            uses=_new_uses(before, after),
        )
        if self._is_written:
            await self._commit_surely(change)
            self.call = after
            return True
        try:
            taken = await self._store.commit(change)
        except Exception as error:  # noqa: BLE001 -- whoever asked for the call hears it; nothing was dialled
            self.accepted.set_exception(error)
            return False
        self.accepted.set_result(taken)
        if taken is not None:
            return False
        self.call = after
        self._is_written = True
        # The machine's clock, not the call's: by that one somebody else judges that this call is not coming any more.
        if self._not_after is not None and self._clock.now() > self._not_after:
            self.give_up()
        return True

    async def _commit_surely(self, change: Change) -> None:
        """A live call's facts are not given up: try until the database takes them."""
        seconds = _FIRST_RETRY_SECONDS
        while True:
            try:
                await self._store.commit(change)
            except UnavailableError as error:
                _log.debug("commit_postponed", call_id=change.call.id, code=error.code, again_in_seconds=seconds)
                await asyncio.sleep(seconds)
                seconds = min(seconds * 2, _SLOWEST_RETRY_SECONDS)
                change = replace(change, is_retry=True)
            else:
                return

    def _tell_waiters(self) -> None:
        for holds, future in list(self._waiters):
            if not future.done() and holds(self.call):
                future.set_result(self.call)

    def _dismiss_waiters(self) -> None:
        """Nobody waits for a call that no longer changes here."""
        self._is_over = True
        for _, future in self._waiters:
            if not future.done():
                future.set_result(self.call)
        for _, _, answer in self._mailbox:
            if answer is not None and not answer.done():
                answer.set_exception(has_ended(self.call))


def _new_uses(before: Call, after: Call) -> tuple[KeyClaim, ...]:
    """The keys that the call has used since, as the account knows them: with the call that they belong to."""
    return tuple(
        KeyClaim(after.account_id, used.mutation, used.key, bytes.fromhex(used.input_hash), after.id)
        for used in after.keys[len(before.keys) :]
    )


def is_pointless(call: Call, command: Command) -> bool:
    """Whether a command has been overtaken: once the end is decided, nothing new is begun."""
    return call.is_ending and isinstance(
        command,
        CreateChannel
        | DialChannel
        | AnswerChannel
        | JoinBridge
        | LeaveBridge
        | StartMusic
        | StartRingback
        | SetMute
        | SetPitch
        | SendText
        | SendDigits
        | StartPlayback
        | CreateSnoop
        | CreateTaps
        | PlaceSupervisor
        | ReferLeg
        | DetectMachine
        | AwaitSilence
        | EnterDialplan
        | PreparePrompt
        | FindTarget
        | KeepChannel
        | OpenStream
        | JoinStream,
    )
