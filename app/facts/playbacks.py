"""Facts about sounds that are played into a call."""

from app.facts.calls import CallFact, LegRef


class PlaybackFact(CallFact, frozen=True, kw_only=True):
    """Base of a playback's facts. ``heard_by`` is the leg that hears it; None: all of them."""

    playback_id: str
    heard_by: LegRef | None = None


class PlaybackStarted(PlaybackFact, frozen=True, kw_only=True):
    """It can be heard."""

    type = "playback.started"


class PlaybackFinished(PlaybackFact, frozen=True, kw_only=True):
    """It is over: heard to its end, or stopped (``is_stopped``)."""

    type = "playback.finished"
    is_stopped: bool = False


class PlaybackFailed(PlaybackFact, frozen=True, kw_only=True):
    """It could not be played, or not to its end; ``reason`` says why."""

    type = "playback.failed"
    reason: str
