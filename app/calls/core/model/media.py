"""A leg's media streams: plain values, as in :mod:`~app.calls.core.model`."""

from datetime import datetime

from app.calls.core.model.leg import Place
from app.facts.vocabulary import MediaStreamEnd, MediaStreamState, Words
from app.ids import LegId, MediaStreamId


class MediaStream(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A leg that talks, or is about to talk, to a program at ``host``, instead of to the others.

    ``is_own``: there is no program, Offhook itself listens, and nobody is told of it. ``came_from`` is where the leg
    belonged before, and goes back to. ``sample_rate`` is samples a second.
    """

    id: MediaStreamId
    leg_id: LegId
    host: str
    sample_rate: int
    asked_at: datetime
    state: MediaStreamState = MediaStreamState.CONNECTING
    came_from: Place = Place.ALONE
    connected_at: datetime | None = None
    is_own: bool = False


class Listening(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A machine has answered (``cause`` is AMD's reason), and its beep is listened for by the stream ``stream_id``.

    ``is_over``: the stream is, and has found ``outcome``, or nothing for the reason ``ended``. Without a stream the
    dialplan waits for silence instead.
    """

    cause: str
    stream_id: MediaStreamId | None = None
    is_over: bool = False
    outcome: str | None = None
    ended: MediaStreamEnd | None = None
