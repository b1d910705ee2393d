"""What the doctor says of NATS."""

import sys
from pathlib import Path

import pytest

from app.config import load_settings
from app.doctor.findings import Status
from app.doctor.nats import check_nats
from tests.rig.free_port import reserve_port
from tests.rig.nats import running_nats


async def test_given_no_nats_in_the_settings_when_looked_at_then_nothing_is_said() -> None:
    assert await check_nats(load_settings()) == []


async def test_given_a_nats_that_lets_in_when_looked_at_then_it_is_well_and_else_a_warning_without_the_secret(
    tmp_path: Path,
) -> None:
    async with running_nats(tmp_path, "--user", "offhook", "--pass", "right") as server:
        (well,) = await check_nats(load_settings(nats_url=server.url_as("offhook:right")))
        (refused,) = await check_nats(load_settings(nats_url=server.url_as("offhook:secret-but-wrong")))
    assert (well.check, well.status) == ("nats", Status.OK)
    assert refused.status is Status.WARNING
    assert "Authorization Violation" in refused.message
    assert "secret-but-wrong" not in f"{refused.message}{refused.mend}"


async def test_given_nobody_at_the_address_of_nats_when_looked_at_then_the_setting_is_named() -> None:
    with reserve_port() as nobody:
        (found,) = await check_nats(load_settings(nats_url=f"nats://127.0.0.1:{nobody.getsockname()[1]}"))
    assert found.status is Status.WARNING
    assert found.mend is not None
    assert "OFFHOOK_NATS_URL" in found.mend


async def test_given_nats_without_its_client_when_looked_at_then_it_is_in_the_way_and_what_to_install_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "app.events.nats", None)
    (found,) = await check_nats(load_settings(nats_url="nats://127.0.0.1:4222"))
    assert found.status is Status.FAILED
    assert found.mend is not None
    assert "pip install 'offhook[nats]'" in found.mend
