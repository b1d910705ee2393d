"""What one transaction decides of contacts: who is called, later, or never; and how all of it is written."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, assert_never

import msgspec

from app.campaigns import claim_statements as statements
from app.campaigns import figures
from app.campaigns.claim import LEASE, Claim
from app.campaigns.core.rules import Decision, Dial, Later, Outcome, Skip, decide
from app.campaigns.core.words import DelayReason, SkipReason
from app.campaigns.figures import Figure
from app.campaigns.model import Campaign, ContactState
from app.campaigns.questions import Asked, ContactCard
from app.campaigns.store import draft
from app.campaigns.undialled import write_dnc_records
from app.db.engine import PooledConnection
from app.events.log import LogTransaction
from app.facts.campaigns import ContactSkipped
from app.facts.event import Draft
from app.facts.vocabulary import Party
from app.ids import CallId, Kind, new_id

_ENCODER: Final = msgspec.json.Encoder()


@dataclass(slots=True)
class Candidate:
    """A contact that is looked at: fresh from its list, or one that has waited."""

    contact: ContactCard
    attempts: int = 0
    decisions: int = 0
    is_fresh: bool = True
    has_no_list: bool = False

    def decide(self, asked: Asked) -> Outcome:
        """What the rules say of it, now that it is known what they ask."""
        is_gone = self.contact.is_removed or self.has_no_list
        return Skip(reason=SkipReason.REMOVED) if is_gone else decide(asked.question)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A contact as it stands now, and why."""

    contact: ContactCard
    number: int
    decision: Decision
    state: ContactState
    due_at: datetime | None = None
    lease_until: datetime | None = None
    reason: SkipReason | DelayReason | None = None
    call_id: CallId | None = None


@dataclass(slots=True, kw_only=True)
class Judgements:
    """What one transaction has decided so far, at the true instant ``now``, which the rules take for ``at``.

    ``claims`` are to be called, ``examined`` and ``numbers`` are all that was looked at, and ``cursors`` say how far
    lists were read.
    """

    campaign: Campaign
    now: datetime
    lease: timedelta = LEASE
    make_id: Callable[[Kind], str] = new_id
    claims: list[Claim] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    examined: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    _rows: list[_Row] = field(default_factory=list)
    _skipped: list[Draft] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _listed: list[ContactCard] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """The instant that the rules are asked about."""
        return self.campaign.by_its_clock(self.now)

    def judge(self, asked: Asked, candidate: Candidate) -> None:
        """Decide what becomes of a contact."""
        contact, number = asked.contact, candidate.decisions + 1
        outcome = candidate.decide(asked)
        row = partial(_Row, contact=contact, number=number, decision=Decision(outcome=outcome, basis=asked.basis))
        self.examined.add(contact.id)
        self.numbers.add(contact.number)
        self._counts[Figure.TAKEN] += candidate.is_fresh
        match outcome:
            case Dial():
                call_id = CallId(self.make_id(Kind.CALL))
                lease_until = self.now + self.lease
                self._rows.append(row(state=ContactState.CLAIMED, lease_until=lease_until, call_id=call_id))
                self.claims.append(
                    Claim(contact=contact, call_id=call_id, number=number, attempt=candidate.attempts + 1)
                )
            case Later(at=at, reason=delay):
                self._rows.append(row(state=ContactState.WAITING, due_at=at, reason=delay))
            case Skip(reason=reason, dnc_list_ids=dnc_list_ids):
                self._rows.append(row(state=ContactState.SKIPPED, reason=reason))
                self._counts[Figure.SKIPPED] += 1
                self._counts[figures.of_skip(reason)] += 1
                if reason is SkipReason.DNC and candidate.attempts == 0:
                    self._listed.append(contact)
                self._skipped.append(
                    skipped(
                        self.campaign,
                        contact,
                        reason,
                        self.now,
                        attempts=candidate.attempts,
                        dnc_list_ids=dnc_list_ids,
                    )
                )
            case _:
                assert_never(outcome)

    async def write(self, transaction: LogTransaction, *, is_to_be_dialled: bool = True) -> None:
        """Write all of it, and the facts about whom is skipped. Best last in the transaction: counts are locked."""
        connection, campaign, now = transaction.connection, self.campaign, self.now
        if self._rows:
            await self._write_rows(connection, is_to_be_dialled=is_to_be_dialled)
        for list_id, cursor in self.cursors.items():
            await connection.execute(statements.MOVE, campaign.id, list_id, cursor)
        if self._listed:
            await write_dnc_records(connection, campaign, self._listed, now)
        await figures.count(connection, campaign.id, now, +self._counts)
        if self._skipped:
            await transaction.append(self._skipped)

    async def _write_rows(self, connection: PooledConnection, *, is_to_be_dialled: bool) -> None:
        rows = self._rows
        await connection.execute(
            statements.KEEP,
            self.campaign.id,
            self.campaign.account_id,
            self.now,
            [one.contact.id for one in rows],
            [one.contact.list_id for one in rows],
            [one.contact.number for one in rows],
            [one.state for one in rows],
            [one.number for one in rows],
            [one.due_at for one in rows],
            [one.lease_until for one in rows],
            [one.reason for one in rows],
            [one.call_id for one in rows],
            is_to_be_dialled,
            [_ENCODER.encode(one.decision).decode() for one in rows],
            self.at,
            self.campaign.is_sandbox,
        )


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
