"""What an agent is written, as its phone gets it: SIPp, registered with a device's secret at a real Asterisk."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.local.asterisk import AsteriskInstall
from tests.provisioning.conftest import Exchange, Office, until_configured
from tests.rig.sipp import SippMessage, SippPorts, SippServer, sipp_phone

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres]

EXTENSION = "3006"
OFFER = "Lead 7: Grace Hopper\nwants the günstige offer"
HURRY = "She calls from a train."


@pytest.fixture
async def phone(
    office: Office, exchange: Exchange, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path
) -> AsyncIterator[SippServer]:
    """The one phone of an extension, registered."""
    extension = (await office.do("createExtension", {"number": EXTENSION}, "extension { id }"))["extension"]
    made = await office.do("createDevice", {"extensionId": extension["id"]}, "device { id username } secret")
    await until_configured(exchange.asterisk, made["device"]["username"])
    async with sipp_phone(
        asterisk_install,
        sipp_ports,
        tmp_path,
        registrar_port=exchange.asterisk.sip_port,
        username=made["device"]["username"],
        secret=made["secret"],
    ) as sipp:
        await office.wait_for_event(made["device"]["id"], "DEVICE_REGISTERED")
        yield sipp


async def place(office: Office, **fields: Any) -> dict[str, Any]:
    given = {
        "idempotencyKey": uuid.uuid4().hex,
        "destination": {"number": "+15550100012"},
        "connect": {"extension": EXTENSION},
        "waitFor": "CONNECTED",
        **fields,
    }
    placed = await office.do("originateCall", given, "waitOutcome call { id legs { id role } }")
    assert placed["waitOutcome"] == "REACHED"
    call: dict[str, Any] = placed["call"]
    return call


async def hang_up(office: Office, call: dict[str, Any]) -> None:
    await office.do("hangupCall", {"callId": call["id"]}, "call { id }")
    await office.offhook.service.registry.wait_until_empty()


async def texts_at(phone: SippServer, count: int) -> list[SippMessage]:
    """The messages that have come, once they are so many; each comes once however often it was sent."""
    async with asyncio.timeout(30):
        while True:
            came = {one.call_id: one for one in phone.messages() if one.method == "MESSAGE" and not one.is_sent}
            if len(came) >= count:
                return list(came.values())
            await asyncio.sleep(0.1)


async def test_given_a_registered_phone_when_a_call_brings_a_message_and_more_are_sent_then_it_gets_each_whole(
    office: Office, phone: SippServer, capfd: pytest.CaptureFixture[str]
) -> None:
    call = await place(office, softphoneMessage=OFFER)
    (first,) = await texts_at(phone, 1)
    assert first.body == OFFER
    assert "offhook" in first.caller
    await office.do("sendSoftphoneMessage", {"callId": call["id"], "text": HURRY}, "call { id }")
    assert [one.body for one in await texts_at(phone, 2)] == [OFFER, HURRY]
    answers = {one.call_id: one.status for one in phone.messages() if one.is_sent and one.cseq_method == "MESSAGE"}
    assert list(answers.values()) == [200, 200]
    await hang_up(office, call)
    said = capfd.readouterr()
    assert call["id"] in said.out + said.err, "the call is in the log"
    assert not any(word in said.out + said.err for word in ("Hopper", "train"))


async def test_given_a_call_when_the_customers_leg_is_written_to_or_with_a_bad_text_then_it_is_refused(
    office: Office, phone: SippServer
) -> None:
    call = await place(office)
    customer = next(leg["id"] for leg in call["legs"] if leg["role"] == "CUSTOMER")
    query = """mutation($input: SendSoftphoneMessageInput!) { sendSoftphoneMessage(input: $input) {
        call { id } userErrors { code field currentState } } }"""
    for given, refusal in (
        ({"legId": customer, "text": HURRY}, ("INVALID_STATE", ["legId"], "CUSTOMER")),
        ({"text": "one\r\nVia: two"}, ("INVALID_INPUT", ["text"], None)),
        ({"text": " "}, ("INVALID_INPUT", ["text"], None)),
        ({"text": "ü" * 401}, ("INVALID_INPUT", ["text"], None)),
    ):
        payload = (await office.ask(query, input={"callId": call["id"], **given}))["sendSoftphoneMessage"]
        assert payload["call"] is None
        (problem,) = payload["userErrors"]
        assert (problem["code"], problem["field"], problem["currentState"]) == refusal
    await hang_up(office, call)
    assert not [one for one in phone.messages() if one.method == "MESSAGE"]
