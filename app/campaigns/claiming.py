"""Claims: who is called next, decided in one transaction at the instant of dialling, so that nobody is called twice.

Whoever claims holds the campaign's row, which says whether it runs and how far its pace has come. First come contacts
that wait and are due, then fresh ones: those of the lists beyond the cursor, which have no row of their own yet. Each
is judged by ``core.rules`` on what the same transaction reads; the decision is stored with what it was made on.

A claim is a contact with a call's id, and a lease. Nothing is dialled here (``dialing``). A claim whose call never came
to be is let go once its lease is over (``release``), and the contact is judged anew.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

import msgspec
import orjson

from app.campaigns import claim_statements as statements
from app.campaigns import figures
from app.campaigns.core.lifecycle import may_dial
from app.campaigns.core.pacing import calls_due, room_for, take_slots
from app.campaigns.core.rules import Decision, Dial, Later, Outcome, Skip, Version, decide
from app.campaigns.core.words import PacingMode, SkipReason
from app.campaigns.figures import Figure
from app.campaigns.limits import lock_attempts, pace_of, read_limits
from app.campaigns.model import AgentContent, Campaign, ContactState
from app.campaigns.questions import Asked, Asker, ContactCard, Terms, read_contact
from app.campaigns.serving import calls_to_drop, calls_wanted
from app.campaigns.store import draft, lock_campaign
from app.campaigns.undialled import write_dnc_records
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.db.kept import read_by_index
from app.events.log import Appended, EventLog
from app.facts.campaigns import ContactSkipped
from app.facts.event import Draft
from app.facts.vocabulary import Party
from app.ids import CallId, Kind, new_id

#: How long a claim may be without its call: between the two lie look-ups and a commit (``dialing.PLACE_SECONDS``).
LEASE: Final = timedelta(seconds=45)
#: Of one batch: so many calls at most, and so many contacts that are looked at for them.
MOST_CLAIMS: Final = 100
MOST_EXAMINED: Final = 400
_MOST_AHEAD: Final = 200
_LEAST_SHARE: Final = 0.2

_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A contact that is to be called now, by the call of this id. ``number`` counts the contact's decisions."""

    contact: ContactCard
    call_id: CallId
    number: int
    attempt: int
    #: Who asked for this contact, and is called first (PREVIEW).
    agent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of one look: ``campaign`` is None when it may not call just now.

    ``again_at`` is when there may be more without any news, None when only news can bring more. ``is_exhausted``: every
    contact has its outcome.
    """

    campaign: Campaign | None = None
    claims: tuple[Claim, ...] = ()
    again_at: datetime | None = None
    is_exhausted: bool = False
    #: Calls that ring for nobody since an agent has vanished; to be hung up.
    to_drop: tuple[str, ...] = ()


@dataclass(slots=True)
class _Candidate:
    contact: ContactCard
    attempts: int = 0
    decisions: int = 0
    is_fresh: bool = True
    has_no_list: bool = False


@dataclass(slots=True)
class _Gathered:
    """What one transaction has decided so far."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    skipped: list[Draft] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    cursors: dict[str, int] = field(default_factory=dict)
    examined: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    listed: list[ContactCard] = field(default_factory=list)


class Claims:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        clock: Clock,
        *,
        lease: timedelta = LEASE,
        make_id: Callable[[Kind], str] = new_id,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._lease = lease
        self._make_id = make_id

    async def claim(self, campaign_id: str) -> Batch:
        """Claim as many contacts as may be called now."""
        appended: Appended | None = None
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    await read_by_index(connection)
                    campaign = await lock_campaign(connection, campaign_id)
                    now = self._clock.now()
                    if campaign is None or not may_dial(campaign.state):
                        return Batch()
                    batch, appended = await self._claim(connection, campaign, now)
        if appended is not None:
            self._log.announce(appended)
        return batch

    async def release_stale(self, campaign_id: str) -> int:
        """Let go of the claims whose lease is over and whose call never came to be; gives how many those were."""
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            await read_by_index(connection)
            rows = await connection.fetch(statements.STALE, campaign_id, now)
            await release(connection, campaign_id, {row["contact_id"]: row["call_id"] for row in rows}, now, now)
        return len(rows)

    async def _claim(
        self, connection: PooledConnection, campaign: Campaign, now: datetime
    ) -> tuple[Batch, Appended | None]:
        pace = pace_of(campaign, now)
        flight = await connection.fetchrow(statements.IN_FLIGHT, campaign.id)
        assert flight is not None  # it counts
        content = campaign.definition.content
        if isinstance(content, AgentContent) and content.mode is PacingMode.PREVIEW:
            return await self._claim_asked(connection, campaign, flight["calls"], flight["claimed"], now)
        limits = await read_limits(connection, campaign, flight["calls"], flight["claimed"])
        due = min(calls_due(pace, now), MOST_CLAIMS)
        if isinstance(content, AgentContent):
            wanted = await calls_wanted(connection, campaign, content, now)
            if wanted == 0:
                to_drop = await calls_to_drop(connection, campaign, now)
                is_idle = flight["calls"] == 0
                return Batch(campaign=campaign, is_exhausted=is_idle, to_drop=tuple(to_drop)), None
            due = min(due, wanted)
        room = room_for(due, limits)
        if room.calls == 0:
            return Batch(campaign=campaign, again_at=pace.next_slot if due == 0 else None), None
        await lock_attempts(connection, campaign)
        gathered = _Gathered()
        is_dry = await self._gather(connection, campaign, room.calls, now, gathered)
        appended = await self._write(connection, campaign, now, gathered)
        pace = take_slots(pace, len(gathered.claims), now)
        await connection.execute(statements.PACE, campaign.id, orjson.Fragment(_ENCODER.encode(pace)))
        again_at: datetime | None = pace.next_slot
        is_exhausted = False
        if is_dry:
            again_at = await connection.fetchval(statements.NEXT_DUE, campaign.id)
            is_exhausted = again_at is None and not gathered.claims and flight["calls"] == 0
        elif room.limited_by is not None and len(gathered.claims) == room.calls:
            again_at = None
        batch = Batch(campaign=campaign, claims=tuple(gathered.claims), again_at=again_at, is_exhausted=is_exhausted)
        return batch, appended

    async def _claim_asked(
        self, connection: PooledConnection, campaign: Campaign, calls: int, claimed: int, now: datetime
    ) -> tuple[Batch, Appended | None]:
        """What agents have asked for is judged once more, at the instant of dialling. The caps hold for it as well.

        What is only looked at is no call yet. A number counts as called from here on.
        """
        gathered = _Gathered()
        rows = await connection.fetch(statements.ASKED, campaign.id)
        begun = await connection.fetchval(statements.BEGUN, campaign.id, [row["id"] for row in rows])
        limits = await read_limits(connection, campaign, calls - claimed + begun, begun)
        rows = rows[: room_for(MOST_CLAIMS, limits).calls]
        if rows:
            await lock_attempts(connection, campaign)
        asker = await Asker.open(connection, terms_of(campaign), now)
        cards = [read_contact(row) for row in rows]
        claims, refused = [], []
        for asked, row in zip(await asker.ask(cards, own_calls=[row["call_id"] for row in rows]), rows, strict=True):
            candidate = _Candidate(
                asked.contact,
                attempts=row["attempts"],
                decisions=row["decisions"],
                is_fresh=False,
                has_no_list=row["has_no_list"],
            )
            if isinstance(_decide(asked, candidate), Dial):
                claims.append(
                    Claim(
                        contact=asked.contact,
                        call_id=CallId(row["call_id"]),
                        number=row["decisions"],
                        attempt=row["attempts"] + 1,
                        agent_id=row["agent_id"],
                    )
                )
            else:
                refused.append(row)
                self._judge(campaign, asked, candidate, now, gathered)
        if claims:
            dialled = [{"number": one.contact.number, "call_id": one.call_id} for one in claims]
            dialled_rows = orjson.Fragment(_ENCODER.encode(dialled))
            await connection.execute(statements.DIALLED, campaign.account_id, now, dialled_rows)
            contact_ids = [one.contact.id for one in claims]
            await connection.execute(statements.HOLD_ON, campaign.id, contact_ids, now + self._lease)
        if refused:
            await connection.execute(statements.FORGET, [row["call_id"] for row in refused])
            await connection.execute(statements.SERVED, campaign.id, [row["agent_id"] for row in refused])
        appended = await self._write(connection, campaign, now, gathered)
        is_idle = calls == 0 and not claims
        return Batch(campaign=campaign, claims=tuple(claims), is_exhausted=is_idle), appended

    async def take_one(
        self, connection: PooledConnection, campaign: Campaign, now: datetime, lease: timedelta
    ) -> tuple[Claim | None, Appended | None]:
        """Claim one contact for an agent who looks at it first, in the caller's transaction that has the campaign.

        Its number has not been called by that, and may be called by others meanwhile.
        """
        gathered = _Gathered()
        await self._gather(connection, campaign, 1, now, gathered, lease=lease)
        appended = await self._write(connection, campaign, now, gathered, is_to_be_dialled=False)
        return (gathered.claims[0] if gathered.claims else None), appended

    async def _gather(
        self,
        connection: PooledConnection,
        campaign: Campaign,
        wanted: int,
        now: datetime,
        gathered: _Gathered,
        *,
        lease: timedelta | None = None,
    ) -> bool:
        """Judge contacts until so many are to be called; whether there were no more to be judged."""
        asker = await Asker.open(connection, terms_of(campaign), now)
        lists = {row["list_id"]: row["cursor"] for row in await connection.fetch(statements.LISTS, campaign.id)}
        while len(gathered.claims) < wanted and len(gathered.examined) < MOST_EXAMINED:
            # As many as will do if as many are passed over as before.
            missing, share = wanted - len(gathered.claims), len(gathered.claims) / max(1, len(gathered.examined))
            ahead = min(
                missing if not gathered.examined else math.ceil(missing / max(share, _LEAST_SHARE)), _MOST_AHEAD
            )
            candidates: list[_Candidate] | None
            candidates = await self._read_due(connection, campaign, now, ahead, gathered)
            if not candidates:
                candidates = await self._read_fresh(connection, campaign, ahead, lists, gathered)
            if candidates is None:
                return True
            for asked, candidate in zip(await asker.ask([one.contact for one in candidates]), candidates, strict=True):
                if len(gathered.claims) == wanted:
                    break
                self._judge(campaign, asked, candidate, now, gathered, lease=lease)
                if candidate.is_fresh:
                    lists[candidate.contact.list_id] = candidate.contact.position
                    gathered.cursors[candidate.contact.list_id] = candidate.contact.position
        return False

    async def _read_due(
        self, connection: PooledConnection, campaign: Campaign, now: datetime, most: int, gathered: _Gathered
    ) -> list[_Candidate]:
        rows = await connection.fetch(statements.DUE, campaign.id, now, most, list(gathered.examined))
        return [
            _Candidate(
                read_contact(row),
                attempts=row["attempts"],
                decisions=row["decisions"],
                is_fresh=False,
                has_no_list=row["has_no_list"],
            )
            for row in rows
        ]

    async def _read_fresh(
        self,
        connection: PooledConnection,
        campaign: Campaign,
        most: int,
        lists: dict[str, int],
        gathered: _Gathered,
    ) -> list[_Candidate] | None:
        """The next of the lists; None when all have been read to their ends.

        A number that the campaign has already, from wherever, is passed over.
        """
        for list_id, cursor in lists.items():
            rows = await connection.fetch(statements.FRESH, campaign.id, list_id, cursor, most)
            if not rows:
                continue
            candidates = []
            numbers = set(gathered.numbers)
            for row in rows:
                if not row["is_known"] and row["number"] not in numbers:
                    candidates.append(_Candidate(read_contact(row)))
                    numbers.add(row["number"])
            if not candidates:
                lists[list_id] = gathered.cursors[list_id] = rows[-1]["position"]
            return candidates
        return None

    def _judge(
        self,
        campaign: Campaign,
        asked: Asked,
        candidate: _Candidate,
        now: datetime,
        gathered: _Gathered,
        *,
        lease: timedelta | None = None,
    ) -> None:
        contact, number = candidate.contact, candidate.decisions + 1
        outcome = _decide(asked, candidate)
        row: dict[str, Any] = {
            "contact_id": contact.id,
            "list_id": contact.list_id,
            "number": contact.number,
            "n": number,
            "decision": Decision(outcome=outcome, basis=asked.basis),
        }
        gathered.examined.add(contact.id)
        gathered.numbers.add(contact.number)
        gathered.counts[Figure.TAKEN] += candidate.is_fresh
        match outcome:
            case Dial():
                call_id = CallId(self._make_id(Kind.CALL))
                row |= {"state": ContactState.CLAIMED, "lease_until": now + (lease or self._lease), "call_id": call_id}
                gathered.claims.append(
                    Claim(contact=contact, call_id=call_id, number=number, attempt=candidate.attempts + 1)
                )
            case Later(at=at, reason=delay):
                row |= {"state": ContactState.WAITING, "due_at": at, "reason": delay}
            case Skip(reason=reason, dnc_list_ids=dnc_list_ids):
                row |= {"state": ContactState.SKIPPED, "reason": reason}
                gathered.counts[Figure.SKIPPED] += 1
                gathered.counts[figures.of_skip(reason)] += 1
                if reason is SkipReason.DNC and candidate.attempts == 0:
                    gathered.listed.append(contact)
                gathered.skipped.append(
                    skipped(campaign, contact, reason, now, attempts=candidate.attempts, dnc_list_ids=dnc_list_ids)
                )
            case _:
                assert_never(outcome)
        gathered.rows.append(row)

    async def _write(
        self,
        connection: PooledConnection,
        campaign: Campaign,
        now: datetime,
        gathered: _Gathered,
        *,
        is_to_be_dialled: bool = True,
    ) -> Appended | None:
        rows = orjson.Fragment(_ENCODER.encode(gathered.rows))
        if gathered.rows:
            await connection.execute(statements.KEEP, campaign.id, campaign.account_id, now, rows)
            await connection.execute(statements.DECIDED, campaign.id, now, rows)
        if gathered.claims and is_to_be_dialled:
            await connection.execute(statements.DIALLED, campaign.account_id, now, rows)
        for list_id, cursor in gathered.cursors.items():
            await connection.execute(statements.MOVE, campaign.id, list_id, cursor)
        if gathered.listed:
            await write_dnc_records(connection, campaign, gathered.listed, now)
        await figures.count(connection, campaign.id, now, +gathered.counts)
        return await self._log.append_in(connection, gathered.skipped) if gathered.skipped else None


def _decide(asked: Asked, candidate: _Candidate) -> Outcome:
    is_gone = candidate.contact.is_removed or candidate.has_no_list
    return Skip(reason=SkipReason.REMOVED) if is_gone else decide(asked.question)


def terms_of(campaign: Campaign) -> Terms:
    """What of a campaign the rules ask."""
    definition = campaign.definition
    return Terms(
        campaign=Version(id=campaign.id, version=campaign.version),
        account_id=campaign.account_id,
        schedule=definition.schedule,
        dnc_list_ids=campaign.dnc_list_ids,
        most_per_day=definition.most_per_day,
    )


async def release(
    connection: PooledConnection, campaign_id: str, claims: Mapping[str, str], due_at: datetime, now: datetime
) -> None:
    """Let go of claims (contact to call) whose calls never came to be: their contacts are judged anew at ``due_at``."""
    if claims:
        await connection.execute(statements.RELEASE, campaign_id, list(claims), due_at, now)
        await connection.execute(statements.FORGET, list(claims.values()))


def skipped(
    campaign: Campaign,
    contact: ContactCard,
    reason: SkipReason,
    now: datetime,
    *,
    attempts: int,
    dnc_list_ids: Sequence[str] = (),
) -> Draft:
    """The fact that a contact is not called."""
    fact = ContactSkipped(
        campaign_id=campaign.id,
        contact_id=contact.id,
        contact_list_id=contact.list_id,
        contact=Party(number=contact.number, display=contact.name),
        contact_external_id=contact.external_id,
        reason=reason,
        attempts=attempts,
        dnc_list_ids=tuple(dnc_list_ids),
    )
    return draft(campaign, fact, now, subject_id=contact.id)
