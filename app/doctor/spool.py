"""What the database never took: changes of calls that wait for people."""

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from app.config import Settings
from app.doctor.findings import Finding, ok, warning

_CHECK: Final = "spool"


class _Line(msgspec.Struct, frozen=True):
    """As much of a line of an ``.aside`` file as is told here; the rest names telephone numbers."""

    reason: str = "unknown"


_DECODER: Final = msgspec.json.Decoder(_Line)


def check_set_aside(settings: Settings) -> list[Finding]:
    """Whether changes were set aside, or a spool file could not be read to its end; a finding for each such file."""
    folder = settings.data_dir / "spool"
    try:
        findings = [_on_aside(path) for path in sorted(folder.glob("*.aside"))]
        findings += [_on_damaged(path) for path in sorted(folder.glob("*.damaged"))]
    except OSError as error:
        return [warning(_CHECK, f"{folder} cannot be read: {error.strerror}.", "Run this as the service's user.")]
    return findings or [ok(_CHECK, "nothing was set aside")]


def _on_aside(path: Path) -> Finding:
    reasons: Counter[str] = Counter()
    with path.open("rb") as lines:
        for line in lines:
            try:
                reasons[_DECODER.decode(line).reason] += 1
            except msgspec.DecodeError:  # half a line, after a crash: it counts all the same
                reasons["unreadable"] += 1
    told = ", ".join(f"{count} × {reason}" for reason, count in reasons.most_common())
    return warning(
        _CHECK,
        f"{path} keeps what the database never took of some calls: {told}.",
        "Each line is one change, with its call and facts. `refused_…` is PostgreSQL's SQLSTATE: mend what it names. "
        "Then keep the file elsewhere; it is not applied again.",
    )


def _on_damaged(path: Path) -> Finding:
    return warning(
        _CHECK,
        f"{path} was damaged on disk; what stood before the damage is in the database.",
        "Look after the disk, and keep the file elsewhere.",
    )
