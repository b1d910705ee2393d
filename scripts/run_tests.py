"""The tests: those in real time, then the others; what fails beside others is tried again alone, and told by name.

    scripts/run_tests.py [pytest's own options, and paths]

Calls, sound and faults go by the clock, and wait more than they reckon: they share the machine among themselves alone.
With paths, those alone are run. A test that fails is run up to twice more by itself, for a machine whose processor
others take away for a while fails tests that a quiet one does not (decision 42). One that fails then too has failed.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).resolve().parents[1]
#: Whose tests go by the clock.
_IN_REAL_TIME: Final = ("asterisk", "browser", "docs", "e2e", "examples", "faults", "operations")
#: Of two processors: they wait for each other, and for Asterisk and PostgreSQL, a good part of their time.
_AT_ONCE: Final = 3
#: More than these is no mishap of the machine's.
_MOST_AGAIN: Final = 100
_TIMES_AGAIN: Final = 2
_FAILURES: Final = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}


def main(given: list[str]) -> int:
    """Run, tell, and give the exit status."""
    with tempfile.TemporaryDirectory(prefix="offhook-tests-") as memory:
        return _Run(given, Path(memory)).status()


class _Run:
    """One run of the tests; in ``memory`` pytest keeps which of them failed."""

    def __init__(self, given: list[str], memory: Path) -> None:
        self._given = given
        self._memory = memory

    def status(self) -> int:
        statuses = []
        for part in self._parts():
            statuses.append(self._pytest("-n", str(_AT_ONCE), "--dist", "worksteal", *part))
            if statuses[-1] not in _FAILURES:
                return statuses[-1]
        if pytest.ExitCode.TESTS_FAILED in statuses:
            return self._try_again()
        # A part of which the options leave nothing is no failure; a whole run of nothing is.
        return min(statuses)

    def _parts(self) -> list[list[str]]:
        """What is run one after the other."""
        if any((_ROOT / one.partition("::")[0]).exists() for one in self._given if not one.startswith("-")):
            return [[]]
        in_real_time = [f"tests/{name}" for name in _IN_REAL_TIME]
        others = [f"--ignore={path}" for path in in_real_time]
        return [["--sharp", *in_real_time], others]

    def _try_again(self) -> int:
        """The status of those that failed, each by itself."""
        first = failed = self._read_failed()
        if not failed or len(failed) > _MOST_AGAIN:
            print(f"{len(failed)} failed: more than a busy machine's doing, so none is tried again.")
            return pytest.ExitCode.TESTS_FAILED
        status: int = pytest.ExitCode.TESTS_FAILED
        for _ in range(_TIMES_AGAIN):
            print("Failed beside others, tried again alone:", *failed, sep="\n  ", flush=True)
            status = self._pytest("--lf", "--lfnf=none")
            failed = self._read_failed()
            if not failed or status not in _FAILURES:
                break
        for name in first:
            print(f"{'failed again' if name in failed else 'passed alone'}: {name}")
        return status

    def _read_failed(self) -> list[str]:
        path = self._memory / "v" / "cache" / "lastfailed"
        return sorted(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []

    def _pytest(self, *options: str) -> int:
        command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={self._memory}", *options, *self._given]
        return subprocess.run(command, cwd=_ROOT, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
