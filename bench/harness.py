"""What a figure may ask for: rounds in turn, a durable PostgreSQL, folders, and measurements shared between figures."""

import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from rich.console import Console

from app.db.migrate import migrate
from app.local.asterisk import AsteriskInstall, ensure_asterisk
from app.local.postgres import LocalPostgres, running_postgres

_T = TypeVar("_T")

_TEMPLATE: Final = "bench_template"


class BenchError(Exception):
    """A side of a figure is broken or not here; the message says which, and what to do."""


class Context:
    """One run of the benchmark. ``is_quick`` means: short rounds, to see that all works; the figures are worth little.

    ``cache_dir`` is kept between runs (peers, large data); ``work_dir`` is removed at the end of this one.
    """

    def __init__(self, stack: AsyncExitStack, *, is_quick: bool, cache_dir: Path, work_dir: Path) -> None:
        self.is_quick = is_quick
        self.cache_dir = cache_dir
        self.work_dir = work_dir
        self._stack = stack
        self._shared: dict[str, Any] = {}
        self._console = Console(stderr=True, highlight=False)
        self._began = time.monotonic()
        self._numbers = 0

    @property
    def rounds(self) -> int:
        """How many rounds each side gets, after its warm-up."""
        return 1 if self.is_quick else 3

    def seconds(self, full: float, quick: float) -> float:
        """How long a round lasts: ``full``, or ``quick`` in a quick run."""
        return quick if self.is_quick else full

    def count(self, full: int, quick: int) -> int:
        """How many of something: ``full``, or ``quick`` in a quick run."""
        return quick if self.is_quick else full

    def say(self, message: str) -> None:
        """Progress, for people, on stderr."""
        self._console.print(f"{time.monotonic() - self._began:7.1f} s  {message}", style="dim")

    async def shared(self, name: str, make: Callable[[], Awaitable[_T]]) -> _T:
        """What ``make`` returned the first time it was asked for under this name: one measurement, several figures."""
        if name not in self._shared:
            self._shared[name] = await make()
        return cast("_T", self._shared[name])

    async def enter_shared(self, name: str, make: Callable[[], AbstractAsyncContextManager[_T]]) -> _T:
        """The same for something that has to be closed, which happens at the end of the run."""

        async def enter() -> _T:
            return await self._stack.enter_async_context(make())

        return await self.shared(name, enter)

    async def asterisk_install(self) -> AsteriskInstall:
        """Asterisk and SIPp, fetched on first use."""
        install = await self.shared("asterisk-install", ensure_asterisk)
        if install.sipp is None:
            raise BenchError("There is no SIPp beside this Asterisk: install the package sip-tester.")
        return install

    async def postgres(self) -> LocalPostgres:
        """A PostgreSQL as in production: on disk, every commit synced."""
        return await self.enter_shared("postgres", lambda: running_postgres(self.make_folder("postgres")))

    async def database(self) -> str:
        """The DSN of a fresh database at the newest schema, on that server."""
        server = await self.postgres()

        async def make_template() -> str:
            await migrate(await server.create_database(_TEMPLATE))
            return _TEMPLATE

        template = await self.shared("database-template", make_template)
        self._numbers += 1
        return await server.create_database_from_template(f"bench_{self._numbers}", template)

    def make_folder(self, name: str) -> Path:
        """A new folder that is removed at the end of the run."""
        self._numbers += 1
        folder = self.work_dir / f"{name}-{self._numbers}"
        folder.mkdir(mode=0o711)  # an embedded PostgreSQL runs under another user, who must get through
        return folder


async def in_turn(
    context: Context,
    sides: Mapping[str, Callable[[], Awaitable[_T]]],
    *,
    warm_up: bool = True,
    rounds: int | None = None,
) -> dict[str, list[_T]]:
    """Run the sides in turn, A B A B …, so that what the machine does meanwhile falls on all of them.

    The first round of each is dropped with ``warm_up``. Whatever a side raises ends the figure.
    """
    measured: dict[str, list[_T]] = {name: [] for name in sides}
    count = rounds or context.rounds
    for number in range(0 if warm_up else 1, count + 1):
        for name, run in sides.items():
            context.say(f"  {name}: {f'round {number} of {count}' if number else 'warm-up'}")
            value = await run()
            if number:
                measured[name].append(value)
    return measured


@asynccontextmanager
async def running_context(*, is_quick: bool) -> AsyncIterator[Context]:
    """A context whose shared things are closed, and whose work folder is removed, at the end of the block."""
    cache_dir, work_dir = _make_folders()
    try:
        async with AsyncExitStack() as stack:
            yield Context(stack, is_quick=is_quick, cache_dir=cache_dir, work_dir=work_dir)
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)


def _make_folders() -> tuple[Path, Path]:
    cache_dir = _find_cache() / "offhook" / "bench"
    cache_dir.mkdir(parents=True, exist_ok=True)
    work_dir = Path(tempfile.mkdtemp(prefix="offhook-bench-"))
    work_dir.chmod(0o711)
    return cache_dir, work_dir


def _find_cache() -> Path:
    """Root's is the machine's: PostgreSQL runs as another user there, who cannot enter root's home."""
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return Path(base)
    return Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"


def percentile(values: list[float], percent: float) -> float:
    """The nearest-rank percentile: a value that was really measured.

    Raises:
        BenchError: there are no values.
    """
    if not values:
        raise BenchError("nothing was measured")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
