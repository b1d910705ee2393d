"""What is in flight on a floor: a blind transfer, a consultation, a queue, a supervision, a conference, call flows,
and what Offhook does by itself: a campaign, a callback, one-time passwords.

Each is brought to the middle of it (``begin``); somebody at the far end may do the next thing while nobody watches
(``happen``); whoever serves then goes on to its one right end (``go_on``). ``be_lost`` is what must be told when
Asterisk itself has died.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from app.calls.core.verbs import (
    AddParticipant,
    CompleteTransfer,
    RemoveParticipant,
    StartTransfer,
    Target,
    UpdateSupervision,
)
from app.facts.queues import AgentState
from app.facts.vocabulary import SupervisionMode, TransferKind
from app.ids import LegId
from tests.rig.call_centre import call_in
from tests.rig.desk import Fact, Story
from tests.rig.errand_scenes import errand_scenes
from tests.rig.far_end import FarEndCall
from tests.rig.floor import FIRST_AGENT, RING_SECONDS, SECOND_AGENT, Floor, Scene, new_number
from tests.rig.flow_scenes import flow_scenes
from tests.rig.story import assert_is_whole
from tests.rig.supervisor import SUPERVISOR_EXTENSION, supervise
from tests.rig.talk import answer_both

_OUTCOMES: Final = ("transfer.completed", "transfer.cancelled", "transfer.failed")
_LOST: Final = {"NODE_LOST", "HANGUP"}  # told by the next Asterisk's beginning, or by the last events of the old one
_HERTZ: Final = 700
_LISTEN_SECONDS: Final = 1.5
#: Where channels have just been moved, sound takes a moment to find its way again.
_MOST_LISTENS: Final = 4
_LOUD_DBFS: Final = -35.0


def all_scenes(floor: Floor) -> list[Scene]:
    """One of each."""
    talks: list[Scene] = [BlindTransfer(floor), Consultation(floor), QueueWait(floor)]
    talks += [Supervision(floor), Conference(floor)]
    return [*talks, *flow_scenes(floor), *errand_scenes(floor)]


@dataclass
class _Talk:
    """A call whose agent and customer talk, at the far end."""

    floor: Floor
    call_ids: list[str] = field(default_factory=list)
    has_happened: bool = False
    id: str = ""
    agent: FarEndCall = field(init=False)
    customer: FarEndCall = field(init=False)

    async def _connect(self) -> None:
        agent_number, customer_number = new_number(), new_number()
        placed = await self.floor.desk.place_call(customer_number, connect_number=agent_number, trunk="farend")
        self.id = placed.id
        self.call_ids = [placed.id]
        self.agent, self.customer = await answer_both(self.floor.far_end, agent_number, customer_number)
        await self.floor.told(self.id, "call.connected")

    async def _together(self, *numbers: str) -> None:
        legs = [await self.floor.leg_to(self.id, number) for number in numbers]
        await self.floor.assert_together(self.id, *legs)

    async def _end(self, *, party: str) -> Story:
        story = await self.floor.desk.wait_for_end(self.id)
        await assert_is_whole(self.floor.desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", party))
        return story

    async def _end_of_lost(self, *also: str) -> Story:
        story = await self.floor.desk.wait_for_end(self.id)
        await assert_is_whole(self.floor.desk, story)
        assert story.disposition == "ANSWERED"
        assert story.end[0] in _LOST | set(also)
        return story


def _assert_one_outcome(story: Story, *allowed: str) -> None:
    story.the("transfer.started")
    (outcome,) = [fact.type for fact in story.facts if fact.type in _OUTCOMES]
    assert outcome in (allowed or _OUTCOMES)


@dataclass
class BlindTransfer(_Talk):
    """The agent has given the customer away and is gone; the target's phone rings, and is answered."""

    target: FarEndCall = field(init=False)

    async def begin(self) -> None:
        await self._connect()
        number = new_number()
        await self.floor.desk.act(self.id, _transfer(TransferKind.BLIND, number))
        self.target = await self.floor.far_end.expect_call(number)
        await self.target.ring()
        await self.agent.wait_until_ended()
        await self.floor.told(self.id, "leg.ringing", number)

    async def happen(self) -> None:
        self.has_happened = True
        await self.target.answer()

    async def go_on(self) -> None:
        if not self.has_happened:
            assert not self.customer.has_ended
            await self.target.answer()
        await self.floor.desk.wait_for(self.id, "transfer.completed")
        await self._together(self.customer.dialled, self.target.dialled)
        await self.customer.hang_up()
        await self.target.wait_until_ended()
        story = await self._end(party="CUSTOMER")
        _assert_one_outcome(story, "transfer.completed")
        assert self.floor.invites(self.target.dialled) == 1
        self.floor.assert_talk_is_true(story, (self.agent, self.customer), (self.customer, self.target))

    async def be_lost(self) -> None:
        # An Asterisk that stops says that the target is gone, and dials nobody back any more.
        _assert_one_outcome(await self._end_of_lost("TRANSFER_FAILED", "BRIDGE_FAILED"))


@dataclass
class Consultation(_Talk):
    """The customer is held, the agent consults with the target, and gives the customer to it."""

    target: FarEndCall = field(init=False)

    async def begin(self) -> None:
        await self._connect()
        number = new_number()
        await self.floor.desk.act(self.id, _transfer(TransferKind.ATTENDED, number))
        self.target = await self.floor.far_end.expect_call(number)
        await self.target.answer()
        await self.floor.told(self.id, "leg.answered", number)

    async def happen(self) -> None:
        self.has_happened = True
        await self.agent.hang_up()

    async def go_on(self) -> None:
        if not self.has_happened:
            await self._together(self.agent.dialled, self.target.dialled)
            assert not self.customer.has_ended
            await self.floor.desk.act(self.id, CompleteTransfer())
            await self.agent.wait_until_ended()
        await self.floor.desk.wait_for(self.id, "transfer.completed")
        await self._together(self.customer.dialled, self.target.dialled)
        await self.target.hang_up()
        await self.customer.wait_until_ended()
        story = await self._end(party="AGENT")
        _assert_one_outcome(story, "transfer.completed")
        assert self.floor.invites(self.target.dialled) == 1
        self.floor.assert_talk_is_true(story, (self.agent, self.customer), (self.customer, self.target))

    async def be_lost(self) -> None:
        # An Asterisk that stops hangs up one after the other, and brings nobody together any more.
        _assert_one_outcome(await self._end_of_lost("BRIDGE_FAILED"))


@dataclass
class QueueWait:
    """One caller is being offered to an agent whose phone rings; another waits behind it."""

    floor: Floor
    call_ids: list[str] = field(default_factory=list)
    has_happened: bool = False
    callers: list[FarEndCall] = field(default_factory=list)
    phone: FarEndCall = field(init=False)

    async def begin(self) -> None:
        await self._call_in()
        self.phone = await self.floor.far_end.expect_call(self.floor.phones[FIRST_AGENT])
        await self.phone.ring()
        await self._agent_leg("leg.ringing", self.call_ids[0])
        await self._call_in()

    async def happen(self) -> None:
        self.has_happened = True
        await self.phone.answer()

    async def go_on(self) -> None:
        floor, (first, second) = self.floor, self.call_ids
        if not self.has_happened:
            standing = await floor.centre.standing()
            assert [one.call_id for one in standing.waiting] == [first, second]
            assert [one.offered_to for one in standing.waiting] == [(floor.centre.agents[FIRST_AGENT],), ()]
            await self.phone.answer()
        await self._talk_to(first, self.callers[0], self.phone, FIRST_AGENT)
        assert not self.callers[1].has_ended
        await floor.centre.say(AgentState.PAUSED, FIRST_AGENT)
        await floor.centre.say(AgentState.AVAILABLE, SECOND_AGENT)
        other = await floor.far_end.expect_call(floor.phones[SECOND_AGENT])
        await other.answer()
        await self._talk_to(second, self.callers[1], other, SECOND_AGENT)
        for extension in (FIRST_AGENT, SECOND_AGENT):
            assert floor.invites(floor.phones[extension]) == 1
        await floor.centre.wait_until(SECOND_AGENT, AgentState.AVAILABLE)

    async def be_lost(self) -> None:
        floor = self.floor
        for call_id in self.call_ids:
            story = await floor.desk.wait_for_end(call_id)
            await assert_is_whole(floor.desk, story)
            assert story.end[0] in _LOST
            assert story.the("queue.left").body["reason"] in {"ENDED", "ABANDONED"}
            story.the("queue.joined")
        # What died with Asterisk is no call that the agent let ring.
        await floor.centre.wait_until(FIRST_AGENT, AgentState.AVAILABLE)
        placed, caller = await self._call_in()
        phone = await floor.far_end.expect_call(floor.phones[FIRST_AGENT])
        await phone.answer()
        await self._talk_to(placed, caller, phone, FIRST_AGENT)

    async def _call_in(self) -> tuple[str, FarEndCall]:
        number = new_number()
        placed = await call_in(self.floor.desk, self.floor.centre, number, trunk="farend")
        self.call_ids.append(placed.id)
        caller = await self.floor.far_end.expect_call(number)
        await caller.answer()
        self.callers.append(caller)
        await self.floor.told(placed.id, "queue.joined")
        return placed.id, caller

    async def _agent_leg(self, type_name: str, call_id: str) -> LegId:
        def is_agents(facts: list[Fact]) -> bool:
            return any(fact.type == type_name and fact.role == "AGENT" for fact in facts)

        facts: list[Fact] = []
        while not is_agents(facts := await self.floor.desk.line.facts(call_id)):
            await asyncio.sleep(0.05)
        return next(LegId(one.body["leg"]["id"]) for one in facts if one.type == type_name and one.role == "AGENT")

    async def _talk_to(self, call_id: str, caller: FarEndCall, phone: FarEndCall, extension: str) -> None:
        """They talk until the caller hangs up."""
        desk = self.floor.desk
        left = await desk.wait_for(call_id, "queue.left")
        assert left.body["reason"] == "ANSWERED"
        assert self.floor.centre.extension_of(left.body["agentId"]) == extension
        await desk.wait_for(call_id, "call.connected")
        legs = [await self.floor.leg_to(call_id, caller.dialled), await self._agent_leg("leg.answered", call_id)]
        await self.floor.assert_together(call_id, *legs)
        await caller.hang_up()
        await phone.wait_until_ended()
        story = await desk.wait_for_end(call_id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert len(story.all_of("queue.joined")) == len(story.all_of("queue.left")) == 1
        assert len(story.all_of("queue.offered")) == 1
        self.floor.assert_talk_is_true(story, (caller, phone), (caller, phone))


@dataclass
class Supervision(_Talk):
    """A supervisor whispers to the agent."""

    supervisor: FarEndCall = field(init=False)
    supervision_id: str = ""

    async def begin(self) -> None:
        await self._connect()
        await self.floor.desk.act(self.id, supervise(SupervisionMode.WHISPER))
        self.supervisor = await self.floor.far_end.expect_call(self.floor.phones[SUPERVISOR_EXTENSION])
        await self.supervisor.answer()
        self.supervision_id = (await self.floor.told(self.id, "supervision.started")).body["supervisionId"]

    async def happen(self) -> None:
        self.has_happened = True
        await self.supervisor.hang_up()

    async def go_on(self) -> None:
        if self.has_happened:
            ended = await self.floor.desk.wait_for(self.id, "supervision.ended")
            assert ended.body["reason"] != "CALL_ENDED"
            # Not by sound: see tests.rig.voice.
            await self._together(self.agent.dialled, self.customer.dialled)
        else:
            await self._assert_hear_the_agent(self.customer, self.supervisor)
            barge = UpdateSupervision(supervision_id=self.supervision_id, mode=SupervisionMode.BARGE)
            await self.floor.desk.act(self.supervision_id, barge)
            await self._assert_hear_the_agent(self.customer, self.supervisor)
        await self.customer.hang_up()
        await asyncio.gather(self.agent.wait_until_ended(), self.supervisor.wait_until_ended())
        story = await self._end(party="CUSTOMER")
        assert len(story.all_of("supervision.started")) == len(story.all_of("supervision.ended")) == 1
        assert (story.the("supervision.ended").body["reason"] == "CALL_ENDED") is not self.has_happened
        self.floor.assert_talk_is_true(story, (self.agent, self.customer), (self.agent, self.customer))

    async def be_lost(self) -> None:
        story = await self._end_of_lost()
        story.the("supervision.ended")

    async def _assert_hear_the_agent(self, *ones: FarEndCall) -> None:
        """By sound, since nobody is in one bridge while somebody whispers: none of them is at a dead wire."""
        levels: list[float] = []
        async with self.agent.playing_tone(_HERTZ):
            for _ in range(_MOST_LISTENS):
                sounds = await asyncio.gather(*(one.hear(_LISTEN_SECONDS) for one in ones))
                levels = [heard.between(0.5, heard.seconds).tone_dbfs(_HERTZ) for heard in sounds]
                if min(levels) > _LOUD_DBFS:
                    return
        raise AssertionError(f"the agent comes in at {levels} dBFS")


@dataclass
class Conference(_Talk):
    """A third party talks with the two; it is sent away, or takes the seat of the agent who goes."""

    third: FarEndCall = field(init=False)

    async def begin(self) -> None:
        await self._connect()
        number = new_number()
        verb = AddParticipant(idempotency_key=f"join {number}", target=Target(number=number))
        await self.floor.desk.act(self.id, verb)
        self.third = await self.floor.far_end.expect_call(number)
        await self.third.answer()
        await self.floor.told(self.id, "participant.joined")

    async def happen(self) -> None:
        self.has_happened = True
        await self.agent.hang_up()

    async def go_on(self) -> None:
        desk = self.floor.desk
        last = self.third if self.has_happened else self.agent
        if not self.has_happened:
            await self._together(self.agent.dialled, self.customer.dialled, self.third.dialled)
            third = await self.floor.leg_to(self.id, self.third.dialled)
            await desk.act(third, RemoveParticipant(leg_id=third))
            await self.third.wait_until_ended()
        left = await desk.wait_for(self.id, "participant.left")
        assert bool(left.body["takenBy"]) is self.has_happened
        await self._together(self.customer.dialled, last.dialled)
        await self.customer.hang_up()
        await last.wait_until_ended()
        story = await self._end(party="CUSTOMER")
        assert len(story.all_of("participant.joined")) == len(story.all_of("participant.left")) == 1
        self.floor.assert_talk_is_true(story, (self.agent, self.customer), (self.customer, last))

    async def be_lost(self) -> None:
        story = await self._end_of_lost()
        story.the("participant.joined")


def _transfer(kind: TransferKind, number: str) -> StartTransfer:
    return StartTransfer(
        idempotency_key=f"transfer to {number}",
        kind=kind,
        target=Target(number=number),
        ring_seconds=RING_SECONDS if kind is TransferKind.BLIND else None,
    )
