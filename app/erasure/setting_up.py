"""All of erasures together, as the composition root starts them."""

from dataclasses import dataclass
from typing import Self

from app.accounts.audit import AuditLog
from app.calls.keeping.keys import KeyVeil
from app.clock import Clock
from app.db.engine import Database
from app.erasure.runner import ErasureRunner
from app.erasure.service import Erasures
from app.events.log import EventLog
from app.files.store import FileStore
from app.jobs.service import Jobs
from app.recordings.deletion import RecordingDeletion
from app.secrets.sealing import Sealer
from app.secrets.service_secret import Purpose, ServiceSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureStage:
    """The use case, and who does the work."""

    service: Erasures
    runner: ErasureRunner

    @classmethod
    def open(
        cls,
        secret: ServiceSecret,
        database: Database,
        log: EventLog,
        store: FileStore,
        deletion: RecordingDeletion,
        jobs: Jobs,
        audit: AuditLog,
        sealer: Sealer,
        clock: Clock,
    ) -> Self:
        return cls(
            service=Erasures(database, jobs, audit, sealer, secret=secret.derive(Purpose.ERASURES)),
            runner=ErasureRunner(
                *(database, log, store, deletion, sealer, clock), veil=KeyVeil(secret.derive(Purpose.REQUEST_KEYS))
            ),
        )
