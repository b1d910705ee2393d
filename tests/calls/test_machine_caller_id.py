"""What those see calling who are rung for a talk of others: outside the account's number, inside whom they talk to.

That a leg shows this, whoever waits in the bridge that it joins before it is dialled, only a real Asterisk can tell:
tests/e2e/test_caller_id_outside.py.
"""

from collections.abc import Callable

import msgspec
import pytest

from app.calls.core import inputs
from app.calls.core.commands import CreateChannel
from app.calls.core.model.leg import Leg
from app.calls.core.verbs import CancelTransfer
from app.facts.vocabulary import LegRole, LegState, Party, TransferKind
from tests.calls.asking import TARGET_NUMBER, ask, ask_transfer
from tests.calls.asking_guests import ask_participant
from tests.calls.asking_refer import refer_aimed, refer_asked
from tests.calls.driving import Driver, connected_call
from tests.calls.making import CUSTOMER_NUMBER

OWN = "+15550199999"
INSIDE = Party(extension="2007", display="Grete")
OUTSIDE = Party(number=TARGET_NUMBER)


def _aim(planned: Leg, party: Party) -> Leg:
    """As the plans have it: to a number the account's own is shown, inside nothing that the machine is to keep."""
    is_outside = party.number is not None
    endpoint = f"PJSIP/{party.number}@acme-trunk-main" if is_outside else f"PJSIP/acme-{party.extension}"
    return msgspec.structs.replace(planned, party=party, endpoint=endpoint, shown_number=OWN if is_outside else None)


def _transfer(driver: Driver, party: Party, kind: TransferKind) -> None:
    asked = ask_transfer(kind)
    assert asked.leg is not None
    driver.feed(msgspec.structs.replace(asked, leg=_aim(asked.leg, party)))


def _blind(driver: Driver, party: Party) -> None:
    _transfer(driver, party, TransferKind.BLIND)


def _attended(driver: Driver, party: Party) -> None:
    _transfer(driver, party, TransferKind.ATTENDED)


def _refer(driver: Driver, party: Party) -> None:
    asked = refer_asked(driver.leg(LegRole.AGENT))
    driver.feed(asked)
    aimed = refer_aimed(asked.transfer_id)
    driver.feed(msgspec.structs.replace(aimed, leg=_aim(aimed.leg, party)))


def _call_in(driver: Driver, party: Party) -> None:
    asked = ask_participant()
    driver.feed(msgspec.structs.replace(asked, leg=_aim(asked.leg, party)))


WAYS = pytest.mark.parametrize("ring", [_blind, _attended, _refer, _call_in])


def _talk(customer: Party) -> Driver:
    driver = connected_call()
    legs = [
        msgspec.structs.replace(leg, party=customer) if leg.role is LegRole.CUSTOMER else leg
        for leg in driver.call.legs
    ]
    driver.call = msgspec.structs.replace(driver.call, legs=tuple(legs))
    return driver


def _last_rung(driver: Driver) -> CreateChannel:
    return [command for command in driver.asked if isinstance(command, CreateChannel)][-1]


@WAYS
def test_given_a_talk_when_a_number_is_rung_for_it_then_it_is_shown_the_accounts_number_and_nothing_of_the_customer(
    ring: Callable[[Driver, Party], None],
) -> None:
    driver = _talk(Party(number=CUSTOMER_NUMBER, display="Grace"))
    ring(driver, OUTSIDE)
    rung = _last_rung(driver)
    assert rung.endpoint == f"PJSIP/{TARGET_NUMBER}@acme-trunk-main"
    assert (rung.shown_number, rung.shown_name) == (OWN, None)


@WAYS
@pytest.mark.parametrize(
    ("customer", "shown"),
    [
        (Party(number=CUSTOMER_NUMBER, display="Grace"), (CUSTOMER_NUMBER, "Grace")),
        (Party(number=CUSTOMER_NUMBER), (CUSTOMER_NUMBER, None)),
        (Party(extension="2009", display="Ines"), ("2009", "Ines")),
        (Party(is_anonymous=True), (None, "Anonymous")),
    ],
)
def test_given_a_talk_when_an_extension_is_rung_for_it_then_it_is_shown_the_customer(
    ring: Callable[[Driver, Party], None], customer: Party, shown: tuple[str | None, str | None]
) -> None:
    driver = _talk(customer)
    ring(driver, INSIDE)
    rung = _last_rung(driver)
    assert rung.endpoint == "PJSIP/acme-2007"
    assert (rung.shown_number, rung.shown_name) == shown


@pytest.mark.parametrize("ring", [_blind, _refer])
def test_given_a_target_outside_when_whoever_transferred_is_called_back_then_it_is_shown_what_it_was_shown_before(
    ring: Callable[[Driver, Party], None],
) -> None:
    driver = _talk(Party(number=CUSTOMER_NUMBER, display="Grace"))
    agent = driver.leg(LegRole.AGENT)
    ring(driver, OUTSIDE)
    driver.feed(ask(CancelTransfer()))
    recalled = _last_rung(driver)
    assert recalled.endpoint == agent.endpoint
    assert (recalled.shown_number, recalled.shown_name) == (agent.shown_number, agent.shown_name)
    assert recalled.shown_number == CUSTOMER_NUMBER


def test_given_several_phones_of_a_target_when_one_wave_gives_way_to_a_number_then_that_is_shown_the_accounts() -> None:
    driver = _talk(Party(number=CUSTOMER_NUMBER, display="Grace"))
    asked = ask_transfer(TransferKind.BLIND, waves=(0, 1))
    assert asked.leg is not None
    driver.feed(msgspec.structs.replace(asked, leg=_aim(asked.leg, INSIDE)))
    driver.hear_all()
    rung = _last_rung(driver)
    assert (rung.endpoint, rung.shown_number) == ("PJSIP/acme-2007", CUSTOMER_NUMBER)
    assert driver.call.leg(rung.leg_id).state is LegState.DIALING
    driver.feed(inputs.LegDestroyed(leg_id=rung.leg_id, cause=17, sip_code=486))
    assert (_last_rung(driver).endpoint.partition("@")[2], _last_rung(driver).shown_number) == ("acme-trunk-main", OWN)
