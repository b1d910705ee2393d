"""What is exported, in which form, and as whom it is seen: plain values."""

from enum import StrEnum
from typing import Final

import msgspec

from app.accounts.scopes import Scope
from app.cdrs.filters import CallFilter
from app.contacts.model import ContactFilter
from app.events.log import EventFilter
from app.facts.masking import Sight
from app.facts.vocabulary import Words
from app.recordings.model import RecordingFilter


class ExportKind(StrEnum):
    """What the rows of an export are."""

    CDRS = "CDRS"
    CONTACTS = "CONTACTS"
    DNC_ENTRIES = "DNC_ENTRIES"
    RECORDINGS = "RECORDINGS"
    EVENTS = "EVENTS"


class ExportFormat(StrEnum):
    """The form of the file."""

    CSV = "CSV"
    NDJSON = "NDJSON"


#: What a key needs to have such an export made, and to see its job.
SCOPES: Final = {
    ExportKind.CDRS: Scope.CDRS_READ,
    ExportKind.CONTACTS: Scope.CONTACTS,
    ExportKind.DNC_ENTRIES: Scope.DNC,
    ExportKind.RECORDINGS: Scope.RECORDINGS_READ,
    ExportKind.EVENTS: Scope.CALLS_READ,
}


class ExportOrder(Words, frozen=True, kw_only=True):
    """A job's payload. Of the filters, the one of its kind counts; ``list_id`` is that of contacts or entries.

    ``has_numbers`` and ``has_digits`` are what the key that asked may see: the file shows no more.
    """

    kind: ExportKind
    format: ExportFormat
    has_numbers: bool
    has_digits: bool
    list_id: str | None = None
    calls: CallFilter = CallFilter()
    contacts: ContactFilter = ContactFilter()
    recordings: RecordingFilter = RecordingFilter()
    events: EventFilter = EventFilter()

    @property
    def sight(self) -> Sight:
        return Sight(has_numbers=self.has_numbers, has_digits=self.has_digits)


def may_fetch(payload: bytes, sight: Sight) -> bool:
    """Whether somebody with this sight may have the file of an export: it must not show more than they may see."""
    order = msgspec.json.decode(payload, type=ExportOrder)
    return (sight.has_numbers or not order.has_numbers) and (sight.has_digits or not order.has_digits)
