"""What the doctor says about Asterisk: a real one, a strange one, and none."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.ari.client import AriClient
from app.ari.news import Connected
from app.ari.stream import EventStream
from app.config import Settings
from app.doctor.asterisk import NEEDED_MODULES, SOUND_MODULES, check_asterisk
from app.doctor.findings import Finding, Status
from app.local.asterisk import AsteriskInstance
from app.local.asterisk_config import TEMPLATE_DIRECTORY
from tests.doctor.test_machine import assert_failed

Answers = dict[str, Any]

HEALTHY: Answers = {
    "/ari/asterisk/info": {"system": {"version": "22.10.1", "entity_id": "x"}},
    "/ari/asterisk/modules": [
        {"name": name, "description": "", "use_count": 0, "status": "Running", "support_level": "core"}
        for name in sorted(NEEDED_MODULES | SOUND_MODULES)
    ],
}


def settings_for(url: str, tmp_path: Path, *, password: str = "right", application: str = "offhook") -> Settings:
    return Settings(
        data_dir=tmp_path,
        ari_url=url,
        ari_password=SecretStr(password),
        ari_application=application,
        ari_timeout_seconds=10,
    )


@asynccontextmanager
async def answering(answers: Answers) -> AsyncIterator[str]:
    """A server that answers each path with JSON, and 404 for what it does not know."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split(b" ")[1].decode()
        answer = answers.get(path)
        status = "200 OK" if answer is not None else "404 Not Found"
        body = json.dumps({"message": "not here"} if answer is None else answer).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write((head + "Connection: close\r\n\r\n").encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


@pytest.mark.asterisk
async def test_given_a_real_asterisk_when_checked_then_version_modules_and_password_are_right(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    settings = settings_for(
        asterisk.ari_url, tmp_path, password=asterisk.ari_password, application="nobody-connected"
    ).model_copy(update={"ari_username": asterisk.ari_username})

    found = by_check(await check_asterisk(settings))

    assert found["asterisk"].status is Status.OK
    assert found["modules"].status is Status.OK
    assert found["application"].status is Status.WARNING
    assert "nobody-connected" in found["application"].message


@pytest.mark.asterisk
async def test_given_a_connected_application_when_checked_then_it_is_seen(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    settings = settings_for(
        asterisk.ari_url, tmp_path, password=asterisk.ari_password, application="doctors-visit"
    ).model_copy(update={"ari_username": asterisk.ari_username})
    async with (
        AriClient(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, app="doctors-visit") as ari,
        asyncio.timeout(60),
        EventStream(ari) as stream,
    ):
        async for item in stream:
            if isinstance(item, Connected):
                break

        found = by_check(await check_asterisk(settings))

    assert found["application"].status is Status.OK


@pytest.mark.asterisk
async def test_given_a_wrong_password_when_checked_then_it_is_told_and_not_shown(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    (finding,) = await check_asterisk(settings_for(asterisk.ari_url, tmp_path, password="hush-hush"))

    assert_failed(finding, "refuses", "OFFHOOK_ARI_PASSWORD", "ari.conf")
    assert "hush-hush" not in f"{finding.message} {finding.mend}"


async def test_given_nobody_at_the_address_when_checked_then_it_is_told(tmp_path: Path) -> None:
    (finding,) = await check_asterisk(settings_for("http://127.0.0.1:1", tmp_path))

    assert_failed(finding, "Nothing answers at http://127.0.0.1:1", "Start Asterisk")


async def test_given_some_other_web_server_when_checked_then_it_is_told(tmp_path: Path) -> None:
    for answers in ({}, {"/ari/asterisk/info": ["hello"]}):
        async with answering(answers) as url:
            (finding,) = await check_asterisk(settings_for(url, tmp_path))

        assert_failed(finding, "not Asterisk's REST interface", "OFFHOOK_ARI_URL")


@pytest.mark.parametrize("version", ["22.10.0", "20.9.3", "18.0.0~rc1", "GIT-master-abc"])
async def test_given_an_older_asterisk_when_checked_then_the_floor_is_told(tmp_path: Path, version: str) -> None:
    old = {**HEALTHY, "/ari/asterisk/info": {"system": {"version": version, "entity_id": "x"}}}
    async with answering(old) as url:
        found = by_check(await check_asterisk(settings_for(url, tmp_path)))

    assert_failed(found["asterisk"], version, "22.10.1")
    assert found["modules"].status is Status.OK


@pytest.mark.parametrize(("version", "is_debians"), [("22.10.1~dfsg+~cs6.15-1", True), ("22.10.1", False)])
async def test_given_debians_asterisk_when_checked_then_what_its_rtp_does_to_recordings_is_told(
    tmp_path: Path, version: str, is_debians: bool
) -> None:
    theirs = {**HEALTHY, "/ari/asterisk/info": {"system": {"version": version, "entity_id": "x"}}}
    async with answering(theirs) as url:
        found = by_check(await check_asterisk(settings_for(url, tmp_path)))

    assert found["asterisk"].status is Status.OK
    assert ("recordings" in found) is is_debians
    if is_debians:
        assert found["recordings"].status is Status.WARNING
        assert "docs/reference/recordings.md" in (found["recordings"].mend or "")


@pytest.mark.parametrize("is_listed", [False, True])
async def test_given_a_module_that_is_missing_or_not_running_when_checked_then_it_is_named(
    tmp_path: Path, is_listed: bool
) -> None:
    others = [module for module in HEALTHY["/ari/asterisk/modules"] if module["name"] != "res_stasis_snoop.so"]
    idle = {**others[0], "name": "res_stasis_snoop.so", "status": "Not Running"}
    modules = [*others, idle] if is_listed else others
    async with answering({**HEALTHY, "/ari/asterisk/modules": modules}) as url:
        found = by_check(await check_asterisk(settings_for(url, tmp_path)))

    assert_failed(found["modules"], "res_stasis_snoop.so", "modules.conf")


async def test_given_a_module_for_sounds_that_is_missing_when_checked_then_it_is_a_warning(tmp_path: Path) -> None:
    others = [one for one in HEALTHY["/ari/asterisk/modules"] if one["name"] != "res_http_media_cache.so"]
    async with answering({**HEALTHY, "/ari/asterisk/modules": others}) as url:
        found = by_check(await check_asterisk(settings_for(url, tmp_path)))

    assert found["modules"].status is Status.OK
    assert found["sounds"].status is Status.WARNING
    assert "res_http_media_cache.so" in found["sounds"].message


def test_given_the_modules_that_calls_need_when_compared_with_our_own_configuration_then_all_are_loaded_there() -> None:
    text = (TEMPLATE_DIRECTORY / "modules.conf").read_text()
    loaded = {line.partition("=")[2].strip() for line in text.splitlines() if line.startswith("load")}

    assert loaded >= NEEDED_MODULES | SOUND_MODULES


@pytest.mark.asterisk
async def test_given_no_asterisk_of_ones_own_when_checked_then_the_one_on_this_machine_is_told(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    (finding,) = await check_asterisk(Settings(data_dir=tmp_path))

    assert finding.status is Status.OK
    assert asterisk.install.version in finding.message


async def test_given_no_asterisk_at_all_when_checked_then_nothing_is_fetched_and_the_way_on_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/nonexistent")

    (finding,) = await check_asterisk(Settings(data_dir=tmp_path))

    # A machine may have an Asterisk of its own in /usr/sbin, which is looked at whatever PATH says.
    assert finding.status is (Status.OK if Path("/usr/sbin/asterisk").exists() else Status.WARNING)
    assert not (tmp_path / "cache").exists()
