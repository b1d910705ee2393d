"""Facts about numbers that must not be called."""

from enum import StrEnum

from app.facts.calls import Fact
from app.facts.vocabulary import Party


class DncSource(StrEnum):
    """How a number came onto a list."""

    API = "API"
    IMPORT = "IMPORT"
    OPT_OUT = "OPT_OUT"


class DncEntryAdded(Fact, frozen=True, kw_only=True):
    """A number is on a DNC list from now on: by the API, or because its owner wished so in a call. An import tells it
    of the whole file alone, as ``job.finished``.
    """

    type = "dnc.entry_added"
    list_id: str
    party: Party
    source: DncSource
    reason: str | None = None
    call_id: str | None = None
