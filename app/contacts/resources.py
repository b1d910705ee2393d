"""Everything about lists together, as surfaces call it."""

from dataclasses import dataclass
from typing import Self

from app.clock import Clock
from app.contacts.contacts import Contacts
from app.contacts.dnc_entries import DncEntries
from app.contacts.imports import Imports
from app.contacts.lists import ContactLists, DncLists
from app.events.log import EventLog
from app.files.store import FileStore
from app.files.uploads import Uploads
from app.jobs.service import Jobs
from app.resources.resource import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactResources:
    """The use cases of each kind."""

    lists: ContactLists
    contacts: Contacts
    dnc_lists: DncLists
    dnc_entries: DncEntries
    imports: Imports

    @classmethod
    def open(
        cls,
        office: Office,
        log: EventLog,
        clock: Clock,
        jobs: Jobs,
        uploads: Uploads,
        store: FileStore,
    ) -> Self:
        database, audit = office.database, office.audit
        return cls(
            lists=ContactLists(office),
            contacts=Contacts(database, audit, clock),
            dnc_lists=DncLists(office),
            dnc_entries=DncEntries(database, log, audit, clock),
            imports=Imports(database, audit, jobs, uploads, store),
        )
