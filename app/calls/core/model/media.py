"""A leg's media streams: plain values, as in :mod:`~app.calls.core.model`."""

from datetime import datetime

from app.calls.core.model.leg import Place
from app.facts.vocabulary import MediaStreamState, Words
from app.ids import LegId, MediaStreamId


class MediaStream(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A leg that talks, or is about to talk, to a program at ``host``, instead of to the others.

    ``came_from`` is where the leg belonged before, and goes back to. ``sample_rate`` is samples a second.
    """

    id: MediaStreamId
    leg_id: LegId
    host: str
    sample_rate: int
    asked_at: datetime
    state: MediaStreamState = MediaStreamState.CONNECTING
    came_from: Place = Place.ALONE
    connected_at: datetime | None = None
