"""Callers as a CRM has them: each asks for its call with one key, again and again until it is told of one.

::

    callers = Callers(line, trunk_id)
    await callers.place(make_plans(50, rng), calls_per_second=5)
    await assert_all_hold(Evidence(…, acknowledged=callers.acknowledged.values()))

They live through whatever happens to the service: nothing they meet is an error of the test but what may never happen.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.calls.planning.requests import OriginateRequest
from app.errors import RefusedError, UnavailableError
from app.facts.vocabulary import RecordingMode
from tests.rig.desk import Line
from tests.rig.load import RING_SECONDS, STAYS, Plan

#: What ends a call whose caller never came through to hang it up.
LONGEST_CALL_SECONDS = 30.0
_AGAIN_SECONDS = 0.25
#: A caller gives up when a whole outage is over for long.
_PATIENCE_SECONDS = 90.0


@dataclass
class Callers:
    """``line`` is asked for anew each time, since the service behind it may be another by then.

    ``acknowledged`` are the calls they were told of, by key; ``given_up`` the keys that nobody answered in time;
    ``retries`` counts the errors that made somebody ask again, by their codes.
    """

    line: Callable[[], Line]
    trunk_id: str
    patience_seconds: float = _PATIENCE_SECONDS
    recording_mode: RecordingMode = RecordingMode.OFF
    acknowledged: dict[str, str] = field(default_factory=dict)
    requests: dict[str, OriginateRequest] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)

    async def place(self, plans: Sequence[Plan], *, calls_per_second: float) -> None:
        """Place every call at a steady rate, and hang up those whose parties would stay for ever."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for index, plan in enumerate(plans):
                await asyncio.sleep(max(0.0, began + index / calls_per_second - loop.time()))
                group.create_task(self._call(plan))

    async def _call(self, plan: Plan) -> None:
        request = OriginateRequest(
            idempotency_key=f"caller-{plan.number}",
            destination_number=plan.customer,
            connect_number=plan.agent,
            dial_first=plan.first,
            trunk_id=self.trunk_id,
            agent_ring_seconds=RING_SECONDS,
            customer_ring_seconds=RING_SECONDS,
            max_duration_seconds=LONGEST_CALL_SECONDS,
            recording_mode=self.recording_mode,
        )
        self.requests[request.idempotency_key] = request
        try:
            async with asyncio.timeout(self.patience_seconds):
                call_id = await self._originate(request)
        except TimeoutError:
            self.given_up.append(request.idempotency_key)
            return
        if plan.agent_does == plan.customer_does == STAYS:
            await asyncio.sleep(RING_SECONDS + plan.talk_seconds)
            await self._hang_up(call_id)

    async def _originate(self, request: OriginateRequest) -> str:
        while True:
            try:
                placed = await self.line().originate(request)
            except UnavailableError as error:
                self.retries[error.code] += 1
                await asyncio.sleep(_AGAIN_SECONDS * random.uniform(0.5, 1.5))
            else:
                self.acknowledged[request.idempotency_key] = placed.id
                return placed.id

    async def _hang_up(self, call_id: str) -> None:
        """Until it is done, or the call's own limit has done it."""
        try:
            async with asyncio.timeout(LONGEST_CALL_SECONDS):
                while True:
                    try:
                        await self.line().hang_up(call_id)
                    except UnavailableError as error:
                        self.retries[error.code] += 1
                        await asyncio.sleep(_AGAIN_SECONDS * random.uniform(0.5, 1.5))
                    else:
                        return
        except (RefusedError, TimeoutError):
            return  # it has ended by itself
