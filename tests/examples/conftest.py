from collections.abc import AsyncIterator

import pytest

from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.local.postgres import LocalPostgres
from tests.campaigns.live import speaking_settings
from tests.examples.running import Example
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook, running_offhook
from tests.rig.witness import watching

_DATABASE = "examples"


@pytest.fixture(scope="package")
async def offhook(
    asterisk: AsteriskInstance,
    asterisk_install: AsteriskInstall,
    postgres: LocalPostgres,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningOffhook]:
    """One service with the sandbox for all examples. At its end nothing may be left of their calls."""
    dsn = await postgres.create_database_from_template(_DATABASE, migrated_template)
    settings = speaking_settings(asterisk, asterisk_install, dsn, tmp_path_factory.mktemp("examples"))
    async with (
        watching(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password) as witness,
        running_offhook(settings, is_serving=True) as running,
    ):
        yield running
        await running.assert_nothing_is_left(witness)
    await postgres.drop_database(_DATABASE)


@pytest.fixture
def example(offhook: RunningOffhook) -> Example:
    return Example(offhook)


@pytest.fixture
async def desk(offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with offhook.desk_over_graphql() as calling:
        yield calling
