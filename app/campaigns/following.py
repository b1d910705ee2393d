"""What becomes of the calls of campaigns: each attempt is settled once, and leads to the next or to the contact's end.

Which attempts are over is read off the call records, not heard: so nothing is lost with a process or a connection. The
row of the contact is the proof that an attempt was settled, and it is locked meanwhile.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, assert_never

import asyncpg
import msgspec
import orjson

from app.campaigns import figures
from app.campaigns.core.breaker import Ending, is_tripped
from app.campaigns.core.explain import Attempted
from app.campaigns.core.lifecycle import Step, is_over
from app.campaigns.core.retries import AfterAttempt, Done, Retry, after_attempt
from app.campaigns.core.words import CampaignState, SkipReason
from app.campaigns.figures import Figure
from app.campaigns.model import Campaign, ContactState, OptOut, SayContent
from app.campaigns.rows import CAMPAIGN_COLUMNS, read_campaign
from app.campaigns.store import draft, lock_campaign, lock_for, take_step
from app.clock import Clock
from app.contacts.dnc_entries import DncEntries
from app.db.engine import Database, PooledConnection
from app.db.kept import read_by_index
from app.db.locks import CAMPAIGN_SETTLING
from app.events.log import EventLog
from app.facts.campaigns import ContactAttempted, ContactFinished, ContactSkipped, FinishReason, GivenUp
from app.facts.event import Draft
from app.facts.vocabulary import AnsweredBy, Disposition, Pair, Party

#: So many attempts are settled, and so many contacts let go of at a campaign's end, in one transaction.
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
    -- A trunk that Asterisk cannot dial at all fails as one does that answers "service unavailable".
    CASE WHEN cdr.end_code = 'DIAL_FAILED' AND cdr.source = 'LIVE' THEN 503 ELSE cdr.sip_code END AS sip_code,
    cdr.ring_seconds, cdr.dtmf, call.snapshot->'answers' AS answers, call.snapshot->>'answeredBy' AS answered_by,
    (cdr.source = 'RECOVERED' OR cdr.end_code IN ('TRUNK_FULL', 'DIAL_FAILED'))
        AND NOT EXISTS (SELECT FROM leg WHERE leg.call_id = call.id AND leg.dialing_at IS NOT NULL) AS is_unsent
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
_FORGET: Final = "DELETE FROM number_attempt WHERE call_id = ANY($1::text[])"
_TELL: Final = """
UPDATE campaign_decision AS told SET outcome = one.outcome
FROM json_to_recordset($2::json) AS one (contact_id text, n int, outcome json)
WHERE told.campaign_id = $1 AND told.contact_id = one.contact_id AND told.n = one.n
"""
_ENDINGS: Final = """
SELECT ended_at, CASE WHEN end_code = 'DIAL_FAILED' AND source = 'LIVE' THEN 503 ELSE sip_code END AS sip_code
FROM cdr WHERE account_id = $1 AND campaign_id = $2 AND created_at > $3 AND ended_at > $4
"""
_LEFT: Final = """
SELECT EXISTS (SELECT FROM campaign_contact WHERE campaign_id = $1 AND state = 'WAITING') AS has_waiting,
    EXISTS (SELECT FROM campaign_contact WHERE campaign_id = $1 AND state IN ('CLAIMED', 'DIALING')) AS has_calls,
    EXISTS (
        SELECT FROM campaign_list AS one
        JOIN contact_list AS list ON list.id = one.list_id AND list.deleted_at IS NULL
        JOIN contact ON contact.list_id = one.list_id
            AND contact.position > one.cursor AND contact.deleted_at IS NULL
        WHERE one.campaign_id = $1
    ) AS has_fresh
"""
_LET_GO: Final = """
WITH waiting AS (
    SELECT contact_id FROM campaign_contact WHERE campaign_id = $1 AND state = 'WAITING'
    ORDER BY contact_id LIMIT $2 FOR UPDATE
)
UPDATE campaign_contact AS kept SET state = 'SKIPPED', reason = $3, due_at = NULL, updated_at = $4
FROM waiting LEFT JOIN contact ON contact.id = waiting.contact_id
WHERE kept.campaign_id = $1 AND kept.contact_id = waiting.contact_id
RETURNING kept.contact_id, kept.list_id, kept.number, kept.attempts, contact.name, contact.external_id
"""

_SETTLING: Final = f"SELECT pg_advisory_xact_lock_shared({CAMPAIGN_SETTLING}, hashtext($1))"
_LETTING_GO: Final = f"SELECT pg_advisory_xact_lock({CAMPAIGN_SETTLING}, hashtext($1))"

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
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    await read_by_index(connection)
                    rows = await connection.fetch(_ENDED, campaign_id, _MOST_AT_ONCE)
                    if not rows:
                        return Settled(0, has_more=False, is_shaky=False)
                    await connection.execute(_SETTLING, campaign_id)
                    of_campaign = await connection.fetchrow(_GET, campaign_id)
                    assert of_campaign is not None  # it has contacts
                    campaign = read_campaign(of_campaign)
                    now = self._clock.now()
                    sent = [row for row in rows if not row["is_unsent"]]
                    for row in sent:
                        drafts += await self._opt_out(connection, campaign, row["number"], row["dtmf"], row["call_id"])
                    counts: _Counts = defaultdict(Counter)
                    drafts += await self._settle(connection, campaign, sent, now, counts)
                    unsent = [row for row in rows if row["is_unsent"]]
                    await self._put_back(connection, campaign, unsent, now, counts)
                    await figures.count_minutes(connection, campaign.id, counts)
                    appended = await self._log.append_in(connection, drafts)
        self._log.announce(appended)
        is_shaky = any(Ending(at=row["ended_at"], sip_code=row["sip_code"]).is_server_failure for row in rows)
        return Settled(len(rows), has_more=len(rows) == _MOST_AT_ONCE, is_shaky=is_shaky)

    async def hear_key(self, campaign_id: str, call_id: str, number: str, pressed: str) -> bool:
        """Keys were pressed in a call that goes on: whether that was a wish to be called no more, which is kept now."""
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    row = await connection.fetchrow(_GET, campaign_id)
                    if row is None:
                        return False
                    drafts = await self._opt_out(connection, read_campaign(row), number, pressed, call_id)
                    appended = await self._log.append_in(connection, drafts)
        self._log.announce(appended)
        return bool(drafts)

    async def trip(self, campaign_id: str) -> bool:
        """Pause the campaign if its trunk has failed too often of late; whether it was paused."""
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    campaign = await lock_for(connection, campaign_id, Step.TRUNK_FAILED)
                    rule = None if campaign is None else campaign.definition.breaker
                    if campaign is None or rule is None or campaign.state is not CampaignState.RUNNING:
                        return False
                    now = self._clock.now()
                    since = now - timedelta(seconds=rule.seconds)
                    rows = await connection.fetch(
                        _ENDINGS, campaign.account_id, campaign.id, since - _LONGEST_ATTEMPT, since
                    )
                    endings = [Ending(at=row["ended_at"], sip_code=row["sip_code"]) for row in rows]
                    if not is_tripped(rule, endings, now, campaign.resumed_at):
                        return False
                    taken = await take_step(connection, campaign, Step.TRUNK_FAILED, now)
                    appended = await self._log.append_in(connection, () if taken is None else taken[1])
        self._log.announce(appended)
        return True

    async def begin(self, campaign_id: str) -> bool:
        """Begin a campaign that is scheduled, if its start has come; whether it runs now."""
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    campaign = await lock_campaign(connection, campaign_id)
                    now = self._clock.now()
                    is_due = campaign is not None and (campaign.start_at is None or campaign.start_at <= now)
                    taken = None
                    if campaign is not None and is_due and campaign.state is CampaignState.SCHEDULED:
                        taken = await take_step(connection, campaign, Step.BEGIN, now)
                    appended = await self._log.append_in(connection, () if taken is None else taken[1])
        self._log.announce(appended)
        return taken is not None

    async def finish(self, campaign_id: str) -> bool:
        """End a campaign whose contacts all have their outcome, or whose end has come; whether it has ended now.

        Of one that is finished, what has come back since is let go: contacts that were claimed at its end, and not
        called after all.
        """
        has_more = True
        is_over_now = False
        while has_more:
            drafts: list[Draft] = []
            has_more = False
            async with self._database.acquire() as connection:
                with self._log.in_flight():
                    async with connection.transaction():
                        await read_by_index(connection)
                        campaign = await lock_for(connection, campaign_id, Step.RUN_OUT)
                        if campaign is None or campaign.state is CampaignState.STOPPED:
                            return False
                        now = self._clock.now()
                        reason = FinishReason.ALL_DONE
                        is_finished = campaign.state is CampaignState.FINISHED
                        if is_finished or (campaign.end_at is not None and campaign.end_at <= now):
                            reason = FinishReason.END_REACHED
                            await connection.execute(_LETTING_GO, campaign_id)
                            told = await self._let_go(connection, campaign, now)
                            drafts += told
                            has_more = len(told) == _MOST_AT_ONCE
                        elif not await _is_run_out(connection, campaign_id):
                            return False
                        if not has_more and not is_finished:
                            taken = await take_step(connection, campaign, Step.RUN_OUT, now, finish=reason)
                            drafts += () if taken is None else taken[1]
                            is_over_now = taken is not None
                        appended = await self._log.append_in(connection, drafts)
            self._log.announce(appended)
        return is_over_now

    async def _let_go(self, connection: PooledConnection, campaign: Campaign, now: datetime) -> list[Draft]:
        """Contacts that wait for an instant after the campaign's end are not called any more."""
        reason = SkipReason.CAMPAIGN_OVER
        rows = await connection.fetch(_LET_GO, campaign.id, _MOST_AT_ONCE, reason.value, now)
        counts = {Figure.SKIPPED: len(rows), figures.of_skip(reason): len(rows)} if rows else {}
        await figures.count(connection, campaign.id, now, counts)
        return [
            draft(
                campaign,
                ContactSkipped(**_about(campaign, row), reason=reason, attempts=row["attempts"]),
                now,
                subject_id=row["contact_id"],
            )
            for row in rows
        ]

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
            follows = self._follows(campaign, disposition, attempt, row["ended_at"])
            answers = [Pair(key=one["name"], value=one["held"]) for one in row["answers"] or ()]
            settled.append(
                {
                    "contact_id": row["contact_id"],
                    "attempts": attempt,
                    "disposition": disposition,
                    "answers": answers or None,
                    **_standing(follows),
                }
            )
            outcome = Attempted(attempt=attempt, ended_at=row["ended_at"], disposition=disposition, follows=follows)
            told.append({"contact_id": row["contact_id"], "n": row["decisions"], "outcome": outcome})
            drafts += _facts(campaign, row, attempt, disposition, follows, now)
            minute = row["created_at"].replace(second=0, microsecond=0)
            counts[minute] += _counted(row, disposition, is_noted=is_noted, is_done=isinstance(follows, Done))
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
    ) -> None:
        """Calls that ended before anybody was dialled: the service died or was too late, or the trunk was full."""
        if not rows:
            return
        await connection.execute(_UNSENT, campaign.id, [row["contact_id"] for row in rows], now + _UNSENT_RETRY, now)
        await connection.execute(_FORGET, [row["call_id"] for row in rows])
        for row in rows:
            if row["state"] == ContactState.DIALING:
                counts[row["created_at"].replace(second=0, microsecond=0)][Figure.DIALLED] -= 1

    def _follows(self, campaign: Campaign, disposition: Disposition, attempt: int, ended_at: datetime) -> AfterAttempt:
        follows = after_attempt(campaign.definition.retries, disposition, attempt, ended_at)
        if isinstance(follows, Retry) and is_over(campaign.state):
            return Done(reason=GivenUp.CAMPAIGN_OVER)
        return follows

    async def _opt_out(
        self, connection: PooledConnection, campaign: Campaign, number: str, pressed: str | None, call_id: str
    ) -> list[Draft]:
        opt_out = _opt_out_of(campaign)
        if opt_out is None or not pressed or opt_out.digit not in pressed:
            return []
        return await self._opt_outs.add_opt_out(
            connection,
            campaign.account_id,
            number,
            reason=f"campaign {campaign.name}",
            list_id=opt_out.dnc_list_id,
            call_id=call_id,
            is_sandbox=campaign.is_sandbox,
        )


async def _is_run_out(connection: PooledConnection, campaign_id: str) -> bool:
    left = await connection.fetchrow(_LEFT, campaign_id)
    assert left is not None  # it selects no table
    return not (left["has_waiting"] or left["has_calls"] or left["has_fresh"])


def _opt_out_of(campaign: Campaign) -> OptOut | None:
    content = campaign.definition.content
    return content.opt_out if isinstance(content, SayContent) else None


def _about(campaign: Campaign, row: asyncpg.Record) -> dict[str, Any]:
    return {
        "campaign_id": campaign.id,
        "contact_id": row["contact_id"],
        "contact_list_id": row["list_id"],
        "contact": Party(number=row["number"], display=row["name"]),
        "contact_external_id": row["external_id"],
    }


def _standing(follows: AfterAttempt) -> dict[str, Any]:
    match follows:
        case Retry(at=at):
            return {"state": ContactState.WAITING, "due_at": at}
        case Done(reason=reason):
            return {"state": ContactState.FINISHED, "reason": reason}
        case _:
            assert_never(follows)


def _facts(
    campaign: Campaign,
    row: asyncpg.Record,
    attempt: int,
    disposition: Disposition,
    follows: AfterAttempt,
    now: datetime,
) -> list[Draft]:
    about = _about(campaign, row)
    next_at = follows.at if isinstance(follows, Retry) else None
    attempted = ContactAttempted(
        **about, call_id=row["call_id"], attempt=attempt, disposition=disposition, next_at=next_at
    )
    drafts = [draft(campaign, attempted, now, subject_id=row["contact_id"])]
    if isinstance(follows, Done):
        finished = ContactFinished(
            **about, disposition=disposition, reason=follows.reason, attempts=attempt, call_id=row["call_id"]
        )
        drafts.append(draft(campaign, finished, now, subject_id=row["contact_id"]))
    return drafts


def _counted(row: asyncpg.Record, disposition: Disposition, *, is_noted: bool, is_done: bool) -> Counter[str]:
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
