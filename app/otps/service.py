"""The use cases of one-time passwords: have one told, verify one, read. Placing the calls is the caller's."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec

from app.accounts.asked_by import AskedBy
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.keeping.keys import KeyClaim, KeyVeil, check_key, check_same_input, claim_keys, find_key, hash_input
from app.calls.planning.originate_checks import check_allowed, check_request, read_caller_id
from app.calls.planning.originate_lookup import OriginateLookup
from app.clock import Clock
from app.db.engine import Database
from app.db.reader import AccountReader
from app.errors import Problem, RefusedError
from app.events.log import EventLog
from app.facts.otps import OtpVerified
from app.ids import Kind, kind_of, new_id
from app.otps import store
from app.otps.codes import Codes, is_code
from app.otps.model import (
    CODE_FIELD,
    DEFAULT_TEXT,
    LONGEST_CODE,
    LONGEST_LIFE_SECONDS,
    MOST_ATTEMPTS,
    MOST_READINGS,
    SHORTEST_CODE,
    SHORTEST_LIFE_SECONDS,
    Announced,
    AnnounceRequest,
    Otp,
    OtpCall,
    OtpFilter,
    OtpState,
    OtpVerdict,
    RateCaps,
    Spoken,
    Verified,
)
from app.otps.telling import say
from app.speech import texts
from app.speech.model import VoiceSettings
from app.speech.speaker import Speaker
from app.speech.templates import AnnouncementTemplates

ANNOUNCE: Final = "announceOtp"

_DAY_SECONDS: Final = 86_400.0
_MARK: Final = f"{{{CODE_FIELD}}}"


class Otps(AccountReader[Otp, OtpFilter]):
    """The account's one-time passwords. ``due`` is awaited after there is a call to be placed.

    Every method raises DatabaseUnavailableError.
    """

    def __init__(
        self,
        database: Database,
        log: EventLog,
        lookup: OriginateLookup,
        codes: Codes,
        speaker: Speaker,
        templates: AnnouncementTemplates,
        clock: Clock,
        *,
        caps: RateCaps,
        veil: KeyVeil,
        due: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(database, store.SHAPE)
        self._event_log = log
        self._lookup = lookup
        self._codes = codes
        self._speaker = speaker
        self._templates = templates
        self._clock = clock
        self._caps = caps
        self._veil = veil
        self._due = due

    async def announce(
        self, principal: Principal, request: AnnounceRequest, *, most_a_day: int | None = None
    ) -> Announced:
        """Have a code told by telephone, or give back what this idempotency key has told.

        ``most_a_day`` is how many the number may have been told within a day, this one included, beside the caps that
        hold for all.

        Raises:
            RefusedError: INVALID_INPUT, REQUIRED, FIELD_MISSING, NOT_FOUND, SPEECH_NOT_SUPPORTED for the code and what
                is said; RATE_LIMITED, with when to ask again; IDEMPOTENCY_KEY_REUSED; and what speaks against the call,
                as `CallService.originate` says it.
            SpeechUnavailableError: nobody can say whether there is such a voice.
        """
        principal.require(Scope.OTP)
        check_key(request.idempotency_key)
        input_hash = self._hash(request)
        async with self._database.acquire() as connection:
            holder = await find_key(connection, principal.account_id, ANNOUNCE, request.idempotency_key, self._veil)
        if holder is not None:
            check_same_input(holder, input_hash)
            return Announced(otp=await self._replay(principal.account_id, holder.subject_id), is_replayed=True)
        _check_numbers(request)
        spoken = await self._read_spoken(principal.account_id, request)
        call, is_sandbox = await self._check_call(principal, request.call)
        now = self._clock.now()
        otp = Otp(
            id=new_id(Kind.OTP),
            account_id=principal.account_id,
            state=OtpState.PENDING,
            call=call,
            spoken=spoken,
            call_id=new_id(Kind.CALL),
            expires_at=now + timedelta(seconds=request.expires_in_seconds),
            attempts=0,
            max_attempts=request.max_attempts,
            verified_at=None,
            times_heard=None,
            failure=None,
            detail=None,
            disposition=None,
            is_sandbox=is_sandbox,
            created_at=now,
            ended_at=None,
        )
        kept = self._codes.keep(otp.id, request.code or self._codes.make(request.length))
        claim = KeyClaim(principal.account_id, ANNOUNCE, request.idempotency_key, input_hash, otp.id)
        async with self._database.acquire() as connection, connection.transaction():
            is_ours = bool(await claim_keys(connection, [claim]))
            if is_ours:
                full = await store.seconds_until_room(
                    connection, principal.account_id, call.number, self._caps, now=now
                )
                if full is None and most_a_day is not None:
                    full = await store.seconds_until_room(
                        connection,
                        principal.account_id,
                        call.number,
                        replace(self._caps, per_number=most_a_day, number_seconds=_DAY_SECONDS),
                        now=now,
                    )
                if full is not None:  # which lets go of the key as well
                    raise _too_many(*full)
                made = await store.insert(connection, otp, kept, AskedBy.of(principal))
        if not is_ours:  # somebody with the same key was quicker
            return await self.announce(principal, request, most_a_day=most_a_day)
        await self._due()
        return Announced(otp=made)

    async def verify(self, principal: Principal, otp_id: str, code: str) -> Verified:
        """Compare a code with the one that was told; the right one is used up with it.

        Raises:
            RefusedError: NOT_FOUND; SANDBOX_ONLY.
        """
        principal.require(Scope.OTP)
        if kind_of(otp_id) is not Kind.OTP:
            raise _missing()
        async with self._event_log.transaction() as transaction:
            row = await store.lock(transaction.connection, principal.account_id, otp_id)
            if row is None:
                raise _missing()
            now = self._clock.now()
            otp = store.read(row)
            principal.require_sandbox(is_sandbox=otp.is_sandbox)
            verdict = _verdict_without_looking(otp, is_expired=now >= otp.expires_at)
            if verdict is not None:
                return Verified(otp=otp, verdict=verdict)
            is_right = self._codes.fits(otp.id, row["salt"], row["code_hash"], code)
            verified_at = now if is_right else None
            otp = await store.count_attempt(transaction.connection, otp.id, verified_at=verified_at, now=now)
            if is_right:
                await transaction.append([say(OtpVerified, otp, at=now, by=principal, attempts=otp.attempts)])
        return Verified(otp=otp, verdict=OtpVerdict.VERIFIED if is_right else OtpVerdict.WRONG)

    async def _replay(self, account_id: str, otp_id: str) -> Otp:
        found = await self.get(account_id, otp_id)
        if found is None:
            msg = "an idempotency key is written together with its one-time password"
            raise LookupError(msg)
        return found

    async def _read_spoken(self, account_id: str, request: AnnounceRequest) -> Spoken:
        """The text with its place for the code, and a voice that is there."""
        if request.template_id is not None:
            under = ("announcement", "template")
            if CODE_FIELD in request.values:
                message = f"The field {CODE_FIELD!r} is the code's own."
                raise RefusedError(Problem("INVALID_INPUT", message, (*under, "fields", CODE_FIELD)))
            # What looks like a field in a value stays as it is: so the place of the code is kept.
            values = {**request.values, CODE_FIELD: _MARK}
            speech = await self._templates.fill(
                account_id, request.template_id, values, settings=request.voice, under=under
            )
            text, settings = speech.text, speech.settings
        else:
            text, settings = request.text or DEFAULT_TEXT, request.voice or VoiceSettings()
            field = ("announcement", "text")
            problems = texts.check_template(text, *field)
            if not problems and texts.fields_of(text) != (CODE_FIELD,):
                message = f"Say where the code is to be spoken, as {_MARK}; there are no other fields."
                problems = [Problem("INVALID_INPUT", message, field)]
            if problems:
                raise RefusedError(problems)
        await self._speaker.check(settings)
        return Spoken.of(text, settings, request.repeat)

    async def _check_call(self, principal: Principal, call: OtpCall) -> tuple[OtpCall, bool]:
        """The call with its number as it is dialled, and whether it stays in the sandbox."""
        try:
            return await self._judge_call(principal, call)
        except RefusedError as refused:
            raise RefusedError([_at_number(one) for one in refused.problems]) from refused

    async def _judge_call(self, principal: Principal, call: OtpCall) -> tuple[OtpCall, bool]:
        request = call.request("check", dry_run=True)
        check_request(request, is_led=True)
        caller_id = read_caller_id(request, principal)
        found, numbers, _ = await self._lookup.find(principal, request, caller_id)
        is_sandbox = found.trunk is not None and found.trunk.is_sandbox
        check_allowed(request, principal, numbers, found, is_led=True)
        return msgspec.structs.replace(call, number=numbers.destination or call.number), is_sandbox

    def _hash(self, request: AnnounceRequest) -> bytes:
        return hash_input(
            {
                "call": msgspec.to_builtins(request.call),
                "code": None if request.code is None else self._codes.mark(request.code),
                "length": request.length,
                "text": request.text,
                "template_id": request.template_id,
                "values": dict(request.values),
                "voice": None if request.voice is None else msgspec.to_builtins(request.voice),
                "repeat": request.repeat,
                "expires_in_seconds": request.expires_in_seconds,
                "max_attempts": request.max_attempts,
            }
        )


def _verdict_without_looking(otp: Otp, *, is_expired: bool) -> OtpVerdict | None:
    if otp.verified_at is not None:
        return OtpVerdict.USED
    if is_expired:
        return OtpVerdict.EXPIRED
    return OtpVerdict.TOO_MANY_ATTEMPTS if otp.attempts >= otp.max_attempts else None


def _check_numbers(request: AnnounceRequest) -> None:
    problems = []
    codes = f"{SHORTEST_CODE} to {LONGEST_CODE} digits"
    if request.code is not None and not is_code(request.code, shortest=SHORTEST_CODE, longest=LONGEST_CODE):
        problems.append(Problem("INVALID_INPUT", f"A code has {codes}, and nothing else.", ("code",)))
    if not SHORTEST_CODE <= request.length <= LONGEST_CODE:
        problems.append(Problem("INVALID_INPUT", f"A code has {codes}.", ("length",)))
    if not 1 <= request.repeat <= MOST_READINGS:
        problems.append(Problem("INVALID_INPUT", f"Give 1 to {MOST_READINGS}.", ("repeat",)))
    if not 1 <= request.max_attempts <= MOST_ATTEMPTS:
        problems.append(Problem("INVALID_INPUT", f"Give 1 to {MOST_ATTEMPTS}.", ("maxAttempts",)))
    life = request.expires_in_seconds
    if not (math.isfinite(life) and SHORTEST_LIFE_SECONDS <= life <= LONGEST_LIFE_SECONDS):
        message = f"Give {SHORTEST_LIFE_SECONDS:g} to {LONGEST_LIFE_SECONDS:.0f} seconds."
        problems.append(Problem("INVALID_INPUT", message, ("ttlSeconds",)))
    if problems:
        raise RefusedError(problems)


def _at_number(problem: Problem) -> Problem:
    """The problem by where the number is here."""
    return replace(problem, field=("number",)) if problem.field[:1] == ("destination",) else problem


def _too_many(whose: str, seconds: float) -> RefusedError:
    what = "for this number" if whose == "number" else "for this account"
    message = f"There were too many one-time passwords {what} lately. Ask again in {math.ceil(seconds)} seconds."
    field = ("number",) if whose == "number" else ()
    return RefusedError(Problem("RATE_LIMITED", message, field, retry_after_seconds=round(max(seconds, 0.001), 3)))


def _missing() -> RefusedError:
    return RefusedError(Problem("NOT_FOUND", "There is no such one-time password.", ("id",)))
