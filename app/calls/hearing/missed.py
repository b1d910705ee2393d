"""Calls that came in while nobody could take them: Asterisk has told the caller, and remembers; here they are written.

The dialplan (``offhook-missed``) leaves an entry for each under a number of its own, and counts them. They are read in
their order, written once each (the channel is claimed as that of any call that comes in), and then deleted there.
"""

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import structlog

from app.ari.client import AriClient
from app.calls.arrival import FROM_TRUNK, Arrival
from app.calls.core import inputs
from app.calls.hearing.inbound import AWAY, FULL, InboundRoutes, claim_of
from app.calls.keeping.change import FencedError
from app.calls.living.registry import CallRegistry
from app.calls.names import hangup_memory
from app.calls.planning.inbound_plan import plan_inbound
from app.calls.planning.plan import Defaults
from app.calls.time_limits import ACCEPT_SECONDS
from app.clock import Clock
from app.errors import OverloadedError, UnavailableError
from app.ids import new_id
from app.metrics import ARRIVALS

_log = structlog.get_logger(__name__)

LAST: Final = "ofk_missed_last"
READ: Final = "ofk_missed_read"
_NUMBER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_STAMP: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?", re.ASCII)
_FIELDS: Final = 7
#: So many entries are written down in one go; the rest waits for the next look.
_MOST_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An entry of Asterisk's: from when to when, and whether the caller was answered (and told) or refused."""

    arrival: Arrival
    began_at: datetime
    ended_at: datetime
    was_answered: bool


class MissedCalls:
    """Writes down what Asterisk remembers."""

    def __init__(
        self,
        ari: AriClient,
        registry: CallRegistry,
        routes: InboundRoutes,
        clock: Clock,
        *,
        node: str,
        defaults: Defaults,
    ) -> None:
        self._ari = ari
        self._registry = registry
        self._routes = routes
        self._clock = clock
        self._node = node
        self._defaults = defaults
        self._turn = asyncio.Lock()

    async def write_down(self) -> int:
        """Write down all there is; gives how many. What cannot be written now stays for the next time.

        Raises:
            AriError, DatabaseUnavailableError: likewise.
        """
        async with self._turn:
            return await self._write_all()

    async def _write_all(self) -> int:
        last, read = await self._count(LAST), await self._count(READ)
        written = 0
        for number in range(read + 1, min(last, read + _MOST_AT_ONCE) + 1):
            name = f"ofk_missed_{number}"
            text = await self._ari.get_global_variable(name)
            missed = parse_missed(text)
            if missed is None:
                _log.error("missed_call_not_remembered" if not text else "missed_call_unreadable", number=number)
                ARRIVALS.labels("lost").inc()
            elif not await self._write(missed):
                break
            else:
                written += 1
            await self._ari.delete_global_variable(name)
            await self._ari.set_global_variable(READ, str(number))
        if written:
            _log.info("missed_calls_written_down", count=written)
        return written

    async def _count(self, name: str) -> int:
        text = await self._ari.get_global_variable(name)
        return int(text) if _NUMBER.fullmatch(text) else 0

    async def _write(self, missed: Missed) -> bool:
        """Write one down; whether that is done, now or before."""
        arrival = missed.arrival
        way = await self._routes.find(arrival.endpoint, arrival.dialled)
        if way is None:
            _log.warning("missed_call_of_nobody", endpoint=arrival.endpoint)
            return True
        call = plan_inbound(
            arrival,
            replace(way, stops=()),  # nobody was rung for it, and nobody will be
            node=self._node,
            now=min(missed.began_at, self._clock.now()),
            defaults=self._defaults,
            make_id=new_id,
        )
        try:
            actor = self._registry.start(call, claim=claim_of(call, arrival.channel_id))
        except (OverloadedError, FencedError):
            return False
        actor.post(inputs.MissedWhileAway(ended_at=missed.ended_at, was_answered=missed.was_answered))
        try:
            async with asyncio.timeout(ACCEPT_SECONDS):
                taken = await asyncio.shield(actor.accepted)
        except (UnavailableError, TimeoutError) as error:
            # Should it be written yet, the channel is claimed, and the next time finds it so.
            _log.warning("missed_call_not_written_down", reason=str(error) or "not written in time")
            return False
        if taken is not None:
            await self._ari.delete_global_variable(hangup_memory(arrival.channel_id))
        ARRIVALS.labels("missed").inc()
        return True


def parse_missed(text: str) -> Missed | None:
    """An entry as the dialplan writes it; None when it is not of that form."""
    fields = text.split("|")
    if len(fields) != _FIELDS:
        return None
    began, ended, why, channel_id, endpoint, dialled, caller = fields
    if not _STAMP.fullmatch(began) or not _STAMP.fullmatch(ended) or why not in {AWAY, FULL} or not channel_id:
        return None
    return Missed(
        arrival=Arrival(
            channel_id=channel_id,
            channel_name=f"PJSIP/{endpoint}",
            kind=FROM_TRUNK,
            endpoint=endpoint,
            dialled=dialled,
            caller_number=caller,
        ),
        began_at=datetime.fromtimestamp(float(began), tz=UTC),
        ended_at=datetime.fromtimestamp(float(ended), tz=UTC),
        was_answered=why == AWAY,
    )
