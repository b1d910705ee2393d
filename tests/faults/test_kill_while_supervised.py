"""kill -9 of the service while somebody listens to a call, or is called to: the next one goes on with it."""

import asyncio
from pathlib import Path

import pytest

from app.calls.core.verbs import UpdateSupervision
from app.config import Settings
from app.facts.vocabulary import SupervisionMode
from tests.rig.audio import Sound
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.supervisor import SUPERVISOR_NUMBER, seat_supervisor, supervise
from tests.rig.talk import answer_both
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER = "+15550118001", "+15550118002"
HERTZ = 400
LOUD_DBFS = -35.0
ABSENT_DBFS = -60.0


async def _hear(one: FarEndCall) -> Sound:
    sound = await one.hear(1.5)
    return sound.between(0.5, sound.seconds)


async def _until_told(desk: Desk, call_id: str, type_name: str) -> Fact:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(30):
        while True:
            found = [fact for fact in await desk.line.facts(call_id) if fact.type == type_name]
            if found:
                return found[0]
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("is_answered_before", [True, False])
async def test_given_a_supervision_when_the_service_is_killed_then_the_next_one_goes_on_with_it_in_its_mode(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, is_answered_before: bool
) -> None:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
        await seat_supervisor(first.service.database)
    async with service_process(settings, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
        desk = Desk(line, node, trunks)
        placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
        agent, customer = await answer_both(far_end, AGENT_NUMBER, CUSTOMER_NUMBER)
        await _until_told(desk, placed.id, "call.connected")
        await desk.act(placed.id, supervise(SupervisionMode.WHISPER))
        supervisor = await far_end.expect_call(SUPERVISOR_NUMBER)
        await supervisor.ring()
        await _until_told(desk, placed.id, "leg.dialing")
        if is_answered_before:
            await supervisor.answer()
            await _until_told(desk, placed.id, "supervision.started")
        await process.kill()
        if not is_answered_before:
            await supervisor.answer()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        await desk.wait_for(placed.id, "call.recovered")
        started = await desk.wait_for(placed.id, "supervision.started")
        supervision_id = started.body["supervisionId"]
        async with supervisor.playing_tone(HERTZ):
            assert (await _hear(agent)).tone_dbfs(HERTZ) > LOUD_DBFS
            assert (await _hear(customer)).rms_dbfs() < ABSENT_DBFS
            barge = UpdateSupervision(supervision_id=supervision_id, mode=SupervisionMode.BARGE)
            await desk.act(supervision_id, barge)
            assert (await _hear(customer)).tone_dbfs(HERTZ) > LOUD_DBFS
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.the("supervision.ended").body["reason"] == "CALL_ENDED"
        await asyncio.gather(agent.wait_until_ended(), supervisor.wait_until_ended())
        await offhook.assert_nothing_is_left(witness)
