"""Placing the calls in which one-time passwords are told: each once, and telling what came of it.

As with callbacks a round claims, places and settles, and whoever dies in between leaves a claim and a call's id that
the next finds. The sound is made before anybody's phone rings; the call itself knows no more of it than its id.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Protocol

import asyncpg
import structlog

from app import failpoints
from app.accounts.principal import Principal
from app.calls.change import FencedError
from app.calls.core.model.call import Call, decode_call
from app.calls.core.model.flow import FlowRun
from app.calls.placing import Places, Readiness
from app.calls.requests import OwnCall
from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database, PooledConnection
from app.errors import DatabaseUnavailableError, OffhookError, RefusedError
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

_log = structlog.get_logger(__name__)

#: The space of its calls' idempotency keys: no client's mutation has this name.
KEYS: Final = "otp"
BATCH: Final = 20
#: A claim that nobody has made good after this is anybody's.
LEASE: Final = timedelta(seconds=30)
#: After a call that could not be placed just now, the next try; and for how long in all.
TRY_AGAIN: Final = timedelta(seconds=2)
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


class OtpCaller(Daemon):
    """One tenure's."""

    name: ClassVar[str] = "one-time-passwords"
    poll_seconds = 0.5

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
        super().__init__(clock)
        self._database = database
        self._event_log = log
        self._calls = calls
        self._voice = voice
        self._readiness = readiness
        self._clock = clock
        self._node = node

    async def run_round(self) -> bool:
        ended = await self._settle()
        claimed, has_more = await self._claim()
        if claimed:
            async with asyncio.TaskGroup() as group:
                for one in claimed:
                    group.create_task(self._try_to_place(one), name=f"one-time password {one.otp.id}")
        return has_more or ended == BATCH

    async def _claim(self) -> tuple[list[_Claimed], bool]:
        now = self._clock.now()
        is_ready = self._readiness.why_not_ready is None
        claimed: list[_Claimed] = []
        async with self._database.acquire() as connection:
            with self._event_log.in_flight():
                async with connection.transaction():
                    rows = await store.lock_due(connection, now=now, node=self._node, limit=BATCH)
                    drafts = await self._sort(connection, rows, now, claimed, is_ready=is_ready)
                    appended = await self._event_log.append_in(connection, drafts)
        self._event_log.announce(appended)
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
        accounts = await store.accounts_of(connection, sorted({one.account_id for one in due}))
        there = await store.calls_there(connection, [one.call_id for one in due])
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
                account = accounts[one.account_id]
                principal = store.read_asked_by(row).principal(
                    account_id=one.account_id, account_name=account["name"], default_region=account["default_region"]
                )
                claimed.append(_Claimed(one, principal, is_placed))
        return drafts

    async def _try_to_place(self, claimed: _Claimed) -> None:
        """One that meets an outage must not take the others with it: what it claimed is claimed again."""
        try:
            await self._place(claimed)
        except DatabaseUnavailableError as error:
            _log.warning("otp_not_noted", otp_id=claimed.otp.id, reason=error.message)

    async def _place(self, claimed: _Claimed) -> None:
        otp = claimed.otp
        if failpoints.armed is not None:
            await failpoints.reach(failpoints.Failpoint.ERRAND_CLAIMED)
        own = OwnCall(
            kind=CallKind.OTP,
            errand=Errand(otp_id=otp.id),
            call_id=CallId(otp.call_id),
            keys=KEYS,
            lead=lead_through(otp),
        )
        try:
            if not claimed.is_placed:
                await self._voice.speak(otp.account_id, otp.id)
            await self._calls.place(claimed.principal, otp.call.request(otp.id), own)
        except SpeechUnavailableError as error:
            await self._give_up(otp, OtpFailure.NOT_SPOKEN, error.message)
        except RefusedError as refused:
            detail = "; ".join(f"{one.code}: {one.message}" for one in refused.problems)
            await self._give_up(otp, OtpFailure.REFUSED, detail)
        except FencedError:
            pass  # the calls are in other hands by now, and with them this claim
        except OffhookError as error:
            # It is away, or nobody knows what it is: it is tried while there is time.
            _log.warning("otp_not_placed", otp_id=otp.id, reason=error.code)
            async with self._database.acquire() as connection:
                await store.release(connection, otp.id, try_at=self._clock.now() + TRY_AGAIN)
        else:
            if failpoints.armed is not None:
                await failpoints.reach(failpoints.Failpoint.ERRAND_PLACED)
            async with self._database.acquire() as connection:
                await store.note_calling(connection, otp.id, now=self._clock.now())

    async def _give_up(self, otp: Otp, failure: OtpFailure, detail: str) -> None:
        now = self._clock.now()
        await self._voice.forget(otp.account_id, otp.id)
        async with self._database.acquire() as connection:
            with self._event_log.in_flight():
                async with connection.transaction():
                    drafts = await self._fail(connection, otp, failure, detail, now)
                    appended = await self._event_log.append_in(connection, drafts)
        self._event_log.announce(appended)

    async def _settle(self) -> int:
        """Tell what came of calls that have ended; gives how many."""
        now = self._clock.now()
        drafts: list[Draft] = []
        async with self._database.acquire() as connection:
            with self._event_log.in_flight():
                async with connection.transaction():
                    rows = await store.lock_ended(connection, BATCH)
                    for row in rows:
                        # Before its end is written: whoever dies in between comes here again.
                        await self._voice.forget(row["account_id"], row["id"])
                        drafts += await self._settle_one(connection, store.read(row), decode_call(row["snapshot"]), now)
                    appended = await self._event_log.append_in(connection, drafts)
        self._event_log.announce(appended)
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
