"""Call detail records of contacts that were never called, because they must not be: a record without a call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from orjson import Fragment

from app.campaigns.model import Campaign
from app.campaigns.questions import ContactCard
from app.cdrs.rows import fill_cdrs
from app.db.compound import write_all_written, write_expressions
from app.db.engine import PooledConnection
from app.facts.calls import CdrRecord
from app.facts.vocabulary import (
    CallKind,
    CdrSource,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    Errand,
    Party,
)
from app.ids import Kind, derived_id

_NOT_CALLED: Final = EndReason(code=EndCode.DNC, party=EndParty.SYSTEM)


async def write_dnc_records(
    connection: PooledConnection, campaign: Campaign, contacts: Sequence[ContactCard], now: datetime
) -> None:
    """Write a record for each of these contacts, which are on a do-not-call list, in the caller's transaction.

    A contact that has one of this campaign keeps it. Best late in the transaction: counts are locked.
    """
    if not contacts:
        return
    filled = fill_cdrs([(campaign.account_id, _record(campaign, contact, now)) for contact in contacts])
    expressions = ", ".join(write_expressions((filled.part,)))
    await connection.execute(
        f"WITH {expressions} SELECT {write_all_written((filled.part,))}",
        Fragment(filled.rows),
    )


def _record(campaign: Campaign, contact: ContactCard, now: datetime) -> CdrRecord:
    record_id = derived_id(Kind.CDR, campaign.created_at, f"{campaign.id}/{contact.id}")
    return CdrRecord(
        id=record_id,
        call_id=None,
        kind=CallKind.CAMPAIGN,
        direction=Direction.OUTBOUND,
        disposition=Disposition.DNC,
        end_reason=_NOT_CALLED,
        source=CdrSource.LIVE,
        unique_id=record_id,
        created_at=now,
        ended_at=now,
        agent=Party(),
        customer=Party(number=contact.number, display=contact.name),
        ring_seconds=0.0,
        talk_seconds=0.0,
        duration_seconds=0.0,
        dialled_number=contact.number,
        external_id=contact.external_id,
        metadata=campaign.definition.metadata,
        tags=campaign.definition.tags,
        is_sandbox=campaign.is_sandbox,
        errand=Errand(campaign_id=campaign.id, contact_id=contact.id, contact_list_id=contact.list_id),
    )
