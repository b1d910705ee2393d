"""What may come over SIP itself: addresses to go on to, names that are programs, strangers, and noise."""

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import pytest

from app.accounts.audit import AuditLog
from app.config import Settings
from app.exports.sheets import write_rows
from app.facts.vocabulary import LegRole
from app.ids import asterisk_prefix
from app.local.asterisk import AsteriskInstance
from app.routing.inbound import RouteChanges
from app.routing.resources import RoutingResources
from app.routing.service import Routing
from app.routing.targets import ToExtension
from app.secrets.sealing import Sealer
from tests.rig.ari_ears import AriEars
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness
from tests.security.hostile import Field, rows
from tests.security.sip_peer import SipPeer, sip_peer

pytestmark = pytest.mark.asterisk

PREMIUM: Final = "19005550199"
CALLER: Final = "+4930123456"
#: What ends SIP's own quotes is no display name any more, and is refused by Asterisk: the rest is for us.
_ESCAPES: Final = {b"\\": b"\\\\", b'"': b'\\"', b"\r": b"", b"\n": b"", b"\x00": b""}
_AT_ONCE: Final = 5


@pytest.fixture
def settings(settings: Settings, asterisk: AsteriskInstance) -> Settings:
    """Of the one service that the dialplan sends calls to."""
    return settings.model_copy(update={"ari_application": asterisk.config.stasis_app})


@pytest.fixture
async def ears(asterisk: AsteriskInstance) -> AsyncIterator[AriEars]:
    """A second client of the Asterisk under test."""
    async with AriEars.listening(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, "strict") as listening:
        yield listening


@pytest.fixture
async def trunk_peer(asterisk: AsteriskInstance, sipp_ports: SippPorts) -> AsyncIterator[SipPeer]:
    """What is at the other end of the trunk ``sipp``, and of the telephone of extension 3009."""
    async with sip_peer(asterisk.sip_port, port=sipp_ports.sip) as peer:
        yield peer


@pytest.fixture
async def elsewhere(asterisk: AsteriskInstance) -> AsyncIterator[SipPeer]:
    """An address that Asterisk knows nothing of."""
    async with sip_peer(asterisk.sip_port) as peer:
        yield peer


async def _channels(ears: AriEars) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ears.request("GET", "/channels")).json()
    return found


async def test_given_a_trunk_or_a_phone_that_moves_us_elsewhere_when_called_then_nothing_else_is_dialled(
    offhook: RunningOffhook, desk: Desk, trunk_peer: SipPeer, elsewhere: SipPeer, witness: Witness, ears: AriEars
) -> None:
    routing = Routing(offhook.service.database, AuditLog(offhook.service.database))
    extension = await routing.create_extension(offhook.principal.account_id, "3009")
    await routing.create_device(offhook.principal.account_id, extension.id)
    here, there = trunk_peer.port, elsewhere.port
    moves = (
        f"<sip:{PREMIUM}@127.0.0.1:{here}>",
        f"<sip:+{PREMIUM}@127.0.0.1:{there}>",
        f"<sip:2002@127.0.0.1:{there}>",
        f"<tel:+{PREMIUM}>",
        f"<sip:s@127.0.0.1:{there}>",
        f"<sip:%2FLocal%2F{PREMIUM}@offhook-trunks>",
        f"<sip:{PREMIUM}@127.0.0.1:{there}>;q=1.0, <sip:2002@127.0.0.1:{here}>;q=0.5",
    )
    for number, moved_to in enumerate(moves):
        trunk_peer.moved_to = moved_to
        for target in ("trunk", "phone"):
            before = trunk_peer.invites()
            if target == "trunk":
                placed = await desk.place_call(f"+1555011800{number}", trunk="sipp", first=LegRole.CUSTOMER)
            else:
                placed = await desk.place_call("+15550110001", connect="3009", first=LegRole.AGENT)
            story = await desk.wait_for_end(placed.id)
            assert story.disposition in {"UNREACHABLE", "REJECTED", "FAILED"}, (moved_to, target, story.words)
            assert not story.all_of("leg.answered")
            await witness.wait_until_gone(asterisk_prefix(offhook.node))
            async with asyncio.timeout(30):
                while await _channels(ears):  # whatever else Asterisk might have begun
                    await asyncio.sleep(0.02)
            new = list(trunk_peer.invites() - before)
            assert len(new) == 1, (moved_to, target, new)
            assert PREMIUM.encode() not in new[0]
            await assert_is_whole(desk, story)
    assert elsewhere.received == []


def _display(sample: str | bytes) -> bytes:
    given = sample if isinstance(sample, bytes) else sample.encode()
    return b'"' + b"".join(_ESCAPES.get(bytes([byte]), bytes([byte])) for byte in given) + b'" '


async def test_given_names_of_callers_that_are_programs_when_they_call_then_they_are_plain_text_wherever_they_show(
    offhook: RunningOffhook, desk: Desk, trunk_peer: SipPeer
) -> None:
    database = offhook.service.database
    routing = RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))
    values: dict[str, Any] = {"pattern": "+15550118*", "target": ToExtension(number="2001")}
    await routing.routes.create(offhook.principal, cast("RouteChanges", values))
    room = asyncio.Semaphore(_AT_ONCE)

    async def call(place: int, sample: str | bytes) -> str:
        async with room:
            dialled = f"+15550118{place:03d}"
            call_id = trunk_peer.invite(dialled, display=_display(sample), caller=CALLER.encode())
            arrived = await desk.wait_for_arrival(dialled)
            assert await trunk_peer.final_of(call_id) == b"SIP/2.0 200 OK", sample
            await desk.wait_for(arrived, "call.connected")
            await desk.hang_up(arrived)
            story = await desk.wait_for_end(arrived)
            assert story.record["customer"]["number"] == CALLER, sample
            await assert_is_whole(desk, story)
            shown = story.record["customer"].get("display")
            for fact in story.facts:
                assert json.loads(json.dumps(fact.body)) == fact.body  # fit for a webhook's body
            return "" if shown is None else str(shown)

    given = [row.sample for row in rows(Field.SIP_TEXT)]
    shown = await asyncio.gather(*(call(place, sample) for place, sample in enumerate(given)))
    for sample, name in zip(given, shown, strict=True):
        assert len(name) <= 80, sample
        assert not set(name) & set('<>"\\'), (sample, name)
        assert not [char for char in name if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}], (sample, name)
        assert not [char for char in name if unicodedata.bidirectional(char) in {"RLO", "LRO", "RLE", "RLI"}], sample
        (line,) = write_rows([[name]]).decode().removeprefix("\ufeff").splitlines() or [""]
        assert not line.strip('"').startswith(("=", "+", "-", "@")), (sample, line)
    assert any(shown), "no name came through at all"
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM call") == len(given)


_METHODS: Final = ("FOO", "SUBSCRIBE", "PUBLISH", "MESSAGE", "REFER", "REGISTER", "UPDATE", "INFO", "PRACK", "CONNECT")
_NOISE: Final = (
    b"",
    b"\x00" * 100,
    b"\r\n\r\n",
    b"INVITE",
    b"INVITE sip:2001@127.0.0.1 SIP/2.0\r\n\r\n",
    b"INVITE sip:2001@127.0.0.1 SIP/2.0\r\nContent-Length: -1\r\n\r\n",
    b"INVITE sip:2001@127.0.0.1 SIP/2.0\r\nCSeq: 99999999999999999999 INVITE\r\n\r\n",
    b"SIP/2.0 200 OK\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"INVITE " + b"A" * 60_000 + b" SIP/2.0\r\n\r\n",
    b"OPTIONS sip:x SIP/2.0\r\nVia: " + b"z" * 30_000 + b"\r\n\r\n",
    bytes(range(256)) * 20,
)


async def test_given_a_stranger_when_it_invites_then_it_is_refused_and_there_is_no_call(
    offhook: RunningOffhook, elsewhere: SipPeer, ears: AriEars
) -> None:
    callers = (b"+4930123456", b"sandbox-2001", b"sandbox-trunk-sipp", b"2001", b"anonymous", b"ofh-sandbox-2001")
    users = ("2001", f"+{PREMIUM}", PREMIUM, "sandbox-2001", "+15550110000", "s", "911")
    for caller in callers:
        for user in users:
            final = await elsewhere.final_of(elsewhere.invite(user, caller=caller))
            assert final.split()[1] in {b"401", b"403", b"404"}, (caller, user, final)
    await _assert_nobody_called(offhook, ears)


async def test_given_unknown_methods_and_noise_when_they_come_then_asterisk_goes_on_and_there_is_no_call(
    offhook: RunningOffhook, elsewhere: SipPeer, trunk_peer: SipPeer, ears: AriEars
) -> None:
    for peer in (elsewhere, trunk_peer):
        for method in _METHODS:
            final = await peer.final_of(peer.request(method, "2001", headers=(b"Refer-To: <sip:2002@127.0.0.1>",)))
            assert final.split()[1][:1] in b"456", (method, final)
        for noise in _NOISE:
            peer.send(noise)
        # Whoever still answers an honest question has taken all of it.
        assert (await peer.final_of(peer.request("OPTIONS", "2001"))).startswith(b"SIP/2.0 ")
    await _assert_nobody_called(offhook, ears)


async def _assert_nobody_called(offhook: RunningOffhook, ears: AriEars) -> None:
    assert await _channels(ears) == []
    assert len(offhook.service.registry) == 0
    async with offhook.service.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM call") == 0
