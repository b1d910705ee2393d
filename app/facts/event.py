"""The envelope around a fact: what the log stores, and subscriptions and webhooks send."""

from datetime import datetime
from enum import StrEnum

from app.facts.calls import Fact
from app.facts.vocabulary import Words


class ActorKind(StrEnum):
    """Who set something in motion."""

    API_KEY = "API_KEY"
    SYSTEM = "SYSTEM"
    PARTY = "PARTY"


class Actor(Words, frozen=True, kw_only=True):
    """Who set something in motion: an API key by its id, a party of the call, or Offhook itself."""

    kind: ActorKind
    id: str | None = None


SYSTEM = Actor(kind=ActorKind.SYSTEM)


class Draft(Words, frozen=True, kw_only=True):
    """A fact that is not in the log yet: it has everything but its ``sequence``.

    ``call_sequence`` counts 1, 2, 3 … within a call, and is None for facts of other subjects. ``traceparent`` is the
    place in a trace that it goes back to; it stays in the log, for whoever sends the event on.
    """

    id: str
    account_id: str
    subject_id: str
    occurred_at: datetime
    fact: Fact
    actor: Actor = SYSTEM
    call_sequence: int | None = None
    request_id: str | None = None
    is_sandbox: bool = False
    traceparent: str | None = None


class Event(Words, frozen=True, kw_only=True):
    """A fact in the log. ``sequence`` strictly increases in the log and may have holes.

    ``is_test``: it is none, but a sample that is sent in its place (see ``samples``).
    """

    id: str
    type: str
    timestamp: datetime
    sequence: int
    account_id: str
    subject_id: str
    actor: Actor
    fact: Fact
    call_sequence: int | None = None
    request_id: str | None = None
    is_sandbox: bool = False
    is_test: bool = False
