"""What the doctor says about an Asterisk's readiness for phones and trunks that accounts make."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.ari.client import AriClient
from app.ari.errors import AriNotFound
from app.config import Settings
from app.doctor.findings import Finding, Status
from app.doctor.lines import FEATURE_MODULES, LINE_MODULES, check_lines
from app.local import asterisk_config
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, running_asterisk
from app.local.asterisk_config import TEMPLATE_DIRECTORY
from app.provisioning.objects import ObjectType

_NAME = "ofh-doctor"


def _settings(asterisk: AsteriskInstance, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        ari_url=asterisk.ari_url,
        ari_username=asterisk.ari_username,
        ari_password=SecretStr(asterisk.ari_password),
        ari_timeout_seconds=10,
    )


async def _kinds_with_a_trace(asterisk: AsteriskInstance) -> list[ObjectType]:
    left = []
    async with AriClient(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, app="looking") as ari:
        for kind in ObjectType:
            try:
                await ari.get_object(kind, _NAME)
                left.append(kind)
            except AriNotFound:  # as it should be
                pass
    return left


@pytest.mark.asterisk
async def test_given_our_own_configuration_when_checked_then_lines_can_be_pushed_and_nothing_is_left_of_the_trial(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    (finding,) = await check_lines(_settings(asterisk, tmp_path))

    assert finding.status is Status.OK
    assert await _kinds_with_a_trace(asterisk) == []
    assert _NAME not in await asterisk.run_cli("database show")


@pytest.fixture
def rewrite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Change a text in one of the files that the next Asterisk is started with."""
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATE_DIRECTORY, templates)
    monkeypatch.setattr(asterisk_config, "TEMPLATE_DIRECTORY", templates)

    def change(file: str, told: str, instead: str) -> None:
        text = (templates / file).read_text()
        assert told in text
        (templates / file).write_text(text.replace(told, instead))

    return change


async def _check(install: AsteriskInstall, tmp_path: Path, **config: object) -> list[Finding]:
    async with running_asterisk(AsteriskConfig(**config), install=install) as asterisk:  # type: ignore[arg-type]
        found = await check_lines(_settings(asterisk, tmp_path))
        assert await _kinds_with_a_trace(asterisk) == []
    return found


def _assert_warned(finding: Finding, *words: str) -> None:
    assert finding.status is Status.WARNING
    text = f"{finding.message} {finding.mend}"
    assert all(word in text for word in words), text


@pytest.mark.asterisk
async def test_given_a_sorcery_without_a_place_for_what_is_pushed_when_checked_then_the_kinds_and_the_file_are_named(
    asterisk_install: AsteriskInstall, tmp_path: Path, rewrite: Callable[[str, str, str], None]
) -> None:
    for line in ("aor = astdb,ps_aors", "identify = astdb,ps_identifies"):
        rewrite("sorcery.conf", f"{line}\n", "")
    (finding,) = await _check(asterisk_install, tmp_path)

    _assert_warned(finding, "no aor, identify.", "sorcery.conf", "restart")


@pytest.mark.asterisk
async def test_given_a_module_transport_and_order_that_are_amiss_when_checked_then_each_is_told_with_its_mend(
    asterisk_install: AsteriskInstall, tmp_path: Path, rewrite: Callable[[str, str, str], None]
) -> None:
    rewrite("modules.conf", "load = res_pjsip_outbound_registration.so\n", "")
    rewrite("modules.conf", "load = res_musiconhold.so\n", "")
    rewrite("pjsip.conf", "[offhook-tcp]", "[some-tcp]")
    rewrite("pjsip.conf", "endpoint_identifier_order = username,ip", "")
    found = await _check(asterisk_install, tmp_path)

    modules, music, pushed, transport, order = found
    _assert_warned(modules, "res_pjsip_outbound_registration.so", "modules.conf")
    _assert_warned(music, "res_musiconhold.so", "hears nothing")
    _assert_warned(pushed, "no registration.")
    _assert_warned(transport, "offhook-tcp", "pjsip.conf")
    _assert_warned(order, "endpoint_identifier_order = username,ip")


@pytest.mark.asterisk
async def test_given_an_ari_user_that_may_only_read_when_checked_then_it_is_told(
    asterisk_install: AsteriskInstall, tmp_path: Path, rewrite: Callable[[str, str, str], None]
) -> None:
    rewrite("ari.conf", "read_only = no", "read_only = yes")
    (finding,) = await _check(asterisk_install, tmp_path)

    _assert_warned(finding, "read only", "read_only = no")


async def test_given_no_asterisk_of_ones_own_or_none_that_answers_when_checked_then_other_checks_say_so(
    tmp_path: Path,
) -> None:
    assert await check_lines(Settings(data_dir=tmp_path)) == []
    nowhere = Settings(data_dir=tmp_path, ari_url="http://127.0.0.1:1", ari_password=SecretStr("x"))
    assert await check_lines(nowhere) == []


def test_given_the_modules_that_lines_need_when_compared_with_our_own_configuration_then_all_are_loaded_there() -> None:
    text = (TEMPLATE_DIRECTORY / "modules.conf").read_text()
    loaded = {line.partition("=")[2].strip() for line in text.splitlines() if line.startswith("load")}

    assert loaded >= LINE_MODULES | FEATURE_MODULES.keys()
