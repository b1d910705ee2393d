"""Those who come to a call besides the two who talk."""

from datetime import datetime
from enum import StrEnum

from app.facts.vocabulary import Disposition, LegRole, SupervisionMode, SupervisionState, Words
from app.ids import LegId, SupervisionId


class TapKind(StrEnum):
    """What a supervisor needs: an ear on the agent's leg, and a mouth of its own in the talk; and for the agent, who
    sits apart meanwhile, its voice in the talk, and a line that brings what is said there.
    """

    EAR = "EAR"
    MOUTH = "MOUTH"
    VOICE = "VOICE"
    LINE = "LINE"


class Supervision(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who listens to a call, on the leg ``leg_id``; ``listens_to`` is whose leg is tapped.

    Until somebody has answered, ``or_legs`` ring as well, and ``best`` is the best of how it came out with others.

    Taps are made for it, and made anew when somebody else takes the agent's seat: ``taps`` numbers the set, 0 before
    there is one, ``ready_taps`` are those that can be used. ``tapped_at`` is when the set was asked for.
    """

    id: SupervisionId
    mode: SupervisionMode
    leg_id: LegId
    asked_at: datetime
    listens_to: LegId
    state: SupervisionState = SupervisionState.RINGING
    taps: int = 0
    ready_taps: tuple[TapKind, ...] = ()
    tapped_at: datetime | None = None
    tries: int = 0
    was_started: bool = False
    or_legs: tuple[LegId, ...] = ()
    best: Disposition | None = None

    @property
    def legs(self) -> tuple[LegId, ...]:
        """All legs that are there for it."""
        return (self.leg_id, *self.or_legs)


class Participant(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who is called into the talk, and which agent that is. ``seat``: the seat it has taken since.

    Until somebody has answered, ``or_legs`` ring as well.
    """

    leg_id: LegId
    agent_id: str | None = None
    agent_name: str | None = None
    joined_at: datetime | None = None
    seat: LegRole | None = None
    or_legs: tuple[LegId, ...] = ()

    @property
    def legs(self) -> tuple[LegId, ...]:
        """All legs that are there for it."""
        return (self.leg_id, *self.or_legs)
