"""Reading Asterisk's version, and the oldest one that is fit to face the world."""

import re

import structlog

log = structlog.get_logger(__name__)

# Twenty advisories were published for what came before, among them file writes through a channel variable.
VERSION_FLOOR = (22, 10, 1)
_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def parse_version(text: str) -> tuple[int, int, int] | None:
    """`22.10.1~dfsg-1` is (22, 10, 1); None for a build without a number (`GIT-master-…`)."""
    found = _NUMBERS.search(text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def is_below_floor(text: str) -> bool:
    """Whether that version is older than the floor; one without a number counts as older."""
    version = parse_version(text)
    return version is None or version < VERSION_FLOOR


def warn_if_too_old(text: str) -> None:
    """Say so in the log when that version is below the floor."""
    if is_below_floor(text):
        floor = ".".join(str(part) for part in VERSION_FLOOR)
        log.warning(
            "asterisk_too_old",
            version=text,
            floor=floor,
            advice=f"published security advisories affect Asterisk before {floor}: upgrade it",
        )
