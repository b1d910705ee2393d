"""Running an example as its README says, against the service of the tests."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from app.local.process import SupervisedProcess
from tests.rig.service import RunningOffhook

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLES: Final = ROOT / "examples"
OFFHOOK: Final = (sys.executable, "-c", "from app.cli import main; main()")
PATIENCE_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Started:
    """A program that runs, and what it has said."""

    process: SupervisedProcess
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def until_said(self, text: str, *, times: int = 1) -> str:
        """All it has said, once it has said this."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while self.said.count(text) < times:
                    assert self.process.is_running or self.said.count(text) >= times, f"it ended: {self.said}"
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"never said {text!r}: {self.said}") from None
        return self.said

    async def until_over(self) -> str:
        """All it has said, once it has ended well."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await self.process.wait()
        assert status == 0, self.said
        return self.said


@dataclass(frozen=True, slots=True)
class Example:
    """The service, and how a developer has it at hand."""

    offhook: RunningOffhook

    @property
    def url(self) -> str:
        assert self.offhook.url is not None
        return self.offhook.url

    def environment(self, **more: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}
        return {**plain, "OFFHOOK_URL": self.url, "OFFHOOK_KEY": self.offhook.token, **more}

    @asynccontextmanager
    async def started(self, *command: str, log: Path, cwd: Path = ROOT, **more: str) -> AsyncIterator[Started]:
        """Run a program until the end of the block."""
        process = await SupervisedProcess.start(command, stdout_path=log, env=self.environment(**more), cwd=cwd)
        async with process:
            yield Started(process, log)

    async def run(self, *command: str, log: Path, cwd: Path = ROOT, **more: str) -> str:
        """Run a program to its good end; gives what it said."""
        async with self.started(*command, log=log, cwd=cwd, **more) as running:
            return await running.until_over()

    async def ask(self, query: str, **variables: object) -> Any:
        """The data of an operation of which nothing is refused."""
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
            answer = await http.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {self.offhook.token}"},
            )
        body = answer.json()
        assert "errors" not in body, body["errors"]
        for payload in body["data"].values():
            assert not (isinstance(payload, dict) and payload.get("userErrors")), payload
        return body["data"]
