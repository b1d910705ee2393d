"""What may stand in the fields that any resource has. Pure: every check gives the problems it found."""

import re
from collections.abc import Sequence
from typing import Final

from app.accounts.service import check_text
from app.errors import Problem

LONGEST_TEXT: Final = 100

#: Controls that are no ends of lines and no tabs.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def check_label(label: str | None, field: str = "label") -> list[Problem]:
    return [] if label is None else check_text(label, (field,), longest=LONGEST_TEXT)


def check_name(name: str, field: str = "name") -> list[Problem]:
    return check_text(name, (field,), longest=LONGEST_TEXT)


def check_whole(value: int | None, field: str, *, least: int, most: int) -> list[Problem]:
    if value is None or least <= value <= most:
        return []
    return [Problem("INVALID_INPUT", f"Use {least} to {most}.", (field,))]


def check_unique(values: Sequence[str], field: str, *, least: int, most: int) -> list[Problem]:
    if not least <= len(values) <= most:
        return [Problem("INVALID_INPUT", f"Give {least} to {most} of them.", (field,))]
    if len(set(values)) != len(values):
        return [Problem("INVALID_INPUT", "None may be named twice.", (field,))]
    return []


def check_description(description: str | None, *, longest: int) -> list[Problem]:
    """Somebody's own words, which may have lines and may be empty."""
    if description is None or (len(description) <= longest and _CONTROL.search(description) is None):
        return []
    message = f"A description has at most {longest} characters, and no control characters but line ends and tabs."
    return [Problem("INVALID_INPUT", message, ("description",))]
