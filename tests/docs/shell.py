"""A reader's terminal: commands of a page are run by bash, one after the other, and their output is compared."""

import asyncio
import contextlib
import os
import re
import shlex
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.05


@dataclass(slots=True)
class Command:
    """What is typed, and the lines that the page shows as its answer; … stands for anything."""

    text: str
    shown: list[str] = field(default_factory=list)


def read_commands(block: str) -> list[Command]:
    """The commands of a ``console`` block: each begins with ``$ ``, and goes on while a quote or its line is open."""
    commands: list[Command] = []
    is_open = False
    for line in block.splitlines():
        if is_open:
            commands[-1].text += "\n" + line
        elif line.startswith("$ "):
            commands.append(Command(line.removeprefix("$ ")))
        else:
            assert commands, f"a console block begins with a command, not with {line!r}"
            commands[-1].shown.append(line)
            continue
        is_open = _goes_on(commands[-1].text)
    assert not is_open, f"a command does not end: {commands[-1].text}"
    return commands


def _goes_on(text: str) -> bool:
    if text.endswith("\\"):
        return True
    try:
        shlex.split(text, comments=True)
    except ValueError:  # a quote is open
        return True
    return False


def assert_shown(shown: list[str], printed: str) -> None:
    """Each line that the page shows was printed, in this order."""
    lines = iter(printed.splitlines())
    for wanted in filter(None, (line.strip() for line in shown)):
        pattern = ".*".join(re.escape(part) for part in wanted.split("…"))
        found = any(re.fullmatch(pattern, line.strip()) for line in lines)
        assert found, f"the page shows {wanted!r}, which was not printed (in this place):\n{printed}"


class Terminal:
    """One reader's: a directory, variables, and programs that keep running until it is closed."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.environment = dict(environment)
        #: What the commands that were run last have printed.
        self.printed = ""
        self._running: list[asyncio.subprocess.Process] = []
        self._log: Path | None = None

    async def run(self, text: str) -> str:
        """What it prints on standard output. Variables that it exports are there for what comes after it."""
        kept = self.directory / ".environment"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", f"{text}\nenv -0 > {shlex.quote(str(kept))}"),
            cwd=self.directory,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_SECONDS):
                printed, problems = await process.communicate()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        assert process.returncode == 0, f"{text}\n{printed.decode()}\n{problems.decode()}"
        pairs = (pair.partition("=") for pair in kept.read_text(encoding="utf-8").split("\0") if pair)
        self.environment = {name: value for name, _, value in pairs}
        self.printed = printed.decode()
        return self.printed

    async def start(self, text: str, words: str) -> None:
        """Run what keeps running, and wait until it has printed these words."""
        log = self._log = self.directory / f"running-{len(self._running)}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *("bash", "-c", f"exec {text}"),
                cwd=self.directory,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._running.append(process)
        async with asyncio.timeout(_SECONDS):
            while words not in log.read_text(encoding="utf-8"):
                assert process.returncode is None, f"{text}\n{log.read_text(encoding='utf-8')}"
                await asyncio.sleep(_POLL_SECONDS)

    async def expect(self, shown: list[str]) -> None:
        """Wait until what was started last has printed these lines."""
        assert self._log is not None, "nothing keeps running on this page"
        with contextlib.suppress(TimeoutError):  # then the last look says what is missing
            async with asyncio.timeout(_SECONDS):
                while True:
                    with contextlib.suppress(AssertionError):  # not yet
                        assert_shown(shown, self._log.read_text(encoding="utf-8"))
                        return
                    await asyncio.sleep(_POLL_SECONDS)
        assert_shown(shown, self._log.read_text(encoding="utf-8"))

    async def close(self) -> None:
        """End what keeps running, as Ctrl-C does; whoever does not listen is killed."""
        for process in self._running:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGINT)
                try:
                    async with asyncio.timeout(_SECONDS):
                        await process.wait()
                except TimeoutError:
                    os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()


@contextlib.asynccontextmanager
async def open_terminal(directory: Path, environment: Mapping[str, str]) -> AsyncIterator[Terminal]:
    """A terminal for one page."""
    terminal = Terminal(directory, environment)
    try:
        yield terminal
    finally:
        await terminal.close()
