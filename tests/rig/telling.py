"""Failures are told when they happen: a run that is ended before its own end has named them all the same."""

from typing import Final

import pytest

_LONGEST: Final = 300


class FailuresAtOnce:
    """A line for each failure, in the process that prints."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    @pytest.hookimpl(trylast=True)  # after the letter that stands for it
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = str(report.longrepr if crash is None else crash.message).strip().partition("\n")[0]
            self._reporter.write_line(f"\nFAILED {report.nodeid} in its {report.when}: {why[:_LONGEST]}", red=True)
