"""Every row of docs/reference/transfers.md, driven through the machine: the page says nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.calls.core import inputs
from app.calls.core.commands import DialChannel, JoinBridge
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import CancelTransfer, CompleteTransfer, Hold, Unhold, Verb
from app.errors import Problem
from app.facts.transfers import TransferCancelled, TransferCompleted, TransferFailed
from app.facts.vocabulary import Disposition, LegRole, TransferKind, TransferState
from tests.calls.asking import ask, ask_transfer, target_of
from tests.calls.driving import Driver, connected_call
from tests.calls.making import SOMEBODY
from tests.calls.resting import assert_alive, assert_in_place, assert_nobody_is_alone, assert_transfers_add_up
from tests.calls.simulated_asterisk import Fate
from tests.rig.page_tables import Row, read_tables

_ROWS = read_tables(Path(__file__).parents[2] / "docs" / "reference" / "transfers.md")["while|what happens"]
_NOTHING = "–"


class Transferring:
    """A connected call with a transfer under way, the three by their names, and what was refused last."""

    def __init__(self, by: LegRole, kind: TransferKind, *, recalls: bool = True, loses_hangup: bool = False) -> None:
        self.driver = connected_call()
        self.by = self.driver.leg(by)
        self.transferee = self.driver.leg(LegRole.CUSTOMER if by is LegRole.AGENT else LegRole.AGENT)
        self.problems: tuple[Problem, ...] = ()
        self.driver.pass_seconds(30)
        if loses_hangup:
            self.driver.fates = [Fate.LOST]
        self.driver.feed(ask_transfer(kind, by=self.by.id, key="first", recalls=recalls))
        self.driver.fates.clear()
        self.first_target = target_of(self.driver.call)

    @property
    def target(self) -> Leg:
        return target_of(self.driver.call)

    def ask(self, *verbs: Verb) -> None:
        for verb in verbs:
            self.problems = self.driver.feed(ask(verb)).problems

    def transfer_again(self) -> None:
        self.problems = self.driver.feed(ask_transfer(TransferKind.BLIND)).problems

    def ring(self) -> None:
        self.driver.hear_all()
        self.driver.pass_seconds(2)
        self.driver.asterisk.ring(self.target.id)
        self.driver.hear_all()

    def answer(self) -> None:
        self.driver.pass_seconds(3)
        self.driver.asterisk.answer(self.target.id)
        self.driver.hear_all()

    def end(self, leg: Leg, *, cause: int = 16, sip_code: int | None = None) -> None:
        self.driver.pass_seconds(3)
        self.driver.asterisk.end(leg.id, cause=cause, sip_code=sip_code)
        self.driver.hear_all()

    def refuse(self, kind: type[DialChannel | JoinBridge]) -> None:
        command = [one for one in self.driver.asked if isinstance(one, kind) and one.leg_id == self.target.id][-1]
        self.driver.feed(inputs.CommandFailed(command=command, kind=FailureKind.REFUSED, detail="no"))


def _brought_to(state: str, by: LegRole, *, recalls: bool) -> Transferring:
    match state:
        case "BLIND, transferor is let go":
            world = Transferring(by, TransferKind.BLIND, recalls=recalls, loses_hangup=True)
            world.ring()
            assert world.driver.call.leg(world.by.id).is_leaving
        case "BLIND, transferor gone":
            world = Transferring(by, TransferKind.BLIND, recalls=recalls)
            world.ring()
            assert not world.driver.call.leg(world.by.id).is_alive
        case "ATTENDED, target rings":
            world = Transferring(by, TransferKind.ATTENDED, recalls=recalls)
            world.ring()
        case "ATTENDED, they consult":
            world = Transferring(by, TransferKind.ATTENDED, recalls=recalls)
            world.ring()
            world.answer()
        case "transferor is called back":
            world = Transferring(by, TransferKind.BLIND)
            world.ring()
            world.end(world.target, cause=17, sip_code=486)
            world.ring()
        case _:
            raise AssertionError(state)
    return world


_HAPPENINGS: dict[str, Callable[[Transferring], object]] = {
    "target answers": Transferring.answer,
    "target is busy": lambda world: world.end(world.target, cause=17, sip_code=486),
    "target refuses": lambda world: world.end(world.target, cause=21, sip_code=603),
    "target never answers": lambda world: world.driver.fire(TimerName.RING),
    "target cannot be dialled": lambda world: world.refuse(DialChannel),
    "target cannot join": lambda world: world.refuse(JoinBridge),
    "target hangs up": lambda world: world.end(world.target),
    "transferor answers": Transferring.answer,
    "transferor is busy": lambda world: world.end(world.target, cause=17, sip_code=486),
    "transferor never answers": lambda world: world.driver.fire(TimerName.RING),
    "transferor hangs up": lambda world: world.end(world.by),
    "transferee hangs up": lambda world: world.end(world.transferee),
    "completeTransfer": lambda world: world.ask(CompleteTransfer()),
    "cancelTransfer": lambda world: world.ask(CancelTransfer()),
    "transferCall": Transferring.transfer_again,
    "hangupCall": lambda world: world.driver.feed(inputs.HangupRequested(actor=SOMEBODY)),
    "holdCall of the transferee": lambda world: world.ask(Hold(leg_id=world.transferee.id)),
    "unholdCall of the transferee": lambda world: world.ask(Unhold(leg_id=world.transferee.id)),
    "holdCall, then unholdCall of the transferee": lambda world: world.ask(
        Hold(leg_id=world.transferee.id), Unhold(leg_id=world.transferee.id)
    ),
    "holdCall of the transferor": lambda world: world.ask(Hold(leg_id=world.by.id)),
    "consultSeconds are over": lambda world: world.driver.fire(TimerName.CONSULT),
    "maxDurationSeconds is over": lambda world: world.driver.fire(TimerName.MAX_DURATION),
    "Asterisk starts anew": lambda world: world.driver.restart_asterisk(),
}


def _outcome(driver: Driver, told_before: int) -> str:
    """What was told of the transfer's outcome since then."""
    told: list[str] = []
    for fact in driver.facts[told_before:]:
        match fact:
            case TransferCompleted():
                told.append("completed")
            case TransferCancelled():
                told.append("cancelled")
            case TransferFailed():
                told.append(f"failed: {fact.disposition}")
            case _:
                pass
    assert len(told) <= 1
    return told[0] if told else _NOTHING


def _situation(world: Transferring, before: tuple[TransferKind, TransferState]) -> str:
    """Who is with whom now."""
    call = world.driver.call
    if call.is_ending:
        return "the call ends"
    if world.problems:
        return "refused"
    transfer = call.transfer
    if transfer is not None:
        match transfer.state:
            case _ if (transfer.kind, transfer.state) == before:
                return "goes on"
            case TransferState.RECALLING:
                return "transferor is called back"
            case TransferState.CONSULTING:
                return "transferor and target consult"
            case TransferState.DIALING:
                return f"goes on as {transfer.kind}"
    transferor = call.leg_of(world.by.role)
    assert call.other(transferor) == call.leg(world.transferee.id)
    return "transferee and target talk" if transferor.id == world.first_target.id else "transferor and transferee talk"


@pytest.mark.parametrize("by", [LegRole.AGENT, LegRole.CUSTOMER])
@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"{row['while']} - {row['what happens']}")
def test_given_a_transfer_when_anything_happens_then_it_comes_out_as_the_page_says(row: Row, by: LegRole) -> None:
    world = _brought_to(row["while"], by, recalls="without recall" not in row["what happens"])
    driver = world.driver
    transfer = driver.call.transfer
    assert transfer is not None
    before, told_before = (transfer.kind, transfer.state), len(driver.facts)
    _HAPPENINGS[row["what happens"].removesuffix(", without recall")](world)
    driver.settle()
    assert_nobody_is_alone(driver.call)
    assert_in_place(driver)
    assert_alive(driver)
    assert_transfers_add_up(driver.call, driver.facts)
    assert _outcome(driver, told_before) == row["the transfer"]
    assert _situation(world, before) == row["then"]
    if row["then"] == "refused":
        assert [(one.code, one.current_state) for one in world.problems] == [("INVALID_STATE", row["code"])]
        assert driver.call.transfer == transfer
    driver.drain()
    if row["then"] == "the call ends":
        party = world.transferee.role.value if row["party"] == "transferee" else row["party"]
        reason = driver.ended.end_reason
        assert (driver.ended.disposition, reason.code, reason.party) == (Disposition.ANSWERED, row["code"], party)
    assert not driver.asterisk.channels


def test_given_the_page_when_its_rows_are_counted_then_each_state_has_each_hang_up_and_request() -> None:
    states = {row["while"] for row in _ROWS}
    told = {(row["while"], row["what happens"]) for row in _ROWS}
    assert len(told) == len(_ROWS)
    asked = {"completeTransfer", "cancelTransfer", "hangupCall", "transferCall", "transferee hangs up"}
    assert {(state, one) for state in states for one in asked} <= told
    assert {row["what happens"].removesuffix(", without recall") for row in _ROWS} == set(_HAPPENINGS)
    parties = {"BLIND, transferor gone": 1, "transferor is called back": 1}  # by then nobody is there to hang up
    for state in states:
        hangups = [what for while_, what in told if while_ == state and what.endswith("hangs up")]
        assert len(hangups) >= parties.get(state, 2)


def test_given_a_consultation_with_the_transferee_held_when_completed_then_nobody_is_on_hold_any_more() -> None:
    world = _brought_to("ATTENDED, they consult", LegRole.AGENT, recalls=True)
    world.ask(Hold(leg_id=world.target.id))
    world.ask(CompleteTransfer())
    world.driver.settle()
    assert not any(leg.is_on_hold for leg in world.driver.call.legs)
    assert_in_place(world.driver)


def test_given_a_held_transferor_when_it_transfers_attended_then_it_is_back_to_consult() -> None:
    driver = connected_call()
    agent = driver.leg(LegRole.AGENT)
    driver.feed(ask(Hold(leg_id=agent.id)))
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    assert not driver.call.leg(agent.id).is_on_hold
    assert driver.call.leg_of(LegRole.CUSTOMER).is_on_hold
    assert_in_place(driver)


def test_given_a_transfer_taken_back_before_its_channel_is_there_when_it_is_then_nobody_is_rung() -> None:
    driver = connected_call()
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    target = target_of(driver.call)
    driver.fates = [Fate.LOST]  # the channel is on its way, so there is nothing yet that could be hung up
    driver.feed(ask(CancelTransfer()))
    driver.fates.clear()
    driver.drain()
    assert not driver.asterisk.dials[target.id]


@pytest.mark.parametrize("kind", TransferKind)
def test_given_a_service_that_dies_before_it_holds_or_mutes_when_it_is_back_then_asterisk_is_told(
    kind: TransferKind,
) -> None:
    driver = connected_call()
    driver.die_before_acting(ask_transfer(kind, with_music=True))
    driver.settle()
    assert_in_place(driver)
    assert_nobody_is_alone(driver.call)
    assert_alive(driver)


def test_given_a_leave_that_is_lost_when_time_passes_then_the_transferee_does_not_hear_the_consultation() -> None:
    driver = connected_call()
    driver.fates = [Fate.LOST, Fate.LOST]
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    driver.fire(TimerName.PLACE)
    assert_in_place(driver)


def test_given_the_same_key_when_asked_twice_then_there_is_one_transfer_and_one_dial() -> None:
    driver = connected_call()
    first = ask_transfer(TransferKind.BLIND, key="k")
    driver.feed(first)
    again = driver.feed(ask_transfer(TransferKind.BLIND, key="k"))
    assert not again.problems
    assert not again.commands
    other = driver.feed(ask_transfer(TransferKind.BLIND, key="k", input_hash="cd"))
    assert [one.code for one in other.problems] == ["IDEMPOTENCY_KEY_REUSED"]
    driver.go_on()
    driver.go_on()
    driver.drain()
    assert driver.asterisk.dials.total() == 3
