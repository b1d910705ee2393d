"""Finding an embedded PostgreSQL that another process of ours runs already, to join it."""

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from app.local.postgres import APPLICATION_ROLE, DATABASE

# postmaster.pid, as PostgreSQL documents it: process id, data directory, start time, port, socket directory, …
_SOCKET_LINE: Final = 4


def find_running(data_dir: Path) -> str | None:
    """The DSN of the server that lives in ``data_dir``, when one is running; None when none is, or it is not ours."""
    try:
        lines = (data_dir / "cluster" / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return None  # never made, not running, or another user's
    if len(lines) <= _SOCKET_LINE or not lines[_SOCKET_LINE].strip():
        return None
    return f"postgresql://{APPLICATION_ROLE}@/{DATABASE}?{urlencode({'host': lines[_SOCKET_LINE].strip()})}"
