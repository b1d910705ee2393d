"""Names in flows."""

import re
from typing import Final

from app.flows.limits import LONGEST_NAME

#: Variables that a call sets by itself: who calls and what was dialled, E.164 where they are numbers.
CALLER: Final = "caller"
DIALLED: Final = "dialled"
#: Of a call that looks into it: HUMAN, MACHINE or UNKNOWN.
ANSWERED_BY: Final = "answeredBy"
BUILT_IN: Final = frozenset({CALLER, DIALLED, ANSWERED_BY})

_NAME: Final = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9_. -]{{0,{LONGEST_NAME - 2}}}[A-Za-z0-9])?")
_VARIABLE: Final = re.compile(r"[a-z][A-Za-z0-9_]{0,31}")


def is_name(text: str) -> bool:
    """Whether a step may be called so."""
    return _NAME.fullmatch(text) is not None


def is_variable(text: str) -> bool:
    """Whether a variable may be called so."""
    return _VARIABLE.fullmatch(text) is not None
