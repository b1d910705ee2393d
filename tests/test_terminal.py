"""How a program tells others to call it."""

import sys

import pytest

from app.terminal import own_command, public_command


@pytest.mark.parametrize(
    ("typed", "own", "public"),
    [
        (".venv/bin/offhook", ".venv/bin/offhook", ".venv/bin/offhook"),
        ("/opt/a b/bin/offhook", "'/opt/a b/bin/offhook'", "offhook"),
        ("/opt/somewhere/bin/offhook", "/opt/somewhere/bin/offhook", "offhook"),
        ("-c", "offhook", "offhook"),
    ],
)
def test_given_how_it_was_typed_when_its_command_is_told_then_strangers_do_not_learn_where_it_lies(
    monkeypatch: pytest.MonkeyPatch, typed: str, own: str, public: str
) -> None:
    monkeypatch.setattr(sys, "argv", [typed, "serve"])
    assert (own_command(), public_command()) == (own, public)
