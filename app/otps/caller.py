"""Placing the calls in which one-time passwords are told: each once, and telling what came of it.

The sound is made before anybody's phone rings; the call itself knows no more of it than its id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Protocol

import asyncpg

from app.accounts.principal import Principal
from app.calls.core.model.call import Call, decode_call
from app.calls.core.model.flow import FlowRun
from app.calls.planning.placing import Places, Readiness
from app.calls.planning.requests import OwnCall
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errands.placer import BATCH, LEASE, ErrandPlacer, principal_of, say_why
from app.errands.rows import accounts_of, calls_there
from app.errors import OffhookError, RefusedError
from app.events.log import EventLog
from app.facts.event import Draft
from app.facts.otps import OtpAnnounced, OtpFailed, OtpFailure
from app.facts.vocabulary import CallKind, Disposition, Errand
from app.flows.steps import HangUp, Play, PlaySecret, Step
from app.ids import CallId
from app.otps import store
from app.otps.model import Otp, OtpState
from app.otps.telling import say
from app.speech.engine import SpeechUnavailableError

#: The space of its calls' idempotency keys: no client's mutation has this name.
KEYS: Final = "otp"
#: For how long it is tried to place a call.
PLACE_WITHIN: Final = timedelta(seconds=60)

_READING: Final = "reading-"
_OVER: Final = "over"
_NOT_SPOKEN: Final = "not-spoken"


class Voice(Protocol):
    """Makes the sounds: `app.otps.voice.OtpVoice`."""

    async def speak(self, account_id: str, secret_id: str) -> str:
        """Raises OffhookError."""
        ...

    async def forget(self, account_id: str, secret_id: str) -> None:
        """Keep nothing of it."""
        ...


@dataclass(frozen=True, slots=True)
class _Claimed:
    otp: Otp
    principal: Principal
    is_placed: bool

    @property
    def id(self) -> str:
        return self.otp.id


class OtpCaller(ErrandPlacer[_Claimed]):
    """One tenure's."""

    name: ClassVar[str] = "one-time-passwords"
    final_errors = (SpeechUnavailableError, RefusedError)

    def __init__(
        self,
        database: Database,
        log: EventLog,
        calls: Places,
        voice: Voice,
        readiness: Readiness,
        clock: Clock,
        *,
        node: str,
    ) -> None:
        super().__init__(database, log, calls, readiness, clock, node=node)
        self._voice = voice

    async def _claim(self) -> tuple[list[_Claimed], bool]:
        """Those to be placed now; whoever is too late is told so here."""
        now = self._clock.now()
        is_ready = self._readiness.why_not_ready is None
        claimed: list[_Claimed] = []
        async with self._event_log.transaction() as transaction:
            rows = await store.lock_due(transaction.connection, now=now, node=self._node, limit=BATCH)
            await transaction.append(await self._sort(transaction.connection, rows, now, claimed, is_ready=is_ready))
        return claimed, is_ready and len(rows) == BATCH

    async def _sort(
        self,
        connection: PooledConnection,
        rows: Sequence[asyncpg.Record],
        now: datetime,
        claimed: list[_Claimed],
        *,
        is_ready: bool,
    ) -> list[Draft]:
        if not rows:
            return []
        due = [store.read(row) for row in rows]
        accounts = await accounts_of(connection, sorted({one.account_id for one in due}))
        there = await calls_there(connection, [one.call_id for one in due])
        drafts: list[Draft] = []
        for row, one in zip(rows, due, strict=True):
            is_placed = one.call_id in there
            if not is_placed and now > min(one.created_at + PLACE_WITHIN, one.expires_at):
                await self._voice.forget(one.account_id, one.id)
                drafts += await self._fail(
                    connection, one, OtpFailure.NOT_PLACED, "Its call could not be placed in time.", now
                )
            elif is_ready:
                await store.claim(connection, one.id, node=self._node, until=now + LEASE)
                principal = principal_of(accounts[one.account_id], store.read_asked_by(row))
                claimed.append(_Claimed(one, principal, is_placed))
        return drafts

    async def _dial(self, claimed: _Claimed) -> None:
        otp = claimed.otp
        own = OwnCall(
            kind=CallKind.OTP,
            errand=Errand(otp_id=otp.id),
            call_id=CallId(otp.call_id),
            keys=KEYS,
            lead=lead_through(otp),
        )
        if not claimed.is_placed:
            await self._voice.speak(otp.account_id, otp.id)
        await self._calls.place(claimed.principal, otp.call.request(otp.id), own)

    async def _note_placed(self, claimed: _Claimed) -> None:
        async with self._database.acquire() as connection:
            await store.note_calling(connection, claimed.id, now=self._clock.now())

    async def _put_off(self, claimed: _Claimed, until: datetime) -> None:
        async with self._database.acquire() as connection:
            await store.release(connection, claimed.id, try_at=until)

    async def _give_up(self, claimed: _Claimed, error: OffhookError) -> None:
        otp, now = claimed.otp, self._clock.now()
        failure = OtpFailure.NOT_SPOKEN if isinstance(error, SpeechUnavailableError) else OtpFailure.REFUSED
        await self._voice.forget(otp.account_id, otp.id)
        async with self._event_log.transaction() as transaction:
            await transaction.append(await self._fail(transaction.connection, otp, failure, say_why(error), now))

    async def _settle(self) -> int:
        now = self._clock.now()
        drafts: list[Draft] = []
        async with self._event_log.transaction() as transaction:
            rows = await store.lock_ended(transaction.connection, BATCH)
            for row in rows:
                # Before its end is written: whoever dies in between comes here again.
                await self._voice.forget(row["account_id"], row["id"])
                call = decode_call(row["snapshot"])
                drafts += await self._settle_one(transaction.connection, store.read(row), call, now)
            await transaction.append(drafts)
        return len(rows)

    async def _settle_one(self, connection: PooledConnection, otp: Otp, call: Call, now: datetime) -> list[Draft]:
        times_heard = count_readings(call.flow)
        if times_heard is None and all(leg.dialing_at is None for leg in call.legs):
            detail = "Nobody's phone rang: the call was lost, or could not be dialled."
            return await self._fail(
                connection, otp, OtpFailure.NOT_PLACED, detail, now, call_id=call.id, disposition=call.outcome
            )
        if times_heard is None:
            detail = f"Nobody answered ({call.outcome})."
            return await self._fail(
                connection, otp, OtpFailure.NOT_ANSWERED, detail, now, call_id=call.id, disposition=call.outcome
            )
        if times_heard == 0 and call.flow is not None and call.flow.step == _NOT_SPOKEN:
            detail = "It could not be spoken."
            return await self._fail(
                connection, otp, OtpFailure.NOT_SPOKEN, detail, now, call_id=call.id, disposition=call.outcome
            )
        ended = await store.end(
            connection, otp.id, OtpState.ANNOUNCED, now=now, disposition=call.outcome, times_heard=times_heard
        )
        if ended is None:
            return []
        fact = say(OtpAnnounced, ended, at=now, call_id=call.id, heard_to_end=times_heard > 0, times_heard=times_heard)
        return [fact]

    async def _fail(
        self,
        connection: PooledConnection,
        otp: Otp,
        failure: OtpFailure,
        detail: str,
        now: datetime,
        *,
        call_id: str | None = None,
        disposition: Disposition | None = None,
    ) -> list[Draft]:
        ended = await store.end(
            connection, otp.id, OtpState.FAILED, now=now, failure=failure, detail=detail, disposition=disposition
        )
        if ended is None:
            return []
        fact = say(OtpFailed, ended, at=now, reason=failure, detail=detail, call_id=call_id, disposition=disposition)
        return [fact]


def lead_through(otp: Otp) -> FlowRun:
    """What whoever answers hears: so many readings, and then it is over."""
    readings = range(1, otp.spoken.repeat + 1)
    steps: list[Step] = [
        Play(
            name=f"{_READING}{number}",
            sounds=(PlaySecret(secret_id=otp.id),),
            next=_OVER if number == otp.spoken.repeat else f"{_READING}{number + 1}",
            failed=_NOT_SPOKEN,
        )
        for number in readings
    ]
    steps += [HangUp(name=_OVER), HangUp(name=_NOT_SPOKEN)]
    return FlowRun(flow_id="", version=0, name="one-time password", start=f"{_READING}1", steps=tuple(steps))


def count_readings(flow: FlowRun | None) -> int | None:
    """How many readings were heard to their end; None when nobody was there to hear one."""
    if flow is None or flow.started_at is None:
        return None
    begun = sum(name.startswith(_READING) for name in flow.path)
    return begun if flow.step == _OVER else max(0, begun - 1)
