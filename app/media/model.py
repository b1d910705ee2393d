"""What a relay is asked for and what it reports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from app.facts.vocabulary import MediaStreamEnd

#: Milliseconds of sound in one frame, both ways.
FRAME_MILLISECONDS: Final = 20
BYTES_PER_SAMPLE: Final = 2
MILLISECONDS: Final = 1000
#: An account's own words to its program.
MOST_PARAMETERS: Final = 20


@dataclass(frozen=True, slots=True)
class Sound:
    """Signed 16-bit samples, little-endian, one channel, so many a second."""

    sample_rate: int

    @property
    def frame_bytes(self) -> int:
        """The bytes of one frame."""
        return self.sample_rate * FRAME_MILLISECONDS // MILLISECONDS * BYTES_PER_SAMPLE

    @property
    def bytes_per_second(self) -> int:
        """The bytes of one second."""
        return self.sample_rate * BYTES_PER_SAMPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamJob:
    """A stream to be opened: ``url`` as the account gave it, ``parameters`` its own words to its program.

    One that ``finds_beep`` is our own, and goes nowhere. ``leg_channel`` is what the leg's channel is called.
    """

    stream_id: str
    call_id: str
    leg_id: str
    account_id: str
    url: str
    sample_rate: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    finds_beep: bool = False
    leg_channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a stream ended: told once. ``detail`` is fit to be shown; ``outcome`` is the program's own word."""

    stream_id: str
    call_id: str
    reason: MediaStreamEnd
    detail: str | None = None
    outcome: str | None = None


#: Takes a report; False when there was no room for it, and it is to be told again.
TakeReport: TypeAlias = Callable[[Report], bool]
