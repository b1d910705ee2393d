import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config import load_settings
from app.doctor.findings import Status
from app.doctor.speech import check_speech
from tests.speech.polly_stand_in import KEY_ID, REGION, SECRET, running_polly


def _program(tmp_path: Path, script: str) -> str:
    path = tmp_path / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


async def test_given_an_espeak_that_fails_when_looked_at_then_it_is_a_warning(tmp_path: Path) -> None:
    (found,) = await check_speech(load_settings(espeak=_program(tmp_path, "exit 1")))
    assert (found.status, found.check) == (Status.WARNING, "speech")
    assert "status 1" in found.message


async def test_given_a_program_that_is_not_there_when_looked_at_then_the_setting_is_named() -> None:
    (found,) = await check_speech(load_settings(espeak="/nowhere/espeak-ng"))
    assert found.status is Status.FAILED
    assert "OFFHOOK_ESPEAK" in found.message


async def test_given_no_espeak_when_looked_at_then_it_is_said_how_to_get_it_unless_it_comes_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = await check_speech(load_settings(ari_url="http://127.0.0.1:1", ari_password=SecretStr("secret-secret")))
    assert (found.status, found.mend) == (Status.WARNING, "apt-get install espeak-ng")
    (found,) = await check_speech(load_settings())
    assert found.status is Status.OK


async def test_given_polly_when_looked_at_then_its_voices_are_counted_and_nothing_is_spoken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    async with running_polly() as stand_in:
        settings = load_settings(
            polly_region=REGION,
            polly_url=stand_in.url,
            polly_access_key_id=KEY_ID,
            polly_secret_access_key=SecretStr(SECRET),
            espeak=_program(tmp_path, "exit 1"),
        )
        polly, espeak = await check_speech(settings)
    assert (polly.status, espeak.status) == (Status.OK, Status.WARNING)
    assert "5 voices" in polly.message
    assert stand_in.spoken == []


async def test_given_polly_without_a_key_when_looked_at_then_the_settings_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    (found,) = await check_speech(load_settings(polly_region=REGION))
    assert found.status is Status.FAILED
    assert "OFFHOOK_POLLY_ACCESS_KEY_ID" in found.message
