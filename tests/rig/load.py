"""Many calls over the SIPp trunk, and the comparison of what Offhook says of them with what SIPp saw.

Both legs go to SIPp, which acts by the last digit dialled (see ``sipp/mix.xml``); every number is dialled once, so each
SIP call can be told.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from app.calls.planning.requests import WaitFor
from app.facts.vocabulary import LegRole
from tests.rig.desk import Desk, Story
from tests.rig.sipp import SippCall, SippServer
from tests.rig.story import assert_is_whole

RING_SECONDS = 3
_PATIENT_RING_SECONDS = 10  # on a busy machine an answer may take a while
LONGEST_TALK_SECONDS = 3.0
_FIRST_NUMBER = 1000  # +15550100100 … are the account's own
_MOST_NUMBERS = 9999

STAYS, BUSY, SILENT, REJECTS, HANGS_UP, UNKNOWN, CONGESTED = "1", "2", "3", "4", "5", "6", "7"

#: What a party that does not answer makes of the call.
REFUSALS = {
    BUSY: ("BUSY", "BUSY", 486),
    SILENT: ("NO_ANSWER", "NO_ANSWER", None),
    REJECTS: ("REJECTED", "REJECTED", 603),
    UNKNOWN: ("INVALID_NUMBER", "INVALID_NUMBER", 404),
    CONGESTED: ("CONGESTION", "CONGESTION", 503),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One call: what either side will do, who is dialled first, and how long we let them talk."""

    number: int
    agent_does: str
    customer_does: str
    first: LegRole
    talk_seconds: float

    @property
    def agent(self) -> str:
        return f"+155501{self.number:04d}{self.agent_does}"

    @property
    def customer(self) -> str:
        return f"+155501{self.number + 1:04d}{self.customer_does}"

    @property
    def order(self) -> list[tuple[str, str]]:
        """Role and behaviour in the order of dialling."""
        sides = [("AGENT", self.agent_does), ("CUSTOMER", self.customer_does)]
        return sides if self.first is LegRole.AGENT else sides[::-1]


def make_plans(count: int, rng: random.Random) -> list[Plan]:
    """A mix: half of the calls are answered and hung up by us, the rest is everything else, on either side."""
    pairs = [(STAYS, STAYS)] * 10 + [(STAYS, HANGS_UP), (HANGS_UP, STAYS)] * 2
    pairs += [(STAYS, refuses) for refuses in REFUSALS] + [(BUSY, STAYS), (SILENT, STAYS), (REJECTS, STAYS)]
    assert _FIRST_NUMBER + 2 * count <= _MOST_NUMBERS
    return [
        Plan(
            number=_FIRST_NUMBER + 2 * index,
            agent_does=pairs[index % len(pairs)][0],
            customer_does=pairs[index % len(pairs)][1],
            first=rng.choice([LegRole.AGENT, LegRole.CUSTOMER]),
            talk_seconds=round(rng.uniform(0.5, LONGEST_TALK_SECONDS), 2),
        )
        for index in range(count)
    ]


async def run_load(desk: Desk, sipp: SippServer, plans: Sequence[Plan], *, calls_per_second: float) -> None:
    """Place all calls at a steady rate, and check each by SIPp's own log.

    Raises:
        AssertionError: something that Offhook says of a call is not what happened.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    tasks = []
    async with asyncio.TaskGroup() as group:
        for index, plan in enumerate(plans):
            await asyncio.sleep(max(0.0, began + index / calls_per_second - loop.time()))
            tasks.append(group.create_task(_live(desk, plan)))
    stories = [task.result() for task in tasks]
    legs = sum(len(story.all_of("leg.dialing")) for story in stories)
    seen = {call.dialled: call for call in await sipp.wait_until_idle(legs)}
    dialled = [call.dialled for call in sipp.calls()]
    assert len(dialled) == len(set(dialled)) == legs  # one INVITE for each leg, and none else
    apart = [_assert_true(plan, story, seen) for plan, story in zip(plans, stories, strict=True)]
    # Both logs are of one machine, and either writer may have been kept waiting in any one call; not in most.
    assert median(seconds for seconds in apart if seconds is not None) <= 0.5


async def _live(desk: Desk, plan: Plan) -> Story:
    placed = await desk.place_call(
        plan.customer,
        connect_number=plan.agent,
        trunk="sipp",
        first=plan.first,
        agent_ring_seconds=_PATIENT_RING_SECONDS,
        customer_ring_seconds=_PATIENT_RING_SECONDS,
        wait_for=WaitFor.CONNECTED,
    )
    if placed.wait_outcome == "REACHED" and plan.agent_does == plan.customer_does == STAYS:
        await asyncio.sleep(plan.talk_seconds)
        await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id, seconds=120)
    await assert_is_whole(desk, story)
    return story


def _assert_true(plan: Plan, story: Story, seen: dict[str, SippCall]) -> float | None:
    """By how many seconds the two disagree about the talk, if there was one."""
    told = (story.disposition, *story.end)
    sides = {"AGENT": seen.get(plan.agent), "CUSTOMER": seen.get(plan.customer)}
    refusing = next(((role, does) for role, does in plan.order if does in REFUSALS), None)
    if refusing is not None:
        role, does = refusing
        disposition, code, sip_code = REFUSALS[does]
        if HANGS_UP not in {plan.agent_does, plan.customer_does}:
            assert told == (disposition, code, role), plan
        assert story.ended.body["endReason"]["sipCode"] == sip_code
        refused = sides[role]
        assert refused is not None
        assert refused.was_cancelled if sip_code is None else refused.final_status == sip_code
        never_dialled = {side for side, _ in plan.order[plan.order.index(refusing) + 1 :]}
        assert {side for side, call in sides.items() if call is None} == never_dialled
        return None
    if plan.agent_does == plan.customer_does == STAYS:
        assert told == ("ANSWERED", "API_HANGUP", "SYSTEM"), plan
    else:
        party = "AGENT" if plan.agent_does == HANGS_UP else "CUSTOMER"
        assert (told[1], told[2]) == ("HANGUP", party), plan
        # Whoever is dialled first and leaves after a second may be gone before the other has answered.
        assert told[0] == "ANSWERED" or (told[0] == "CANCELLED" and plan.order[0][0] == party)
    if told[0] != "ANSWERED":
        return None
    last = sides[plan.order[1][0]]
    assert last is not None
    assert last.talk_seconds is not None
    # The second leg's ACK is the connection.
    apart = abs(last.talk_seconds - float(story.record["talkSeconds"]))
    assert apart <= 5.0, (plan, last)
    return apart
