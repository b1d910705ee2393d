"""The calls service that the API has in hand: carried out here when the call is here, else through the inbox."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.asking.service import CallService
from app.calls.core.ending import has_ended
from app.calls.core.model.call import Call
from app.calls.core.verbs import Verb, scope_of
from app.calls.keeping.change import FencedError
from app.calls.planning.requests import (
    Acted,
    OriginateOutcome,
    OriginateRequest,
    Placed,
    UpdateRequest,
    WaitFor,
    WaitOutcome,
)
from app.calls.reading.queries import CallQueries
from app.calls.time_limits import LONGEST_WAIT_SECONDS
from app.calls.traces.words import Document
from app.errors import DatabaseUnavailableError, Problem, RefusedError, ShuttingDownError
from app.events.feed import Feed
from app.events.log import EventFilter
from app.ids import Kind, kind_of
from app.numbers.lookup import NumberLookup, describe_number
from app.numbers.parse import E164, is_e164
from app.ownership.lease import HandedOverError
from app.ownership.node import Node
from app.ownership.tenure import Tenure
from app.reaching.remote import RemoteCalls

_AGAIN_SECONDS: Final = 0.25
#: How long an answer waits for the last leg of a call whose end is decided.
_LAST_LEG_SECONDS: Final = 1.0
_REACHED: Final[dict[WaitFor, Callable[[Call], bool]]] = {
    WaitFor.CREATED: lambda _: True,
    WaitFor.FIRST_ANSWER: lambda call: any(leg.answered_at is not None for leg in call.legs),
    WaitFor.AGENT_ANSWERED: lambda call: call.agent_leg_id is not None,
    WaitFor.CONNECTED: lambda call: call.connected_at is not None,
}


class RoutedCalls:
    """Finds the process that has a call's Asterisk.

    ``node_name`` is where new calls are placed; ``node`` is this process's share in it, None without the role
    ``controller``. ``feed`` must run: it tells of calls that live elsewhere.
    """

    def __init__(
        self,
        *,
        node_name: str,
        node: Node | None,
        remote: RemoteCalls,
        queries: CallQueries,
        feed: Feed,
        wait_seconds: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        self._node_name = node_name
        self._node = node
        self._remote = remote
        self._queries = queries
        self._feed = feed
        self._wait_seconds = wait_seconds
        self._waits: set[asyncio.Timeout] = set()
        self._is_draining = False

    def drain(self) -> None:
        """Place no call from here on, and keep nobody waiting: the end is near."""
        self._is_draining = True
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    @property
    def is_draining(self) -> bool:
        """Whether :meth:`drain` was called."""
        return self._is_draining

    async def originate(self, principal: Principal, request: OriginateRequest) -> OriginateOutcome:
        """Place a call, or join the wait for the one that this idempotency key has placed.

        Placing it is part of the wait (``time_limits``). A caller that goes away meanwhile hangs up nothing.

        Raises:
            ShuttingDownError: no call is placed here any more.
            OffhookError: as ``CallService.originate``, wherever that is carried out.
        """
        if self._is_draining:
            raise ShuttingDownError("This process is shutting down. Ask again in a moment, with the same key.")
        until = asyncio.get_running_loop().time() + self._wait_seconds
        placed = await self._place(principal, request)
        if request.dry_run:
            lookup = await _look_up(placed.call.dialled_number)
            return OriginateOutcome(
                call=placed.call,
                is_replayed=False,
                wait_outcome=None,
                lookup=lookup,
                allowed_by=placed.allowed_by,
                most_cost=placed.most_cost,
            )
        call, outcome = await self._wait_for(placed.call, request.wait_for, until)
        return OriginateOutcome(
            call=call,
            is_replayed=placed.is_replayed,
            wait_outcome=outcome,
            lookup=await _look_up(call.dialled_number),
        )

    async def hang_up(self, principal: Principal, call_id: str) -> Call:
        """As ``CallService.hang_up``."""
        principal.require(Scope.CALLS_CONTROL)
        tenure = self._tenure
        where = await self._find(principal, call_id)
        if isinstance(where, str):
            return await self._remote.hang_up(where, principal, call_id)
        call = await where.hang_up(principal, call_id)
        if call.is_ending or self._tenure is tenure:
            return call
        return await self._remote.hang_up(self._node_name, principal, call_id)  # it changed hands under the request

    async def update(self, principal: Principal, request: UpdateRequest) -> Call:
        """As ``CallService.update``."""
        principal.require(Scope.CALLS_CONTROL)
        tenure = self._tenure
        where = await self._find(principal, request.call_id)
        if isinstance(where, str):
            return await self._remote.update(where, principal, request)
        call = await where.update(principal, request)
        if self._tenure is tenure:
            return call
        return await self._remote.update(self._node_name, principal, request)  # as above; twice is as good as once

    async def act(self, principal: Principal, subject_id: str, verb: Verb) -> Acted:
        """As ``CallService.act``, for the id of a call, or of one of its legs, recordings, supervisions, media streams.

        What was asked while the call changed hands is asked again: no verb adds up.
        """
        principal.require(scope_of(verb))
        tenure = self._tenure
        call_id = await self._call_of(principal, subject_id)
        where = await self._find(principal, call_id)
        if isinstance(where, str):
            return await self._remote.act(where, principal, call_id, verb)
        acted = await where.act(principal, call_id, verb)
        if self._tenure is tenure:
            return acted
        return await self._remote.act(self._node_name, principal, call_id, verb)

    async def live_trace(self, principal: Principal, call_id: str) -> Document | None:
        """As ``CallService.live_trace``, from wherever the call lives."""
        principal.require(Scope.CALLS_READ)
        tenure = self._tenure
        if tenure is not None and tenure.registry.find(call_id) is not None:
            return tenure.calls.live_trace(principal, call_id)
        call = await self._queries.get(principal.account_id, call_id)
        if call is None or call.is_settled or (tenure is not None and call.node == self._node_name):
            return None
        return await self._remote.live_trace(call.node, principal, call_id)

    def live_call(self, account_id: str, call_id: str) -> Call | None:
        """As ``CallService.live_call``."""
        tenure = self._tenure
        return None if tenure is None else tenure.calls.live_call(account_id, call_id)

    @property
    def _tenure(self) -> Tenure | None:
        return None if self._node is None else self._node.tenure

    async def _place(self, principal: Principal, request: OriginateRequest) -> Placed:
        tenure = self._tenure
        if tenure is not None:
            try:
                return await tenure.calls.originate(principal, request)
            except (HandedOverError, FencedError):
                pass  # nobody knows whether it was placed; the successor finds its key or places it
        return await self._remote.originate(self._node_name, principal, request)

    async def _call_of(self, principal: Principal, subject_id: str) -> str:
        kind = kind_of(subject_id)
        if kind not in {Kind.LEG, Kind.RECORDING, Kind.SUPERVISION, Kind.MEDIA_STREAM}:
            return subject_id
        tenure = self._tenure
        actor = None if tenure is None else tenure.registry.owner_of(subject_id)
        if actor is not None and actor.call.account_id == principal.account_id:
            return actor.call.id
        if kind is Kind.SUPERVISION:
            call_id = await self._queries.call_of_supervision(principal.account_id, subject_id)
            if call_id is None:
                raise RefusedError(Problem("NOT_FOUND", "No such supervision is under way.", ("supervisionId",)))
            return call_id
        if kind is Kind.MEDIA_STREAM:
            call_id = await self._queries.call_of_media_stream(principal.account_id, subject_id)
            if call_id is None:
                raise RefusedError(Problem("NOT_FOUND", "No such media stream is under way.", ("mediaStreamId",)))
            return call_id
        if kind is Kind.RECORDING:
            call_id = await self._queries.call_of_recording(principal.account_id, subject_id)
            if call_id is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such recording.", ("recordingId",)))
            return call_id
        found = await self._queries.find_leg(principal.account_id, subject_id)
        if found is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such leg.", ("legId",)))
        return found[0].id

    async def _find(self, principal: Principal, call_id: str) -> CallService | str:
        """The use cases of this process when the call is in its hands, else the name of its node."""
        tenure = self._tenure
        if tenure is not None and tenure.registry.find(call_id) is not None:
            return tenure.calls
        is_call = kind_of(call_id) is Kind.CALL
        call = await self._queries.get(principal.account_id, call_id) if is_call else None
        if call is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such call.", ("callId",)))
        if call.is_ended:
            raise has_ended(call)
        if tenure is not None and call.node == self._node_name:
            return tenure.calls
        return call.node

    async def _wait_for(self, call: Call, wait_for: WaitFor, until: float) -> tuple[Call, WaitOutcome]:
        reached = _REACHED[wait_for]
        if not reached(call) and not call.is_ending:
            call = await self._wait(call, lambda now: reached(now) or now.is_ending, until)
        if reached(call):
            return call, WaitOutcome.REACHED
        if not call.is_ending:
            return call, WaitOutcome.TIMED_OUT
        # Its last leg mostly goes at once, and then whoever asked has the whole record in this answer.
        latest = min(until, asyncio.get_running_loop().time() + _LAST_LEG_SECONDS)
        return await self._wait(call, lambda now: now.is_ended, latest), WaitOutcome.CALL_ENDED

    async def _wait(self, call: Call, holds: Callable[[Call], bool], until: float) -> Call:
        """The call once something holds of it, or as it stands when the wait is over."""
        latest = call
        try:
            async with asyncio.timeout_at(0 if self._is_draining else until) as wait:
                self._waits.add(wait)
                try:
                    while not holds(latest):
                        latest = await self._wait_on(latest, holds)
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            tenure = self._tenure
            actor = None if tenure is None else tenure.registry.find(call.id)
            return latest if actor is None else actor.call
        return latest

    async def _wait_on(self, call: Call, holds: Callable[[Call], bool]) -> Call:
        tenure = self._tenure
        actor = None if tenure is None else tenure.registry.find(call.id)
        if actor is not None:
            latest = await actor.wait_until(holds)
            if holds(latest) or latest is not call:
                return latest
        # It lives in another process, or has only just gone there: what it writes is heard of.
        try:
            items = self._feed.follow(call.account_id, where=EventFilter(subject_id=call.id))
            async with aclosing(items):
                async for _ in items:
                    latest = await self._queries.get(call.account_id, call.id) or call
                    if holds(latest):
                        return latest
        except DatabaseUnavailableError:
            await asyncio.sleep(_AGAIN_SECONDS)
        return call


async def _look_up(number: str | None) -> NumberLookup | None:
    return await describe_number(E164(number)) if number is not None and is_e164(number) else None
