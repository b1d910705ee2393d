"""Before anybody is dialled: whether the account may, and has room. The calls' side of ``app.usage.caps``."""

from collections.abc import Sequence
from contextlib import suppress

from app.calls.core.inputs import Asked, ParticipantRequested, SupervisionRequested, TransferRequested
from app.calls.core.lifetimes import is_outside
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.keeping.counted import outside_legs
from app.errors import RefusedError, UnavailableError
from app.facts.vocabulary import Money
from app.routing.model import OriginateResolution
from app.usage.caps import CapacityDesk, LimitReachedError, suspended


class Admission:
    """Asks for calls of one node. Without a desk, there are no caps."""

    def __init__(self, desk: CapacityDesk | None = None) -> None:
        self._desk = desk

    async def admit(self, call: Call, found: OriginateResolution, *, is_own: bool) -> None:
        """Have room for a call that is about to begin, with all whom it is planned to ring.

        Raises:
            RefusedError: ACCOUNT_SUSPENDED, RATE_LIMITED, CONCURRENT_CALLS_REACHED, SPEND_CAP_REACHED,
                DESTINATION_NOT_PRICED.
            LimitReachedError: the same of a call of our own (``is_own``), which may be tried again; but for the last.
                Nobody waits here for a turn: whoever plans such calls does so for many accounts.
        """
        try:
            await self._take(call, found)
        except RefusedError as refused:
            problem = refused.problems[0]
            if not is_own or problem.code == "DESTINATION_NOT_PRICED":
                raise
            raise LimitReachedError(problem.message, retry_after_seconds=problem.retry_after_seconds) from refused

    async def _take(self, call: Call, found: OriginateResolution) -> None:
        if found.is_suspended:
            raise suspended()
        if found.is_metered and self._desk is not None:
            await self._desk.take(call.account_id, call.id, outside_legs(call, call.legs), is_new=True)

    async def quote(self, call: Call, found: OriginateResolution) -> Money | None:
        """What a call may cost at most, were it placed now; None where nobody has set prices.

        Raises:
            RefusedError: as :meth:`admit`, but for the calls of this second.
        """
        if found.is_suspended:
            raise suspended()
        if not found.is_metered or self._desk is None:
            return None
        return await self._desk.quote(call.account_id, outside_legs(call, call.legs))

    async def leave(self, call: Call, found: OriginateResolution) -> None:
        """Nothing has come of the call."""
        if found.is_metered:
            await self._give_back([call.id, *(leg.id for leg in call.legs)])

    async def admit_request(self, call: Call, event: Asked) -> tuple[str, ...]:
        """Have room for those whom a request about a live call is to ring; gives what was taken for it.

        Raises:
            RefusedError: as :meth:`admit`.
        """
        if self._desk is None or not isinstance(event, TransferRequested | SupervisionRequested | ParticipantRequested):
            return ()
        rung = () if event.leg is None else (event.leg, *event.or_legs)
        legs = outside_legs(call, rung)
        await self._desk.take(call.account_id, call.id, legs, begins=bool(legs))
        return tuple(leg.id for leg in legs)

    async def leave_request(self, taken: Sequence[str]) -> None:
        """Nothing has come of the request."""
        if taken:
            await self._give_back(taken)

    async def admit_leg(self, call: Call, leg: Leg) -> str | None:
        """Have room for a leg that is about to be made; gives why not, if not.

        Those of a call that was placed were all asked for at its beginning.

        Raises:
            DatabaseUnavailableError: nobody knows just now.
        """
        if self._desk is None or not is_outside(leg) or (not _came_in(call) and _is_planned(call, leg)):
            return None
        try:
            await self._desk.take(call.account_id, call.id, outside_legs(call, (leg,)), begins=False)
        except RefusedError as refused:
            return refused.message
        return None

    async def _give_back(self, ids: Sequence[str]) -> None:
        if self._desk is None:
            return
        with suppress(UnavailableError):  # it is found to be nobody's, a minute later
            await self._desk.give_back(ids)


def _came_in(call: Call) -> bool:
    return any(leg.has_come for leg in call.legs)


def _is_planned(call: Call, leg: Leg) -> bool:
    return leg.id in (one.id for one in call.legs[: call.planned])
