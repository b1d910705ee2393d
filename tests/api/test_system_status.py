"""The state of the service over GraphQL: for any key, with nothing that is none of an account's business."""

import os
import socket
from importlib.metadata import version

import pytest

from app.accounts.scopes import Scope
from app.ownership.holder import Holder
from app.ownership.lease import Leases
from tests.api.conftest import Surface
from tests.ownership.processes import NODE

pytestmark = pytest.mark.postgres

STATUS = """{ systemStatus { version isReady isDatabaseReady isShuttingDown roles
  asteriskNodes { name isDefault isDriven isConnected since version } } }"""


async def test_given_an_asterisk_that_another_process_drives_when_asked_with_any_key_then_its_word_is_told_and_no_more(
    surface: Surface,
) -> None:
    token = await surface.key({Scope.DTMF_READ})
    before = (await surface.ask(STATUS, token=token))["systemStatus"]
    nobody = {"name": NODE, "isDefault": True, "isDriven": False, "isConnected": False, "since": None, "version": None}
    assert before == {
        "version": version("offhook"),
        "isReady": False,
        "isDatabaseReady": True,
        "isShuttingDown": False,
        "roles": ["API"],
        "asteriskNodes": [nobody],
    }
    leases, holder = Leases(surface.database), Holder.me()
    lease = await leases.acquire(NODE, holder)
    assert lease is not None
    assert await leases.renew(lease, asterisk_version="20.11.0")
    response = await surface.post(STATUS, token=token)
    found = response.json()["data"]["systemStatus"]
    (node,) = found["asteriskNodes"]
    assert found["isReady"]
    assert (node["isDriven"], node["isConnected"], node["version"]) == (True, True, "20.11.0")
    assert node["since"] is not None
    assert await leases.renew(lease, why_not_ready="No connection to Asterisk: 10.1.2.3 refuses")
    response = await surface.post(STATUS, token=token)
    (node,) = response.json()["data"]["systemStatus"]["asteriskNodes"]
    assert (node["isDriven"], node["isConnected"]) == (True, False)
    for internal in (socket.gethostname(), str(holder), str(os.getpid()), "10.1.2.3"):
        assert internal not in response.text
    await leases.aclose()


async def test_given_no_key_when_the_state_is_asked_for_then_it_is_not_told(surface: Surface) -> None:
    assert (await surface.refuse(STATUS, token=None))["code"] == "UNAUTHENTICATED"
