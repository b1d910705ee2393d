"""Speech as the settings have it."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.config import load_settings
from app.errors import ConfigurationError
from app.speech.setting_up import find_espeak, make_engines, make_polly, media_url
from app.speech.words import Engine

OWN = {"ari_url": "http://asterisk:8088", "ari_password": SecretStr("secret-secret")}


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a developer's .env nor the machine's variables come in."""
    for name in [name for name in os.environ if name.startswith(("OFFHOOK_", "AWS_")) and name != "OFFHOOK_CACHE_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:8000"),  # noqa: S104  # nothing is bound
        ({"host": "::", "port": 9000}, "http://[::1]:9000"),
        ({"host": "10.1.2.3", "port": 9000}, "http://10.1.2.3:9000"),
        ({"public_url": "https://calls.example"}, "http://127.0.0.1:8000"),
        ({"public_url": "https://calls.example", **OWN}, "https://calls.example"),
        ({"host": "10.1.2.3", **OWN}, "http://10.1.2.3:8000"),
        ({"public_url": "https://calls.example", "media_url": "http://offhook:8000", **OWN}, "http://offhook:8000"),
    ],
)
def test_given_settings_when_asterisk_is_told_where_sounds_are_then_it_can_reach_that(
    changes: dict[str, object], url: str
) -> None:
    assert media_url(load_settings(**changes)) == url


def test_given_an_espeak_when_looked_for_then_the_set_one_goes_before_the_path_s_and_the_fetched_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "espeak-ng"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_espeak(load_settings(espeak=str(program)), ("fetched",)) == (str(program),)
    assert find_espeak(load_settings(), ("fetched",)) == ("fetched",)
    assert find_espeak(load_settings()) is None
    monkeypatch.setenv("PATH", str(program.parent))
    assert find_espeak(load_settings(), ("fetched",)) == (str(program),)
    with pytest.raises(ConfigurationError, match="OFFHOOK_ESPEAK"):
        find_espeak(load_settings(espeak=str(tmp_path / "nowhere")))


async def test_given_a_region_when_polly_is_made_then_it_goes_first_with_the_settings_key_or_the_machine_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SystemClock()
    assert make_polly(load_settings(), clock) is None
    with pytest.raises(ConfigurationError, match="OFFHOOK_POLLY_ACCESS_KEY_ID"):
        make_polly(load_settings(polly_region="eu-central-1"), clock)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    polly = make_polly(load_settings(polly_region="eu-central-1"), clock)
    assert polly is not None
    assert (polly._credentials.access_key_id, polly._credentials.token) == ("AKID", "token")
    assert polly._url == "https://polly.eu-central-1.amazonaws.com"
    engines = make_engines(load_settings(), polly, None)
    assert [engine.engine for engine in engines] == [Engine.POLLY, Engine.ESPEAK]
    await polly.aclose()
    given = load_settings(
        polly_region="eu-central-1",
        polly_access_key_id="OTHER",
        polly_secret_access_key=SecretStr("theirs"),
        polly_url="https://vpce.example/",
    )
    polly = make_polly(given, clock)
    assert polly is not None
    assert (polly._credentials.access_key_id, polly._credentials.token) == ("OTHER", None)
    assert polly._url == "https://vpce.example"
    await polly.aclose()


@pytest.mark.parametrize(
    "changes",
    [
        {"polly_region": "eu/../evil.example#"},
        {"media_url": "file:///etc"},
        {"media_url": "http://a b"},
        {"sound_sample_rate": "44100"},
        {"speech_cache_megabytes": 0},
    ],
)
def test_given_settings_that_cannot_be_when_read_then_they_are_named(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=f"OFFHOOK_{next(iter(changes)).upper()}"):
        load_settings(**changes)
