"""Caps, the ledger and the kill switch, put together for the surfaces: `Services.usage`."""

from dataclasses import dataclass
from typing import Final

from app.accounts.audit import AuditLog
from app.accounts.sessions import Sessions
from app.calls.keeping.counted import occupants
from app.calls.reading.queries import CallQueries
from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database
from app.events.log import EventLog
from app.reaching.hanging_up import HangUp, Hangups
from app.usage.caps import CapacityDesk
from app.usage.ledger import Ledger
from app.usage.service import AccountLimits
from app.usage.suspension import Suspensions

_SECONDS: Final = 60.0


class UsageKeeper(Daemon):
    """Looks at the start, and once a minute, that what is counted is what there is."""

    name = "usage-keeper"
    poll_seconds = _SECONDS

    def __init__(self, desk: CapacityDesk, clock: Clock) -> None:
        super().__init__(clock)
        self._desk = desk

    async def run_round(self) -> bool:
        await self._desk.rebuild_all()
        return False


@dataclass(frozen=True, slots=True)
class UsageStage:
    """What may be asked, and changed."""

    limits: AccountLimits
    ledger: Ledger
    suspensions: Suspensions
    hangups: Hangups
    keeper: UsageKeeper

    @classmethod
    def open(
        cls,
        database: Database,
        log: EventLog,
        audit: AuditLog,
        clock: Clock,
        *,
        queries: CallQueries,
        hang_up: HangUp,
        sessions: Sessions | None = None,
    ) -> "UsageStage":
        """The stage over these; ``hang_up`` ends one call, wherever it lives."""
        desk = CapacityDesk(database, log, clock, occupants)
        return cls(
            limits=AccountLimits(database, audit, clock, desk),
            ledger=Ledger(database),
            suspensions=Suspensions(log, audit, clock, sessions),
            hangups=Hangups(queries, hang_up),
            keeper=UsageKeeper(desk, clock),
        )
