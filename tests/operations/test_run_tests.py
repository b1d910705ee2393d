"""``make test``: what fails beside others is tried again alone, and told by name."""

import asyncio
import sys
from pathlib import Path

from tests.rig.desk import PATIENCE_SECONDS

_ROOT = Path(__file__).resolve().parents[2]
_TESTS = """
from pathlib import Path

def test_good():
    pass

def test_unlucky():
    first = not Path({luck!r}).exists()
    Path({luck!r}).touch()
    assert not first, "no luck"

def test_bad():
    assert {bad}, "always bad"
"""


async def _run(tests: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_ROOT / "scripts" / "run_tests.py"), str(tests)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        printed, _ = await process.communicate()
    return process.returncode, printed.decode()


def _outcomes(printed: str) -> dict[str, str]:
    """What is told of each test in the end."""
    lines = [line.partition(": ") for line in printed.splitlines()]
    return {name.rpartition("::")[2]: word for word, _, name in lines if word in {"failed again", "passed alone"}}


def _write(folder: Path, *, bad: bool) -> Path:
    tests = folder / "test_some.py"
    tests.write_text(_TESTS.format(luck=str(folder / "luck"), bad=bad), encoding="utf-8")
    return tests


async def test_given_a_test_without_luck_when_tried_again_alone_then_it_is_named_and_the_run_is_good(
    tmp_path: Path,
) -> None:
    status, printed = await _run(_write(tmp_path, bad=True))
    assert status == 0, printed
    assert _outcomes(printed) == {"test_unlucky": "passed alone"}


async def test_given_a_test_that_always_fails_when_tried_again_then_the_run_has_failed_by_its_name(
    tmp_path: Path,
) -> None:
    status, printed = await _run(_write(tmp_path, bad=False))
    assert status == 1, printed
    assert _outcomes(printed) == {"test_bad": "failed again", "test_unlucky": "passed alone"}
