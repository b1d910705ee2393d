"""A real Asterisk for this process: found or fetched, configured, started, watched and stopped.

``async with running_asterisk(AsteriskConfig()) as asterisk:`` gives an instance with its own ports, passwords and
directory; any number run side by side. It is ready in about a third of a second.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import AsteriskUnavailableError
from app.local.asterisk_config import (
    ASTERISK_FOLDER,
    AsteriskConfig,
    AsteriskPaths,
    AsteriskPorts,
    SipPeer,
    render_configuration,
)
from app.local.asterisk_ports import reserve_ports
from app.local.fetched_sounds import drop_fetched_sounds
from app.local.process import ProcessStartError, SupervisedProcess
from app.terminal import leave_ctrl_c_line

__all__ = [
    "AsteriskConfig",
    "AsteriskInstall",
    "AsteriskInstallError",
    "AsteriskInstance",
    "AsteriskPorts",
    "AsteriskStartError",
    "SipPeer",
    "ensure_asterisk",
    "running_asterisk",
]

_GET_ASTERISK = ASTERISK_FOLDER / "get-asterisk"
_SAYS = "get-asterisk: "
_FAILS = f"{_SAYS}error: "
_STOPS = f"{_SAYS}stopped"
_READY_SECONDS = 20.0
_POLL_SECONDS = 0.02
_STOP_SECONDS = 6.0
_TIDY_SECONDS = 30.0
_CLI_SECONDS = 10.0
_START_ATTEMPTS = 3
_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes; "/asterisk.ctl" comes behind the directory
_LONGEST_CACHE_PATH = 80
_TEMPORARY = "offhook-asterisk-"
_PORT_TAKEN = "Address already in use"


class AsteriskInstallError(AsteriskUnavailableError):
    """There is no Asterisk that will do on this machine and none could be fetched; the message says what to do."""


class AsteriskStartError(AsteriskUnavailableError):
    """Asterisk did not come up; the message ends with what it said last."""


@dataclass(frozen=True, slots=True)
class AsteriskInstall:
    """Programs and directories of an Asterisk on this machine. ``root`` is None for the system's own.

    ``espeak`` starts espeak-ng; None when there is none and none could be fetched.
    """

    version: str
    asterisk: tuple[str, ...]
    sipp: tuple[str, ...] | None
    module_directory: Path
    data_directory: Path
    root: Path | None
    espeak: tuple[str, ...] | None = None


async def ensure_asterisk() -> AsteriskInstall:
    """Find an Asterisk of version 22.10.1 or later, or unpack one (20 s, once); progress goes to stderr.

    Raises:
        AsteriskInstallError: a tool is missing, or the packages could not be fetched.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_GET_ASTERISK), "--json"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    last = ""
    try:
        # The script bounds its own work, and says each step.
        async for line in process.stderr:
            if last.startswith(_FAILS):  # it went on all the same
                sys.stderr.write(last + "\n")
            last = line.decode(errors="replace").rstrip()
            if last.startswith(_STOPS):
                leave_ctrl_c_line()
            if not last.startswith(_FAILS):  # the last word is said below, once
                sys.stderr.write(last + "\n")
        answer = await process.stdout.read()
        status = await process.wait()
    except BaseException:
        await _stop_fetching(process)
        raise
    if status != 0:
        reason = last.removeprefix(_FAILS).removeprefix(_SAYS) or f"{_GET_ASTERISK} ended with status {status}"
        raise AsteriskInstallError(f"No Asterisk to run: {reason}")
    found = json.loads(answer)
    return AsteriskInstall(
        version=found["version"],
        asterisk=tuple(found["asterisk"]),
        sipp=tuple(found["sipp"]) if found["sipp"] else None,
        module_directory=Path(found["module_directory"]),
        data_directory=Path(found["data_directory"]),
        root=Path(found["root"]) if found["root"] else None,
        espeak=tuple(found["espeak"]) if found["espeak"] else None,
    )


async def _stop_fetching(process: asyncio.subprocess.Process) -> None:
    """Have the script remove what it has only half of, and pass on what it says of it."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_TIDY_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
    else:
        if said:
            leave_ctrl_c_line()
        sys.stderr.write(said.decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class AsteriskInstance:
    """A running Asterisk. ``ari_url`` has no path: ``http://127.0.0.1:PORT``; ARI is below ``/ari``."""

    config: AsteriskConfig
    ports: AsteriskPorts
    install: AsteriskInstall
    paths: AsteriskPaths
    process: SupervisedProcess

    @property
    def ari_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.http}"

    @property
    def ari_username(self) -> str:
        return self.config.ari_username

    @property
    def ari_password(self) -> str:
        return self.config.ari_password

    @property
    def sip_port(self) -> int:
        return self.ports.sip

    @property
    def directory(self) -> Path:
        return self.paths.directory

    @property
    def log_path(self) -> Path:
        return self.paths.log_file

    @property
    def pid(self) -> int:
        return self.process.pid

    def read_log(self) -> str:
        """Return Asterisk's notices, warnings and errors since its start."""
        return _read(self.paths.log_file)

    async def run_cli(self, command: str) -> str:
        """Return what ``asterisk -rx`` prints for a console command.

        Raises:
            AsteriskUnavailableError: no answer within ten seconds, or no running Asterisk.
        """
        argv = (*self.install.asterisk, "-C", str(self.paths.config_file), "-rx", command)
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_CLI_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AsteriskUnavailableError(f"Asterisk's console did not answer within {_CLI_SECONDS:g} s.") from None
        text = output.decode(errors="replace")
        if process.returncode != 0:
            raise AsteriskUnavailableError(f"Asterisk's console refused: {text.strip()}")
        return text


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:  # it is written a moment after the start
        return ""


def _make_temporary() -> Path:
    """Make a directory whose name tells its owner, for :func:`_remove_abandoned`."""
    return Path(tempfile.mkdtemp(prefix=f"{_TEMPORARY}{os.getpid()}-"))


def _remove_abandoned() -> None:
    """Remove what owners left that were killed with -9; their Asterisk ended with them."""
    for path in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*"):
        owner = path.name.removeprefix(_TEMPORARY).partition("-")[0]
        with contextlib.suppress(FileNotFoundError):  # another process is tidying up, too
            if owner.isdigit() and not Path("/proc", owner).exists() and path.stat().st_uid == os.geteuid():
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _instance_paths(directory: Path | None, install: AsteriskInstall) -> Iterator[AsteriskPaths]:
    """Directories for one instance; what was made here is removed at the end."""
    _remove_abandoned()
    with contextlib.ExitStack() as stack:
        if directory is None:
            made = _make_temporary()
            # Asterisk may still be writing when it had to be killed.
            stack.callback(shutil.rmtree, made, ignore_errors=True)
            directory = made
        directory = directory.absolute()
        run = directory / "run"
        if len(os.fsencode(run)) > _LONGEST_SOCKET_PATH - len("/asterisk.ctl"):
            run = _make_temporary()
            stack.callback(shutil.rmtree, run, ignore_errors=True)
        cache = directory / "cache"
        if "." in str(cache) or len(str(cache)) > _LONGEST_CACHE_PATH:
            cache = _make_temporary()
            stack.callback(shutil.rmtree, cache, ignore_errors=True)
        drop_fetched_sounds(cache)
        yield AsteriskPaths(
            directory=directory, run=run, cache=cache, modules=install.module_directory, data=install.data_directory
        )


class _PortTakenError(Exception):
    """Somebody bound one of our ports between the look and the start."""


async def _wait_until_ready(instance: AsteriskInstance, output: Path) -> None:
    """Return when Asterisk has loaded all and answers with our password.

    ARI answers 503 until Asterisk has booted fully, and another program on the port would refuse the password.
    """
    import httpx  # late: a service beside an Asterisk that runs already starts without it

    auth = (instance.ari_username, instance.ari_password)
    try:
        async with (
            asyncio.timeout(_READY_SECONDS),
            httpx.AsyncClient(base_url=instance.ari_url, auth=auth, timeout=2.0, trust_env=False) as client,
        ):
            while True:
                if not instance.process.is_running:
                    raise AsteriskStartError(f"Asterisk ended at its start: {_last_words(instance, output)}")
                if _PORT_TAKEN in instance.read_log():
                    raise _PortTakenError
                try:
                    if (await client.get("/ari/asterisk/ping")).status_code == httpx.codes.OK:
                        break
                except httpx.TransportError:
                    pass  # not listening yet
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise AsteriskStartError(
            f"Asterisk was not ready within {_READY_SECONDS:g} s: {_last_words(instance, output)}"
        ) from None
    # A SIP port that could not be bound does not stop Asterisk; it only says so.
    if _PORT_TAKEN in instance.read_log():
        raise _PortTakenError


def _last_words(instance: AsteriskInstance, output: Path) -> str:
    lines = (instance.read_log() + _read(output)).strip().splitlines()
    return " | ".join(lines[-5:]) or "it said nothing"


@contextlib.asynccontextmanager
async def running_asterisk(
    config: AsteriskConfig | None = None,
    *,
    install: AsteriskInstall | None = None,
    directory: Path | None = None,
) -> AsyncIterator[AsteriskInstance]:
    """Run one instance until the end of the block.

    ``directory`` keeps Asterisk's database and recordings between runs; without one they live in a temporary
    directory. The program ends with this one, also after kill -9.

    Raises:
        AsteriskInstallError: see :func:`ensure_asterisk`.
        AsteriskStartError: it did not come up.
        AsteriskUnavailableError: no free ports.
    """
    config = config or AsteriskConfig()
    install = install or await ensure_asterisk()
    async with contextlib.AsyncExitStack() as stack:
        paths = stack.enter_context(_instance_paths(directory, install))
        for attempt in range(1, _START_ATTEMPTS + 1):
            async with contextlib.AsyncExitStack() as attempt_stack:
                ports = attempt_stack.enter_context(
                    reserve_ports(rtp_port_count=config.rtp_port_count, address=config.bind_address)
                )
                instance = await _start(attempt_stack, config, ports, install, paths)
                try:
                    await _wait_until_ready(instance, paths.directory / "log" / "output.log")
                except _PortTakenError:
                    if attempt == _START_ATTEMPTS:
                        raise AsteriskStartError("Asterisk's ports were taken by others three times.") from None
                    continue
                await stack.enter_async_context(attempt_stack.pop_all())
                break
        yield instance


async def _start(
    stack: contextlib.AsyncExitStack,
    config: AsteriskConfig,
    ports: AsteriskPorts,
    install: AsteriskInstall,
    paths: AsteriskPaths,
) -> AsteriskInstance:
    render_configuration(config, ports, paths)
    paths.log_file.unlink(missing_ok=True)
    try:
        process = await SupervisedProcess.start(
            (*install.asterisk, "-C", str(paths.config_file), "-f", "-n"),
            stdout_path=paths.directory / "log" / "output.log",
            cwd=paths.directory,
            grace_seconds=_STOP_SECONDS,
        )
    except ProcessStartError as error:
        raise AsteriskStartError(f"Asterisk could not be run: {error}") from error
    await stack.enter_async_context(process)
    return AsteriskInstance(config=config, ports=ports, install=install, paths=paths, process=process)
