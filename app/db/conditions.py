"""Conditions of a statement in SQL's own text, each with its value: what a list is filtered by.

Filters of one shape have one text, whatever their values, and so one prepared statement and one plan.
"""

from collections.abc import Iterable
from typing import Any


class Conditions:
    """Conditions that must all hold, and the values of their ``$1, $2 …``.

    The texts are our own; what comes from outside is a value, always.
    """

    __slots__ = ("texts", "values")

    def __init__(self, *values: Any) -> None:
        """``values`` are those of a statement that has some of its own before these."""
        self.texts: list[str] = []
        self.values: list[Any] = list(values)

    def add(self, text: str, *values: Any) -> None:
        """One more condition; its values belong where it has ``{}``, in order."""
        begin = len(self.values) + 1
        self.values += values
        self.texts.append(text.format(*(f"${number}" for number in range(begin, len(self.values) + 1))))

    def add_given(self, text: str, value: Any) -> None:
        """:meth:`add`, unless the value is None: nobody asked."""
        if value is not None:
            self.add(text, value)

    def add_any_of(self, column: str, given: Iterable[str]) -> None:
        """The column, a text, is one of these; nobody asked when there are none."""
        match [str(value) for value in given]:
            case []:
                pass
            case [value]:
                # One value is an equality: its index then gives the rows in the list's own order.
                self.add(f"{column} = {{}}", value)
            case values:
                # One array, not IN (…): the same statement for any number of them.
                self.add(f"{column} = ANY({{}}::text[])", values)

    def __str__(self) -> str:
        """What belongs behind a WHERE."""
        return " AND ".join(self.texts) or "true"
