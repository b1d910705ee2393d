"""The rows of campaigns: read, locked and written, and every step of a campaign's life.

**Locks, always in this order**: what takes a campaign out of RUNNING waits first until nobody dials for it
(`lock_dialing`), then takes the campaign's row; then rows of contacts, by contact; then counts; the event log last.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from app.campaigns import figures
from app.campaigns.core.explain import Attempted, Entry
from app.campaigns.core.lifecycle import Step, after
from app.campaigns.core.pacing import resume_pace
from app.campaigns.core.rules import Decision
from app.campaigns.figures import Figure
from app.campaigns.model import Campaign, CampaignContact, Definition, definition_as_json
from app.campaigns.rows import CAMPAIGN_COLUMNS, CONTACT_COLUMNS, read_campaign, read_contact
from app.db.engine import PooledConnection
from app.db.locks import CAMPAIGN_DIALING
from app.facts.calls import Fact
from app.facts.campaigns import (
    CampaignFinished,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    CampaignStopped,
    FinishReason,
    PauseReason,
)
from app.facts.event import SYSTEM, Actor, Draft
from app.ids import Kind, new_id

_LOCK_DIALING: Final = f"SELECT pg_advisory_xact_lock({CAMPAIGN_DIALING}, hashtext($1))"
_FROM_CAMPAIGN: Final = f"SELECT {CAMPAIGN_COLUMNS} FROM campaign"  # noqa: S608  # our own names
_GET: Final = f"{_FROM_CAMPAIGN} WHERE id = ANY($1::text[]) AND account_id = $2"
_LOCK: Final = f"{_FROM_CAMPAIGN} WHERE id = $1 FOR NO KEY UPDATE"
_CONTACTS: Final = (
    f"SELECT {CONTACT_COLUMNS} FROM campaign_contact "  # noqa: S608  # our own names
    "WHERE campaign_id = $1 AND contact_id = ANY($2::text[])"
)
_STORY: Final = """
SELECT decision, outcome FROM campaign_decision WHERE campaign_id = $1 AND contact_id = $2 ORDER BY n DESC LIMIT $3
"""
_NOT_PAUSED: Final = {"paused_at": None, "pause_reason": None, "pause_detail": None}
_ENCODER: Final = msgspec.json.Encoder()
_LEAVES_RUNNING: Final = frozenset({Step.PAUSE, Step.TRUNK_FAILED, Step.STOP, Step.RUN_OUT})


async def get_campaigns(connection: PooledConnection, account_id: str, ids: Sequence[str]) -> list[Campaign]:
    """Those of the campaigns that the account has, archived ones too, in no particular order."""
    return [read_campaign(row) for row in await connection.fetch(_GET, list(ids), account_id)]


async def lock_campaign(connection: PooledConnection, campaign_id: str) -> Campaign | None:
    """The campaign, which nobody else changes before the transaction ends; None when there is none, of any account."""
    row = await connection.fetchrow(_LOCK, campaign_id)
    return None if row is None else read_campaign(row)


async def lock_dialing(connection: PooledConnection, campaign_id: str) -> None:
    """Wait until nobody dials for the campaign, and keep everybody from it until the transaction ends."""
    await connection.execute(_LOCK_DIALING, campaign_id)


async def lock_for(connection: PooledConnection, campaign_id: str, step: Step) -> Campaign | None:
    """As :func:`lock_campaign`, once no call of the campaign is about to begin, where the step needs that."""
    if step in _LEAVES_RUNNING:
        await lock_dialing(connection, campaign_id)
    return await lock_campaign(connection, campaign_id)


async def take_step(
    connection: PooledConnection,
    campaign: Campaign,
    step: Step,
    now: datetime,
    *,
    by: Actor = SYSTEM,
    request_id: str | None = None,
    finish: FinishReason = FinishReason.ALL_DONE,
    pause: PauseReason = PauseReason.REQUESTED,
    detail: str | None = None,
) -> tuple[Campaign, tuple[Draft, ...]] | None:
    """Take a step with a campaign that is locked by :func:`lock_for`; None when it cannot be taken from its state.

    ``detail`` says more of why it is paused. Returns the campaign as it is then, and the facts to append in the same
    transaction.
    """
    state = after(campaign.state, step)
    if state is None:
        return None
    changes: dict[str, object] = {"state": state.value, "updated_at": now}
    fact: Fact | None
    about: dict[str, Any] = {"campaign_id": campaign.id, "name": campaign.name}
    match step:
        case Step.START | Step.BEGIN:
            changes |= {"began_at": now, "resumed_at": now}
            fact = CampaignStarted(**about, campaign_kind=campaign.kind, version=campaign.version)
        case Step.SCHEDULE:
            fact = None
        case Step.PAUSE | Step.TRUNK_FAILED:
            reason = pause if step is Step.PAUSE else PauseReason.TRUNK_FAILED
            changes |= {"paused_at": now, "pause_reason": reason.value, "pause_detail": detail}
            fact = CampaignPaused(**about, reason=reason)
        case Step.RESUME:
            changes |= {"resumed_at": now, **_NOT_PAUSED}
            if campaign.pace is not None:
                changes["pace"] = orjson.Fragment(_ENCODER.encode(resume_pace(campaign.pace, now)))
            fact = CampaignResumed(**about, version=campaign.version)
        case Step.STOP:
            changes |= {"finished_at": now, **_NOT_PAUSED}
            fact = CampaignStopped(**about)
        case Step.RUN_OUT:
            changes |= {"finished_at": now, "finish_reason": finish.value, **_NOT_PAUSED}
            totals = await figures.read_totals(connection, campaign.id)
            fact = CampaignFinished(
                **about,
                reason=finish,
                attempts=totals[Figure.DIALLED],
                finished=totals[Figure.FINISHED],
                skipped=totals[Figure.SKIPPED],
            )
    changed = await change_campaign(connection, campaign.id, changes)
    drafts = () if fact is None else (draft(campaign, fact, now, by=by, request_id=request_id),)
    return changed, drafts


def draft(
    campaign: Campaign,
    fact: Fact,
    now: datetime,
    *,
    subject_id: str | None = None,
    by: Actor = SYSTEM,
    request_id: str | None = None,
) -> Draft:
    """A fact about the campaign, or (``subject_id``) about one of its contacts."""
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=campaign.account_id,
        subject_id=subject_id or campaign.id,
        occurred_at=now,
        fact=fact,
        actor=by,
        request_id=request_id,
        is_sandbox=campaign.is_sandbox,
    )


async def change_campaign(connection: PooledConnection, campaign_id: str, changes: Mapping[str, object]) -> Campaign:
    """Set these columns of a campaign that is locked."""
    settings = ", ".join(f"{name} = ${number}" for number, name in enumerate(changes, start=2))
    row = await connection.fetchrow(
        f"UPDATE campaign SET {settings} WHERE id = $1 RETURNING {CAMPAIGN_COLUMNS}",  # noqa: S608  # our own names
        campaign_id,
        *changes.values(),
    )
    assert row is not None  # it is locked, so it is there
    return read_campaign(row)


def definition_column(definition: Definition) -> orjson.Fragment:
    """A definition as the database takes it."""
    return orjson.Fragment(definition_as_json(definition))


async def get_contacts(
    connection: PooledConnection, campaign_id: str, contact_ids: Sequence[str]
) -> list[CampaignContact]:
    """Those of the contacts that the campaign has taken up, in no particular order."""
    return [read_contact(row) for row in await connection.fetch(_CONTACTS, campaign_id, list(contact_ids))]


async def read_story(
    connection: PooledConnection, campaign_id: str, contact_id: str, *, at_most: int
) -> tuple[Entry, ...]:
    """What was decided for a contact and what came of it, oldest first; the last ``at_most`` decisions."""
    story: list[Entry] = []
    for row in reversed(await connection.fetch(_STORY, campaign_id, contact_id, at_most)):
        story.append(msgspec.convert(row["decision"], Decision))
        if row["outcome"] is not None:
            story.append(msgspec.convert(row["outcome"], Attempted))
    return tuple(story)
