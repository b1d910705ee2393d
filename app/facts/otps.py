"""Facts about one-time passwords that are told by telephone. No digit of one is in any of them."""

from enum import StrEnum

from app.facts.calls import Fact
from app.facts.vocabulary import Disposition, Party


class OtpFailure(StrEnum):
    """Why a one-time password was not told to anybody."""

    NOT_ANSWERED = "NOT_ANSWERED"
    NOT_SPOKEN = "NOT_SPOKEN"
    REFUSED = "REFUSED"
    NOT_PLACED = "NOT_PLACED"


class OtpFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one one-time password."""

    otp_id: str
    customer: Party
    external_id: str | None = None


class OtpAnnounced(OtpFact, frozen=True, kw_only=True):
    """The call in which it was spoken has ended. ``heard_to_end``: all of it was, at least once; ``times_heard`` so
    often.
    """

    type = "otp.announced"
    call_id: str
    heard_to_end: bool
    times_heard: int


class OtpFailed(OtpFact, frozen=True, kw_only=True):
    """Nothing of it was spoken to anybody, and nothing more is tried."""

    type = "otp.failed"
    reason: OtpFailure
    detail: str
    call_id: str | None = None
    disposition: Disposition | None = None


class OtpVerified(OtpFact, frozen=True, kw_only=True):
    """The right code was given in time; it is used up. ``attempts``: how many codes were offered in all."""

    type = "otp.verified"
    attempts: int
