"""What a one-time password is, without its code: plain values between the surfaces, the service and the caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.calls.planning.requests import OriginateRequest
from app.facts.otps import OtpFailure
from app.facts.vocabulary import Disposition, Pair, Party, Words
from app.speech.model import VoiceSettings
from app.speech.words import EngineType, Pitch, Rate, Volume

SHORTEST_CODE: Final = 4
LONGEST_CODE: Final = 12
MOST_READINGS: Final = 5
SHORTEST_LIFE_SECONDS: Final = 30.0
LONGEST_LIFE_SECONDS: Final = 86_400.0
MOST_ATTEMPTS: Final = 10
#: The place of the code in an announcement.
CODE_FIELD: Final = "code"
DEFAULT_TEXT: Final = "Hello. Your code is: {code}."


class OtpState(StrEnum):
    """Where the telling stands, as the outside sees it. A row that is CLAIMED is about to be CALLING."""

    PENDING = "PENDING"
    CALLING = "CALLING"
    ANNOUNCED = "ANNOUNCED"
    FAILED = "FAILED"


class OtpVerdict(StrEnum):
    """What is to be thought of a code that was offered."""

    VERIFIED = "VERIFIED"
    WRONG = "WRONG"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    EXPIRED = "EXPIRED"
    USED = "USED"


class OtpCall(Words, frozen=True, kw_only=True, omit_defaults=True):
    """The call in which it is told; what is left out is the account's or the server's setting."""

    number: str
    caller_id: str | None = None
    caller_id_name: str | None = None
    trunk_id: str | None = None
    customer_ring_seconds: float | None = None
    external_id: str | None = None
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()

    def request(self, key: str, *, dry_run: bool = False) -> OriginateRequest:
        """The call, asked for under this idempotency key. It names nobody to connect: it is led."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "number"}
        return OriginateRequest(idempotency_key=key, destination_number=self.number, dry_run=dry_run, **fields)


class Spoken(Words, frozen=True, kw_only=True, omit_defaults=True):
    """What is said around the code (``{code}`` in ``text``), by which voice, and how often."""

    text: str
    repeat: int = 2
    voice: str | None = None
    language: str | None = None
    engine_type: EngineType = EngineType.STANDARD
    volume: Volume = Volume.MEDIUM
    rate: Rate = Rate.MEDIUM
    pitch: Pitch = Pitch.MEDIUM

    @classmethod
    def of(cls, text: str, settings: VoiceSettings, repeat: int) -> "Spoken":
        """A text, as it is to be spoken."""
        return cls(
            text=text,
            repeat=repeat,
            voice=settings.voice,
            language=settings.language,
            engine_type=settings.engine_type,
            volume=settings.volume,
            rate=settings.rate,
            pitch=settings.pitch,
        )

    @property
    def settings(self) -> VoiceSettings:
        """The voice, as speech has it."""
        return VoiceSettings(
            voice=self.voice,
            language=self.language,
            engine_type=self.engine_type,
            volume=self.volume,
            rate=self.rate,
            pitch=self.pitch,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceRequest:
    """A one-time password that is to be told. ``code`` None: one of ``length`` digits is made, which nobody can read.

    ``text`` (with ``{code}`` in it), or a template (with a field ``code``, and ``values`` for its others); neither is
    DEFAULT_TEXT. Its ``repr`` does not show the code.
    """

    idempotency_key: str
    call: OtpCall
    code: str | None = field(default=None, repr=False)
    length: int = 6
    text: str | None = None
    template_id: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    voice: VoiceSettings | None = None
    repeat: int = 2
    expires_in_seconds: float = 600.0
    max_attempts: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Otp:
    """A one-time password. ``times_heard``: how often all of it was heard, once its call was answered and has ended."""

    id: str
    account_id: str
    state: OtpState
    call: OtpCall
    spoken: Spoken
    call_id: str
    expires_at: datetime
    attempts: int
    max_attempts: int
    verified_at: datetime | None
    times_heard: int | None
    failure: OtpFailure | None
    detail: str | None
    disposition: Disposition | None
    is_sandbox: bool
    created_at: datetime
    ended_at: datetime | None

    @property
    def customer(self) -> Party:
        """Who is told."""
        return Party(number=self.call.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtpFilter:
    """Which one-time passwords; every field that is set must hold. ``[created_from, created_to)``."""

    states: tuple[OtpState, ...] = ()
    number: str | None = None
    external_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A one-time password as it stands. ``is_replayed``: the idempotency key had it told before."""

    otp: Otp
    is_replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of a code that was offered."""

    otp: Otp
    verdict: OtpVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCaps:
    """So many one-time passwords for one number in ``number_seconds``, and for an account in ``account_seconds``."""

    per_number: int
    number_seconds: float
    per_account: int
    account_seconds: float
