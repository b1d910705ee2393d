import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.local.postgres import LocalPostgres
from tests.docs.world import World
from tests.rig.bot import running_bot
from tests.rig.free_port import reserve_port
from tests.rig.programs import ensure_programs
from tests.rig.service import make_settings, running_offhook
from tests.rig.witness import watching
from tests.webhooks.sink import running_sink

_DATABASES = {"docs": "docs", "restored": "docs_restored"}


@pytest.fixture(scope="module")
async def world(
    asterisk: AsteriskInstance,
    asterisk_install: AsteriskInstall,
    postgres: LocalPostgres,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[World]:
    """One service for all pages, with what they take for granted: a receiver, a bot, an empty second database."""
    dsn = await postgres.create_database_from_template(_DATABASES["docs"], migrated_template)
    empty = await postgres.create_database(_DATABASES["restored"])
    await asyncio.to_thread(ensure_programs, "bash", "curl")
    directory = tmp_path_factory.mktemp("docs")
    assert asterisk_install.espeak is not None
    espeak = directory / "espeak-ng"
    espeak.write_text(f'#!/bin/sh\nexec {shlex.join(asterisk_install.espeak)} "$@"\n', encoding="utf-8")
    espeak.chmod(0o755)
    settings = make_settings(asterisk, dsn, directory / "data", espeak=str(espeak))
    async with running_sink() as sink, running_bot() as bot, watching(
        asterisk.ari_url, asterisk.ari_username, asterisk.ari_password
    ) as witness, running_offhook(settings, is_serving=True) as offhook:  # fmt: skip
        with reserve_port() as receiver, reserve_port() as second:
            assert offhook.url is not None
            names = {
                "http://127.0.0.1:8000": offhook.url,
                "http://127.0.0.1:8100": f"http://127.0.0.1:{second.getsockname()[1]}",
                "--port 8100": f"--port {second.getsockname()[1]}",
                "127.0.0.1:9000": f"127.0.0.1:{receiver.getsockname()[1]}",
                '"PORT", "9000"': f'"PORT", "{receiver.getsockname()[1]}"',
                "127.0.0.1:9001": f"127.0.0.1:{receiver.getsockname()[1]}",
                '"PORT", "9001"': f'"PORT", "{receiver.getsockname()[1]}"',
                "https://crm.example/offhook": sink.url("/offhook"),
                "wss://bot.example/talk": bot.url,
                # Carriers: nobody is there, and nobody far away is asked.
                '"sip.carrier.example"': '"127.0.0.1"',
                '"198.51.100.10"': '"127.0.0.1"',
                "2027-03-01T": f"{_next_march(datetime.now(UTC))}-03-01T",
                "ws://127.0.0.1:9100/talk": bot.url,
                "https://offhook.example": offhook.url,
                "12127773456": "15550100011",
                # The server of the tests has one of this name.
                "ROLE offhook ": "ROLE docs_owner ",
                "DATABASE offhook OWNER offhook;": "DATABASE docs_own OWNER docs_owner;",
                "SINK": sink.url("/docs"),
                "ofk_test_…": offhook.token,
            }
            world = World(offhook, names, settings=settings, empty_database=empty, superuser=postgres.admin_dsn)
            yield world
            await world.hang_up_everything()
            await offhook.assert_nothing_is_left(witness)
    for name in _DATABASES.values():
        await postgres.drop_database(name)


def _next_march(now: datetime) -> int:
    """The year of the next first of March: a day that is yet to come, and less than a year away."""
    return now.year + (now.month > 2)


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A reader's directory: the checkout's programs are in it, as in a checkout."""
    directory = tmp_path / "reader"
    directory.mkdir()
    (directory / ".venv").symlink_to(sys.prefix)
    return directory
