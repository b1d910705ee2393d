"""kill -9 of the service in the middle of a campaign: the next one goes on, and nobody is called twice."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from app.campaigns.core.lifecycle import Step
from app.campaigns.core.retries import RetryRule
from app.campaigns.model import FlowContent, Pacing
from app.clock import SystemClock
from app.config import Settings
from app.db.engine import Database
from app.facts.vocabulary import Disposition, Tone
from app.failpoints import Effect, Failpoint
from app.flows.steps import Flow, HangUp, Play, PlayTone
from app.routing.flows import FlowChanges
from tests.campaigns.sheet import Sheet
from tests.rig.load import BUSY, STAYS
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.sipp import SippServer
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

_CONTACTS = 60
_MOST_RETRIES = 2
_PATIENCE_SECONDS = 120.0
_CALLED = [f"+155501{4000 + place:04d}{BUSY if place % 5 == 0 else STAYS}" for place in range(_CONTACTS)]


async def test_given_a_campaign_when_the_service_is_killed_then_each_contact_has_one_outcome_and_one_call_for_each_attempt(  # noqa: E501  # one sentence
    settings: Settings, database: Database, tmp_path: Path, witness: Witness, sipp: SippServer
) -> None:
    sheet = await _prepare(settings, database)
    for begun in (10, 30):
        async with service_process(settings, tmp_path) as process:
            await _until_dialled(sheet, begun)
            await process.kill()
    await _assert_it_goes_on_to_its_end(settings, sheet, sipp, witness)


@pytest.mark.parametrize("place", [Failpoint.CAMPAIGN_CLAIMED, Failpoint.CAMPAIGN_HELD, Failpoint.CAMPAIGN_PLACED])
async def test_given_a_campaign_when_the_service_is_killed_at_a_named_place_then_each_contact_has_one_outcome_and_one_call_for_each_attempt(  # noqa: E501  # one sentence
    settings: Settings, database: Database, tmp_path: Path, witness: Witness, sipp: SippServer, place: Failpoint
) -> None:
    """Twice, with calls of other batches under way: what was claimed waits for the end of its lease."""
    sheet = await _prepare(settings, database)
    assert await sheet.take(Step.PAUSE)
    for batches in (3, 2):
        async with service_process(settings, tmp_path, failpoint=f"{place}:{Effect.KILL}:{batches}") as process:
            # Not before it is ready: it dies of what it does.
            assert await sheet.take(Step.RESUME)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                assert await process.process.wait() == -signal.SIGKILL
        held = [row["state"] for row in (await sheet.contacts()).values()].count("CLAIMED")
        assert held, "it has died with a batch in its hands"
        assert await sheet.take(Step.PAUSE)
    assert await sheet.take(Step.RESUME)
    await _assert_it_goes_on_to_its_end(settings, sheet, sipp, witness)


async def _prepare(settings: Settings, database: Database) -> Sheet:
    """A campaign that runs as soon as there is a service."""
    tone = Play(name="tone", sounds=(PlayTone(tone=Tone.RING, seconds=2.0),), next="bye")
    flow = Flow(start="tone", steps=(tone, HangUp(name="bye")))
    async with running_offhook(settings) as first:
        made = await first.service.services.routing.flows.create(first.principal, FlowChanges(name="tone", flow=flow))
        sheet = Sheet(database, first.principal.account_id, SystemClock())
        trunk_id = first.trunks["sipp"]
    await sheet.add_list(_CALLED)
    await sheet.begin(
        content=FlowContent(call_flow_id=made.id),
        pacing=Pacing(calls_per_minute=1200, max_concurrent_calls=60),
        # A process may die between writing down that it dials and dialling: that call is told as FAILED.
        retries=RetryRule(
            retry_on=(Disposition.BUSY, Disposition.FAILED), max_retries=_MOST_RETRIES, retry_after_seconds=1.0
        ),
        trunk_id=trunk_id,
    )
    return sheet


async def _assert_it_goes_on_to_its_end(settings: Settings, sheet: Sheet, sipp: SippServer, witness: Witness) -> None:
    async with running_offhook(settings) as offhook:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await sheet.state() != "FINISHED":
                await asyncio.sleep(0.1)
        rows = await sheet.contacts()
        assert set(rows) == set(_CALLED)
        assert {row["state"] for row in rows.values()} == {"FINISHED"}
        for number, row in rows.items():
            assert row["disposition"] == ("BUSY" if number.endswith(BUSY) else "ANSWERED"), number
        records = await sheet.fetch(
            "SELECT cdr.dialled_number, cdr.disposition, cdr.end_code, snapshot FROM cdr JOIN call ON call.id = call_id"
            " WHERE cdr.campaign_id = $1",
            sheet.campaign_id,
        )
        sent = Counter(one["dialled_number"] for one in records if one["end_code"] != "DIAL_FAILED")
        often = {number for number in _CALLED if sent[number] != 1 and not number.endswith(BUSY)}
        assert not often, [dict(one) for one in records if one["dialled_number"] in often]
        busy = {number: row["attempts"] for number, row in rows.items() if number.endswith(BUSY)}
        assert set(busy.values()) == {1 + _MOST_RETRIES}
        assert all(sent[number] <= attempts for number, attempts in busy.items())
        assert Counter(call.dialled for call in await sipp.wait_until_idle(sent.total())) == sent
        told = await sheet.fetch(
            "SELECT subject_id, count(*) AS count FROM event WHERE type = 'contact.finished' GROUP BY 1"
        )
        assert len(told) == _CONTACTS
        assert {one["count"] for one in told} == {1}
        await offhook.assert_nothing_is_left(witness)


async def _until_dialled(sheet: Sheet, calls: int) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while (await sheet.totals()).get("DIALLED", 0) < calls:
            await asyncio.sleep(0.02)
