"""Time zones by the names that mean the same on every machine."""

from typing import Final
from zoneinfo import ZoneInfo

_LONGEST_NAME: Final = 64
#: Files beside the zones of a system, and zones that are whatever that system is set to.
_OF_THE_MACHINE: Final = frozenset({"localtime", "posixrules", "Factory", "zone", "tzdata"})
#: The same zones again, one of them with leap seconds.
_COPIES: Final = ("posix/", "right/")


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        ValueError, OSError, zoneinfo.ZoneInfoNotFoundError: there is none. A name may be a path, or a directory's.
    """
    if len(name) > _LONGEST_NAME or name in _OF_THE_MACHINE or name.startswith(_COPIES):
        raise ValueError("no zone that means the same everywhere")
    return ZoneInfo(name)
