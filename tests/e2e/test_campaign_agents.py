"""Agents of campaigns on the real Asterisk: contacts that they look at first, and people for whom nobody is free."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent, Pacing
from app.clock import SystemClock
from app.config import Settings
from app.facts.queues import AgentState
from app.flows.announcement import Announcement
from app.flows.steps import PlaySpeech
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.campaigns.live import speaking_settings, wait_for_state, wake
from tests.campaigns.predicting import quick_agents, reckon
from tests.campaigns.sheet import Sheet
from tests.rig.call_centre import CallCentre
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.far_end import FarEnd
from tests.rig.people import People, evenly
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts, sipp_called_party
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

FIRST, SECOND = "+15550100012", "+15550100013"
CALLED = "+15550117901"
NEVER_ANSWERS = "2010"
SPOKEN_DBFS = -45.0
#: Ten times the law's, so that a handful of answers bear a call too many.
CAP = 3000
PEOPLE = People(rings=evenly(0.3, 1.2), talks=evenly(2.0, 4.0)[::2])
_CONTACT = "contact { party { number } state attempts }"


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


@pytest.fixture
async def calling(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk() as desk:
        yield desk


@pytest.fixture
async def sheet(served_offhook: RunningOffhook) -> Sheet:
    return Sheet(served_offhook.service.database, served_offhook.principal.account_id, SystemClock())


async def _do(offhook: RunningOffhook, verb: str, wanted: str, **given: Any) -> Any:
    kind = f"{verb[0].upper()}{verb[1:]}Input!"
    query = f"mutation($input: {kind}) {{ {verb}(input: $input) {{ {wanted} userErrors {{ code message }} }} }}"
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        answer = await client.post(
            f"{offhook.url}/graphql",
            json={"query": query, "variables": {"input": given}},
            headers={"Authorization": f"Bearer {offhook.token}"},
        )
    body = answer.json()
    assert "errors" not in body, body["errors"]
    return body["data"][verb]


async def test_given_a_preview_campaign_when_an_agent_skips_one_contact_and_dials_the_next_then_they_talk(
    served_offhook: RunningOffhook, calling: Desk, sheet: Sheet
) -> None:
    centre = await CallCentre.open(served_offhook.service.services, served_offhook.principal, ["2001"])
    await centre.say(AgentState.AVAILABLE, "2001")
    await sheet.add_list([FIRST, SECOND])
    await sheet.begin(
        content=AgentContent(mode=PacingMode.PREVIEW, queue_id=centre.queue.id),
        pacing=Pacing(calls_per_minute=600, max_concurrent_calls=10),
        max_duration_seconds=2.0,
    )
    who = {"campaignId": sheet.campaign_id, "agentId": centre.agents["2001"]}
    await _do(served_offhook, "joinCampaign", "campaign { id }", **who)
    taken = await _do(served_offhook, "takePreviewContact", f"{_CONTACT} until", **who)
    assert taken["contact"] == {"party": {"number": FIRST}, "state": "CLAIMED", "attempts": 0}
    assert taken["until"] is not None
    skipped = await _do(served_offhook, "skipPreviewContact", _CONTACT, **who)
    assert skipped["contact"] == {"party": {"number": FIRST}, "state": "WAITING", "attempts": 0}
    taken = await _do(served_offhook, "takePreviewContact", _CONTACT, **who)
    assert taken["contact"]["party"] == {"number": SECOND}
    assert (await sheet.totals()).get("DIALLED", 0) == 0  # nobody is called by being looked at
    asked = [
        await _do(served_offhook, "dialPreviewContact", "callId replayed", idempotencyKey="second", **who)
        for _ in range(2)
    ]
    assert [(one["replayed"], one["userErrors"]) for one in asked] == [(False, []), (True, [])]
    story = await calling.wait_for_end(asked[0]["callId"])
    await assert_is_whole(calling, story)
    words = story.words
    assert words.index("leg.answered AGENT") < words.index("leg.dialing CUSTOMER") < words.index("call.connected")
    assert (story.record["agentId"], story.record["dialledNumber"]) == (centre.agents["2001"], SECOND)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (row := (await sheet.contacts())[SECOND])["state"] != "FINISHED":
            await asyncio.sleep(0.05)
    assert (row["disposition"], row["attempts"]) == ("ANSWERED", 1)
    rows = await sheet.contacts()
    assert (rows[FIRST]["state"], rows[FIRST]["attempts"]) == ("WAITING", 0)
    assert (await sheet.totals())["DIALLED"] == 1


async def test_given_somebody_who_answers_when_no_agent_comes_in_time_then_the_message_is_heard_and_it_counts_as_abandoned(  # noqa: E501  # one sentence
    served_offhook: RunningOffhook, calling: Desk, sheet: Sheet, far_end: FarEnd
) -> None:
    """Its phone rings, and nobody picks it up: there is an agent for the call, and then there is none."""
    centre = await CallCentre.open(served_offhook.service.services, served_offhook.principal, [NEVER_ANSWERS])
    await centre.say(AgentState.AVAILABLE, NEVER_ANSWERS)
    await sheet.add_list([CALLED])
    message = Announcement(sound=PlaySpeech(text="Sorry, all our agents are talking. We will call again."))
    await sheet.begin(
        content=AgentContent(mode=PacingMode.PREDICTIVE, queue_id=centre.queue.id, message=message),
        trunk_id=served_offhook.trunks["farend"],
    )
    await served_offhook.service.services.campaigns.agents.join(
        served_offhook.principal, sheet.campaign_id, centre.agents[NEVER_ANSWERS]
    )
    await wake(served_offhook, sheet)
    customer = await far_end.expect_call(CALLED)
    async with customer.hearing() as heard:
        await customer.answer()
        await customer.wait_until_ended()
    await wait_for_state(sheet, "FINISHED")
    [row] = (await sheet.contacts()).values()
    story = await calling.wait_for_end(row["call_id"])
    await assert_is_whole(calling, story)
    words = story.words
    # How soon is measured on a quiet machine: tests/soak/test_predictive.py.
    order = [words.index(one) for one in ("leg.answered CUSTOMER", "queue.joined", "queue.left", "playback.started")]
    assert order == sorted(order)
    assert story.the("queue.left").body["reason"] == "TIMEOUT"
    assert not story.the("playback.finished").body["isStopped"]
    assert heard[0].between(1.0, heard[0].seconds).rms_dbfs() > SPOKEN_DBFS
    assert (story.disposition, row["disposition"]) == ("ABANDONED", "ABANDONED")
    totals = await sheet.totals()
    assert (totals["ANSWERED_BY_PERSON"], totals["ABANDONED"]) == (1, 1)


async def test_given_people_who_answer_at_random_when_dialled_predictively_then_no_call_is_more_than_the_cap_bears(
    served_offhook: RunningOffhook,
    sheet: Sheet,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    far_end: FarEnd,
    tmp_path: Path,
) -> None:
    """In the long form, tests/soak/test_predictive.py, the figures are compared with the simulation's."""
    PEOPLE.write_scenario(tmp_path / "people.xml")
    called = PEOPLE.numbers(40, 0.6, seed=7)
    await sheet.add_list(called)
    async with (
        sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario=str(tmp_path / "people")) as sipp,
        quick_agents(served_offhook, far_end) as centre,
    ):
        await sheet.begin(
            content=AgentContent(mode=PacingMode.PREDICTIVE, queue_id=centre.queue.id, abandonment_cap=CAP),
            pacing=Pacing(calls_per_minute=600, max_concurrent_calls=20),
            trunk_id=served_offhook.trunks["sipp"],
        )
        for agent_id in centre.agents.values():
            await served_offhook.service.services.campaigns.agents.join(
                served_offhook.principal, sheet.campaign_id, agent_id
            )
        await centre.say(AgentState.AVAILABLE, *centre.agents)
        await wake(served_offhook, sheet)
        await wait_for_state(sheet, "FINISHED")
        counted = await reckon(sheet, agents=len(centre.agents), cap=CAP)
        await sipp.wait_until_idle(len(called))
    assert counted.broken == []
    assert 10_000 * counted.abandoned <= CAP * counted.answered
    assert counted.dialled == len(called)
    rows = await sheet.contacts()
    assert {(row["state"], row["attempts"]) for row in rows.values()} == {("FINISHED", 1)}
    assert counted.answered == sum(row["disposition"] in {"ANSWERED", "ABANDONED"} for row in rows.values())
