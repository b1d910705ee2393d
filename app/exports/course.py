"""How far an export has come: by its rows, where they could be counted, else by the time that it has come to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.exports.plan import ExportKind

#: So many rows are counted before they are written; counting takes a small part of the time that writing does.
MOST_COUNTED: Final = 2_000_000

#: When a row is of, for the kinds that are written in that order.
_INSTANTS: Final[dict[ExportKind, Callable[[Any], datetime]]] = {
    ExportKind.CDRS: lambda cdr: cdr.created_at,
    ExportKind.RECORDINGS: lambda recording: recording.created_at,
    ExportKind.EVENTS: lambda event: event.timestamp,
}


@dataclass(slots=True)
class Course:
    """``total`` is None when there are more rows than were counted. ``until`` is when the last row may be of."""

    kind: ExportKind
    total: int | None
    until: datetime
    _began: datetime | None = field(default=None, init=False)

    def fraction(self, count: int, first: Any, last: Any) -> float | None:
        """How far it is with ``count`` rows written, the latest page from ``first`` to ``last``; None: who knows."""
        if self.total is not None:
            return min(count / self.total, 1.0) if self.total else None
        instant_of = _INSTANTS.get(self.kind)
        if instant_of is None:
            return None
        self._began = self._began or instant_of(first)
        whole = (self.until - self._began).total_seconds()
        return min(max((instant_of(last) - self._began).total_seconds() / whole, 0.0), 1.0) if whole > 0 else None
