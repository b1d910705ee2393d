"""What becomes of the calls of campaigns: each attempt is settled once, and leads to the next or to the contact's end.

Which attempts are over is read off the call records, not heard: so nothing is lost with a process or a connection. The
row of the contact is the proof that an attempt was settled, and it is locked meanwhile.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import asyncpg
import msgspec
import orjson
import structlog

from app.campaigns import figures
from app.campaigns.claim_statements import FORGET
from app.campaigns.core.breaker import tally
from app.campaigns.core.explain import Attempted
from app.campaigns.core.lifecycle import Step, is_over
from app.campaigns.core.retries import AfterAttempt, Done, Retry, after_attempt
from app.campaigns.core.words import CampaignState
from app.campaigns.figures import Figure
from app.campaigns.model import AgentContent, Campaign, ContactState
from app.campaigns.outcomes import about, counted, ending, facts, is_lost, is_unsent, standing
from app.campaigns.putting_off import AFTER_FAILED_DIALS, put_off
from app.campaigns.rows import CAMPAIGN_COLUMNS, read_campaign
from app.campaigns.serving import why_restrained
from app.campaigns.store import draft, lock_campaign, lock_for, take_step
from app.clock import Clock
from app.contacts.dnc_entries import DncEntries
from app.db.engine import Database, PooledConnection
from app.db.kept import read_by_index
from app.db.locks import CAMPAIGN_SETTLING
from app.events.log import EventLog
from app.facts.campaigns import ContactSkipped, GivenUp, PauseReason
from app.facts.event import Draft
from app.facts.vocabulary import Disposition, Pair

_log = structlog.get_logger(__name__)

#: So many attempts are settled in one transaction.
_MOST_AT_ONCE: Final = 500
#: How long a call may have lasted whose end the circuit breaker still counts.
_LONGEST_ATTEMPT: Final = timedelta(minutes=10)
#: How long a contact waits whose call ended before anybody was dialled for it.
_UNSENT_RETRY: Final = timedelta(seconds=5)

_GET: Final = f"SELECT {CAMPAIGN_COLUMNS} FROM campaign WHERE id = $1"  # noqa: S608  # our own columns
# Who dials holds the rows of what it has under way; those come with the next look.
_ENDED: Final = """
SELECT kept.contact_id, kept.list_id, kept.number, kept.state, kept.attempts, kept.decisions, kept.call_id,
    contact.name, contact.external_id, cdr.disposition, cdr.ended_at, cdr.created_at, cdr.talk_seconds,
    cdr.end_code, cdr.end_party, cdr.source, cdr.sip_code, cdr.connected_at,
    cdr.ring_seconds, cdr.dtmf, call.snapshot->'answers' AS answers, call.snapshot->>'answeredBy' AS answered_by,
    EXISTS (SELECT FROM leg WHERE leg.call_id = call.id AND leg.dialing_at IS NOT NULL) AS was_dialled
FROM campaign_contact AS kept
JOIN cdr ON cdr.call_id = kept.call_id
JOIN call ON call.id = kept.call_id
LEFT JOIN contact ON contact.id = kept.contact_id
WHERE kept.campaign_id = $1 AND kept.state IN ('CLAIMED', 'DIALING')
ORDER BY kept.contact_id LIMIT $2 FOR UPDATE OF kept SKIP LOCKED
"""
_SETTLE: Final = """
UPDATE campaign_contact AS kept
SET state = one.state, attempts = one.attempts, due_at = one.due_at, reason = one.reason, lease_until = NULL,
    disposition = one.disposition, answers = coalesce(one.answers, kept.answers), updated_at = $2
FROM json_to_recordset($3::json) AS one (contact_id text, state text, attempts int, due_at timestamptz, reason text,
    disposition text, answers json)
WHERE kept.campaign_id = $1 AND kept.contact_id = one.contact_id
"""
# A call that nobody was dialled for counts as none: the contact is judged anew, and its number may be called as before.
_UNSENT: Final = """
UPDATE campaign_contact SET state = 'WAITING', attempts = attempts - CASE WHEN state = 'DIALING' THEN 1 ELSE 0 END,
    due_at = $3, lease_until = NULL, reason = NULL, updated_at = $4
WHERE campaign_id = $1 AND contact_id = ANY($2::text[])
"""
_TELL: Final = """
UPDATE campaign_decision AS told SET outcome = one.outcome
FROM json_to_recordset($2::json) AS one (contact_id text, n int, outcome json)
WHERE told.campaign_id = $1 AND told.contact_id = one.contact_id AND told.n = one.n
"""
_ENDINGS: Final = """
SELECT ended_at, disposition, end_code, end_party, source, sip_code
FROM cdr WHERE account_id = $1 AND campaign_id = $2 AND created_at > $3 AND ended_at > $4
"""
_HAS_TALKED: Final = "SELECT connected_at IS NOT NULL FROM call WHERE id = $1"
_SETTLING: Final = f"SELECT pg_advisory_xact_lock_shared({CAMPAIGN_SETTLING}, hashtext($1))"

_ENCODER: Final = msgspec.json.Encoder()

#: What is counted for each minute.
_Counts: TypeAlias = defaultdict[datetime, Counter[str]]


@dataclass(frozen=True, slots=True)
class Settled:
    """What a look has settled. ``has_more``: there may be more at once. ``is_shaky``: a network has failed."""

    attempts: int
    has_more: bool
    is_shaky: bool


class Following:
    """Settles attempts. Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, log: EventLog, clock: Clock, opt_outs: DncEntries) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._opt_outs = opt_outs

    async def settle(self, campaign_id: str) -> Settled:
        """Settle the attempts whose calls have ended."""
        drafts: list[Draft] = []
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            await read_by_index(connection)
            rows = await connection.fetch(_ENDED, campaign_id, _MOST_AT_ONCE)
            if not rows:
                return Settled(0, has_more=False, is_shaky=False)
            await connection.execute(_SETTLING, campaign_id)
            of_campaign = await connection.fetchrow(_GET, campaign_id)
            assert of_campaign is not None  # it has contacts
            campaign = read_campaign(of_campaign)
            now = self._clock.now()
            sent = [row for row in rows if not is_unsent(row)]
            for row in sent:
                has_talked = row["connected_at"] is not None
                if _is_opt_out(campaign, row["dtmf"], has_talked=has_talked):
                    drafts += await self._opt_out(connection, campaign, row["number"], row["call_id"])
            counts: _Counts = defaultdict(Counter)
            drafts += await self._settle(connection, campaign, sent, now, counts)
            unsent = [row for row in rows if is_unsent(row)]
            drafts += await self._put_back(connection, campaign, unsent, now, counts)
            await figures.count_minutes(connection, campaign.id, counts)
            await transaction.append(drafts)
        is_shaky = any(ending(row).is_failure for row in rows)
        return Settled(len(rows), has_more=len(rows) == _MOST_AT_ONCE, is_shaky=is_shaky)

    async def hear_key(self, campaign_id: str, call_id: str, number: str, pressed: str) -> bool:
        """Keys were pressed in a call that goes on: whether that was a wish to be called no more, which is kept now."""
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            row = await connection.fetchrow(_GET, campaign_id)
            if row is None:
                return False
            campaign, has_talked = read_campaign(row), bool(await connection.fetchval(_HAS_TALKED, call_id))
            if not _is_opt_out(campaign, pressed, has_talked=has_talked):
                return False
            drafts = await self._opt_out(connection, campaign, number, call_id)
            await transaction.append(drafts)
        return bool(drafts)

    async def trip(self, campaign_id: str) -> bool:
        """Pause the campaign if its trunk has failed too often of late; whether it was paused."""
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            campaign = await lock_for(connection, campaign_id, Step.TRUNK_FAILED)
            rule = None if campaign is None else campaign.definition.breaker
            if campaign is None or rule is None or campaign.state is not CampaignState.RUNNING:
                return False
            now = self._clock.now()
            since = now - timedelta(seconds=rule.seconds)
            rows = await connection.fetch(_ENDINGS, campaign.account_id, campaign.id, since - _LONGEST_ATTEMPT, since)
            tallied = tally(rule, [ending(row) for row in rows], now, campaign.resumed_at)
            if not tallied.trips(rule):
                return False
            detail = f"The trunk failed {tallied.failed} of the last {tallied.ended} attempts ({rule.seconds:g} s)."
            taken = await take_step(connection, campaign, Step.TRUNK_FAILED, now, detail=detail)
            await transaction.append(() if taken is None else taken[1])
        _log.warning(
            "campaign_trunk_failed",
            campaign_id=campaign_id,
            trunk_id=campaign.definition.trunk_id,
            failed=tallied.failed,
            ended=tallied.ended,
            seconds=rule.seconds,
        )
        return True

    async def restrain(self, campaign_id: str) -> bool:
        """Pause the campaign if too many of its calls were abandoned for anybody to be called; whether it was."""
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            campaign = await lock_for(connection, campaign_id, Step.PAUSE)
            if campaign is None or campaign.state is not CampaignState.RUNNING:
                return False
            now = self._clock.now()
            detail = await why_restrained(connection, campaign, now)
            if detail is None:
                return False
            taken = await take_step(
                *(connection, campaign, Step.PAUSE, now), pause=PauseReason.TOO_MANY_ABANDONED, detail=detail
            )
            await transaction.append(() if taken is None else taken[1])
        _log.warning("campaign_abandons_too_many", campaign_id=campaign_id, detail=detail)
        return True

    async def begin(self, campaign_id: str) -> bool:
        """Begin a campaign that is scheduled, if its start has come; whether it runs now."""
        async with self._log.transaction() as transaction:
            campaign = await lock_campaign(transaction.connection, campaign_id)
            now = self._clock.now()
            is_due = campaign is not None and (
                campaign.start_at is None or campaign.start_at <= campaign.by_its_clock(now)
            )
            taken = None
            if campaign is not None and is_due and campaign.state is CampaignState.SCHEDULED:
                taken = await take_step(transaction.connection, campaign, Step.BEGIN, now)
            await transaction.append(() if taken is None else taken[1])
        return taken is not None

    async def _settle(
        self,
        connection: PooledConnection,
        campaign: Campaign,
        rows: Sequence[asyncpg.Record],
        now: datetime,
        counts: _Counts,
    ) -> list[Draft]:
        drafts: list[Draft] = []
        settled: list[dict[str, Any]] = []
        told: list[dict[str, Any]] = []
        for row in rows:
            # Whoever was to note that the call began has died before: it is noted now.
            is_noted = row["state"] == ContactState.DIALING
            attempt = row["attempts"] if is_noted else row["attempts"] + 1
            disposition = Disposition(row["disposition"])
            follows = self._follows(campaign, disposition, attempt, campaign.by_its_clock(row["ended_at"]))
            answers = [Pair(key=one["name"], value=one["held"]) for one in row["answers"] or ()]
            settled.append(
                {
                    "contact_id": row["contact_id"],
                    "attempts": attempt,
                    "disposition": disposition,
                    "answers": answers or None,
                    **standing(follows),
                }
            )
            outcome = Attempted(attempt=attempt, ended_at=row["ended_at"], disposition=disposition, follows=follows)
            told.append({"contact_id": row["contact_id"], "n": row["decisions"], "outcome": outcome})
            drafts += facts(campaign, row, attempt, disposition, follows, now)
            minute = row["created_at"].replace(second=0, microsecond=0)
            counts[minute].update(counted(row, disposition, is_noted=is_noted, is_done=isinstance(follows, Done)))
        await connection.execute(_SETTLE, campaign.id, now, orjson.Fragment(_ENCODER.encode(settled)))
        await connection.execute(_TELL, campaign.id, orjson.Fragment(_ENCODER.encode(told)))
        return drafts

    async def _put_back(
        self,
        connection: PooledConnection,
        campaign: Campaign,
        rows: Sequence[asyncpg.Record],
        now: datetime,
        counts: _Counts,
    ) -> list[Draft]:
        """Calls that nobody was got to by: the service died or was too late, the trunk was full, gone or silent."""
        drafts: list[Draft] = []
        waiting = [row for row in rows if not is_lost(row)]
        if waiting:
            retry_at = campaign.by_its_clock(now) + _UNSENT_RETRY
            contacts = [row["contact_id"] for row in waiting]
            await connection.execute(_UNSENT, campaign.id, contacts, retry_at, now)
            await connection.execute(FORGET, [row["call_id"] for row in waiting])
        for row in rows:
            if row["state"] == ContactState.DIALING:
                counts[row["created_at"].replace(second=0, microsecond=0)][Figure.DIALLED] -= 1
            if not is_lost(row):
                continue
            reason = await put_off(
                *(connection, campaign, row["contact_id"], row["decisions"], row["call_id"]),
                waits=AFTER_FAILED_DIALS,
                now=now,
            )
            if reason is not None:
                attempts = row["attempts"] - int(row["state"] == ContactState.DIALING)
                skipped = ContactSkipped(**about(campaign, row), reason=reason, attempts=attempts)
                drafts.append(draft(campaign, skipped, now, subject_id=row["contact_id"]))
                counts[now.replace(second=0, microsecond=0)].update({Figure.SKIPPED: 1, figures.of_skip(reason): 1})
        return drafts

    def _follows(self, campaign: Campaign, disposition: Disposition, attempt: int, ended_at: datetime) -> AfterAttempt:
        follows = after_attempt(campaign.definition.retries, disposition, attempt, ended_at)
        if isinstance(follows, Retry) and is_over(campaign.state):
            return Done(reason=GivenUp.CAMPAIGN_OVER)
        return follows

    async def _opt_out(
        self, connection: PooledConnection, campaign: Campaign, number: str, call_id: str
    ) -> list[Draft]:
        opt_out = campaign.definition.content.opt_out
        return await self._opt_outs.add_opt_out(
            connection,
            campaign.account_id,
            number,
            reason=f"campaign {campaign.name}",
            list_id=None if opt_out is None else opt_out.dnc_list_id,
            call_id=call_id,
            is_sandbox=campaign.is_sandbox,
        )


def _is_opt_out(campaign: Campaign, pressed: str | None, *, has_talked: bool) -> bool:
    """Whether among these keys is the one that asks never to be called again; to an agent that can be said."""
    content = campaign.definition.content
    if content.opt_out is None or not pressed or content.opt_out.digit not in pressed:
        return False
    return not (has_talked and isinstance(content, AgentContent))
