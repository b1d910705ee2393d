"""The state of the service with a real Asterisk, asked of the process that drives it and of one with only the API."""

import asyncio
import json
import re
from datetime import UTC, datetime

import pytest

from app.process.bootstrap import running_service
from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk

STATUS = """{ systemStatus { version isReady isDatabaseReady isShuttingDown roles
  asteriskNodes { name isDefault isDriven isConnected since version } } }"""


async def test_given_a_real_asterisk_when_its_driver_and_an_api_without_one_are_asked_then_both_know_it_connected(
    served_offhook: RunningOffhook,
) -> None:
    service = served_offhook.service
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await served_offhook.ask(STATUS))["isReady"] or found["asteriskNodes"][0]["since"] is None:
            await asyncio.sleep(0.05)
    assert found["roles"] == ["API", "CONTROLLER", "WORKER"]
    (node,) = found["asteriskNodes"]
    assert (node["name"], node["isDefault"], node["isDriven"], node["isConnected"]) == (
        *(served_offhook.node, True, True, True),
    )
    assert re.match(r"\d+\.\d+", node["version"])
    assert datetime.fromisoformat(node["since"]) <= datetime.now(UTC)
    assert str(service.settings.ari_url) not in json.dumps(found)
    async with running_service(service.settings, roles={"api"}) as elsewhere:
        known = await elsewhere.services.system_status.read()
    assert (known.is_ready, known.roles) == (True, ("api",))
    assert known.nodes is not None
    (told,) = known.nodes
    assert (told.name, told.is_driven, told.is_ready, told.version) == (
        *(served_offhook.node, True, True, node["version"]),
    )
    assert told.since == datetime.fromisoformat(node["since"])
