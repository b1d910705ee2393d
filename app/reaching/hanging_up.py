"""Many calls hung up at once, wherever they live."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.core.model.call import Call
from app.calls.reading.queries import CallQueries
from app.cdrs.filters import CallFilter
from app.errors import RefusedError, UnavailableError
from app.facts.event import SYSTEM, Actor
from app.facts.vocabulary import CallState

_log = structlog.get_logger(__name__)

#: So many at most at one request: those that were there first.
MOST_CALLS: Final = 500
_AT_ONCE: Final = 32
#: A suspended account's calls are looked for again, since one may have been on its way in.
_ROUNDS: Final = 5
_ROUND_SECONDS: Final = 0.2

#: Of such calls somebody is still to be rung.
_SETTING_UP: Final = (CallState.PENDING, CallState.DIALING, CallState.RINGING, CallState.ANSWERED)

HangUp = Callable[[Principal, str], Awaitable[Call]]


@dataclass(frozen=True, slots=True)
class HungUp:
    """The calls that are ending, how many could not be reached just now, and whether there were more than are asked."""

    call_ids: tuple[str, ...]
    failed: int = 0
    has_more: bool = False


class House(Principal):
    """The service itself, hanging up for an account."""

    __slots__ = ()

    @property
    def actor(self) -> Actor:
        return SYSTEM


class Hangups:
    """``hang_up`` ends one call: :meth:`app.reaching.routed.RoutedCalls.hang_up`."""

    def __init__(self, queries: CallQueries, hang_up: HangUp) -> None:
        self._queries = queries
        self._hang_up = hang_up

    async def hang_up(self, principal: Principal, where: CallFilter) -> HungUp:
        """End the account's live calls that a filter admits; of a caller who is confined to it, the sandbox's.

        Raises:
            DatabaseUnavailableError: which those are, nobody knows just now.
        """
        principal.require(Scope.CALLS_CONTROL)
        found = await self._queries.find_live(
            principal.account_id, where, limit=MOST_CALLS + 1, is_sandbox_only=principal.is_confined
        )
        asked, slots = found[:MOST_CALLS], asyncio.Semaphore(_AT_ONCE)

        async def end(call_id: str) -> bool | None:
            async with slots:
                try:
                    await self._hang_up(principal, call_id)
                except RefusedError:
                    return None  # it has ended meanwhile
                except UnavailableError as error:
                    _log.warning("call_not_hung_up", call_id=call_id, code=error.code)
                    return False
            return True

        ended = await asyncio.gather(*(end(call_id) for call_id in asked))
        return HungUp(
            call_ids=tuple(call_id for call_id, is_done in zip(asked, ended, strict=True) if is_done),
            failed=sum(is_done is False for is_done in ended),
            has_more=len(found) > len(asked),
        )

    async def end_all(self, account_id: str, *, with_talks: bool = True) -> HungUp:
        """End the live calls of an account that begins no more; without ``with_talks`` those that are being set up."""
        where = CallFilter() if with_talks else CallFilter(states=_SETTING_UP)
        principal = House(
            account_id=account_id,
            account_name="",
            default_region="US",
            key_id="",
            scopes=frozenset({Scope.CALLS_CONTROL}),
        )
        ended: dict[str, None] = {}
        for number in range(_ROUNDS):
            done = await self.hang_up(principal, where)
            ended.update(dict.fromkeys(done.call_ids))
            # One look is not enough: a call may have been admitted before, and be written after it.
            if number and not done.call_ids and not done.failed:
                break
            await asyncio.sleep(_ROUND_SECONDS)
        return HungUp(call_ids=tuple(ended), failed=done.failed, has_more=done.has_more)
