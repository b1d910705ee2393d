from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.config import Settings
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.faults.table import CASES, Case, Need
from tests.rig.ari_ears import AriEars
from tests.rig.own_postgres import OwnPostgres, own_postgres
from tests.rig.service import make_settings
from tests.rig.sipp import SippPorts, SippServer, sipp_called_party

_HERE = Path(__file__).parent
#: How long one statement may take on the server that is made to fail.
DATABASE_SECONDS = 3.0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot do, and, unless faults were asked for by path, all but the sharpest cases.

    What is left out counts as deselected; ``make faults`` names it.
    """
    is_asked_for = not config.getoption("--sharp") and any(
        "faults" in Path(argument.partition("::")[0]).parts for argument in config.args
    )
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if item.path.parent != _HERE:
            kept.append(item)
            continue
        cases = _cases_of(item)
        is_possible = item.get_closest_marker("needs_root") is None or Need.ROOT.is_met
        is_wanted = is_asked_for or not cases or any(case.is_sharp for case in cases)
        (kept if is_possible and is_wanted else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def _cases_of(item: pytest.Item) -> list[Case]:
    function = getattr(item, "originalname", item.name)
    path = f"tests/faults/{item.path.name}"
    return [
        case for case in CASES if any(path == where and function.startswith(name) for where, name in case.references)
    ]


@pytest.fixture
def scenario() -> str:
    """What the SIPp of this test does: see ``tests/rig/sipp``."""
    return "mix"


@pytest.fixture
async def sipp(
    asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path, scenario: str
) -> AsyncIterator[SippServer]:
    """Whom the trunk ``sipp`` leads to."""
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario=scenario) as called:
        yield called


@pytest.fixture
async def server() -> AsyncIterator[OwnPostgres]:
    """A database server of the test's own, to be ended, frozen and started again."""
    async with own_postgres() as own:
        yield own


@pytest.fixture
def faulty(asterisk: AsteriskInstance, server: OwnPostgres, tmp_path: Path) -> Settings:
    """Of a service on that server."""
    return make_settings(asterisk, server.dsn, tmp_path / "data", database_timeout_seconds=DATABASE_SECONDS)


@pytest.fixture
async def ears(asterisk: AsteriskInstance) -> AsyncIterator[AriEars]:
    """A second client of the Asterisk under test, that looks into its channels."""
    async with AriEars.listening(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, "e2e") as listening:
        yield listening
