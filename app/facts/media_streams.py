"""Facts about media streams. Each that was asked for comes to exactly one of ``mediastream.ended`` and ``.failed``."""

from app.facts.calls import CallFact, LegRef
from app.facts.vocabulary import MediaStreamEnd


class MediaStreamFact(CallFact, frozen=True, kw_only=True):
    """Base of a media stream's facts: ``leg`` talks to a program at ``host``."""

    stream_id: str
    leg: LegRef
    host: str


class MediaStreamConnected(MediaStreamFact, frozen=True, kw_only=True):
    """The leg and the program at the other end of the websocket hear each other. ``sampleRate``: samples a second."""

    type = "mediastream.connected"
    sample_rate: int


class MediaStreamEnded(MediaStreamFact, frozen=True, kw_only=True):
    """They do not any more: why. ``outcome`` is the program's own word for how it went, when it gave one."""

    type = "mediastream.ended"
    reason: MediaStreamEnd
    duration_seconds: float
    detail: str | None = None
    outcome: str | None = None


class MediaStreamFailed(MediaStreamFact, frozen=True, kw_only=True):
    """They never did: why."""

    type = "mediastream.failed"
    reason: MediaStreamEnd
    detail: str | None = None
