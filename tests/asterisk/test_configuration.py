"""Rendering the templates, without an Asterisk."""

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
