"""Rendering the templates, without an Asterisk."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.local.asterisk_config import (
    AsteriskConfig,
    AsteriskPaths,
    AsteriskPorts,
    SipPeer,
    fill_template,
    render_configuration,
)

ROOT = Path(__file__).parents[2]
PORTS = AsteriskPorts(http=12000, sip=12001, sandbox_sip=12002, rtp_first=12010, rtp_last=12999)


def _render(config: AsteriskConfig, directory: Path) -> dict[str, str]:
    paths = AsteriskPaths(
        directory=directory,
        run=directory / "run",
        cache=directory / "cache",
        modules=Path("/modules"),
        data=Path("/data"),
    )
    render_configuration(config, PORTS, paths)
    return {path.name: path.read_text() for path in (directory / "etc").iterdir()}


def test_given_the_templates_when_rendered_then_no_placeholder_is_left_and_asterisks_own_variables_stay(
    tmp_path: Path,
) -> None:
    files = _render(AsteriskConfig(), tmp_path)
    assert all("@{" not in text for text in files.values())
    assert "${CHANNEL(uniqueid)}" in files["extensions.conf"]
    assert "bindport = 12000" in files["http.conf"]
    assert "bind = 127.0.0.1:12001" in files["pjsip.conf"]


def test_given_a_rendered_configuration_when_looked_at_then_only_its_owner_can_read_the_password(
    tmp_path: Path,
) -> None:
    config = AsteriskConfig()
    files = _render(config, tmp_path)
    assert f"password = {config.ari_password}" in files["ari.conf"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "etc").iterdir())
    assert config.ari_password not in repr(config)


def test_given_two_configurations_when_made_then_password_and_entity_differ() -> None:
    one, other = AsteriskConfig(), AsteriskConfig()
    assert one.ari_password != other.ari_password
    assert one.entity_id != other.entity_id


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7", "pbx.example"])
def test_given_an_external_address_when_rendered_then_both_transports_tell_it_instead_of_their_own(
    tmp_path: Path, address: str
) -> None:
    config = AsteriskConfig(external_address=address, own_addresses=("172.18.0.3", "10.89.0.12"))
    told = _render(config, tmp_path)["pjsip.conf"]
    for name in ("offhook-udp", "offhook-tcp"):
        transport = told.partition(f"[{name}]\n")[2].partition("\n[")[0]
        assert f"external_media_address = {address}\n" in transport
        assert f"external_signaling_address = {address}\n" in transport
        # Nothing wider: what comes from the container's gateway comes from outside.
        nets = [line.removeprefix("local_net = ") for line in transport.splitlines() if line.startswith("local_net")]
        assert nets == ["127.0.0.0/8", "172.18.0.3/32", "10.89.0.12/32"]
    assert "external_" not in _render(AsteriskConfig(), tmp_path)["pjsip.conf"]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "two words", "a;b", "a\nbind = 0.0.0.0"])  # noqa: S104  # refused
def test_given_an_external_address_that_nobody_can_reach_when_configured_then_it_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="the external address must be"):
        AsteriskConfig(external_address=address)


def test_given_a_container_that_nobody_outside_can_reach_when_it_starts_then_it_says_which_setting_to_mend(
    tmp_path: Path,
) -> None:
    environment = {
        **os.environ,
        "OFFHOOK_ASTERISK_PASSWORD": "of-the-test-alone",
        "OFFHOOK_ASTERISK_PUBLISHED_ADDRESS": "0.0.0.0",  # noqa: S104  # refused
    }
    command = [sys.executable, "-m", "app.local.asterisk_config", str(tmp_path)]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "OFFHOOK_SIP_EXTERNAL_ADDRESS" in ended.stderr


def test_given_where_the_log_goes_when_rendered_then_it_is_a_file_or_the_console_and_callers_keys_are_in_neither(
    tmp_path: Path,
) -> None:
    file = _render(AsteriskConfig(), tmp_path)["logger.conf"].splitlines()
    console = _render(AsteriskConfig(logs_to_console=True), tmp_path)["logger.conf"].splitlines()
    assert "messages.log => notice,warning,error" in file
    assert [line for line in console if "=>" in line] == ["console => notice,warning,error"]


def test_given_no_sandbox_when_rendered_then_its_numbers_and_phones_are_absent(tmp_path: Path) -> None:
    files = _render(AsteriskConfig(has_sandbox=False), tmp_path)
    assert "sandbox-2001" not in "".join(files.values())
    assert "[sandbox-numbers]" not in "".join(files.values())


def test_given_a_peer_with_a_port_when_rendered_then_it_is_told_by_address_and_port(tmp_path: Path) -> None:
    peers = _render(AsteriskConfig(peers=(SipPeer(name="carrier", port=5999),)), tmp_path)["pjsip_peers.conf"]
    assert "contact = sip:127.0.0.1:5999" in peers
    assert "match = 127.0.0.1:5999/32" in peers


@pytest.mark.parametrize("word", ["a b", "a\n[evil]", "a;b", "", "a@b", "-a"])
def test_given_a_name_that_would_write_configuration_when_used_then_it_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        SipPeer(name=word)
    with pytest.raises(ValueError, match="cannot stand"):
        AsteriskConfig(stasis_app=word)


@pytest.mark.parametrize("password", ["short", "with space in it", "cut;short1", "line\nbreak1"])
def test_given_a_password_that_asterisk_would_misread_when_used_then_it_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="password"):
        replace(AsteriskConfig(), ari_password=password)


def test_given_an_unknown_placeholder_when_filled_then_it_is_named() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        fill_template("x = @{nowhere}", {})


def test_given_the_sandboxs_trunk_when_rendered_then_its_far_end_is_asked_whether_it_is_there(tmp_path: Path) -> None:
    files = _render(AsteriskConfig(), tmp_path)
    assert "[offhook-trunk-address](!)\ntype = aor\nqualify_frequency = 30\n" in files["pjsip.conf"]
    assert "[sandbox-trunk-main](offhook-trunk-address)\n" in files["pjsip_sandbox.conf"]
