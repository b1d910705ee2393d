"""Predictive dialling on the real Asterisk, people at SIPp who answer when they please: the cap, and the simulation."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from statistics import fmean, quantiles

import pytest

from app.campaigns.core.predictive import START
from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent, Pacing
from app.clock import SystemClock
from app.config import Settings
from app.facts.queues import AgentState
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.campaigns.core.shifts import Plan, Report, Shift
from tests.campaigns.live import speaking_settings, wait_for_state, wait_until_nobody_is_called, wake
from tests.campaigns.predicting import Reckoning, quick_agents, reckon
from tests.campaigns.sheet import Sheet
from tests.rig.call_centre import CallCentre
from tests.rig.far_end import FarEnd
from tests.rig.people import People, evenly, exponential
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts, sipp_called_party
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

#: Shorter, to try the test itself.
SECONDS = float(os.environ.get("OFFHOOK_SOAK_SECONDS", "300"))
#: Nobody hangs up before it is known whether an agent comes.
PEOPLE = People(rings=evenly(1.0, 4.0), talks=tuple(2.0 + seconds for seconds in exponential(3.0, 5)))
ANSWER_RATE = 0.5
#: So many simulated shifts say between which values 998 of 1,000 lie, and there the real one has to be. With four
#: figures of two shifts, 98 of 100 would let one run in ten fail by chance.
SHIFTS = 2000
#: The law's: within two seconds of the answer.
LONGEST_SILENCE_SECONDS = 2.0
#: For so long an agent is waited for, so that the message begins in time: ``OwnCall.apology_after_seconds``.
PATIENCE_SECONDS = 1.5
NEVER_ANSWERS = "2010"
UNSERVED = 5
PATIENCE_FOR_PAUSE_SECONDS = 120.0


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


def _figures(counted: Reckoning | Report, answered: int, *, agents: int, seconds: float) -> dict[str, float]:
    """What a supervisor looks at."""
    return {
        "calls each minute": counted.dialled * 60 / seconds,
        "answered in percent": 100 * answered / counted.dialled,
        "abandoned in percent of those": 100 * counted.abandoned / answered,
        "seconds an agent waits": max(0.0, agents * seconds - counted.talked_seconds) / counted.connected,
    }


def _all_but_the_rarest(values: list[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=1000, method="inclusive")
    return cuts[0], cuts[-1]


@pytest.mark.parametrize("cap", [300, 1000])
async def test_given_people_who_answer_at_random_when_dialled_predictively_then_the_cap_holds_and_it_is_as_simulated(
    served_offhook: RunningOffhook,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    far_end: FarEnd,
    tmp_path: Path,
    witness: Witness,
    capsys: pytest.CaptureFixture[str],
    cap: int,
) -> None:
    offhook, services = served_offhook, served_offhook.service.services
    PEOPLE.write_scenario(tmp_path / "people.xml")
    sheet = Sheet(offhook.service.database, offhook.principal.account_id, SystemClock())
    await sheet.add_list(PEOPLE.numbers(1000, ANSWER_RATE, seed=cap))
    async with (
        sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario=str(tmp_path / "people")),
        quick_agents(offhook, far_end) as centre,
    ):
        agents = len(centre.agents)
        await sheet.begin(
            content=AgentContent(mode=PacingMode.PREDICTIVE, queue_id=centre.queue.id, abandonment_cap=cap),
            pacing=Pacing(calls_per_minute=600, max_concurrent_calls=50),
            trunk_id=offhook.trunks["sipp"],
            is_sandbox=True,
        )
        for agent_id in centre.agents.values():
            await services.campaigns.agents.join(offhook.principal, sheet.campaign_id, agent_id)
        await centre.say(AgentState.AVAILABLE, *centre.agents)
        await wake(offhook, sheet)
        await asyncio.sleep(SECONDS)  # how long the shift is
        await services.campaigns.campaigns.pause(offhook.principal, sheet.campaign_id)
        await wait_until_nobody_is_called(sheet)
        counted = await reckon(sheet, agents=agents, cap=cap)

    plan = Plan(
        seed=0,
        cap=cap,
        seconds=SECONDS,
        agents=agents,
        answer_rate=ANSWER_RATE,
        talk_seconds=fmean(PEOPLE.talks),
        ring_seconds=max(PEOPLE.rings),
        calls_per_minute=600,
        most_calls=50,
        bursts=0,
        periods=(86_400.0,),
        rings=PEOPLE.rings,
        talks=PEOPLE.talks,
        ticks=(0.1, 0.3),
        is_steady=True,
        patience_seconds=PATIENCE_SECONDS,
    )
    shifts = [Shift(replace(plan, seed=seed)).run() for seed in range(SHIFTS)]
    simulated = [_figures(one, one.connected + one.abandoned, agents=agents, seconds=SECONDS) for one in shifts]
    real = _figures(counted, counted.answered, agents=agents, seconds=SECONDS)
    ranges = {name: _all_but_the_rarest([one[name] for one in simulated]) for name in real}
    with capsys.disabled():
        print(  # noqa: T201  # the figures are what it is run for
            f"\ncap {cap / 100:g} %: {counted.dialled} dialled, {counted.answered} answered, {counted.connected} "
            f"connected, {counted.abandoned} abandoned, at most {counted.most_over} over-dialled; "
            f"told after {counted.told_after}\n"
            + "\n".join(
                f"  {name}: {real[name]:.2f}; simulated {low:.2f} to {high:.2f}, "
                f"{fmean(one[name] for one in simulated):.2f} on average"
                for name, (low, high) in ranges.items()
            ),
            flush=True,
        )
    assert counted.broken == []
    assert 10_000 * counted.abandoned <= cap * counted.answered
    assert len(counted.told_after) == counted.abandoned
    assert all(one <= LONGEST_SILENCE_SECONDS for one in counted.told_after), counted.told_after
    # Otherwise the cap was not put to the test.
    assert counted.most_over > 0
    one_call = {"abandoned in percent of those": 100 / counted.answered}
    off = {
        name: (real[name], low, high)
        for name, (low, high) in ranges.items()
        if not low - one_call.get(name, 0.0) <= real[name] <= high + one_call.get(name, 0.0)
    }
    assert off == {}
    await offhook.assert_nothing_is_left(witness)


async def test_given_an_agent_who_lets_every_call_ring_when_dialled_predictively_then_no_more_are_than_the_start_allows(
    served_offhook: RunningOffhook,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An agent's phone rings for each, and nobody picks it up. Whoever answers hears the message within two seconds."""
    offhook, services = served_offhook, served_offhook.service.services
    centre = await CallCentre.open(services, offhook.principal, [NEVER_ANSWERS])
    sheet = Sheet(offhook.service.database, offhook.principal.account_id, SystemClock())
    await sheet.add_list([f"+155501{place:04d}1" for place in range(1000, 1000 + UNSERVED)])
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path):
        await sheet.begin(
            content=AgentContent(mode=PacingMode.PREDICTIVE, queue_id=centre.queue.id),
            trunk_id=offhook.trunks["sipp"],
            is_sandbox=True,
        )
        await services.campaigns.agents.join(offhook.principal, sheet.campaign_id, centre.agents[NEVER_ANSWERS])
        await centre.say(AgentState.AVAILABLE, NEVER_ANSWERS)
        await wake(offhook, sheet)
        await wait_for_state(sheet, "PAUSED", seconds=PATIENCE_FOR_PAUSE_SECONDS)
    counted = await reckon(sheet, agents=1, cap=300)
    with capsys.disabled():
        print(f"\nthe message came {counted.told_after} s after the answer", flush=True)  # noqa: T201
    assert (counted.answered, counted.abandoned, len(counted.told_after)) == (START, START, START)
    assert max(counted.told_after) <= LONGEST_SILENCE_SECONDS
    [row] = await sheet.fetch("SELECT pause_reason FROM campaign WHERE id = $1", sheet.campaign_id)
    assert row["pause_reason"] == "TOO_MANY_ABANDONED"
