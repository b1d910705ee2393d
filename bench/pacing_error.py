"""How many calls a minute a dialer really begins, beside the pace that was asked for.

The dialer is the service's own, on a real database, for several campaigns at once. Its calls are rows that end at once:
what a trunk and an Asterisk take is measured elsewhere.
"""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from orjson import Fragment

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.service import Accounts
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.record import make_record
from app.calls.keeping.rows import fill_calls
from app.calls.living.actor import CallActor
from app.calls.planning.requests import OriginateRequest, OwnCall, Placed
from app.campaigns.claiming import Claims
from app.campaigns.closing import Closing
from app.campaigns.dialer import CampaignDialer
from app.campaigns.dialing import Dialing
from app.campaigns.following import Following
from app.campaigns.news import CampaignNews
from app.cdrs.rows import fill_cdrs
from app.clock import SystemClock
from app.contacts.dnc_entries import DncEntries
from app.db.compound import write_expressions
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.vocabulary import (
    CallState,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    LegState,
    Party,
)
from app.ids import Kind, LegId, new_id
from app.numbers.policy import Rule
from app.routing.model import CallFlow
from app.routing.policies import DestinationPolicies
from bench.campaign_claims import begin_campaign
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context

PACES: Final = (10, 100, 1000, 3000)
_MINUTE: Final = 60.0


@dataclass
class _Telephone:
    """Begins calls that end at once; ``begun`` are their instants, by campaign."""

    database: Database
    clock: SystemClock
    begun: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    why_not_ready: str | None = None

    async def place(self, principal: Principal, request: OriginateRequest, own: OwnCall) -> Placed:
        now = self.clock.now()
        self.begun[own.errand.campaign_id or ""].append(monotonic())
        leg = Leg(
            id=LegId(new_id(Kind.LEG)),
            role=LegRole.CUSTOMER,
            party=Party(number=request.destination_number),
            endpoint="",
            ring_seconds=45.0,
            state=LegState.ENDED,
            dialing_at=now,
            ended_at=now,
        )
        call = Call(
            id=own.call_id,
            account_id=principal.account_id,
            node="bench",
            kind=own.kind,
            direction=Direction.OUTBOUND,
            legs=(leg,),
            planned=1,
            created_at=now,
            ended_at=now,
            max_duration_seconds=60.0,
            state=CallState.ENDED,
            outcome=Disposition.ANSWERED,
            end_reason=EndReason(code=EndCode.HANGUP, party=EndParty.CUSTOMER),
            dialled_number=request.destination_number,
            errand=own.errand,
            sequence=1,
        )
        record = make_record(call, record_id=new_id(Kind.CDR), ended_at=now, disposition=Disposition.ANSWERED)
        filled = (fill_calls([call]), fill_cdrs([(call.account_id, record)]))
        expressions = ", ".join(write_expressions([one.part for one in filled]))
        async with self.database.acquire() as connection:
            await connection.execute(f"WITH {expressions} SELECT", *(Fragment(one.rows) for one in filled))
        return Placed(call=call, is_replayed=False)

    def find(self, call_id: str) -> CallActor | None:
        """None of these calls lives anywhere."""
        del call_id
        return None

    async def find_flow(self, account_id: str, flow_id: str) -> CallFlow | None:
        del account_id, flow_id
        return None


async def _run(context: Context) -> Result:
    minutes = context.count(3, 1)
    database = await Database.connect(await context.database(), command_timeout=60.0)
    try:
        clock, audit = SystemClock(), AuditLog(database)
        log = EventLog(database)
        account = await Accounts(database, audit).create("pace")
        await DestinationPolicies(database, audit).set_rules(account.id, [Rule("+1", is_allowed=True)])
        telephone = _Telephone(database, clock)
        campaigns = {
            pace: await begin_campaign(
                database,
                account.id,
                clock.now(),
                pace * (minutes + 1),
                f"p{pace}",
                calls_per_minute=pace,
                first=100_000 * place,
            )
            for place, pace in enumerate(PACES)
        }
        dialer = CampaignDialer(
            database=database,
            claims=Claims(database, log, clock),
            dialing=Dialing(database, log, clock, calls=telephone, living=telephone, flows=telephone),
            following=Following(database, log, clock, DncEntries(database, log, audit, clock)),
            closing=Closing(log, clock),
            readiness=telephone,
            news=CampaignNews(),
            clock=clock,
        )
        dialling = asyncio.create_task(dialer.run())
        try:
            await asyncio.sleep(minutes * _MINUTE + 3.0)
        finally:
            dialling.cancel()
            await asyncio.gather(dialling, return_exceptions=True)
        errors: dict[str, list[float]] = {}
        checked = {}
        for pace, campaign_id in campaigns.items():
            begun = telephone.begun[campaign_id]
            if not begun:
                raise BenchError(f"no call of the campaign with {pace} calls a minute began")
            # A minute lies between two calls, so that none of them is at its very border.
            began = begun[0] - _MINUTE / pace / 2
            counted = Counter(int((at - began) // _MINUTE) for at in begun)
            errors[f"{pace} a minute"] = [abs(counted[minute] - pace) * 100 / pace for minute in range(minutes)]
            checked[f"calls at {pace} a minute"] = len(begun)
        sides = {name: Series.of("%", each) for name, each in errors.items()}
        return Result(value=max(max(each) for each in errors.values()), unit="%", sides=sides, checked=checked)
    finally:
        await database.aclose()


FIGURE = Figure(
    name="pacing_error_percent",
    description="calls begun in a minute beside callsPerMinute, for 10 to 3,000 at the same time: the worst minute",
    beside="nothing",
    better=Better.LOWER,
    target=Goal(2),
    aim=Goal(0.5),
    run=_run,
)
