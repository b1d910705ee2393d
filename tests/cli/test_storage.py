"""``offhook storage`` and ``offhook account retention``."""

import base64
import os
from pathlib import Path

import pytest

from tests.cli.command import Command

pytestmark = pytest.mark.postgres

KEY = base64.b64encode(bytes(range(32))).decode()


def stored() -> Path:
    """A file in the store, as it was kept before there was a key."""
    path = Path(os.environ["OFFHOOK_DATA_DIR"]) / "recordings" / "acc_1" / "file"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"what was said")
    return path


def test_given_a_key_when_the_store_is_encrypted_and_decrypted_then_its_files_are_closed_and_open_again(
    offhook: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored()
    monkeypatch.setenv("OFFHOOK_STORE_KEYS", f"spring:{KEY}")

    assert offhook.read("storage", "encrypt") == {"written": 1, "right": 0, "closed": 0}
    assert b"said" not in path.read_bytes()
    assert offhook.read("storage", "encrypt") == {"written": 0, "right": 1, "closed": 0}
    assert offhook.read("storage", "encrypt", "--plain") == {"written": 1, "right": 0, "closed": 0}
    assert path.read_bytes() == b"what was said"


def test_given_no_key_when_the_store_is_to_be_encrypted_then_the_command_says_what_is_missing(offhook: Command) -> None:
    said = offhook.run("storage", "encrypt")

    assert said.status != 0
    assert "OFFHOOK_STORE_KEYS" in said.err


def test_given_files_of_a_key_that_is_gone_when_encrypted_then_the_command_fails_and_they_stay(
    offhook: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored()
    monkeypatch.setenv("OFFHOOK_STORE_KEYS", f"spring:{KEY}")
    offhook.read("storage", "encrypt")
    before = path.read_bytes()
    monkeypatch.setenv("OFFHOOK_STORE_KEYS", f"summer:{base64.b64encode(bytes(32)).decode()}")

    said = offhook.run("storage", "encrypt")

    assert said.status != 0
    assert "1 file" in said.err
    assert path.read_bytes() == before


def test_given_an_account_when_its_terms_are_set_then_they_are_told_and_set_anew_each_time(offhook: Command) -> None:
    offhook.read("account", "create", "acme")

    kept = offhook.read("account", "retention", "acme", "--recordings", "90", "--voicemails", "0")
    assert kept == {"recordingDays": 90.0, "voicemailDays": 0.0}
    said = offhook.run("account", "retention", "acme", "--voicemails", "7.5")
    assert "OFFHOOK_RECORDING_RETENTION_DAYS" in said.out
    assert "7.5 days" in said.out
    assert offhook.run("account", "retention", "acme", "--recordings", "-1").status != 0
