"""Which events an endpoint asks for: globs over the catalogue's names, and the same as SQL patterns."""

import re
from collections.abc import Sequence
from typing import Final

from app.errors import Problem, RefusedError
from app.facts.catalogue import FACT_TYPES

MOST_EVENT_TYPES: Final = 100
_GLOB: Final = re.compile(r"[a-z_.*]{1,64}")


def check_event_types(globs: Sequence[str], *, field: tuple[str, ...]) -> tuple[str, ...]:
    """The globs without repetitions, in the order given.

    Raises:
        RefusedError: INVALID_INPUT, one Problem for each that names no event, or for none or too many of them.
    """
    unique = tuple(dict.fromkeys(globs))
    if not 1 <= len(unique) <= MOST_EVENT_TYPES:
        raise RefusedError(
            Problem("INVALID_INPUT", f"Name 1 to {MOST_EVENT_TYPES} event types; ['*'] is all of them.", field)
        )
    problems = [
        Problem(
            "INVALID_INPUT",
            "This is no event type, and no pattern of any (such as '*' or 'call.*').",
            (*field, str(place)),
        )
        for place, glob in enumerate(globs)
        if not names_events(glob)
    ]
    if problems:
        raise RefusedError(problems)
    return unique


def names_events(glob: str) -> bool:
    """Whether at least one event type there is today matches."""
    return bool(matching_names([glob]))


def matching_names(globs: Sequence[str]) -> frozenset[str]:
    """The event types there are today that any of the globs names."""
    patterns = [
        re.compile(".*".join(re.escape(part) for part in glob.split("*"))) for glob in globs if _GLOB.fullmatch(glob)
    ]
    return frozenset(name for name in FACT_TYPES if any(pattern.fullmatch(name) for pattern in patterns))


def like_pattern(glob: str) -> str:
    """The glob as an SQL LIKE pattern, with LIKE's own wildcards escaped (names do contain ``_``)."""
    escaped = glob.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%")
