"""Fixtures: a real Asterisk with the sandbox, a far end, a SIPp port and a witness, once for each test process.

The Asterisk under test knows two peers beside the sandbox, as trunks of the sandbox account: ``sandbox-trunk-farend``
(the far end below) and ``sandbox-trunk-sipp`` (whatever listens on ``sipp_port``).
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from app.local.asterisk import (
    AsteriskConfig,
    AsteriskInstall,
    AsteriskInstance,
    SipPeer,
    ensure_asterisk,
    running_asterisk,
)
from app.local.asterisk_ports import reserve_ports
from tests.rig.far_end import FarEnd, running_far_end
from tests.rig.sipp import SippPorts
from tests.rig.witness import Witness, watching

FAR_END_TRUNK = "sandbox-trunk-farend"
SIPP_TRUNK = "sandbox-trunk-sipp"
#: Telephones at the far end, by the names that the extensions 3001 (which has three), 3002 and 3003 give them.
FAR_PHONES = {
    "sandbox-3001": "300101",
    "sandbox-3001-2": "300102",
    "sandbox-3001-3": "300103",
    "sandbox-3002": "3002",
    "sandbox-3003": "3003",
}


#: A telephone at SIPp's port, as the first phone of extension 3009 is called.
BARE_PHONE = "sandbox-3009"


@pytest.fixture(scope="session")
async def asterisk_install() -> AsteriskInstall:
    """Unpacked on first use, which takes some 20 s and is said on stderr."""
    return await ensure_asterisk()


@pytest.fixture(scope="session")
async def far_end_instance(asterisk_install: AsteriskInstall) -> AsyncIterator[FarEnd]:
    async with running_far_end(asterisk_install) as far_end:
        yield far_end


@pytest.fixture
async def far_end(far_end_instance: FarEnd) -> AsyncIterator[FarEnd]:
    """The far end, with no call of an earlier test on it."""
    await far_end_instance.hang_up_everything()
    yield far_end_instance
    await far_end_instance.hang_up_everything()


@pytest.fixture(scope="session")
def sipp_ports() -> Iterator[SippPorts]:
    """Ports that are this test process's own, for one SIPp at a time."""
    with reserve_ports(rtp_port_count=900) as ports:
        yield SippPorts(sip=ports.sip, rtp_first=ports.rtp_first)


@pytest.fixture(scope="session")
async def asterisk(
    asterisk_install: AsteriskInstall, far_end_instance: FarEnd, sipp_ports: SippPorts
) -> AsyncIterator[AsteriskInstance]:
    """The Asterisk under test: sandbox, far end and SIPp as trunks, two thousand RTP ports."""
    config = AsteriskConfig(
        peers=(
            SipPeer(name=FAR_END_TRUNK, port=far_end_instance.sip_port),
            SipPeer(name=SIPP_TRUNK, port=sipp_ports.sip),
            *(SipPeer(name=name, port=far_end_instance.sip_port, user=user) for name, user in FAR_PHONES.items()),
            SipPeer(name=BARE_PHONE, port=sipp_ports.sip, user="3009"),
        ),
        rtp_port_count=1980,
    )
    async with running_asterisk(config, install=asterisk_install) as instance:
        yield instance


@pytest.fixture
async def witness(asterisk: AsteriskInstance) -> AsyncIterator[Witness]:
    async with watching(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password) as seen:
        yield seen
