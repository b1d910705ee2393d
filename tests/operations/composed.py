"""The parts of docker-compose.yml on this machine, without Docker: each one's own command, in its own environment.

What the file and the Dockerfiles say is read from them: commands, environments, checks of health, which files are in
an image. Only what must differ here is put in its place: addresses and ports, directories, where programs lie.
"""

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from app.local.asterisk import AsteriskInstall
from app.local.asterisk_config import AsteriskPorts
from app.local.postgres_install import choose_server_user, find_programs
from app.local.process import SupervisedProcess

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SECRETS: Final = {
    "OFFHOOK_SECRET_KEY": "5e" * 32,
    "OFFHOOK_POSTGRES_PASSWORD": "of-postgres",
    "OFFHOOK_ARI_PASSWORD": "of-asterisk",
}
VARIABLE: Final = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Variables as Compose fills them in. Raises LookupError for one that must be given and is not."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if kind == "?" and not values.get(name):
            raise LookupError(rest)
        return values.get(name) or (rest if kind == "-" else "")

    return VARIABLE.sub(value, text)


def read_parts() -> dict[str, Any]:
    """The file's services, by name."""
    parts: dict[str, Any] = yaml.safe_load(fill_in(COMPOSE, SECRETS))["services"]
    for part in parts.values():
        # Compose reads the file first and fills in then, so what is not given is an empty text to it.
        part["environment"] = {name: value or "" for name, value in part.get("environment", {}).items()}
    return parts


def read_instruction(dockerfile: str, name: str) -> str:
    """The last of this name in a Dockerfile; one that says what to run, from there on."""
    text = (ROOT / dockerfile).read_text(encoding="utf-8").replace("\\\n", " ")
    said: list[str] = re.findall(rf"^{name} (.+)$", text, re.MULTILINE)
    return said[-1]


@dataclass(frozen=True, slots=True)
class Part:
    """A part that runs. ``check`` is the command by which Compose tells whether it is well."""

    name: str
    process: SupervisedProcess
    log: Path
    environment: Mapping[str, str]
    check: Sequence[str]
    directory: Path

    async def until_well(self) -> None:
        """Return once its own check says so."""
        said = ""
        try:
            async with asyncio.timeout(_SECONDS):
                while True:
                    assert self.process.is_running, f"{self.name} ended: {self.said}"
                    done = await asyncio.to_thread(self._ask)
                    if done.returncode == 0:
                        return
                    said = done.stdout + done.stderr
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{self.name} is not well: {said}\n{self.said}") from None

    def _ask(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.check,
            cwd=self.directory,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


@contextlib.asynccontextmanager
async def _running(
    name: str,
    command: Sequence[str],
    check: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    *,
    user: str | None = None,
) -> AsyncIterator[Part]:
    log = directory / f"{name}.log"
    async with await SupervisedProcess.start(
        command, stdout_path=log, env=environment, cwd=directory, user=user
    ) as process:
        part = Part(name, process, log, environment, check, directory)
        await part.until_well()
        yield part


def _plain() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


@contextlib.asynccontextmanager
async def running_postgres(directory: Path, port: int) -> AsyncIterator[Part]:
    """As the image does with this environment: a cluster of the user's, with the password, and the database in it."""
    given = read_parts()["postgres"]
    environment = given["environment"]
    cluster, password = directory / "postgres", directory / "password"
    user = choose_server_user(cluster)
    programs = await asyncio.to_thread(find_programs, user)
    cluster.mkdir(mode=0o700)
    password.write_text(environment["POSTGRES_PASSWORD"], encoding="utf-8")
    for path in (cluster, password):
        os.chown(path, user.uid, user.gid)
    plain = {**_plain(), "PATH": f"{programs}:{os.environ['PATH']}"}
    who = user.name if user.is_other else None
    made = ("initdb", "--pgdata", str(cluster), "--username", environment["POSTGRES_USER"], "--pwfile", str(password))
    async with await SupervisedProcess.start(
        (str(programs / made[0]), *made[1:], "--auth", "scram-sha-256", "--locale", "C.UTF-8", "--no-sync"),
        stdout_path=directory / "initdb.log",
        env=plain,
        cwd=Path("/"),
        user=who,
    ) as initdb:
        async with asyncio.timeout(_SECONDS):
            assert await initdb.wait() == 0, (directory / "initdb.log").read_text(encoding="utf-8")
    command = (str(programs / "postgres"), "-D", str(cluster), "-h", "127.0.0.1", "-p", str(port), "-k", str(cluster))
    kind, *check = given["healthcheck"]["test"]
    assert kind == "CMD"
    asking = {**plain, "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGPASSWORD": environment["POSTGRES_PASSWORD"]}
    async with _running(
        "postgresql", (*command, "-c", "fsync=off"), (str(programs / check[0]), *check[1:]), directory, asking, user=who
    ) as part:
        create = (str(programs / "createdb"), "--username", environment["POSTGRES_USER"], environment["POSTGRES_DB"])
        await asyncio.to_thread(subprocess.run, create, env=asking, check=True, timeout=_SECONDS)
        yield part


def _copy_image(dockerfile: str, to: Path) -> Path:
    """Below ``to``, the files that a Dockerfile copies from this repository; gives its working directory."""
    kept_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()

    def is_kept_out(folder: str, names: list[str]) -> list[str]:
        places = {name: str((Path(folder) / name).relative_to(ROOT)) for name in names}
        return [name for name, place in places.items() if place in kept_out or f"**/{name}" in kept_out]

    work = to / read_instruction(dockerfile, "WORKDIR").removeprefix("/")
    for line in re.findall(r"^COPY (.+)$", (ROOT / dockerfile).read_text(encoding="utf-8"), re.MULTILINE):
        *sources, target = shlex.split(line)
        place = to / target.removeprefix("/") if target.startswith("/") else work / target
        for source in sources:
            whole = place / Path(source).name if target.endswith("/") else place
            whole.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, whole, ignore=is_kept_out)
            else:
                shutil.copy2(ROOT / source, whole)
    return work


def _write_program(path: Path, *command: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


@contextlib.asynccontextmanager
async def running_asterisk(directory: Path, install: AsteriskInstall, ports: AsteriskPorts) -> AsyncIterator[Part]:
    """What the image has, and its command. The image's Asterisk and Python are this machine's."""
    image = directory / "image"
    work = _copy_image("asterisk/Dockerfile", image)
    _write_program(image / "usr/sbin/asterisk", *install.asterisk)
    # Nothing but the standard library: the image installs no package of Python's.
    _write_program(image / "usr/bin/python3", sys.executable, "-S")
    programs = ":".join(str(image / path) for path in ("usr/local/bin", "usr/sbin", "usr/bin"))
    environment = {
        **_plain(),
        "PATH": f"{programs}:{os.environ['PATH']}",
        **read_parts()["asterisk"]["environment"],
        "OFFHOOK_ASTERISK_DIRECTORY": str(directory / "asterisk"),
        "OFFHOOK_ASTERISK_MODULES": str(install.module_directory),
        "OFFHOOK_ASTERISK_DATA": str(install.data_directory),
        "OFFHOOK_ASTERISK_HTTP_PORT": str(ports.http),
        "OFFHOOK_ASTERISK_SIP_PORT": str(ports.sip),
        "OFFHOOK_ASTERISK_SANDBOX_PORT": str(ports.sandbox_sip),
        "OFFHOOK_ASTERISK_RTP_FIRST": str(ports.rtp_first),
        "OFFHOOK_ASTERISK_RTP_LAST": str(ports.rtp_last),
    }
    (command,) = yaml.safe_load(read_instruction("asterisk/Dockerfile", "CMD"))
    check = ("sh", "-c", read_instruction("asterisk/Dockerfile", "HEALTHCHECK").partition(" CMD ")[2])
    started = str(image / "usr/local/bin" / command)
    async with _running("asterisk-start", (started,), check, work, environment) as part:
        yield part


@contextlib.asynccontextmanager
async def running_offhook(directory: Path, port: int, places: Mapping[str, str], **more: str) -> AsyncIterator[Part]:
    """What the image has, and its command, in the environment of the file; ``places`` are where the others are.

    The image's Python is this machine's, with the packages that it has.
    """
    work = await asyncio.to_thread(_copy_image, "Dockerfile", directory / "service")
    programs = Path(sys.executable).parent
    given = dict(read_parts()["offhook"]["environment"])
    for written, meant in places.items():
        assert any(written in value for value in given.values()), f"nothing of the environment is at {written}"
        given = {name: value.replace(written, meant) for name, value in given.items()}
    environment = {
        **_plain(),
        **given,
        # The virtual environment's programs come first, as in the image.
        "PATH": f"{programs}:{os.environ['PATH']}",
        "OFFHOOK_PORT": str(port),
        "OFFHOOK_DATA_DIR": str(directory / "offhook"),
        # Before the checkout, whose program it is here.
        "PYTHONPATH": str(work),
        **more,
    }
    program, *arguments = yaml.safe_load(read_instruction("Dockerfile", "CMD"))
    checked = yaml.safe_load(read_instruction("Dockerfile", "HEALTHCHECK").partition(" CMD ")[2])
    check = [word.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for word in checked]
    async with _running("offhook", (str(programs / program), *arguments), check, work, environment) as part:
        yield part


@contextlib.asynccontextmanager
async def running_prometheus(directory: Path, program: Path, port: int, target: str) -> AsyncIterator[Part]:
    """What the file mounts, and the file's own arguments; it looks every second, and at this service."""
    mounted = directory / "prometheus"
    mounted.mkdir()
    for mount in read_parts()["prometheus"]["volumes"]:
        source, place, *_ = mount.split(":")
        if source.startswith("./"):
            text = (ROOT / source).read_text(encoding="utf-8")
            text = text.replace("offhook:8000", target).replace("interval: 15s", "interval: 1s")
            (mounted / Path(place).name).write_text(text, encoding="utf-8")
    arguments = [
        one.replace("/etc/prometheus", str(mounted)).replace("=/prometheus", f"={directory / 'measured'}")
        for one in read_parts()["prometheus"]["command"]
    ]
    url = f"http://127.0.0.1:{port}/-/ready"
    command = (str(program), *arguments, f"--web.listen-address=127.0.0.1:{port}")
    async with _running("prometheus-server", command, ("curl", "-fsS", url), directory, _plain()) as part:
        yield part


async def until_true(url: str, is_so: Callable[[Any], bool], **parameters: str) -> Any:
    """What an address answers, once it is as wanted."""
    answer: Any = None
    try:
        async with asyncio.timeout(_SECONDS), httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http:
            while True:
                answer = (await http.get(url, params=parameters)).json()
                if is_so(answer):
                    return answer
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(f"{url} {parameters}: {answer}") from None
