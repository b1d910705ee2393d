"""All of lists together, as the composition root starts them."""

from dataclasses import dataclass

from app.accounts.audit import AuditLog
from app.clock import Clock
from app.contacts.imports import ContactImport, DncImport
from app.contacts.resources import ContactResources
from app.db.engine import Database
from app.events.log import EventLog
from app.files.store import FileStore
from app.files.uploads import Uploads
from app.jobs.runner import Runner
from app.jobs.service import Jobs
from app.resources.resource import Office
from app.routing.resources import tell_nobody
from app.secrets.sealing import Seals


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactStage:
    """The use cases, and who does their long work."""

    resources: ContactResources
    runners: tuple[Runner, ...]


def open_contacts(
    database: Database,
    audit: AuditLog,
    seals: Seals,
    log: EventLog,
    clock: Clock,
    jobs: Jobs,
    uploads: Uploads,
    store: FileStore,
) -> ContactStage:
    """Nothing of it needs closing."""
    office = Office(database=database, audit=audit, seals=seals, lines_changed=tell_nobody)
    return ContactStage(
        resources=ContactResources.open(office, log, clock, jobs, uploads, store),
        runners=(ContactImport(database, store, uploads), DncImport(database, store, uploads)),
    )
