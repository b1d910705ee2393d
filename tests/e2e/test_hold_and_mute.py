"""Hold and mute, by what each party hears of the other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from app.calls.core.verbs import Hold, Mute, Unhold, Unmute
from app.errors import RefusedError
from app.facts.vocabulary import MuteDirection
from tests.rig.audio import Sound
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, AGENT_HERTZ = "+15550114001", 3100  # music has next to nothing there
CUSTOMER_NUMBER, CUSTOMER_HERTZ = "+15550114002", 1000
LOUD_DBFS = -30.0
FAINT_DBFS = -45.0
ABSENT_DBFS = -60.0
LISTEN_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Talk:
    """A connected call whose parties both sound a tone."""

    id: str
    agent: FarEndCall
    customer: FarEndCall

    async def heard_by_customer(self) -> Sound:
        return _settled(await self.customer.hear(LISTEN_SECONDS))

    async def heard_by_agent(self) -> Sound:
        return _settled(await self.agent.hear(LISTEN_SECONDS))


def _settled(sound: Sound) -> Sound:
    return sound.between(0.5, sound.seconds)


@asynccontextmanager
async def _talking(desk: Desk, far_end: FarEnd) -> AsyncIterator[Talk]:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    async with AsyncExitStack() as tones:
        await tones.enter_async_context(agent.playing_tone(AGENT_HERTZ))
        await tones.enter_async_context(customer.playing_tone(CUSTOMER_HERTZ))
        yield Talk(placed.id, agent, customer)
    await desk.hang_up(placed.id)
    await assert_is_whole(desk, await desk.wait_for_end(placed.id))


async def test_given_a_talk_when_the_customer_is_held_then_it_hears_music_and_nobody_the_other_until_it_is_back(
    desk: Desk, far_end: FarEnd
) -> None:
    async with _talking(desk, far_end) as talk:
        await desk.act(talk.id, Hold())
        await desk.wait_for(talk.id, "leg.held", "CUSTOMER")
        music = await talk.heard_by_customer()
        assert music.rms_dbfs() > ABSENT_DBFS  # there is music …
        assert music.tone_dbfs(AGENT_HERTZ) < FAINT_DBFS  # … and not the agent
        assert (await talk.heard_by_agent()).rms_dbfs() < ABSENT_DBFS

        await desk.act(talk.id, Unhold())
        await desk.wait_for(talk.id, "leg.unheld", "CUSTOMER")
        assert (await talk.heard_by_customer()).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert (await talk.heard_by_agent()).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS


@pytest.mark.parametrize(
    ("direction", "is_heard", "hears"),
    [(MuteDirection.IN, False, True), (MuteDirection.OUT, True, False), (MuteDirection.BOTH, False, False)],
)
async def test_given_a_talk_when_the_agent_is_muted_then_sound_goes_the_other_way_only_until_it_is_unmuted(
    desk: Desk, far_end: FarEnd, direction: MuteDirection, is_heard: bool, hears: bool
) -> None:
    async with _talking(desk, far_end) as talk:
        agent = (await desk.wait_for(talk.id, "leg.answered", "AGENT")).body["leg"]["id"]
        await desk.act(agent, Mute(leg_id=agent, direction=direction))
        assert (await talk.heard_by_customer()).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS or not is_heard
        assert (await talk.heard_by_customer()).tone_dbfs(AGENT_HERTZ) < ABSENT_DBFS or is_heard
        assert (await talk.heard_by_agent()).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS or not hears
        assert (await talk.heard_by_agent()).tone_dbfs(CUSTOMER_HERTZ) < ABSENT_DBFS or hears

        await desk.act(agent, Unmute(leg_id=agent))
        assert (await talk.heard_by_customer()).tone_dbfs(AGENT_HERTZ) > LOUD_DBFS
        assert (await talk.heard_by_agent()).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS


async def test_given_a_held_customer_when_it_hangs_up_then_the_call_ends_as_any(desk: Desk, far_end: FarEnd) -> None:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    await desk.act(placed.id, Hold())
    await customer.hang_up()
    story = await desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    await agent.wait_until_ended()
    await assert_is_whole(desk, story)


async def test_given_a_ringing_call_when_held_then_it_is_refused_with_its_state(desk: Desk, far_end: FarEnd) -> None:
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.ring()
    await desk.wait_for(placed.id, "leg.ringing", "AGENT")
    with pytest.raises(RefusedError) as refused:
        await desk.act(placed.id, Hold())
    assert [(one.code, one.current_state) for one in refused.value.problems] == [("INVALID_STATE", "RINGING")]
    await desk.hang_up(placed.id)
    await desk.wait_for_end(placed.id)
