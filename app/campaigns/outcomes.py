"""What an attempt that has ended comes to: how the contact stands, what is told of it, and what is counted. Pure."""

from collections import Counter
from datetime import datetime
from typing import Any, assert_never

import asyncpg

from app.campaigns import figures
from app.campaigns.core.breaker import Ending, never_got_there
from app.campaigns.core.retries import AfterAttempt, Done, Retry
from app.campaigns.figures import Figure
from app.campaigns.model import Campaign, ContactState
from app.campaigns.store import draft
from app.facts.campaigns import ContactAttempted, ContactFinished
from app.facts.event import Draft
from app.facts.vocabulary import AnsweredBy, CdrSource, Disposition, EndCode, EndParty, EndReason, Party


def is_lost(row: asyncpg.Record) -> bool:
    """Whether the trunk failed before anything was heard of the contact (`breaker.never_got_there`)."""
    reason = EndReason(code=EndCode(row["end_code"]), party=EndParty(row["end_party"]), sip_code=row["sip_code"])
    return never_got_there(Disposition(row["disposition"]), reason, CdrSource(row["source"]))


def ending(row: asyncpg.Record) -> Ending:
    """The attempt as the circuit breaker sees it."""
    return Ending(at=row["ended_at"], sip_code=row["sip_code"], is_lost=is_lost(row))


def is_unsent(row: asyncpg.Record) -> bool:
    """Whether nobody was got to by the call, so that it counts as none.

    A leg that Asterisk has begun to dial may have been heard of, whatever ended it: but for one of which nothing was.
    """
    if not row["was_dialled"]:
        never_dialled = {EndCode.TRUNK_FULL, EndCode.LIMIT_REACHED, EndCode.DIAL_FAILED}
        return row["source"] == CdrSource.RECOVERED or row["end_code"] in never_dialled or is_lost(row)
    return row["end_code"] != EndCode.DIAL_FAILED and is_lost(row)


def about(campaign: Campaign, row: asyncpg.Record) -> dict[str, Any]:
    """What every fact about a contact has in common."""
    return {
        "campaign_id": campaign.id,
        "contact_id": row["contact_id"],
        "contact_list_id": row["list_id"],
        "contact": Party(number=row["number"], display=row["name"]),
        "contact_external_id": row["external_id"],
    }


def standing(follows: AfterAttempt) -> dict[str, Any]:
    """The columns of the contact's row that say what comes next."""
    match follows:
        case Retry(at=at):
            return {"state": ContactState.WAITING, "due_at": at}
        case Done(reason=reason):
            return {"state": ContactState.FINISHED, "reason": reason}
        case _:
            assert_never(follows)


def facts(
    campaign: Campaign,
    row: asyncpg.Record,
    attempt: int,
    disposition: Disposition,
    follows: AfterAttempt,
    now: datetime,
) -> list[Draft]:
    """That the contact was attempted, and, where that was the last time, how it came out."""
    of_contact = about(campaign, row)
    next_at = follows.at if isinstance(follows, Retry) else None
    attempted = ContactAttempted(
        **of_contact, call_id=row["call_id"], attempt=attempt, disposition=disposition, next_at=next_at
    )
    drafts = [draft(campaign, attempted, now, subject_id=row["contact_id"])]
    if isinstance(follows, Done):
        finished = ContactFinished(
            **of_contact, disposition=disposition, reason=follows.reason, attempts=attempt, call_id=row["call_id"]
        )
        drafts.append(draft(campaign, finished, now, subject_id=row["contact_id"]))
    return drafts


def counted(row: asyncpg.Record, disposition: Disposition, *, is_noted: bool, is_done: bool) -> Counter[str]:
    """What the attempt adds to the figures of the minute in which it was dialled, unless that ``is_noted`` already."""
    is_person = row["answered_by"] != AnsweredBy.MACHINE and disposition in {
        Disposition.ANSWERED,
        Disposition.ABANDONED,
    }
    return Counter(
        {
            Figure.DIALLED: 0 if is_noted else 1,
            Figure.ENDED: 1,
            Figure.ANSWERED_BY_PERSON: int(is_person),
            Figure.ABANDONED: int(disposition is Disposition.ABANDONED),
            Figure.FINISHED: int(is_done),
            Figure.TALK_SECONDS: round(row["talk_seconds"]),
            Figure.RING_SECONDS: round(row["ring_seconds"]),
            figures.of_disposition(disposition): 1,
        }
    )
