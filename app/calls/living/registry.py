"""Who is alive on this node: call to actor, and leg or recording to call."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec
import structlog

from app import tracing
from app.calls.core.commands import HangupChannel
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason
from app.calls.doing.executor import Executor
from app.calls.keeping.change import FencedError
from app.calls.keeping.keys import KeyClaim
from app.calls.keeping.store import CallStore
from app.calls.living.actor import CallActor
from app.calls.reading.spans import begin_trace
from app.calls.traces.keeper import TraceKeeper
from app.clock import Clock
from app.errors import OverloadedError
from app.ids import LegId

_log = structlog.get_logger(__name__)


class CallRegistry:
    """All live calls of this node, and the tasks that run them. ``run`` holds the tasks."""

    def __init__(
        self, store: CallStore, executor: Executor, clock: Clock, *, capacity: int, traces: TraceKeeper | None = None
    ) -> None:
        self._store = store
        self._executor = executor
        self._clock = clock
        self._capacity = capacity
        self._traces = traces
        self._actors: dict[str, CallActor] = {}
        self._owner_of: dict[str, str] = {}
        self._callers: dict[str, LegId] = {}
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._newcomers: asyncio.Queue[CallActor] = asyncio.Queue()  # bounded by capacity: each is in _actors
        self._held: list[CallActor] = []
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._actors)

    def __iter__(self) -> Iterator[CallActor]:
        return iter(tuple(self._actors.values()))

    def find(self, call_id: str) -> CallActor | None:
        """The actor of a live call."""
        return self._actors.get(call_id)

    def owner_of(self, subject_id: str) -> CallActor | None:
        """The actor of the call that a leg or recording belongs to."""
        call_id = self._owner_of.get(subject_id)
        return None if call_id is None else self._actors.get(call_id)

    @property
    def callers(self) -> Mapping[str, LegId]:
        """The channels that came to us by themselves and belong to a live call, with their legs."""
        return self._callers

    def start(self, call: Call, *, claim: KeyClaim | None = None, not_after: datetime | None = None) -> CallActor:
        """Give a call its actor. One that is not written by ``not_after`` is never dialled.

        Raises:
            OverloadedError: this node has as many live calls as it may.
            FencedError: it was closed; the next calls are in other hands.
        """
        if self._is_closed:
            raise FencedError(call.id)
        if len(self._actors) >= self._capacity:
            raise OverloadedError(f"This node has its {self._capacity} live calls already.")
        if tracing.armed is not None and call.traceparent is None:  # nobody asked for it over the API
            call = msgspec.structs.replace(call, traceparent=begin_trace(tracing.armed, call, self._clock.now()))
        actor = self._enrol(call, claim, not_after)
        self._newcomers.put_nowait(actor)
        return actor

    def adopt(self, call: Call) -> CallActor:
        """Give an actor to a call that is under way already; it is here whether there is room or not.

        Its inputs wait until :meth:`release`: what became of its legs must be known before an overdue timer decides.
        """
        actor = self._enrol(call, None)
        self._held.append(actor)
        return actor

    @property
    def held(self) -> tuple[CallActor, ...]:
        """Those adopted and not released yet."""
        return tuple(self._held)

    def release(self) -> None:
        """Let the adopted calls live."""
        while self._held:
            self._newcomers.put_nowait(self._held.pop(0))

    def _enrol(self, call: Call, claim: KeyClaim | None, not_after: datetime | None = None) -> CallActor:
        actor = CallActor(
            call,
            store=self._store,
            executor=self._executor,
            clock=self._clock,
            claim=claim,
            not_after=not_after,
            on_change=self._know,
            trace=None if self._traces is None else self._traces.begin(call),
        )
        self._actors[call.id] = actor
        self._know(call)
        self._is_empty.clear()
        return actor

    def _know(self, call: Call) -> None:
        """Legs and recordings come to a call while it lives: news of them must find it before they are asked for."""
        for subject_id in _subjects(call):
            self._owner_of[subject_id] = call.id
        for leg in call.legs:
            if leg.channel_id is not None:
                self._owner_of[leg.channel_id] = call.id
                self._callers[leg.channel_id] = leg.id

    def post(self, subject_id: str, event: Input, *, at: datetime | None = None) -> bool:
        """Post an input to the call of a leg or recording; False when no live call owns it."""
        actor = self.owner_of(subject_id)
        if actor is None:
            return False
        try:
            actor.post(event, at=at)
        except OverloadedError:
            _log.error("mailbox_full", call_id=actor.call.id, input=type(event).__name__)
        return True

    def close(self) -> None:
        """Begin no call any more: a request that is still on its way here would wait for an actor that nobody runs."""
        self._is_closed = True

    async def wait_until_empty(self) -> None:
        """Return once no call lives here."""
        await self._is_empty.wait()

    async def run(self) -> None:
        """Run actors until cancelled. Calls stay in Asterisk and in the database; the next start adopts them."""
        async with asyncio.TaskGroup() as group:
            while True:
                actor = await self._newcomers.get()
                group.create_task(self._live(actor), name=f"call {actor.call.id}")

    async def _live(self, actor: CallActor) -> None:
        # The task is this call's alone, and so is what is logged in it.
        structlog.contextvars.bind_contextvars(call_id=actor.call.id)
        if actor.call.request_id is not None:
            structlog.contextvars.bind_contextvars(request_id=actor.call.request_id)
        if actor.call.traceparent is not None:
            structlog.contextvars.bind_contextvars(trace_id=tracing.trace_of(actor.call.traceparent))
        try:
            await actor.run()
            if actor.call.is_settled:
                self._keep_trace(actor)
        except Exception as error:  # noqa: BLE001 -- one call that meets a mistake of ours must not take the others with it
            # Nobody controls its legs any more, so they go; its record is closed by the next start.
            _log.exception("call_actor_crashed", call_id=actor.call.id)
            self._keep_trace(actor, error)
            if not actor.accepted.done():
                actor.accepted.set_exception(OverloadedError("The call could not be started. Try again."))
            await self._hang_up_legs(actor.call)
        finally:
            self._actors.pop(actor.call.id, None)
            if not self._actors:
                self._is_empty.set()
            for subject_id in _subjects(actor.call):
                self._owner_of.pop(subject_id, None)
            for leg in actor.call.legs:
                if leg.channel_id is not None:
                    self._owner_of.pop(leg.channel_id, None)
                    self._callers.pop(leg.channel_id, None)

    def hear(self, subject_id: str, event_type: str, at: datetime | None) -> None:
        """Asterisk sent an event about a leg, recording or playback: put it down to its call."""
        actor = None if self._traces is None else self.owner_of(subject_id)
        if actor is not None and actor.trace is not None:
            actor.trace.hear(event_type, at)

    def _keep_trace(self, actor: CallActor, error: Exception | None = None) -> None:
        if self._traces is None or actor.trace is None or not actor.call.sequence:
            return
        if error is not None:
            actor.trace.fail(error)
        self._traces.keep(actor.call, actor.trace)

    async def _hang_up_legs(self, call: Call) -> None:
        for leg in call.legs:
            if not leg.is_alive:
                continue
            try:
                await self._executor.carry_out(call, HangupChannel(leg_id=leg.id, reason=HangupReason.CALL_OVER))
            except Exception:  # noqa: BLE001 -- the mistake may lie there, and the other leg must go all the same
                _log.exception("leg_of_crashed_call_not_hung_up", call_id=call.id)


def _subjects(call: Call) -> tuple[str, ...]:
    return (
        *(leg.id for leg in call.legs),
        *(recording.id for recording in call.recordings),
        *(playback.id for playback in call.playbacks),
        *(supervision.id for supervision in call.supervisions),
        *(stream.id for stream in call.media_streams),
    )
