"""Running a command and reading what it said."""

import json
from dataclasses import dataclass
from typing import Any

import typer
from typer.testing import CliRunner


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Command:
    """``offhook``, in this process. Commands start an event loop of their own, so call it from plain tests only."""

    runner: CliRunner
    program: typer.Typer

    def run(self, *arguments: str) -> Said:
        result = self.runner.invoke(self.program, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def read(self, *arguments: str) -> Any:
        """The JSON on stdout of a command that succeeds."""
        said = self.run(*arguments, "--json")
        assert said.status == 0, said.err
        return json.loads(said.out)
