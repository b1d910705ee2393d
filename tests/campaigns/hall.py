"""A campaign on a real database, a clock that is moved by hand, and a telephone that dials nobody but keeps count."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.service import Accounts
from app.calls.core.model.call import Call
from app.calls.core.model.flow import FlowRun, Variable
from app.calls.living.actor import CallActor
from app.calls.planning.requests import OriginateRequest, OwnCall, Placed
from app.campaigns.claim import Batch
from app.campaigns.claiming import Claims
from app.campaigns.closing import Closing
from app.campaigns.dialing import Dialing
from app.campaigns.following import Following
from app.cdrs.rows import fill_cdrs
from app.contacts.dnc_entries import DncEntries
from app.db.engine import Database
from app.events.log import Appended, EventLog
from app.facts.calls import Fact
from app.facts.vocabulary import CallState, CdrSource, Disposition, EndCode, EndParty, EndReason, Party
from app.ids import Kind, new_id
from app.numbers.policy import Rule
from app.routing.model import CallFlow
from app.routing.policies import DestinationPolicies
from tests.calls.making import make_call
from tests.calls.rows import insert, insert_calls
from tests.campaigns.sheet import MORNING, Sheet
from tests.cdrs.records import make_cdr


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = MORNING

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass
class Telephone:
    """Places calls as the service does, one for each key, but only in the database. ``dialled`` are its INVITEs."""

    database: Database
    clock: HandClock
    calls: dict[str, Call] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    dialled: Counter[str] = field(default_factory=Counter)
    asked: list[OriginateRequest] = field(default_factory=list)
    leads: list[FlowRun | None] = field(default_factory=list)
    bounds: list[datetime | None] = field(default_factory=list)
    #: Those of calls that live in this process, where a test needs them.
    actors: dict[str, CallActor] = field(default_factory=dict)
    #: Raised instead of placing a call, and after one was placed.
    refusal: BaseException | None = None
    crash: BaseException | None = None

    async def place(self, principal: Principal, request: OriginateRequest, own: OwnCall) -> Placed:
        self.bounds.append(own.not_after)
        if self.refusal is not None:
            raise self.refusal
        if request.idempotency_key in self.keys:
            return Placed(call=self.calls[self.keys[request.idempotency_key]], is_replayed=True)
        assert request.destination_number is not None
        call = msgspec.structs.replace(
            make_call(account_id=principal.account_id, number=request.destination_number, created_at=self.clock.now()),
            id=own.call_id,
            kind=own.kind,
            errand=own.errand,
            dialled_number=request.destination_number,
            sequence=1,
            state=CallState.DIALING,
        )
        await insert_calls(self.database, [call])
        self.keys[request.idempotency_key] = call.id
        self.calls[call.id] = call
        self.dialled[request.destination_number] += 1
        self.asked.append(request)
        self.leads.append(own.lead)
        if self.crash is not None:
            raise self.crash
        return Placed(call=call, is_replayed=False)

    def find(self, call_id: str) -> CallActor | None:
        """Nobody waits for the INVITE of a call that is in no Asterisk."""
        return self.actors.get(call_id)

    async def end(
        self,
        call_id: str,
        disposition: Disposition = Disposition.ANSWERED,
        *,
        sip_code: int | None = None,
        dtmf: str | None = None,
        answers: Sequence[tuple[str, str]] = (),
        end_code: EndCode = EndCode.HANGUP,
        source: CdrSource = CdrSource.LIVE,
        is_dialled: bool = False,
    ) -> None:
        """The call is over, with its record. ``is_dialled``: its rows say that Asterisk was told to dial."""
        call = msgspec.structs.replace(
            self.calls[call_id],
            state=CallState.ENDED,
            ended_at=self.clock.now(),
            outcome=disposition,
            answers=tuple(Variable(name=name, held=held) for name, held in answers),
        )
        if is_dialled:
            legs = tuple(msgspec.structs.replace(leg, dialing_at=self.clock.now()) for leg in call.legs)
            call = msgspec.structs.replace(call, legs=legs)
        self.calls[call_id] = call
        record = make_cdr(
            call.created_at,
            id=new_id(Kind.CDR),
            call_id=call_id,
            kind=call.kind,
            disposition=disposition,
            end_reason=EndReason(code=end_code, party=EndParty.CUSTOMER, sip_code=sip_code),
            source=source,
            ended_at=self.clock.now(),
            dtmf=dtmf,
            errand=call.errand,
            customer=Party(number=call.dialled_number),
        )
        await insert_calls(self.database, [call])
        await insert(self.database, fill_cdrs([(call.account_id, record)]))

    @property
    def live(self) -> list[str]:
        """The calls that have not ended."""
        return [call.id for call in self.calls.values() if call.state is not CallState.ENDED]


@dataclass
class Flows:
    """The account's call flows."""

    flow: CallFlow | None = None

    async def find_flow(self, account_id: str, flow_id: str) -> CallFlow | None:
        del account_id, flow_id
        return self.flow


@dataclass
class Hall(Sheet):
    """One campaign of one account, and all that works on it."""

    clock: HandClock
    telephone: Telephone
    claims: Claims
    dialing: Dialing
    following: Following
    closing: Closing
    opt_outs: DncEntries
    log: EventLog
    flows: Flows
    told: list[Fact] = field(default_factory=list)

    @classmethod
    async def open(cls, database: Database) -> "Hall":
        audit, clock = AuditLog(database), HandClock()
        account = await Accounts(database, audit).create("acme")
        await DestinationPolicies(database, audit).set_rules(account.id, [Rule("+1", is_allowed=True)])
        log = EventLog(database)
        telephone = Telephone(database, clock)
        opt_outs, flows = DncEntries(database, log, audit, clock), Flows()
        hall = cls(
            database=database,
            account_id=account.id,
            clock=clock,
            telephone=telephone,
            claims=Claims(database, log, clock),
            dialing=Dialing(database, log, clock, calls=telephone, living=telephone, flows=flows),
            following=Following(database, log, clock, opt_outs),
            closing=Closing(log, clock),
            opt_outs=opt_outs,
            log=log,
            flows=flows,
        )
        log.on_appended(hall._hear)
        return hall

    def _hear(self, appended: Appended) -> None:
        self.told += [event.fact for event in appended.events]

    async def claim(self) -> Batch:
        return await self.claims.claim(self.campaign_id)

    async def dial(self, batch: Batch) -> int:
        if batch.campaign is None or not batch.claims:
            return 0
        lane = await self.dialing.take_lane()
        try:
            return (await self.dialing.dial(lane, batch.campaign, batch.claims)).begun
        finally:
            self.dialing.give_lane(lane)

    async def call_all_due(self) -> int:
        """One round, as the dialer goes about it; gives how many calls began."""
        await self.claims.release_stale(self.campaign_id)
        return await self.dial(await self.claim())

    async def hang_up(self, disposition: Disposition = Disposition.ANSWERED, **fields: Any) -> None:
        """End all live calls, and settle them."""
        for call_id in self.telephone.live:
            await self.telephone.end(call_id, disposition, **fields)
        await self.following.settle(self.campaign_id)
