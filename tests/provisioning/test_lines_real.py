"""Devices and trunks made over GraphQL, on a real Asterisk and with phones that register."""

import asyncio
import contextlib
import dataclasses
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.ari.client import AriClient
from app.ari.resources import Endpoint
from app.local.asterisk import AsteriskInstall
from app.local.asterisk_ports import reserve_ports
from app.provisioning.objects import PjsipObject, device_objects, trunk_objects
from app.provisioning.push import Pusher
from app.provisioning.store import Line, LineKind
from app.routing.words import LineState
from tests.provisioning.conftest import Exchange, Office, until_configured
from tests.provisioning.test_objects import DEVICE, TRUNK
from tests.rig.phone import Phone
from tests.rig.sipp import SippPorts, sipp_phone

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres]

SHOWN = "device { id username isRegistered registeredAt contact } secret"


async def make_device(office: Office, number: str) -> tuple[str, dict[str, Any], str]:
    """An extension with a device: its id, the device, and its secret."""
    extension = (await office.do("createExtension", {"number": number}, "extension { id }"))["extension"]
    made = await office.do("createDevice", {"extensionId": extension["id"]}, SHOWN)
    return extension["id"], made["device"], made["secret"]


async def call_extension(office: Office, number: str) -> dict[str, Any]:
    """Connect an extension with the sandbox's customer who talks."""
    given = {
        "idempotencyKey": uuid.uuid4().hex,
        "destination": {"number": "+15550100012"},
        "connect": {"extension": number},
        "waitFor": "CONNECTED",
    }
    call: dict[str, Any] = await office.do("originateCall", given, "waitOutcome call { id state }")
    return call


async def hang_up(office: Office, call: dict[str, Any]) -> None:
    await office.do("hangupCall", {"callId": call["call"]["id"]}, "call { id }")
    await office.offhook.service.registry.wait_until_empty()


async def test_given_a_device_when_its_phone_registers_then_it_is_told_called_and_still_known_after_a_restart(
    office: Office, exchange: Exchange, wires: contextlib.AsyncExitStack
) -> None:
    _, device, secret = await make_device(office, "3001")
    assert (device["isRegistered"], device["contact"]) == (False, None)
    await until_configured(exchange.asterisk, device["username"])
    async with Phone.at(device["username"], secret, exchange.asterisk.sip_port) as phone:
        assert await phone.register() == 200
        await office.wait_for_event(device["id"], "DEVICE_REGISTERED")
        seen = (await office.ask("query($id: ID!) { device(id: $id) { isRegistered contact registeredAt } }",
                                 id=device["id"]))["device"]  # fmt: skip
        assert seen["isRegistered"] is True
        assert seen["registeredAt"] is not None
        assert seen["contact"].startswith(f"sip:{device['username']}@127.0.0.1:{phone.port}")

        call = await call_extension(office, "3001")
        assert call["waitOutcome"] == "REACHED"
        assert f"sip:{device['username']}@127.0.0.1:{phone.port}" in await phone.wait_until_called()
        await hang_up(office, call)

        await exchange.stop()
        await office.offhook.wait_until_unready()
        await exchange.start(wires)
        await office.offhook.wait_until_ready()
        # It has not registered anew: Asterisk kept both the device and where it is.
        again = await call_extension(office, "3001")
        assert again["waitOutcome"] == "REACHED"
        await phone.wait_until_called(2)
        await hang_up(office, again)
        await office.wait_for_event(device["id"], "DEVICE_REGISTERED")


async def test_given_a_device_when_its_secret_is_wrong_rotated_or_the_device_deleted_then_it_is_refused(
    office: Office, exchange: Exchange
) -> None:
    extension_id, device, secret = await make_device(office, "3002")
    await until_configured(exchange.asterisk, device["username"])
    port = exchange.asterisk.sip_port
    async with Phone.at(device["username"], "a wrong one", port) as stranger:
        assert await stranger.register() == 401
    async with Phone.at(device["username"], secret, port) as phone:
        assert await phone.register() == 200
        await office.wait_for_event(device["id"], "DEVICE_REGISTERED")

        rotated = await office.do("rotateDeviceSecret", {"id": device["id"]}, "device { id } secret")
        assert rotated["secret"] != secret
        async with asyncio.timeout(20):
            while await phone.register() != 401:
                await asyncio.sleep(0.05)
        phone.secret = rotated["secret"]
        assert await phone.register() == 200

        await office.do("deleteDevice", {"id": device["id"]}, "deletedId")
        (_, gone) = await office.wait_for_event(device["id"], "DEVICE_REGISTERED", "DEVICE_UNREGISTERED")
        assert gone["reason"] in {"ENDED", "DELETED"}
        await until_configured(exchange.asterisk, device["username"], is_there=False)
        assert await phone.register() in {401, 403, 404}
    assert "ofh-" not in await exchange.asterisk.run_cli("pjsip show endpoints")
    assert "ofh-" not in await exchange.asterisk.run_cli("database show ps_")
    await office.do("deleteExtension", {"id": extension_id}, "deletedId")


async def test_given_a_registered_phone_when_it_says_goodbye_then_that_is_told(
    office: Office, exchange: Exchange
) -> None:
    _, device, secret = await make_device(office, "3003")
    await until_configured(exchange.asterisk, device["username"])
    async with Phone.at(device["username"], secret, exchange.asterisk.sip_port) as phone:
        assert await phone.register() == 200
        await office.wait_for_event(device["id"], "DEVICE_REGISTERED")
        assert await phone.register(expires=0) == 200
        (_, gone) = await office.wait_for_event(device["id"], "DEVICE_REGISTERED", "DEVICE_UNREGISTERED")
        assert gone["reason"] == "ENDED"
        assert await phone.register() == 200
        await office.wait_for_event(device["id"], "DEVICE_REGISTERED", "DEVICE_UNREGISTERED", "DEVICE_REGISTERED")


async def test_given_a_trunk_when_its_far_end_dies_and_comes_back_then_both_are_told(
    office: Office, exchange: Exchange
) -> None:
    async with Phone.at("carrier", "", exchange.asterisk.sip_port) as carrier:
        given = {
            "name": "carrier",
            "host": "127.0.0.1",
            "port": carrier.port,
            "matchAddresses": [f"127.0.0.1:{carrier.port}"],
            "qualifySeconds": 1,
        }
        trunk = (await office.do("createTrunk", given, "trunk { id endpoint state isProvisioned }"))["trunk"]
        assert (trunk["endpoint"], trunk["state"], trunk["isProvisioned"]) == (
            "ofh-sandbox-trunk-carrier",
            "UNKNOWN",
            True,
        )
        await until_state(office, trunk["id"], "UP")
        carrier.answers_options = False
        await office.wait_for_event(trunk["id"], "TRUNK_DOWN")
        await until_state(office, trunk["id"], "DOWN")
        carrier.answers_options = True
        await office.wait_for_event(trunk["id"], "TRUNK_DOWN", "TRUNK_UP")
        await until_state(office, trunk["id"], "UP")
        assert f"Match: 127.0.0.1:{carrier.port}/32" in await exchange.asterisk.run_cli("pjsip show identifies")
    await office.do("deleteTrunk", {"id": trunk["id"]}, "deletedId")


async def test_given_a_trunk_that_claims_an_offices_address_when_its_phones_register_then_they_still_can(
    office: Office, exchange: Exchange
) -> None:
    _, device, secret = await make_device(office, "3006")
    await until_configured(exchange.asterisk, device["username"])
    async with Phone.at(device["username"], secret, exchange.asterisk.sip_port) as phone:
        given = {"name": "claims", "host": "127.0.0.1", "port": phone.port, "qualifySeconds": 0}
        trunk = (await office.do("createTrunk", given, "trunk { id endpoint matchAddresses }"))["trunk"]
        assert trunk["matchAddresses"] == [f"127.0.0.1:{phone.port}"]
        async with asyncio.timeout(30):
            while f"{trunk['endpoint']}-from-0" not in await exchange.asterisk.run_cli("pjsip show identifies"):
                await asyncio.sleep(0.05)
        assert await phone.register() == 200
        await office.wait_for_event(device["id"], "DEVICE_REGISTERED")


async def test_given_a_trunk_to_a_dead_address_when_it_is_made_then_it_is_told_down(office: Office) -> None:
    with reserve_ports(rtp_port_count=2) as ports:
        given = {"name": "dead", "host": "127.0.0.1", "port": ports.sip, "matchAddresses": [], "qualifySeconds": 1}
        trunk = (await office.do("createTrunk", given, "trunk { id }"))["trunk"]
        await office.wait_for_event(trunk["id"], "TRUNK_DOWN")
    await office.do("deleteTrunk", {"id": trunk["id"]}, "deletedId")


async def test_given_objects_of_ours_and_of_others_in_asterisk_when_pushed_then_stale_ones_of_ours_go_and_others_stay(
    office: Office, exchange: Exchange
) -> None:
    ari = office.offhook.service.node.tenure
    assert ari is not None
    client = ari.provisioner._ari
    for name in ("ofh-sandbox-77", "someone-else"):
        await client.put_object("endpoint", name, {"context": "offhook-phones", "aors": name, "auth": name})
        await client.put_object("auth", name, {"auth_type": "digest", "username": name, "password": "x" * 20})
    await make_device(office, "3004")
    await until_configured(exchange.asterisk, "ofh-sandbox-77", is_there=False)
    endpoints = await exchange.asterisk.run_cli("pjsip show endpoints")
    assert "someone-else" in endpoints
    assert "ofh-sandbox-77" not in endpoints


async def until_state(office: Office, trunk_id: str, state: str) -> None:
    query = "query($id: ID!) { trunk(id: $id) { state } }"
    async with asyncio.timeout(30):
        while (await office.ask(query, id=trunk_id))["trunk"]["state"] != state:
            await asyncio.sleep(0.05)


async def test_given_sipp_with_a_devices_secret_when_it_registers_then_it_is_called_after_a_restart_too(
    office: Office,
    exchange: Exchange,
    wires: contextlib.AsyncExitStack,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
) -> None:
    _, device, secret = await make_device(office, "3005")
    await until_configured(exchange.asterisk, device["username"])
    async with sipp_phone(
        asterisk_install,
        sipp_ports,
        tmp_path,
        registrar_port=exchange.asterisk.sip_port,
        username=device["username"],
        secret=secret,
    ) as sipp:
        await office.wait_for_event(device["id"], "DEVICE_REGISTERED")
        call = await call_extension(office, "3005")
        assert call["waitOutcome"] == "REACHED"
        await hang_up(office, call)
        await exchange.stop()
        await office.offhook.wait_until_unready()
        await exchange.start(wires)
        await office.offhook.wait_until_ready()
        again = await call_extension(office, "3005")
        assert again["waitOutcome"] == "REACHED"
        await hang_up(office, again)
        answered = await sipp.wait_until_idle(2)
        assert [(one.final_status, one.hung_up_by) for one in answered] == [(200, "caller")] * 2


class Counting:
    """An Asterisk whose writes are counted."""

    def __init__(self, client: AriClient) -> None:
        self._client = client
        self.writes: list[tuple[str, str]] = []

    async def get_object(self, object_type: str, object_id: str) -> dict[str, str]:
        return await self._client.get_object(object_type, object_id)

    async def put_object(self, object_type: str, object_id: str, fields: Mapping[str, str]) -> None:
        self.writes.append((object_type, object_id))
        await self._client.put_object(object_type, object_id, fields)

    async def delete_object(self, object_type: str, object_id: str) -> None:
        await self._client.delete_object(object_type, object_id)
        self.writes.append((object_type, object_id))

    async def list_endpoints(self, *, technology: str | None = None) -> list[Endpoint]:
        return await self._client.list_endpoints(technology=technology)


async def test_given_lines_that_are_right_when_looked_at_afresh_then_nothing_is_written_and_what_is_not_is_mended(
    exchange: Exchange,
) -> None:
    asterisk = exchange.asterisk
    lines = [_line(device_objects(DEVICE)), _line(trunk_objects(TRUNK))]
    names = {line.endpoint for line in lines}
    async with AriClient(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, app="count") as client:
        counting = Counting(client)
        assert await Pusher(counting).apply(lines, set()) == 2
        assert len(counting.writes) == 3 + 7
        counting.writes.clear()
        await Pusher(counting).apply(lines, names)
        assert counting.writes == []

        # A registration is begun anew by each write, so what is right must be left alone; the rest is mended.
        await client.delete_object("auth", DEVICE.endpoint)
        await client.put_object("endpoint", TRUNK.endpoint, {"context": "elsewhere"})
        moved = dataclasses.replace(TRUNK, host="moved.example", match_addresses=("192.0.2.0/25",), registers=False)
        await Pusher(counting).apply([lines[0], _line(trunk_objects(moved))], names)
        assert counting.writes == [
            ("auth", DEVICE.endpoint),
            ("registration", TRUNK.endpoint),
            ("identify", f"{TRUNK.endpoint}-from-1"),
            ("identify", f"{TRUNK.endpoint}-from-2"),
            ("endpoint", TRUNK.endpoint),
            ("aor", TRUNK.endpoint),
            ("aor", TRUNK.endpoint),
            ("identify", f"{TRUNK.endpoint}-from-0"),
            ("identify", f"{TRUNK.endpoint}-from-0"),
        ]
        assert "192.0.2.0/25" in await asterisk.run_cli("pjsip show identifies")
        contacts = await asterisk.run_cli(f"pjsip show aor {TRUNK.endpoint}")
        assert "sip:moved.example:5070" in contacts
        assert "sip.example.com" not in contacts
        assert "198.51.100.7" not in await asterisk.run_cli("pjsip show identifies")
        await Pusher(counting).apply([], names)
        assert "ofh-" not in await asterisk.run_cli("database show ps_")


def _line(objects: tuple[PjsipObject, ...]) -> Line:
    return Line(
        id=objects[0].id, kind=LineKind.TRUNK, account_id="acc_1", is_sandbox=False, endpoint=objects[0].id, name="x",
        objects=objects, qualify_seconds=30, state=LineState.UNKNOWN, contact=None,
    )  # fmt: skip
