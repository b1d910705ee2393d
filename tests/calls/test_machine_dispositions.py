"""Every row of docs/reference/dispositions.md, driven through the machine: the page says nothing else."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from app.calls.core import inputs
from app.calls.core.commands import CreateBridge, CreateChannel, DialChannel, JoinBridge
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.outcome import BY_CAUSE, BY_SIP_CODE, NO_ANSWER_AFTER_RINGING, unanswered_outcome
from app.facts.calls import CallEnded, LegEnded
from app.facts.vocabulary import Disposition, EndCode, EndParty, EndReason, LegRole, LegState, Party
from app.ids import LegId
from tests.calls.driving import Driver
from tests.calls.making import NOON, SOMEBODY, make_call
from tests.calls.simulated_asterisk import Fate, Stage
from tests.rig.page_tables import Row, read_tables

_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "dispositions.md"

_TABLES = read_tables(_PAGE)
_RESULTS = {row["leg result"]: row for row in _TABLES["leg result|SIP status"]}
_PAIRS = _TABLES["first leg|second leg"]
_SYSTEM = _TABLES["what happens|while the call"]


def _started(dial_first: LegRole = LegRole.AGENT) -> Driver:
    driver = Driver(make_call(dial_first=dial_first))
    driver.feed(inputs.Start())
    return driver


def _number(text: str) -> int | None:
    return None if text == "–" else int(text)


def _reach(driver: Driver, leg: Leg, stage: Stage) -> None:
    """Bring a leg that is being made to a stage."""
    driver.hear_all()
    if stage in {Stage.RINGING, Stage.UP}:
        driver.pass_seconds(1)
        driver.asterisk.ring(leg.id)
        driver.hear_all()
    if stage is Stage.UP:
        driver.pass_seconds(3)
        driver.asterisk.answer(leg.id)
        # Taken alone: what follows of it, the other leg's making, is not heard yet.
        driver.hear()


def _act(driver: Driver, leg: Leg, result: str) -> None:
    """Let a leg that is being made come out as the page's first table says."""
    match result:
        case "answers":
            _reach(driver, leg, Stage.UP)
        case "no answer":
            _reach(driver, leg, Stage.RINGING)
            driver.fire(TimerName.RING)
        case "cannot be made":
            pass  # it never was: see _spoil
        case _:
            row = _RESULTS[result]
            _reach(driver, leg, Stage.RINGING if result.startswith("rings, ") else Stage.DIALLED)
            driver.asterisk.end(leg.id, cause=_number(row["cause"]), sip_code=_number(row["SIP status"]))
    driver.pass_seconds(1)


def _play(driver: Driver, first: str, second: str) -> None:
    one, two = driver.call.legs
    _act(driver, one, first.removesuffix(", hangs up"))
    stages = {"is being made": None, "is dialled": Stage.DIALLED, "rings": Stage.RINGING}
    if second in stages:
        stage = stages[second]
        if stage is not None:
            _reach(driver, two, stage)
    elif second != "not dialled":
        _act(driver, two, second.removesuffix(", hangs up"))
    for leg, result in ((one, first), (two, second)):
        if result.endswith(", hangs up"):
            driver.pass_seconds(20)
            driver.asterisk.end(leg.id)
            driver.hear(len(driver.asterisk.said) - 1)


def _end_of(driver: Driver) -> CallEnded:
    driver.drain()
    (ended,) = [fact for fact in driver.facts if isinstance(fact, CallEnded)]
    assert not driver.asterisk.channels
    return ended


@pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])
@pytest.mark.parametrize("row", _PAIRS, ids=lambda row: f"{row['first leg']} - {row['second leg']}")
def test_given_the_results_of_both_legs_when_the_call_is_over_then_it_came_out_as_the_page_says(
    row: Row, dial_first: LegRole
) -> None:
    call = make_call(dial_first=dial_first)
    driver = Driver(call)
    if row["first leg"] == "cannot be made":
        driver.fates = [Fate.REFUSED]
    elif row["second leg"] == "cannot be made":
        # Create and dial the first leg, create the bridge, join, and then the second leg's channel.
        driver.fates = [Fate.DONE] * 4 + [Fate.REFUSED]
    driver.feed(inputs.Start())
    _play(driver, row["first leg"], row["second leg"])
    ended = _end_of(driver)
    party = row["agent first" if dial_first is LegRole.AGENT else "customer first"]
    assert (ended.disposition, ended.end_reason.code, ended.end_reason.party) == (
        Disposition(row["disposition"]),
        EndCode(row["code"]),
        EndParty(party),
    )
    decider = call.leg_of(LegRole(party))
    (told,) = [fact for fact in driver.facts if isinstance(fact, LegEnded) and fact.leg.id == decider.id]
    assert ended.end_reason.sip_code == told.sip_code
    assert told.ended_by == (EndParty.SYSTEM if _is_ours(row) else EndParty(party))
    # An end reason quotes the decider's own words, and nobody's when it was we who gave up.
    if ended.end_reason.hangup_cause is not None:
        assert ended.end_reason.hangup_cause == told.hangup_cause


def _is_ours(row: Row) -> bool:
    return bool({"no answer", "cannot be made"} & {row["first leg"], row["second leg"]})


def test_given_the_page_when_its_pairs_are_counted_then_none_is_missing() -> None:
    results = set(_RESULTS)
    expected = {(result, "not dialled") for result in results} | {("answers", result) for result in results}
    expected |= set(product(["answers, hangs up"], ["is being made", "is dialled", "rings", "answers"]))
    expected |= {("answers", "answers, hangs up")}
    assert sorted((row["first leg"], row["second leg"]) for row in _PAIRS) == sorted(expected)


def _bring_to(driver: Driver, phase: str) -> None:
    one, two = driver.call.legs
    match phase:
        case "makes the first leg":
            return
        case "dials the first leg" | "rings the first leg":
            _reach(driver, one, Stage.RINGING if phase.startswith("rings") else Stage.DIALLED)
        case "makes the second leg":
            _reach(driver, one, Stage.UP)
        case "dials the second leg" | "rings the second leg":
            _reach(driver, one, Stage.UP)
            _reach(driver, two, Stage.RINGING if phase.startswith("rings") else Stage.DIALLED)
        case "is connected":
            _reach(driver, one, Stage.UP)
            _reach(driver, two, Stage.UP)
        case _:
            raise AssertionError(phase)


def _refuse(driver: Driver, kind: type[CreateBridge | CreateChannel | DialChannel | JoinBridge]) -> None:
    command = [command for command in driver.asked if isinstance(command, kind)][-1]
    driver.feed(inputs.CommandFailed(command=command, kind=FailureKind.REFUSED, detail="no"))


_HAPPENINGS: dict[str, Callable[[Driver], object]] = {
    "hangupCall": lambda driver: driver.feed(inputs.HangupRequested(actor=SOMEBODY)),
    "maxDurationSeconds is over": lambda driver: driver.fire(TimerName.MAX_DURATION),
    "Asterisk never hands over the channel": lambda driver: driver.fire(TimerName.SETUP),
    "Asterisk refuses to dial": lambda driver: _refuse(driver, DialChannel),
    "Asterisk refuses the bridge": lambda driver: _refuse(driver, CreateBridge),
    "a leg cannot join the bridge": lambda driver: _refuse(driver, JoinBridge),
    "Asterisk starts anew": lambda driver: driver.restart_asterisk(),
}


@pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])
@pytest.mark.parametrize("row", _SYSTEM, ids=lambda row: f"{row['what happens']} - {row['while the call']}")
def test_given_a_phase_when_offhook_or_a_request_ends_the_call_then_it_came_out_as_the_page_says(
    row: Row, dial_first: LegRole
) -> None:
    driver = _started(dial_first)
    _bring_to(driver, row["while the call"])
    _HAPPENINGS[row["what happens"]](driver)
    ended = _end_of(driver)
    assert ended.disposition == Disposition(row["disposition"])
    assert ended.end_reason == EndReason(code=EndCode(row["code"]), party=EndParty.SYSTEM)


def test_given_the_page_when_its_happenings_are_counted_then_a_hang_up_is_there_for_every_phase() -> None:
    phases = {row["while the call"] for row in _SYSTEM}
    assert {row["while the call"] for row in _SYSTEM if row["what happens"] == "hangupCall"} == phases
    assert {row["what happens"] for row in _SYSTEM} == set(_HAPPENINGS)
    told = {row["code"] for row in (*_PAIRS, *_SYSTEM)}
    assert told == {code.value for code in EndCode} - {
        EndCode.TRANSFER_FAILED,  # in docs/reference/transfers.md
        EndCode.TRANSFERRED,  # likewise
        EndCode.SERVICE_AWAY,  # only of calls that come in: test_machine_inbound.py
        EndCode.QUEUE_TIMEOUT,  # in docs/reference/queues.md
        EndCode.TRUNK_FULL,  # in docs/reference/provisioning.md
        EndCode.LIMIT_REACHED,  # in docs/reference/limits.md
        EndCode.FLOW_ENDED,  # in docs/reference/call-flows.md
        EndCode.FLOW_FAILED,  # likewise
        EndCode.MACHINE,  # in docs/reference/originate.md
        EndCode.FAX,  # likewise
        EndCode.ANNOUNCEMENT_ENDED,  # likewise
        EndCode.ANNOUNCEMENT_FAILED,  # likewise
        EndCode.MEDIA_STREAM_ENDED,  # likewise
        EndCode.MEDIA_STREAM_FAILED,  # likewise
        EndCode.DIALPLAN_ENDED,  # likewise
        EndCode.DIALPLAN_FAILED,  # likewise
        EndCode.DNC,  # of no call at all: in docs/reference/campaigns.md
    }


@pytest.mark.parametrize(("name", "table"), [("SIP status|meaning", BY_SIP_CODE), ("cause|meaning", BY_CAUSE)])
def test_given_the_pages_codes_when_compared_then_the_code_has_the_very_same(
    name: str, table: dict[int, tuple[Disposition, EndCode]]
) -> None:
    first = name.split("|", maxsplit=1)[0]
    told = {int(row[first]): (Disposition(row["disposition"]), EndCode(row["code"])) for row in _TABLES[name]}
    assert told == dict(table)


def _unanswered(*, sip_code: int | None = None, cause: int | None = None, has_rung: bool = False) -> Leg:
    return Leg(
        id=LegId("leg_1"),
        role=LegRole.AGENT,
        party=Party(),
        endpoint="PJSIP/x",
        ring_seconds=1,
        state=LegState.ENDED,
        sip_code=sip_code,
        hangup_cause=cause,
        ringing_at=NOON if has_rung else None,
    )


@pytest.mark.parametrize("has_rung", [False, True])
def test_given_any_status_and_cause_when_a_leg_was_not_answered_then_status_goes_before_cause(has_rung: bool) -> None:
    for sip_code, cause in product([None, *range(300, 700)], [None, *range(128)]):
        outcome = unanswered_outcome(_unanswered(sip_code=sip_code, cause=cause, has_rung=has_rung))
        if has_rung and sip_code in NO_ANSWER_AFTER_RINGING:
            expected = Disposition.NO_ANSWER, EndCode.NO_ANSWER
        else:
            by_cause = BY_CAUSE.get(cause or 0, (Disposition.FAILED, EndCode.NETWORK_FAILURE))
            expected = BY_SIP_CODE.get(sip_code or 0, by_cause)
        assert outcome == expected
