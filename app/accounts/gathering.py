"""One line of the audit log for one thing that was asked for, however many services had a hand in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.accounts.audit import AuditEntry


class Gathering:
    """What was recorded under one request while it was being carried out.

    Tasks that a request leaves running inherit its context; once it is over, what they record is theirs alone.
    """

    __slots__ = ("entries", "is_open", "request_id")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.entries: list[AuditEntry] = []
        self.is_open = True

    def takes(self, entry: "AuditEntry") -> bool:
        """Keep an entry of this request; False when it is another's, or the request is over."""
        if not self.is_open or entry.request_id != self.request_id:
            return False
        self.entries.append(entry)
        return True


_PRESENT: Final[ContextVar[Gathering | None]] = ContextVar("audit_gathering", default=None)


def present_gathering() -> Gathering | None:
    """The gathering that what is recorded here and now may belong to."""
    return _PRESENT.get()


@contextmanager
def gathering(request_id: str) -> Iterator[Gathering]:
    """Gather what is recorded under this request, for whoever writes its one line."""
    gathered = Gathering(request_id)
    before = _PRESENT.set(gathered)
    try:
        yield gathered
    finally:
        gathered.is_open = False
        _PRESENT.reset(before)
