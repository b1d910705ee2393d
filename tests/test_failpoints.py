"""Failpoints: what they do, that nothing happens unless one is set, and that each is in the code and in a test."""

import asyncio
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import failpoints
from app.errors import ConfigurationError
from app.failpoints import Armed, Effect, Failpoint, FailpointError, parse, reach

_ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("text", "armed"),
    [
        ("before-dial:kill", Armed(Failpoint.BEFORE_DIAL, Effect.KILL, 1)),
        ("mid-bridge:raise:3", Armed(Failpoint.MID_BRIDGE, Effect.RAISE, 3)),
        ("while-ringing:sleep:1", Armed(Failpoint.WHILE_RINGING, Effect.SLEEP, 1)),
    ],
)
def test_given_the_variable_when_read_then_it_is_place_effect_and_turn(text: str, armed: Armed) -> None:
    assert parse(text) == armed


@pytest.mark.parametrize("text", ["before-diall:kill", "before-dial", "before-dial:burn", "before-dial:kill:often", ""])
def test_given_a_variable_that_means_nothing_when_read_then_it_is_refused_with_the_names(text: str) -> None:
    with pytest.raises(ConfigurationError, match="before-dial"):
        parse(text)


async def test_given_nothing_is_set_when_every_place_is_passed_then_nothing_happens() -> None:
    assert failpoints.armed is None
    for place in Failpoint:
        await reach(place)


async def test_given_a_place_is_set_for_its_third_pass_when_passed_then_it_fails_then_and_only_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failpoints, "armed", parse("before-dial:raise:3"))
    for _ in range(2):
        await reach(Failpoint.BEFORE_DIAL)
        await reach(Failpoint.MID_BRIDGE)
    with pytest.raises(FailpointError, match="before-dial"):
        await reach(Failpoint.BEFORE_DIAL)
    await reach(Failpoint.BEFORE_DIAL)
    assert failpoints.armed is None


async def test_given_a_stall_is_set_when_passed_then_the_passer_waits_and_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failpoints, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(failpoints, "armed", parse("before-dial:sleep"))
    began = time.monotonic()
    stalled = asyncio.create_task(reach(Failpoint.BEFORE_DIAL))
    await reach(Failpoint.MID_BRIDGE)
    assert not stalled.done()
    await stalled
    assert time.monotonic() - began >= 0.05


def test_given_a_kill_is_set_when_passed_then_the_process_is_gone_without_a_word() -> None:
    code = (
        "import asyncio\n"
        "from app.failpoints import Failpoint, reach\n"
        "try:\n"
        "    asyncio.run(reach(Failpoint.MID_BRIDGE))\n"
        "finally:\n"
        "    print('alive')\n"
    )
    environment = {"OFFHOOK_FAILPOINT": "mid-bridge:kill", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == -9
    assert b"alive" not in done.stdout


@pytest.mark.parametrize("place", list(Failpoint))
def test_given_the_list_of_places_when_compared_then_each_is_in_the_code_and_in_a_fault_test(place: Failpoint) -> None:
    """A name that nobody passes would make a test of it pass for nothing."""
    assert _users(place, _ROOT / "app") - {_ROOT / "app" / "failpoints.py"}
    assert _users(place, _ROOT / "tests" / "faults")


def _users(place: Failpoint, directory: Path) -> set[Path]:
    word = re.compile(rf"\bFailpoint\.{place.name}\b")
    return {path for path in directory.rglob("*.py") if word.search(path.read_text())}
