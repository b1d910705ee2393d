"""The machine: Python, directories, disk, secret, port, recordings."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx

from app.config import Settings
from app.doctor.findings import Finding, failed, ok, warning
from app.errors import ConfigurationError
from app.files.store import FileStore, StoreUnavailableError
from app.ids import Kind, kind_of, new_id
from app.recordings.object_keys import object_key
from app.secrets.service_secret import SECRET_FILE, ServiceSecret

OLDEST_PYTHON: Final = (3, 11)
#: An hour of stereo recording is 115 MB; a database that cannot write takes the service with it.
LEAST_FREE_BYTES: Final = 500 * 2**20
COMFORTABLE_FREE_BYTES: Final = 5 * 2**30
_MEBIBYTE: Final = 2**20
_PROBE_SECONDS: Final = 2.0

FreeBytes = Callable[[Path], int]


def disk_free_bytes(path: Path) -> int:
    """Bytes that this user may still write where a path lies."""
    return shutil.disk_usage(path).free


def check_python() -> Finding:
    """Whether this Python is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return failed("python", f"Python {version} is too old.", "Install Python 3.11 or later and make .venv anew.")
    return ok("python", f"Python {version}")


def check_data_dir(settings: Settings, free_bytes: FreeBytes = disk_free_bytes) -> list[Finding]:
    """Whether the data directory can be written and has room."""
    path = settings.data_dir
    nearest = _nearest_existing(path)
    problem = _why_unwritable(nearest)
    if problem is not None:
        return [
            failed(
                "data directory",
                f"{path} cannot be written: {problem}.",
                f"Make {nearest} writable for this user, or set OFFHOOK_DATA_DIR to a directory that is.",
            )
        ]
    made = "" if path.exists() else " (made at the first start)"
    findings = [ok("data directory", f"{path} is writable{made}")]
    free = free_bytes(nearest)
    said = f"{free // _MEBIBYTE} MiB are free at {nearest}"
    if free < LEAST_FREE_BYTES:
        findings.append(
            failed("disk", f"Only {said}.", "Free some space, or move OFFHOOK_DATA_DIR and OFFHOOK_RECORDINGS_URL.")
        )
    elif free < COMFORTABLE_FREE_BYTES:
        findings.append(warning("disk", f"Only {said}.", "Plan for more: an hour of recordings takes 115 MB."))
    else:
        findings.append(ok("disk", said))
    return findings


def check_secret(settings: Settings) -> Finding:
    """Whether the service's secret is there, or can be made."""
    path = settings.data_dir / SECRET_FILE
    try:
        if settings.secret_key is None and not path.exists():
            return ok("secret", f"{path} is made at the first start")
        ServiceSecret.load(settings)
    except (ConfigurationError, OSError) as error:
        return failed(
            "secret", str(error), f"chmod 600 {path} as its owner, or set OFFHOOK_SECRET_KEY to 32 characters or more."
        )
    return ok("secret", "set in OFFHOOK_SECRET_KEY" if settings.secret_key is not None else f"kept in {path}")


async def check_port(settings: Settings) -> Finding:
    """Whether the service's port is free, or taken by Offhook itself."""
    where = f"{settings.host}:{settings.port}"
    try:
        await asyncio.to_thread(_try_listening, settings.host, settings.port)
    except OSError as error:
        if await is_offhook(settings):
            return ok("port", f"Offhook is serving at {where} already")
        return failed(
            "port",
            f"{where} cannot be listened on: {error.strerror or error}.",
            "Stop the program that has it (`ss -ltnp` names it), or set OFFHOOK_PORT (and OFFHOOK_HOST).",
        )
    return ok("port", f"{where} is free")


async def check_recordings(settings: Settings) -> Finding:
    """Whether the store for recordings takes a file and gives it back."""
    where = settings.recordings_url or str(settings.data_dir / "recordings")
    if settings.recordings_url is None:
        nearest = _nearest_existing(settings.data_dir / "recordings")
        if nearest != settings.data_dir / "recordings":
            problem = _why_unwritable(nearest)
            if problem is None:
                return ok("recordings", f"{where} is made with the first recording")
            return failed("recordings", f"{where} cannot be made: {problem}.", f"Make {nearest} writable.")
    mend = "Check OFFHOOK_RECORDINGS_URL and the store's credentials; a folder must be writable for this user."
    try:
        store = FileStore.of(settings)
        if missing := await store.missing_keys():
            return failed(
                "recordings",
                f"Files in {where} are encrypted with keys that are not at hand: {', '.join(missing)}.",
                "Put them back into OFFHOOK_STORE_KEYS, behind the one for new files, as they were: without them these "
                "files are lost.",
            )
        await _store_and_read(store)
    except ConfigurationError as error:
        return failed("recordings", str(error), mend)
    except (StoreUnavailableError, OSError) as error:
        return failed("recordings", f"{where} does not keep a file: {error}", mend)
    return ok("recordings", f"{where} keeps files")


async def _store_and_read(store: FileStore) -> None:
    content = b"offhook doctor"
    key = object_key(new_id(Kind.ACCOUNT), new_id(Kind.RECORDING))
    with tempfile.TemporaryDirectory(prefix="offhook-doctor-") as folder:
        path = Path(folder) / "probe"
        path.write_bytes(content)
        await store.put_file(key, path, len(content))
    try:
        size = await store.size(key)
    finally:
        await store.delete(key)
    if size != len(content):
        raise StoreUnavailableError(f"what was stored came back with {size} bytes instead of {len(content)}")


def _nearest_existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _why_unwritable(path: Path) -> str | None:
    if not path.is_dir():
        return f"{path} is not a directory"
    # A real attempt: permission bits say nothing of read-only file systems, quotas, or what root may do.
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        return f"{path}: {os.strerror(error.errno or 0).lower()}"
    return None


def _try_listening(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)


async def is_offhook(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in {"", "0.0.0.0"} else settings.host  # noqa: S104  # compared, not bound
    try:
        async with httpx.AsyncClient(timeout=_PROBE_SECONDS, trust_env=False) as client:
            answer = await client.get(f"http://{host}:{settings.port}/healthz")
    except httpx.HTTPError:
        return False  # whatever has the port, it is not Offhook answering for its health
    return answer.is_success and kind_of(answer.headers.get("x-request-id", "")) is Kind.REQUEST
