"""Every row of what docs/reference/dispositions.md says of several phones, driven through the machine."""

from pathlib import Path

import pytest

from app.calls.core import inputs
from app.calls.core.model.leg import Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.waves import NEAREST_FIRST
from app.facts.calls import LegEnded
from app.facts.vocabulary import LegState
from tests.calls.driving import Driver
from tests.calls.making import make_call
from tests.calls.simulated_asterisk import Fate
from tests.rig.page_tables import Row, read_tables

_TABLES = read_tables(Path(__file__).parents[2] / "docs" / "reference" / "dispositions.md")
_RESULTS = {row["leg result"]: row for row in _TABLES["leg result|SIP status"]}
_WAVES = _TABLES["first wave|second wave"]
_NOT_RUNG = frozenset({"none", "not dialled"})
_RINGING = frozenset({"rings", "no answer", "answers"})


def _results(row: Row) -> list[list[str]]:
    """The results of the phones of each wave."""
    waves = [row["first wave"], row["second wave"]]
    return [wave.split(" + ") for wave in waves if wave != "none"]


def _act(driver: Driver, leg: Leg, result: str) -> None:
    driver.pass_seconds(1.0)
    match result:
        case "rings" | "no answer" | "cannot be made":
            return
        case "answers":
            driver.asterisk.answer(leg.id)
        case _:
            row = _RESULTS[result]
            sip_code, cause = (None if text == "–" else int(text) for text in (row["SIP status"], row["cause"]))
            driver.asterisk.end(leg.id, cause=cause, sip_code=sip_code)
    driver.hear_all()


def _ring(driver: Driver, legs: list[Leg]) -> None:
    for leg in legs:
        driver.asterisk.ring(leg.id)
    driver.hear_all()


@pytest.mark.parametrize("row", _WAVES, ids=lambda row: f"{row['first wave']}, then {row['second wave']}")
def test_given_a_row_of_the_page_when_its_phones_do_so_then_it_comes_out_as_the_page_says(row: Row) -> None:
    results = _results(row)
    call = make_call(agent_waves=[number for number, wave in enumerate(results) for _ in wave])
    driver = Driver(call)
    legs = list(call.legs[:-1])
    driver.fates = [Fate.REFUSED if result == "cannot be made" else Fate.DONE for result in results[0]]
    driver.feed(inputs.Start())
    for number, wave_results in enumerate(results):
        wave = [leg for leg in legs if leg.wave == number]
        if wave_results[0] in _NOT_RUNG:
            assert [driver.call.leg(leg.id).state for leg in wave] == [LegState.ENDED]
            continue
        driver.hear_all()
        _ring(driver, [leg for leg, result in zip(wave, wave_results, strict=True) if result in _RINGING])
        for leg, result in zip(wave, wave_results, strict=True):
            _act(driver, leg, result)
        if "no answer" in wave_results and not driver.call.is_ending:
            driver.fire(TimerName.RING)
            driver.hear_all()
    if row["disposition"] == "–":
        assert driver.call.agent_leg_id is not None
        assert not driver.call.is_ending
    else:
        driver.drain()
        assert driver.ended.disposition == row["disposition"]
        assert driver.ended.end_reason.code == row["code"]
    elsewhere = [fact for fact in driver.facts if isinstance(fact, LegEnded) and fact.answered_elsewhere]
    assert len(elsewhere) == int(row["answered elsewhere"])


def test_given_the_pages_order_of_outcomes_when_compared_then_the_code_has_the_very_same() -> None:
    assert [row["nearest first"] for row in _TABLES["nearest first|why"]] == list(NEAREST_FIRST)
