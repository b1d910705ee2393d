"""Calls that are placed on paper alone, for who places calls by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.core.model.call import Call
from app.calls.core.record import make_record
from app.calls.planning.requests import OriginateRequest, OwnCall, Placed
from app.cdrs.rows import fill_cdrs
from app.db.engine import Database
from app.facts.vocabulary import CallState, CdrSource, Disposition, EndCode, EndParty, EndReason
from app.ids import CallId, Kind, new_id
from tests.calls.making import make_call
from tests.calls.rows import insert, insert_calls

NUMBER = "+12125550123"


class Paper:
    """Places calls in the database alone, each key once, as the call service does. ``fates`` are those of the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[tuple[str, str, str], str] = {}
        self.fates: list[Exception | None] = []
        self.asked: list[tuple[OriginateRequest, OwnCall]] = []
        self.placed: dict[str, Call] = {}

    async def place(self, principal: Principal, request: OriginateRequest, own: OwnCall) -> Placed:
        principal.require(Scope.CALLS_ORIGINATE)
        self.asked.append((request, own))
        fate = self.fates.pop(0) if self.fates else None
        if fate is not None:
            raise fate
        key = (principal.account_id, own.keys, request.idempotency_key)
        if key in self._keys:
            return Placed(call=self.placed[self._keys[key]], is_replayed=True)
        self._keys[key] = own.call_id
        made = make_call(account_id=principal.account_id, number=request.destination_number or NUMBER)
        call = msgspec.structs.replace(
            made, id=CallId(own.call_id), kind=own.kind, errand=own.errand, sequence=1, state=CallState.DIALING
        )
        self.placed[call.id] = call
        await insert_calls(self._database, [call])
        return Placed(call=call, is_replayed=False)

    async def end(self, call_id: str, disposition: Disposition, *, at: datetime, is_connected: bool = False) -> None:
        """Its call ends, after somebody's phone rang."""
        call = self.placed[call_id]
        first = msgspec.structs.replace(call.legs[0], dialing_at=at - timedelta(seconds=60))
        await self._write_end(
            msgspec.structs.replace(call, legs=(first, *call.legs[1:])), disposition, at, is_connected
        )

    async def lose(self, call_id: str, *, at: datetime, code: EndCode = EndCode.SERVICE_AWAY) -> None:
        """It ends before anybody's phone rings: with its process, as the next one says, or for another reason."""
        reason = EndReason(code=code, party=EndParty.SYSTEM)
        source = CdrSource.RECOVERED if code is EndCode.SERVICE_AWAY else CdrSource.LIVE
        lost = msgspec.structs.replace(self.placed[call_id], end_reason=reason, source=source)
        await self._write_end(lost, Disposition.FAILED, at, is_connected=False)
        record = make_record(lost, record_id=new_id(Kind.CDR), ended_at=at, disposition=Disposition.FAILED)
        await insert(self._database, fill_cdrs([(lost.account_id, record)]))

    async def _write_end(self, call: Call, disposition: Disposition, at: datetime, is_connected: bool) -> None:
        ended = msgspec.structs.replace(
            call,
            state=CallState.ENDED,
            outcome=disposition,
            connected_at=at - timedelta(seconds=30) if is_connected else None,
            ended_at=at,
        )
        self.placed[call.id] = ended
        await insert_calls(self._database, [ended])


@dataclass
class Asterisk:
    why_not_ready: str | None = None
