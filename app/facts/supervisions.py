"""Facts about supervisions and about those who join a talk. Each has one that begins it, and one that ends it."""

from app.facts.calls import CallFact, LegFact, LegRef
from app.facts.vocabulary import Disposition, Party, SupervisionEnd, SupervisionMode


class SupervisionFact(CallFact, frozen=True, kw_only=True):
    """Base of a supervision's facts: ``supervisor`` listens, on the leg ``leg_id``."""

    supervision_id: str
    mode: SupervisionMode
    supervisor: Party
    leg_id: str


class SupervisionStarted(SupervisionFact, frozen=True, kw_only=True):
    """The supervisor has answered, and hears the talk. ``listens_to`` is the agent's leg."""

    type = "supervision.started"
    listens_to: LegRef


class SupervisionChanged(SupervisionFact, frozen=True, kw_only=True):
    """The supervisor's mode is another one, or (``listens_to``) somebody else is in the agent's place."""

    type = "supervision.changed"
    listens_to: LegRef


class SupervisionEnded(SupervisionFact, frozen=True, kw_only=True):
    """The supervision is over: why; and, for a supervisor that was not reached, how that came out."""

    type = "supervision.ended"
    reason: SupervisionEnd
    disposition: Disposition | None = None


class ParticipantJoined(LegFact, frozen=True, kw_only=True):
    """Somebody who was called into the talk has answered, and talks."""

    type = "participant.joined"


class ParticipantLeft(LegFact, frozen=True, kw_only=True):
    """A person has left the conference. ``taken_by``: who sits in its place from here on, if it was the agent's or the
    customer's.
    """

    type = "participant.left"
    taken_by: LegRef | None = None
