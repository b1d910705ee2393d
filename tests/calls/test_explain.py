"""Why a call went as it did, in words that anybody may read."""

import msgspec
import pytest

from app.calls.core import inputs
from app.calls.core.model.call import CallerIdChoice
from app.calls.core.model.timers import TimerName
from app.calls.reading.explain import explain, explain_caller_id
from app.facts.vocabulary import CdrSource, Direction, EndCode, EndParty, EndReason, LegRole, Nearness
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.making import AGENT_NUMBER, CUSTOMER_NUMBER, make_call
from tests.calls.simulated_asterisk import Fate


def _busy_agent() -> Driver:
    driver = started_call()
    driver.hear_all()
    driver.pass_seconds(2)
    driver.asterisk.end(driver.leg(LegRole.AGENT).id, cause=17, sip_code=486)
    driver.hear_all()
    return driver


def test_given_a_busy_agent_when_explained_then_every_step_is_told_and_whose_end_it_was() -> None:
    assert explain(_busy_agent().call) == [
        "It was placed to an outside number, and the agent was to be dialled first.",
        "The agent's phone was dialled after 0.0 s and was gone after 2.0 s (SIP 486, cause 17).",
        "It ended because the agent was busy, which counts as BUSY.",
    ]


def test_given_a_trunk_that_is_down_when_explained_then_it_is_told_that_asterisk_refused_and_where_to_look() -> None:
    driver = Driver(make_call())
    driver.fates = [Fate.REFUSED]
    driver.feed(inputs.Start())
    refused = "was refused by Asterisk after 0.0 s (the trunk or the phone is down, or not there)"
    assert explain(driver.call)[1:] == [
        f"The agent's phone was to be dialled and {refused}.",
        "It ended because there was no way to the agent, which counts as UNREACHABLE.",
    ]


@pytest.mark.parametrize("has_rung", [True, False])
def test_given_nobody_who_answered_in_time_when_explained_then_a_phone_that_did_not_even_ring_is_told_as_such(
    has_rung: bool,
) -> None:
    driver = started_call()
    driver.hear_all()
    if has_rung:
        driver.asterisk.ring(driver.leg(LegRole.AGENT).id)
        driver.hear_all()
    driver.pass_seconds(30)
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert explain(driver.call)[-1].endswith("counts as NO_ANSWER.")
    assert (" rang after " in explain(driver.call)[1]) is has_rung
    assert (", never rang and was let go " in explain(driver.call)[1]) is not has_rung


def test_given_a_talk_when_explained_then_it_is_told_as_going_on_and_later_as_ended() -> None:
    driver = connected_call()
    assert explain(driver.call)[-1] == "Both talk."
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.hear_all()
    assert explain(driver.call)[-1] == "It ended because the customer hung up, which counts as ANSWERED."
    assert any(line.startswith("Both could talk after") for line in explain(driver.call))


@pytest.mark.parametrize("code", EndCode)
@pytest.mark.parametrize("party", EndParty)
def test_given_every_end_reason_when_explained_then_there_are_words_for_it(code: EndCode, party: EndParty) -> None:
    call = msgspec.structs.replace(connected_call().call, end_reason=EndReason(code=code, party=party))
    last = explain(call)[-1]
    assert last.startswith("It is ending because ")
    assert "{" not in last


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("source", CdrSource)
def test_given_any_way_of_coming_and_any_source_when_explained_then_no_number_or_name_is_in_it(
    direction: Direction, source: CdrSource
) -> None:
    driver = connected_call()
    call = msgspec.structs.replace(driver.call, direction=direction, source=source)
    told = " ".join(explain(call))
    assert not any(secret in told for secret in (CUSTOMER_NUMBER, AGENT_NUMBER, "Ada", "Grace"))
    assert ("could not watch" in told) is (source is not CdrSource.LIVE)


@pytest.mark.parametrize("nearness", Nearness)
@pytest.mark.parametrize("flagged", [0, 2])
def test_given_a_number_of_a_pool_when_explained_then_it_is_told_why_that_one_and_not_which(
    nearness: Nearness, flagged: int
) -> None:
    call = connected_call().call
    assert explain_caller_id(call) == "It is the number that was asked for, or the account's default."
    assert not any("pool" in line for line in explain(call))
    choice = CallerIdChoice(pool_id="pool_1", number_id="num_1", nearness=nearness, size=5, flagged=flagged)
    told = explain(msgspec.structs.replace(call, caller_id_choice=choice))[1]
    assert told.startswith("The number shown was chosen from a pool of 5")
    assert ("2 left out as flagged" in told) is (flagged == 2)
    assert told.endswith("was used longest ago.")
    assert "_1" not in told
