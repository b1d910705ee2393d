"""What follows a change of a campaign."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal


@dataclass(frozen=True, slots=True)
class ChangeNotes:
    """A line in the audit log, and dialers that hear of it: ``changed`` is awaited with the campaign's id."""

    audit: AuditLog
    changed: Callable[[str], Awaitable[None]]

    async def note(self, by: Principal, verb: str, campaign_id: str) -> None:
        """Once the change is committed."""
        self.audit.record(entry_by(by, f"campaign.{verb}", account_id=by.account_id, subject_id=campaign_id))
        await self.changed(campaign_id)
