"""What Asterisk says of a leg, and of what is heard on it."""

from datetime import datetime

from app.facts.vocabulary import AnsweredBy, MediaStreamEnd, Quality, Words
from app.ids import LegId, MediaStreamId, PlaybackId


class LegCreated(Words, frozen=True, kw_only=True):
    """The leg's channel exists and is ours to dial."""

    leg_id: LegId
    channel_name: str


class LegRinging(Words, frozen=True, kw_only=True):
    """The far end rings, or (SIP 183) sends sound of its own before the answer."""

    leg_id: LegId


class LegAnswered(Words, frozen=True, kw_only=True):
    """The far end answered. ``at``: of an answer that nobody heard, learnt afterwards, when it was, if known."""

    leg_id: LegId
    at: datetime | None = None


class LegDestroyed(Words, frozen=True, kw_only=True):
    """The leg's channel is gone: Q.850 cause and, where Asterisk gave it, the SIP status.

    ``is_late`` marks an end that nobody watched, learnt afterwards; ``at`` is then its true instant if known.
    ``answered_at`` is when it had been answered, if Asterisk remembers that. ``is_untraced``: there is no channel, and
    no memory of its end either. ``quality`` is how it sounded, if known.
    """

    leg_id: LegId
    cause: int | None = None
    sip_code: int | None = None
    at: datetime | None = None
    answered_at: datetime | None = None
    is_late: bool = False
    is_untraced: bool = False
    quality: Quality | None = None


class LegSilent(Words, frozen=True, kw_only=True):
    """The leg's channel is there and not up, and not one SIP response has come for it: perhaps it was never dialled."""

    leg_id: LegId


class LegDoubtful(Words, frozen=True, kw_only=True):
    """Asterisk's list of channels does not have the leg: let the call look for itself, after what it is doing now."""

    leg_id: LegId


class LegMisplaced(Words, frozen=True, kw_only=True):
    """Asterisk has the leg elsewhere than it belongs, or nobody knows: put it there, with what it should hear."""

    leg_id: LegId


class LegDetected(Words, frozen=True, kw_only=True):
    """A leg that was lent to find out what has answered is back, with the verdict and Asterisk's reason for it."""

    leg_id: LegId
    answered_by: AnsweredBy
    cause: str
    is_after_beep: bool = False


class LegGivenBack(Words, frozen=True, kw_only=True):
    """The operator's dialplan is done with a leg that was handed to it."""

    leg_id: LegId


class LegReferred(Words, frozen=True, kw_only=True):
    """A leg's device was told to call somebody, and the leg is back: whether it has (``is_done``), has said nothing in
    time, or else the SIP status that it gave.
    """

    leg_id: LegId
    is_done: bool = False
    is_timed_out: bool = False
    sip_code: int | None = None


class DtmfReceived(Words, frozen=True, kw_only=True):
    """A party pressed a key."""

    leg_id: LegId
    digit: str
    duration_milliseconds: int


class SoundStarted(Words, frozen=True, kw_only=True):
    """A playback can be heard."""

    playback_id: PlaybackId


class SoundEnded(Words, frozen=True, kw_only=True):
    """A playback is over; ``failure`` when it could not be played, or nobody knows."""

    playback_id: PlaybackId
    failure: str | None = None


class StreamReady(Words, frozen=True, kw_only=True):
    """A media stream's channel is there: its program is connected, and can be put together with the leg."""

    stream_id: MediaStreamId


class StreamClosed(Words, frozen=True, kw_only=True):
    """Nobody relays a media stream (any more): why. ``detail`` is fit to be shown, ``outcome`` the program's word."""

    stream_id: MediaStreamId
    reason: MediaStreamEnd
    detail: str | None = None
    outcome: str | None = None
