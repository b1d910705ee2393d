"""Whether an outbound number is the account's: it is told a code, and whoever has it knows the code.

The code is made here and nowhere to be read, so nobody knows it who was not told it over the telephone. Nor can it be
guessed: it is long, nothing is compared until somebody has heard it, and a number is not called over and over again.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from app.accounts.principal import Principal
from app.calls.keeping.keys import check_key
from app.errors import Problem, RefusedError
from app.otps.model import AnnounceRequest, Otp, OtpCall, OtpState, OtpVerdict
from app.otps.service import Otps
from app.routing.model import OutboundNumber
from app.routing.numbers import OutboundNumbers

_TEXT: Final = "Hello. Somebody wants to show this number to those they call. If that is you, your code is: {code}."
_DIGITS: Final = 8
_READINGS: Final = 3
_LIFE_SECONDS: Final = 600.0
_ATTEMPTS: Final = 5
#: Of one number and account. With so many digits and attempts somebody guesses for ten thousand years.
MOST_A_DAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A number as it is now, and what came of it. ``verdict`` is what is to be thought of the code, once one came.

    ``is_replayed``: the same key had it called before.
    """

    number: OutboundNumber
    otp: Otp
    verdict: OtpVerdict | None = None
    is_replayed: bool = False


class NumberProofs:
    """Begins and ends the verification of numbers."""

    def __init__(self, otps: Otps, numbers: OutboundNumbers) -> None:
        self._otps = otps
        self._numbers = numbers

    async def begin(
        self,
        by: Principal,
        number_id: str,
        *,
        idempotency_key: str,
        caller_id: str | None = None,
        trunk_id: str | None = None,
    ) -> Proof:
        """Call the number and tell it a code; exactly once for each key.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, it is verified already; NOT_SUPPORTED, a call over this trunk would
                show nothing; whatever `Otps.announce` refuses: the number must be one that the account may call, and
                RATE_LIMITED, it was told MOST_A_DAY within a day.
        """
        check_key(idempotency_key)
        number = await self._find(by, number_id)
        way_out = await self._numbers.find_proving_trunk(by.account_id, trunk_id)
        key = hashlib.sha256(f"{number_id} {idempotency_key}".encode()).hexdigest()
        told = await self._otps.announce(
            by,
            AnnounceRequest(
                idempotency_key=f"verifyOutboundNumber {key}",
                call=OtpCall(number=number.number, caller_id=caller_id, trunk_id=way_out),
                length=_DIGITS,
                text=_TEXT,
                repeat=_READINGS,
                expires_in_seconds=_LIFE_SECONDS,
                max_attempts=_ATTEMPTS,
            ),
            most_a_day=MOST_A_DAY,
        )
        number = await self._numbers.begin_verification(by, number_id, told.otp.id)
        return Proof(number=number, otp=told.otp, is_replayed=told.is_replayed)

    async def finish(self, by: Principal, number_id: str, code: str) -> Proof:
        """Compare the code; with the right one the number is verified.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, it is verified already, or was told no code; or nobody has heard the
                code to its end, or not yet: ``current_state`` is then the one-time password's. No attempt is used up.
        """
        number = await self._find(by, number_id)
        otp_id = await self._numbers.verification_of(by.account_id, number_id)
        if otp_id is None:
            message = "The number was told no code. Have it called first: give an idempotencyKey and no code."
            raise RefusedError(Problem("INVALID_STATE", message, ("code",), current_state="UNVERIFIED"))
        _require_heard(await self._otps.get(by.account_id, otp_id))
        offered = await self._otps.verify(by, otp_id, code)
        if offered.verdict is OtpVerdict.VERIFIED:
            number = await self._numbers.finish_verification(by, number_id, otp_id)
        return Proof(number=number, otp=offered.otp, verdict=offered.verdict)

    async def _find(self, by: Principal, number_id: str) -> OutboundNumber:
        number = await self._numbers.get(by.account_id, number_id)
        if number is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such outbound number.", ("id",)))
        if number.verified_at is not None:
            message = "The number is verified already."
            raise RefusedError(Problem("INVALID_STATE", message, ("id",), current_state="VERIFIED"))
        return number


def _require_heard(otp: Otp | None) -> None:
    """Whoever offers a code that nobody has heard yet guesses."""
    if otp is not None and otp.state is OtpState.ANNOUNCED and otp.times_heard:
        return
    if otp is not None and otp.state in {OtpState.PENDING, OtpState.CALLING}:
        message = "The call in which the code is told is not over yet. Ask again when it is."
    else:
        message = "Nobody has heard the code to its end. Have the number called anew: give another idempotencyKey."
    state = "UNVERIFIED" if otp is None else otp.state.value
    raise RefusedError(Problem("INVALID_STATE", message, ("code",), current_state=state))
