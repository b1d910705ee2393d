"""``offhook listen``: what it refuses before it begins, and what it says to paste at its end."""

import pytest

from app.cli.listen import DEFAULT_URL, command_to_go_on
from tests.cli.command import Command, Said

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:9000", "localhost:9000/webhooks", "ftp://127.0.0.1/", "http://", "http://[::1", "http://h:99999/", ""],
)
def test_given_a_target_that_is_no_address_of_http_when_listening_then_it_is_refused_at_once(
    offhook: Command, address: str
) -> None:
    # Nobody serves at port 1: it would wait for the service for ever.
    said = offhook.run("listen", "--forward-to", address, "--url", "http://127.0.0.1:1", "--key", "ofk_test_example")

    assert said.status == 2
    assert "--forward-to" in said.err
    assert "http://127.0.0.1:9000/webhooks" in said.err


@pytest.mark.parametrize(
    "given", ["abc", "ofk_test_…", "ofk_test_", "whsec_c2VjcmV0", "ofk_live_A B", "Bearer ofk_test_A"]
)
@pytest.mark.parametrize("command", [("listen", "--print-secret"), ("listen",), ("trigger", "call.ended")])
def test_given_something_that_has_not_the_form_of_a_key_when_used_as_one_then_it_is_refused_and_gives_no_secret(
    environment: pytest.MonkeyPatch, offhook: Command, command: tuple[str, ...], given: str
) -> None:
    for said, name in (
        (offhook.run(*command, "--key", given), "--key"),
        (_run_with(environment, offhook, command, given), "OFFHOOK_KEY"),
    ):
        assert (said.status, said.out) == (2, "")
        assert f"{name} is no API key" in said.err
        assert "ofk_test_ or ofk_live_" in said.err


def _run_with(environment: pytest.MonkeyPatch, offhook: Command, command: tuple[str, ...], key: str) -> Said:
    environment.setenv("OFFHOOK_KEY", key)
    return offhook.run(*command)


@pytest.mark.parametrize("key", ["ofk_test_7Aa", "ofk_live_7Aa", "oft_7Aa"])
def test_given_a_credential_of_any_kind_when_its_secret_is_printed_then_that_is_all_and_the_same_each_time(
    offhook: Command, key: str
) -> None:
    first, second = (offhook.run("listen", "--print-secret", "--key", key) for _ in range(2))

    assert (first.status, first.err) == (0, "")
    assert first.out.startswith("whsec_")
    assert first.out == second.out


@pytest.mark.parametrize(
    ("given", "url", "has_key", "command"),
    [
        ({}, DEFAULT_URL, False, "offhook listen --after cur_1"),
        (
            {"--forward-to": None, "--events": None, "--limit": None, "--json": False},
            DEFAULT_URL,
            False,
            "offhook listen --after cur_1",
        ),
        (
            {"--forward-to": "http://h:9/?a=1&b=2", "--limit": 5, "--json": True},
            "http://h",
            True,
            "offhook listen --forward-to 'http://h:9/?a=1&b=2' --limit 5 --json --url http://h --after cur_1 --key …",
        ),
        (
            {"--events": ["call.*", "webhook.test"]},
            DEFAULT_URL,
            False,
            "offhook listen --events 'call.*' --events webhook.test --after cur_1",
        ),
    ],
)
def test_given_options_when_listening_ends_then_the_line_to_go_on_has_each_as_a_shell_takes_it_and_never_the_key(
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str | int | list[str] | None],
    url: str,
    has_key: bool,
    command: str,
) -> None:
    monkeypatch.delenv("OFFHOOK_URL", raising=False)

    assert command_to_go_on("cur_1", given, url=url, has_key=has_key) == command


def test_given_an_address_of_the_environment_when_listening_ends_then_only_another_address_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFHOOK_URL", "https://offhook.example")

    assert "--url" not in command_to_go_on("cur_1", {}, url="https://offhook.example", has_key=False)
    assert f"--url {DEFAULT_URL}" in command_to_go_on("cur_1", {}, url=DEFAULT_URL, has_key=False)
