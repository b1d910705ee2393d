"""The stretches of a recording: gaps as the call makes them, and segments as the file has them."""

from datetime import datetime

from app.facts.vocabulary import PauseMode, SegmentKind, Words


class Gap(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A time of which a recording holds nothing.

    A pause (``pause`` says how the file shows it), or, without one, a time in which the two did not talk to each other.
    ``ended_at`` null: it goes on.
    """

    began_at: datetime
    ended_at: datetime | None = None
    pause: PauseMode | None = None

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None


class Segment(Words, frozen=True, kw_only=True):
    """A stretch of a recording's file.

    It tells of the time from ``began_at`` to ``ended_at``, lies ``offset_seconds`` from the file's start, and takes
    ``length_seconds`` of it, which is 0 for what was left out. ``leg_ids`` are whose voices it can hold.
    """

    kind: SegmentKind
    began_at: datetime
    ended_at: datetime
    offset_seconds: float
    length_seconds: float
    leg_ids: tuple[str, ...] = ()
