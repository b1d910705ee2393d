"""One side of a call."""

from datetime import datetime
from enum import StrEnum

from app.facts.calls import LegRef
from app.facts.vocabulary import EndParty, LegRole, LegState, MuteDirection, Party, Quality, Words
from app.ids import LegId


class HangupReason(StrEnum):
    """Why Offhook itself hung a leg up; a leg without one was ended by its own side.

    NOT_IN_TIME: whoever waited for it could wait no longer, as people do whom a dialer has called.
    """

    RING_TIMEOUT = "RING_TIMEOUT"
    SETUP_TIMEOUT = "SETUP_TIMEOUT"
    CALL_OVER = "CALL_OVER"
    TRANSFERRED = "TRANSFERRED"
    NOT_WANTED = "NOT_WANTED"
    NOT_IN_TIME = "NOT_IN_TIME"
    ANSWERED_ELSEWHERE = "ANSWERED_ELSEWHERE"


class Place(StrEnum):
    """Where a leg belongs: nowhere yet, in the talk, or alone: with music, with the tone of phones that ring, or with
    what is played to it. AWAY: out of our hands, in Asterisk's dialplan. STREAM: with the program of its media stream.
    """

    NOWHERE = "NOWHERE"
    TALK = "TALK"
    HOLD = "HOLD"
    RINGBACK = "RINGBACK"
    ALONE = "ALONE"
    AWAY = "AWAY"
    STREAM = "STREAM"


class Way(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Another way to the leg's party: the dial string over another trunk; see :class:`Leg` for the rest."""

    endpoint: str
    trunk_id: str
    is_counted: bool = False


class Leg(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One side of a call: one channel in Asterisk, whose name there derives from ``id``.

    One that came to us by itself has a name of Asterisk's own there, ``channel_id``.

    ``endpoint`` is the validated dial string. ``shown_number`` and ``shown_name`` are what the far end sees calling.
    ``place`` is where the leg belongs, which Asterisk is asked for and reminded of; ``muted`` likewise, once there was
    any of it (``was_muted``); ``was_apart``: it was out of the talk, with music or a tone. ``wave``: of the legs that
    may take one seat, those of the lowest wave ring first, and together. ``agent_id`` is who would take it, where that
    is known by leg. ``music_class`` is what it hears on hold; None is Asterisk's default. ``trunk_id`` is the trunk it
    goes over, if over one; ``is_counted``: that has a limited number of channels, so one is taken before it is dialled,
    and when none is free ``other_ways`` are tried.
    ``ring_group_id`` is the ring group's that it rings for.
    ``voice_pitch``: how much higher (over 1.0) or lower everybody else hears it; None: nobody ever said.
    """

    id: LegId
    role: LegRole
    party: Party
    endpoint: str
    ring_seconds: float
    shown_number: str | None = None
    shown_name: str | None = None
    state: LegState = LegState.PLANNED
    place: Place = Place.NOWHERE
    muted: MuteDirection | None = None
    was_muted: bool = False
    was_apart: bool = False
    wave: int = 0
    agent_id: str | None = None
    trunk_id: str | None = None
    is_counted: bool = False
    other_ways: tuple[Way, ...] = ()
    channel_id: str | None = None
    music_class: str | None = None
    voice_pitch: float | None = None
    channel_name: str | None = None
    created_at: datetime | None = None
    dialing_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    hangup_reason: HangupReason | None = None
    hangup_cause: int | None = None
    sip_code: int | None = None
    failure: str | None = None
    quality: Quality | None = None
    ring_group_id: str | None = None

    @property
    def is_alive(self) -> bool:
        """Whether there is, or may be, a channel for this leg in Asterisk."""
        return self.state not in {LegState.PLANNED, LegState.ENDED}

    @property
    def has_come(self) -> bool:
        """Whether its party called, and was not called: its channel was there before the leg."""
        return self.channel_id is not None

    @property
    def is_leaving(self) -> bool:
        """Whether it was let go, and is not gone yet."""
        return self.is_alive and self.hangup_reason is not None

    @property
    def is_on_hold(self) -> bool:
        """Whether it hears music instead of the others."""
        return self.place is Place.HOLD

    @property
    def latest_at(self) -> datetime | None:
        """The last instant that is known of it."""
        instants = (self.ended_at, self.answered_at, self.ringing_at, self.dialing_at, self.created_at)
        return max((instant for instant in instants if instant is not None), default=None)

    @property
    def ref(self) -> LegRef:
        """The leg as facts name it."""
        return LegRef(id=self.id, role=self.role, party=self.party, channel_name=self.channel_name)


def side_of(role: LegRole) -> EndParty:
    """The party of an end reason that a leg's role stands for."""
    return EndParty(role.value)
