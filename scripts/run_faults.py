"""The fault suite, and its account: what ran, what did not and why, and `N passed, M failed` as the last line.

    scripts/run_faults.py [--nemesis SECONDS] [--seed N] [--asterisk] [-- pytest's own options]

With ``--nemesis`` the nemesis alone runs, for so long.
"""

import argparse
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from tests.faults.table import CASES, find_tests  # noqa: E402  # from the root, whoever starts this


class Tally:
    """Counts outcomes, in this process or in xdist's."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def has_run(self, path: str, name: str) -> bool:
        """Whether a test whose name begins so has been run."""
        return any(node.startswith(f"{path}::{name}") for node in self.passed | self.failed)


def main() -> int:
    """Run, tell, and give the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--nemesis", type=float, metavar="SECONDS", help="the nemesis alone, for so long")
    parser.add_argument("--seed", type=int, help="the nemesis's seed, to repeat a run")
    parser.add_argument("--asterisk", action="store_true", help="the nemesis may kill Asterisk as well")
    parser.add_argument("options", nargs="*", help="pytest's own")
    given = parser.parse_args()
    tally = Tally()
    arguments = ["-q", *given.options]
    arguments += ["--seed", str(given.seed)] if given.seed is not None else []
    arguments += ["--nemesis-asterisk"] if given.asterisk else []
    if given.nemesis is not None:
        arguments += ["--nemesis", str(given.nemesis), "tests/faults/test_nemesis.py"]
    else:
        arguments += ["tests/faults", *_tests_elsewhere()]
    status = pytest.main(arguments, plugins=[tally])
    if given.nemesis is None:
        _tell_cases(tally)
    passed = len(tally.passed - tally.failed)
    print(f"{passed} passed, {len(tally.failed)} failed")
    return int(status)


def _tests_elsewhere() -> list[str]:
    """What the table names outside its folder, as pytest wants it."""
    return sorted(
        {
            f"{path}::{test}"
            for case in CASES
            for path, name in case.references
            if not path.startswith("tests/faults/")
            for test in find_tests(path)
            if test.startswith(name)
        }
    )


def _tell_cases(tally: Tally) -> None:
    idle = [
        (case, case.why_not_run or "none of its tests was among those that ran")
        for case in CASES
        if case.why_not_run is not None or not any(tally.has_run(*reference) for reference in case.references)
    ]
    print(f"\nfault cases: {len(CASES)}; run {len(CASES) - len(idle)}, not run {len(idle)}{':' if idle else ''}")
    for case, why in idle:
        print(f"  not run: {case.group} · {case.what} ({case.id}): {why}")


if __name__ == "__main__":
    sys.exit(main())
