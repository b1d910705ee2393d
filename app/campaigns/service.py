"""Campaigns: made, changed, and led through their lives.

Whoever takes a campaign out of RUNNING is answered once that is committed and nobody dials for it any more: no call of
it begins after the answer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.calls.keeping.keys import (
    KeyClaim,
    KeyVeil,
    check_key,
    check_same_input,
    claim_keys,
    find_key,
    hash_input,
    keep_answer,
    key_is_reused,
)
from app.campaigns import checks, retrying, store, waking
from app.campaigns.change_notes import ChangeNotes
from app.campaigns.changes import CampaignChanges, apply_changes
from app.campaigns.core.lifecycle import Step, may_archive, may_update
from app.campaigns.core.words import CampaignState
from app.campaigns.model import Campaign, Definition
from app.campaigns.references import check_references
from app.campaigns.retrying import Retried, RetryChoice
from app.campaigns.rows import CAMPAIGN_COLUMNS, read_campaign
from app.campaigns.wording import put_in_words
from app.clock import Clock
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.events.log import EventLog
from app.facts.campaigns import CampaignCreated
from app.facts.event import Draft
from app.hours.local_time import resolve
from app.ids import Kind, new_id
from app.resources.shelf import raise_all
from app.speech.resources import SpeechResources
from app.testclock.rows import clock_of

MOST_CAMPAIGNS: Final = 10_000
#: What INVALID_STATE calls a campaign that was put away.
ARCHIVED: Final = "ARCHIVED"
_RETRY_CONTACTS: Final = "retryContacts"

_COUNT: Final = "SELECT count(*) FROM campaign WHERE account_id = $1 AND archived_at IS NULL"
_INSERT: Final = f"""
INSERT INTO campaign (id, account_id, name, description, kind, is_sandbox, definition, list_ids, dnc_list_ids, start_at,
    end_at, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
RETURNING {CAMPAIGN_COLUMNS}
"""  # noqa: S608  # our own names
# A list that stays keeps its cursor: contacts that were taken from it are not looked at again.
_FORGET_LISTS: Final = "DELETE FROM campaign_list WHERE campaign_id = $1 AND list_id <> ALL($2::text[])"
_KEEP_LISTS: Final = """
INSERT INTO campaign_list (campaign_id, list_id, place)
SELECT $1, id, place FROM unnest($2::text[]) WITH ORDINALITY AS one (id, place)
ON CONFLICT (campaign_id, list_id) DO UPDATE SET place = excluded.place
"""
_CANNOT: Final = {
    Step.START: "Only a draft is started.",
    Step.PAUSE: "Only a running campaign is paused.",
    Step.RESUME: "Only a paused campaign is resumed.",
    Step.STOP: "Only a campaign that is scheduled, running or paused is stopped.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """A campaign as it is after what was asked. ``is_replayed``: the same key had asked it before."""

    campaign: Campaign
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Writing:
    """A transaction, and the facts that are appended at its end."""

    connection: PooledConnection
    drafts: list[Draft]


class Campaigns:
    """The use cases. Each takes the account from ``by`` and looks nowhere else: another's campaigns are not there.

    All raise DatabaseUnavailableError, and RefusedError for what the caller can mend: NOT_FOUND; INVALID_STATE with the
    campaign's state; SANDBOX_ONLY, a test key asks for a campaign that is not the sandbox's; and what is said at each.
    """

    def __init__(
        self,
        log: EventLog,
        audit: AuditLog,
        clock: Clock,
        speech: SpeechResources,
        *,
        veil: KeyVeil | None = None,
        changed: Callable[[str], Awaitable[None]],
    ) -> None:
        """``changed`` is awaited with a campaign's id after each commit that dialers have to hear of."""
        self._log = log
        self._clock = clock
        self._speech = speech
        self._veil = veil
        self._note = ChangeNotes(audit, changed).note

    async def create(self, by: Principal, values: CampaignChanges) -> Campaign:
        """``name``, ``content`` and ``contact_list_ids`` must be given.

        Raises:
            RefusedError: INVALID_INPUT, REQUIRED, INVALID_NUMBER; FIELD_MISSING, CALLER_ID_NOT_OWNED, ALREADY_EXISTS.
            SpeechUnavailableError: nobody can say whether there is such a voice.
        """
        content = await put_in_words(self._speech, by.account_id, values["content"])
        definition = apply_changes(Definition(content=content), {**values, "content": content})
        list_ids, dnc_list_ids = values["contact_list_ids"], values.get("dnc_list_ids", ())
        now = self._clock.now()
        raise_all(checks.check_own(values) + checks.check_lists(list_ids, dnc_list_ids))
        campaign_id = new_id(Kind.CAMPAIGN)
        async with self._writing() as writing:
            connection = writing.connection
            clock = await clock_of(connection, by)
            raise_all(checks.check_definition(definition, clock.shows(now)))
            if await connection.fetchval(_COUNT, by.account_id) >= MOST_CAMPAIGNS:
                message = f"The account has {MOST_CAMPAIGNS} campaigns, which is the most. Archive some first."
                raise RefusedError(Problem("INVALID_STATE", message, (), current_state="FULL"))
            await check_references(
                connection,
                by.account_id,
                definition,
                list_ids=list_ids,
                dnc_list_ids=dnc_list_ids,
                is_sandbox=by.is_test,
            )
            with _unique_name():
                row = await connection.fetchrow(
                    _INSERT,
                    campaign_id,
                    by.account_id,
                    values["name"],
                    values.get("description"),
                    definition.kind.value,
                    by.is_test,
                    store.definition_column(definition),
                    list(list_ids),
                    list(dnc_list_ids),
                    *_bounds(definition),
                    by.key_id,
                    now,
                )
            assert row is not None  # INSERT … RETURNING gives its row
            made = read_campaign(row)
            await connection.execute(_KEEP_LISTS, made.id, list(list_ids))
            fact = CampaignCreated(campaign_id=made.id, name=made.name, campaign_kind=made.kind)
            writing.drafts.append(store.draft(made, fact, now, by=by.actor, request_id=by.request_id))
        await self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, campaign_id: str, changes: CampaignChanges) -> Campaign:
        """Change what is given; while it runs, that counts from the next decision on. The kind stays.

        A list that is left out of ``contact_list_ids`` is read no further; contacts that were taken from it stay. When
        contacts may be called is asked anew for those that wait for it.

        Raises:
            RefusedError, SpeechUnavailableError: as :meth:`create`.
        """
        raise_all(checks.check_own(changes))
        if "content" in changes:
            changes = {**changes, "content": await put_in_words(self._speech, by.account_id, changes["content"])}
        async with self._writing() as writing:
            connection, now = writing.connection, self._clock.now()
            before = await self._lock(connection, by, campaign_id)
            if before.archived_at is not None or not may_update(before.state):
                raise _invalid_state(before, "A campaign that is over is not changed.")
            if not changes:
                return before
            definition = apply_changes(before.definition, changes)
            if definition.kind is not before.kind:
                message = f"The campaign is of the kind {before.kind.value}, which stays. Make another one."
                raise RefusedError(Problem("INVALID_INPUT", message, ("content",)))
            list_ids = changes.get("contact_list_ids", before.list_ids)
            dnc_list_ids = changes.get("dnc_list_ids", before.dnc_list_ids)
            problems = checks.check_definition(definition, before.by_its_clock(now))
            raise_all(checks.check_lists(list_ids, dnc_list_ids) + problems)
            await check_references(
                connection,
                by.account_id,
                definition,
                list_ids=list_ids,
                dnc_list_ids=dnc_list_ids,
                is_sandbox=before.is_sandbox,
            )
            start_at, end_at = _bounds(definition)
            if before.state is CampaignState.SCHEDULED and start_at is None:
                start_at = now
            woken_to = waking.FROM_THE_START if waking.is_to_wake(before.definition, definition) else before.woken_to
            with _unique_name():
                changed = await store.change_campaign(
                    connection,
                    campaign_id,
                    {
                        "name": changes.get("name", before.name),
                        "description": changes.get("description", before.description),
                        "definition": store.definition_column(definition),
                        "list_ids": list(list_ids),
                        "dnc_list_ids": list(dnc_list_ids),
                        "start_at": start_at,
                        "end_at": end_at,
                        "woken_to": woken_to,
                        "version": before.version + 1,
                        "updated_at": now,
                    },
                )
            if list_ids != before.list_ids:
                await connection.execute(_FORGET_LISTS, campaign_id, list(list_ids))
                await connection.execute(_KEEP_LISTS, campaign_id, list(list_ids))
        await self._note(by, "update", campaign_id)
        return changed

    async def start(self, by: Principal, campaign_id: str, idempotency_key: str) -> Stepped:
        """Let it begin: now, or at its start if that is yet to come. Everything in it is checked once more.

        Raises:
            RefusedError: as :meth:`create`; IDEMPOTENCY_KEY_REUSED.
        """
        return await self._step_once(by, campaign_id, Step.START, "startCampaign", idempotency_key)

    async def resume(self, by: Principal, campaign_id: str, idempotency_key: str) -> Stepped:
        """Let a paused campaign call again.

        Raises:
            RefusedError: IDEMPOTENCY_KEY_REUSED.
        """
        return await self._step_once(by, campaign_id, Step.RESUME, "resumeCampaign", idempotency_key)

    async def pause(self, by: Principal, campaign_id: str) -> Campaign:
        """Let no call begin until it is resumed; calls that are under way go on."""
        return await self._step(by, campaign_id, Step.PAUSE)

    async def stop(self, by: Principal, campaign_id: str) -> Campaign:
        """Let no call begin any more, for good; calls that are under way go on."""
        return await self._step(by, campaign_id, Step.STOP)

    async def archive(self, by: Principal, campaign_id: str) -> Campaign:
        """Put it away, and its name with it: it is in no list any more unless that is asked for."""
        async with self._writing() as writing:
            before = await self._lock(writing.connection, by, campaign_id)
            if before.archived_at is not None:
                raise _invalid_state(before, "It is archived already.")
            if not may_archive(before.state):
                raise _invalid_state(before, "Stop the campaign first.")
            changed = await store.change_campaign(writing.connection, campaign_id, {"archived_at": self._clock.now()})
        await self._note(by, "archive", campaign_id)
        return changed

    async def retry_contacts(
        self, by: Principal, campaign_id: str, choice: RetryChoice, idempotency_key: str
    ) -> tuple[Campaign, Retried]:
        """Put contacts that have their outcome to the start again, with all their retries, while the campaign lives.

        The same key again puts nobody back: who was called in between is not called once more.

        Raises:
            RefusedError: as `retrying.check_choice`; IDEMPOTENCY_KEY_REUSED.
        """
        check_key(idempotency_key)
        raise_all(retrying.check_choice(choice))
        asked = hash_input({"campaignId": campaign_id, **retrying.told(choice)})
        claim = KeyClaim(by.account_id, _RETRY_CONTACTS, idempotency_key, asked, campaign_id)
        async with self._writing() as writing:
            connection = writing.connection
            campaign = await self._lock(connection, by, campaign_id, field="campaignId")
            holder = await find_key(connection, by.account_id, _RETRY_CONTACTS, idempotency_key, self._veil)
            if holder is not None:
                check_same_input(holder, asked)
                return campaign, Retried(**holder.answer, is_replayed=True)
            if campaign.state not in {CampaignState.RUNNING, CampaignState.PAUSED}:
                message = "Only a campaign that runs or is paused calls contacts again."
                raise _invalid_state(campaign, message, "campaignId")
            if campaign_id not in await claim_keys(connection, [claim]):
                raise key_is_reused()  # for another campaign, at this very moment
            retried = await retrying.put_back(connection, campaign_id, choice, self._clock.now())
            await keep_answer(connection, claim, {"count": retried.count, "has_more": retried.has_more})
        await self._note(by, "retry_contacts", campaign_id)
        return campaign, retried

    async def _step_once(
        self, by: Principal, campaign_id: str, step: Step, mutation: str, idempotency_key: str
    ) -> Stepped:
        check_key(idempotency_key)
        asked = hash_input({"id": campaign_id})
        async with self._writing() as writing:
            connection = writing.connection
            campaign = await self._lock(connection, by, campaign_id)
            holder = await find_key(connection, by.account_id, mutation, idempotency_key, self._veil)
            if holder is not None:
                check_same_input(holder, asked)
                return Stepped(campaign=campaign, is_replayed=True)
            claim = KeyClaim(by.account_id, mutation, idempotency_key, asked, campaign_id)
            if campaign_id not in await claim_keys(connection, [claim]):
                raise key_is_reused()  # for another campaign, at this very moment: its row is not the one that is held
            changed = await self._take(writing, by, campaign, step)
        await self._note(by, step.value.lower(), campaign_id)
        return Stepped(campaign=changed)

    async def _step(self, by: Principal, campaign_id: str, step: Step) -> Campaign:
        async with self._writing() as writing:
            campaign = await self._lock(writing.connection, by, campaign_id, step)
            changed = await self._take(writing, by, campaign, step)
        await self._note(by, step.value.lower(), campaign_id)
        return changed

    async def _take(self, writing: _Writing, by: Principal, campaign: Campaign, step: Step) -> Campaign:
        now = self._clock.now()
        if campaign.archived_at is not None:
            raise _invalid_state(campaign, "It is archived.")
        if step is Step.START and campaign.state is CampaignState.DRAFT:
            raise_all(checks.check_definition(campaign.definition, campaign.by_its_clock(now)))
            await check_references(
                writing.connection,
                campaign.account_id,
                campaign.definition,
                list_ids=campaign.list_ids,
                dnc_list_ids=campaign.dnc_list_ids,
                is_sandbox=campaign.is_sandbox,
            )
        is_later = campaign.start_at is not None and campaign.start_at > campaign.by_its_clock(now)
        taken = await store.take_step(
            writing.connection,
            campaign,
            Step.SCHEDULE if step is Step.START and is_later else step,
            now,
            by=by.actor,
            request_id=by.request_id,
        )
        if taken is None:
            raise _invalid_state(campaign, _CANNOT[step])
        changed, drafts = taken
        writing.drafts.extend(drafts)
        return changed

    async def _lock(
        self,
        connection: PooledConnection,
        by: Principal,
        campaign_id: str,
        step: Step | None = None,
        *,
        field: str = "id",
    ) -> Campaign:
        # Looked for first: nobody waits for what another account's campaign is doing.
        if not await store.get_campaigns(connection, by.account_id, (campaign_id,)):
            raise _missing(field)
        campaign = (
            await store.lock_campaign(connection, campaign_id)
            if step is None
            else await store.lock_for(connection, campaign_id, step)
        )
        if campaign is None:
            raise _missing(field)
        if by.is_test and not campaign.is_sandbox:
            message = "A test key reaches the sandbox only, and this campaign calls outside of it."
            raise RefusedError(Problem("SANDBOX_ONLY", message, (field,)))
        return campaign

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[_Writing]:
        """A transaction; the facts are appended last in it, and told once it is committed."""
        async with self._log.transaction() as transaction:
            writing = _Writing(transaction.connection, [])
            yield writing
            if writing.drafts:
                await transaction.append(writing.drafts)


def _bounds(definition: Definition) -> tuple[datetime | None, datetime | None]:
    starts, ends = definition.schedule.starts, definition.schedule.ends
    return None if starts is None else resolve(starts)[0], None if ends is None else resolve(ends)[0]


def _missing(field: str) -> RefusedError:
    return RefusedError(Problem("NOT_FOUND", "There is no such campaign.", (field,)))


def _invalid_state(campaign: Campaign, message: str, field: str = "id") -> RefusedError:
    state = campaign.state.value if campaign.archived_at is None else ARCHIVED
    return RefusedError(Problem("INVALID_STATE", message, (field,), current_state=state))


@contextmanager
def _unique_name() -> Iterator[None]:
    """A name that is taken is the caller's to mend: ALREADY_EXISTS."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise RefusedError(Problem("ALREADY_EXISTS", "There is a campaign of this name already.", ("name",))) from error
