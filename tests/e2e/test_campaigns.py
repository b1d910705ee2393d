"""Campaigns on the real Asterisk, with SIPp at the far end of the trunk: its log of INVITEs is the witness."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.campaigns.core.breaker import BreakerRule
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent, FlowContent, OptOut, Pacing, SayContent
from app.clock import SystemClock
from app.config import Settings
from app.facts.queues import AgentState
from app.facts.vocabulary import Disposition, Tone
from app.flows.steps import Flow, Gather, HangUp, Play, PlayTone
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.routing.flows import FlowChanges
from tests.campaigns.live import (
    assert_never_faster,
    dialled,
    first_invites,
    speaking_settings,
    wait_for_calls,
    wait_for_state,
    wait_until_decided,
    wait_until_nobody_is_called,
    wake,
)
from tests.campaigns.sheet import Sheet, retry, say
from tests.rig.call_centre import CallCentre
from tests.rig.load import BUSY, CONGESTED, STAYS, UNKNOWN
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts, SippServer, sipp_called_party
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

PRESSES_ONE = "+15550100007"
PRESSES_1_2_3_HASH = "+15550100010"
IS_BUSY = "+15550100001"
#: A call is over with its last leg; its agent is free with their own, which may go first.
LETTING_GO = timedelta(milliseconds=500)
#: The sandbox's, each of which acts by its number, and how a campaign that tries busy ones again comes out of them.
SANDBOX = {
    "+15550100008": ("FINISHED", "ANSWERED", 1),
    IS_BUSY: ("FINISHED", "BUSY", 2),
    "+15550100004": ("FINISHED", "INVALID_NUMBER", 1),
}
#: How late SIPp may be with writing down what has reached this machine: the processor may be somebody else's.
STALL = timedelta(seconds=1)


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


@pytest.fixture
def offhook(served_offhook: RunningOffhook) -> RunningOffhook:
    """Asterisk fetches what is spoken over HTTP."""
    return served_offhook


@pytest.fixture
async def sheet(offhook: RunningOffhook) -> Sheet:
    return Sheet(offhook.service.database, offhook.principal.account_id, SystemClock())


@pytest.fixture
async def sipp(asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path) -> AsyncIterator[SippServer]:
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as server:
        yield server


def numbers(*does: str, first: int) -> list[str]:
    """A number for each, at which SIPp acts so."""
    return [f"+155501{first + place:04d}{what}" for place, what in enumerate(does)]


async def test_given_thirty_contacts_when_announced_to_then_each_has_one_outcome_and_sipp_saw_every_attempt(
    offhook: RunningOffhook, sheet: Sheet, sipp: SippServer, witness: Witness
) -> None:
    """Beside them another campaign calls sandbox numbers, over another trunk."""
    does = (20 * STAYS) + (4 * BUSY) + (3 * UNKNOWN) + (3 * CONGESTED)
    called = numbers(*does, first=2000)
    await sheet.add_list(called)
    await sheet.begin(
        content=say("Hello {name}."),
        pacing=Pacing(calls_per_minute=600, max_concurrent_calls=8),
        retries=retry(Disposition.BUSY, times=1, after=1.0),
        trunk_id=offhook.trunks["sipp"],
        breaker=None,
    )
    beside = Sheet(sheet.database, sheet.account_id, sheet.clock)
    await beside.add_list(list(SANDBOX))
    await beside.begin(name="Beside", content=say("Hello."), retries=retry(Disposition.BUSY, times=1, after=1.0))
    for one in (sheet, beside):
        await wake(offhook, one)
    for one in (sheet, beside):
        await wait_for_state(one, "FINISHED")
    found = {
        number: (row["state"], row["disposition"], row["attempts"]) for number, row in (await beside.contacts()).items()
    }
    assert found == SANDBOX
    rows = await sheet.contacts()
    assert set(rows) == set(called)
    outcomes = {
        STAYS: ("FINISHED", "ANSWERED", 1),
        BUSY: ("FINISHED", "BUSY", 2),
        UNKNOWN: ("FINISHED", "INVALID_NUMBER", 1),
        CONGESTED: ("FINISHED", "CONGESTION", 1),
    }
    for number, row in rows.items():
        assert (row["state"], row["disposition"], row["attempts"]) == outcomes[number[-1]], number
    await sipp.wait_until_idle(34)
    assert dialled(sipp) == Counter({number: row["attempts"] for number, row in rows.items()})
    await assert_never_faster(sheet, 600)
    totals = await sheet.totals()
    assert (totals["DIALLED"], totals["ENDED"], totals["FINISHED"]) == (34, 34, 30)
    told = await sheet.fetch(
        "SELECT type, count(*) AS count, count(DISTINCT subject_id) AS contacts FROM event "
        "WHERE type = 'campaign.finished' AND subject_id = $1 "
        "OR subject_id IN (SELECT contact_id FROM campaign_contact WHERE campaign_id = $1) GROUP BY type ORDER BY type",
        sheet.campaign_id,
    )
    assert told == [
        {"type": "campaign.finished", "count": 1, "contacts": 1},
        {"type": "contact.attempted", "count": 34, "contacts": 30},
        {"type": "contact.finished", "count": 30, "contacts": 30},
    ]
    records = await sheet.fetch(
        "SELECT kind, disposition, end_code, count(*) AS count FROM cdr WHERE campaign_id = $1 GROUP BY 1, 2, 3 "
        "ORDER BY 2",
        sheet.campaign_id,
    )
    assert [(one["disposition"], one["end_code"], one["count"]) for one in records] == [
        ("ANSWERED", "ANNOUNCEMENT_ENDED", 20),
        ("BUSY", "BUSY", 8),
        ("CONGESTION", "CONGESTION", 3),
        ("INVALID_NUMBER", "INVALID_NUMBER", 3),
    ]
    await offhook.assert_nothing_is_left(witness)


async def test_given_a_campaign_when_paused_resumed_and_stopped_then_no_invite_comes_after_the_answer(
    offhook: RunningOffhook, sheet: Sheet, sipp: SippServer, witness: Witness
) -> None:
    called = numbers(*(400 * STAYS), first=3000)  # so many that none is the last, however long this machine stalls
    await sheet.add_list(called)
    await sheet.begin(
        content=say("Hello."),
        pacing=Pacing(calls_per_minute=600, max_concurrent_calls=20),
        trunk_id=offhook.trunks["sipp"],
    )
    await wake(offhook, sheet)
    await wait_for_calls(sheet, 5)
    assert await sheet.take(Step.PAUSE)
    paused_at, begun = datetime.now(UTC), (await sheet.totals())["DIALLED"]
    await wait_until_nobody_is_called(sheet)
    await sipp.wait_until_idle(begun)
    before = dialled(sipp)
    assert before.total() == begun
    assert max(first_invites(sipp).values()) - paused_at <= STALL
    # A number that comes next is forbidden just before its turn.
    [late] = await sheet.fetch(
        "SELECT number FROM contact WHERE position > (SELECT cursor FROM campaign_list) ORDER BY position LIMIT 1"
    )
    await sheet.forbid(late["number"])
    assert await sheet.take(Step.RESUME)
    await wake(offhook, sheet)
    await wait_for_calls(sheet, before.total() + 5)
    # What had been claimed before the pause is called first.
    await wait_until_decided(sheet, late["number"])
    assert await sheet.take(Step.STOP)
    stopped_at, begun = datetime.now(UTC), (await sheet.totals())["DIALLED"]
    await wait_until_nobody_is_called(sheet)
    await sipp.wait_until_idle(begun)
    after = dialled(sipp)
    assert after.total() == begun < len(called)
    assert max(first_invites(sipp).values()) - stopped_at <= STALL
    assert set(after.values()) == {1}
    assert late["number"] not in after
    rows = await sheet.contacts()
    assert (rows[late["number"]]["state"], rows[late["number"]]["reason"]) == ("SKIPPED", "DNC")
    assert {number for number, row in rows.items() if row["attempts"]} == set(after)
    assert {row["state"] for row in rows.values()} <= {"FINISHED", "WAITING", "SKIPPED"}
    await offhook.assert_nothing_is_left(witness)


async def test_given_a_trunk_that_answers_503_when_that_goes_on_then_the_campaign_pauses_and_says_why(
    offhook: RunningOffhook, sheet: Sheet, sipp: SippServer, witness: Witness
) -> None:
    called = numbers(*(200 * CONGESTED), first=5000)
    await sheet.add_list(called)
    await sheet.begin(
        content=say("Hello."),
        pacing=Pacing(calls_per_minute=600, max_concurrent_calls=5),
        trunk_id=offhook.trunks["sipp"],
        breaker=BreakerRule(failures=8, seconds=60.0, share_percent=50),
    )
    await wake(offhook, sheet)
    await wait_for_state(sheet, "PAUSED")
    begun = (await sheet.totals())["DIALLED"]
    await wait_until_nobody_is_called(sheet)
    await sipp.wait_until_idle(begun)
    totals = await sheet.totals()
    assert 8 <= totals["DIALLED"] == begun < len(called)
    assert dialled(sipp).total() == begun
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{offhook.url}/graphql",
            json={
                "query": "query($id: ID!) { campaign(id: $id) { state pauseReason } }",
                "variables": {"id": sheet.campaign_id},
            },
            headers={"Authorization": f"Bearer {offhook.token}"},
        )
    assert answer.json()["data"]["campaign"] == {"state": "PAUSED", "pauseReason": "TRUNK_FAILED"}
    told = await sheet.fetch(
        "SELECT type, data->>'reason' AS reason FROM event WHERE subject_id = $1 ORDER BY sequence",
        sheet.campaign_id,
    )
    assert told == [{"type": "campaign.paused", "reason": "TRUNK_FAILED"}]
    # It counts anew once it goes on: one more 503 is not yet too many.
    assert await sheet.take(Step.RESUME)
    await wake(offhook, sheet)
    await wait_for_calls(sheet, begun + 8)
    await wait_for_state(sheet, "PAUSED")
    assert (await sheet.totals())["DIALLED"] >= begun + 8
    await wait_until_nobody_is_called(sheet)
    await offhook.assert_nothing_is_left(witness)


async def test_given_a_survey_when_contacts_press_their_answers_then_these_are_kept_with_each_and_in_the_record(
    offhook: RunningOffhook, sheet: Sheet
) -> None:
    ask = Gather(
        name="ask",
        prompt=(PlayTone(tone=Tone.RING, seconds=30.0),),
        max_digits=3,
        first_digit_seconds=15.0,
        no_input="bye",
        next="bye",
        variable="answer",
    )
    flow = Flow(start="ask", steps=(ask, HangUp(name="bye")))
    made = await offhook.service.services.routing.flows.create(offhook.principal, FlowChanges(name="survey", flow=flow))
    await sheet.add_list([PRESSES_ONE, PRESSES_1_2_3_HASH, IS_BUSY])
    await sheet.begin(content=FlowContent(call_flow_id=made.id))
    await wake(offhook, sheet)
    await wait_for_state(sheet, "FINISHED")
    rows = await sheet.contacts()
    assert {number: row["answers"] for number, row in rows.items()} == {
        PRESSES_ONE: [{"key": "answer", "value": "1"}],
        PRESSES_1_2_3_HASH: [{"key": "answer", "value": "123"}],
        IS_BUSY: None,
    }
    records = await sheet.fetch("SELECT dialled_number, dtmf FROM cdr WHERE disposition = 'ANSWERED'")
    assert {one["dialled_number"]: one["dtmf"].rstrip("#") for one in records} == {
        PRESSES_ONE: "1",
        PRESSES_1_2_3_HASH: "123",
    }


async def test_given_somebody_who_opts_out_of_an_announcement_when_the_key_is_pressed_then_the_number_is_forbidden(
    offhook: RunningOffhook, sheet: Sheet
) -> None:
    await sheet.add_list([PRESSES_ONE])
    content = say("If you do not want to be called again, press one. " * 3)
    await sheet.begin(content=SayContent(announcement=content.announcement, opt_out=OptOut(digit="1")))
    await wake(offhook, sheet)
    await wait_for_state(sheet, "FINISHED")
    [entry] = await sheet.fetch("SELECT number, source FROM dnc_entry")
    assert entry == {"number": PRESSES_ONE, "source": "OPT_OUT"}


async def test_given_somebody_who_opts_out_when_the_key_is_pressed_then_the_number_is_forbidden_before_the_call_ends(
    offhook: RunningOffhook, sheet: Sheet
) -> None:
    ask = Gather(
        name="ask",
        prompt=(PlayTone(tone=Tone.RING, seconds=30.0),),
        max_digits=1,
        first_digit_seconds=15.0,
        no_input="bye",
        next="go on",
        variable="answer",
    )
    # So long there is to hear the key in the call.
    go_on = Play(name="go on", sounds=(PlayTone(tone=Tone.RING, seconds=4.0),), next="bye")
    flow = Flow(start="ask", steps=(ask, go_on, HangUp(name="bye")))
    made = await offhook.service.services.routing.flows.create(offhook.principal, FlowChanges(name="survey", flow=flow))
    await sheet.add_list([PRESSES_ONE])
    await sheet.begin(content=FlowContent(call_flow_id=made.id, opt_out=OptOut(digit="1")))
    await wake(offhook, sheet)
    await wait_for_state(sheet, "FINISHED")
    [entry] = await sheet.fetch("SELECT number, source FROM dnc_entry")
    assert entry == {"number": PRESSES_ONE, "source": "OPT_OUT"}
    # What is only read off the record is listed after the end.
    told = await sheet.fetch("SELECT type FROM event WHERE type IN ('dnc.entry_added', 'call.ended') ORDER BY sequence")
    assert [one["type"] for one in told] == ["dnc.entry_added", "call.ended"]
    told = await sheet.fetch(
        "SELECT type FROM event WHERE type = ANY($1) ORDER BY sequence",
        ["dtmf.received", "dnc.entry_added", "contact.finished"],
    )
    assert [one["type"] for one in told] == ["dtmf.received", "dnc.entry_added", "contact.finished"]


async def test_given_a_progressive_campaign_when_two_agents_serve_it_then_each_talks_to_one_contact_at_a_time(
    offhook: RunningOffhook, sheet: Sheet
) -> None:
    services, by = offhook.service.services, offhook.principal
    extensions = ["2001", "2002"]
    centre = await CallCentre.open(services, by, extensions)
    called = [f"+1555010{last_four}" for last_four in ("0000", "0007", "0011", "0012", "0013")]
    await sheet.add_list([*called, IS_BUSY])
    await sheet.begin(
        content=AgentContent(mode=PacingMode.PROGRESSIVE, queue_id=centre.queue.id),
        pacing=Pacing(calls_per_minute=600, max_concurrent_calls=10),
        max_duration_seconds=2.0,
    )
    for extension in extensions:
        await services.campaigns.agents.join(by, sheet.campaign_id, centre.agents[extension])
    await centre.say(AgentState.AVAILABLE, *extensions)
    await wait_for_state(sheet, "FINISHED")
    rows = await sheet.contacts()
    assert {(row["state"], row["attempts"]) for row in rows.values()} == {("FINISHED", 1)}
    records = await sheet.fetch(
        "SELECT dialled_number, disposition, agent_id, created_at, connected_at, ended_at FROM cdr "
        "WHERE campaign_id = $1",
        sheet.campaign_id,
    )
    served = [one for one in records if one["dialled_number"] != IS_BUSY]
    assert {(one["disposition"], one["connected_at"] is not None) for one in served} == {("ANSWERED", True)}
    assert {one["agent_id"] for one in served} == {centre.agents[extension] for extension in extensions}
    for one in records:
        at_once = [two for two in records if two["created_at"] <= one["created_at"] < two["ended_at"] - LETTING_GO]
        assert len(at_once) <= len(extensions)
    for agent_id in centre.agents.values():
        talks = sorted((one["connected_at"], one["ended_at"]) for one in served if one["agent_id"] == agent_id)
        assert all(ended - LETTING_GO < begun for (_, ended), (begun, _) in itertools.pairwise(talks))
