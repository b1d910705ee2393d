"""Everything a call can ask of the world: one closed union. The executor carries each out after the commit."""

from app.calls.core.model import HangupReason
from app.facts.vocabulary import LegRole, MuteDirection, SupervisionMode, Words
from app.ids import LegId, PlaybackId, RecordingId, SupervisionId


class CreateChannel(Words, frozen=True, kw_only=True):
    """Make the leg's channel, without dialling it. ``lifetime_seconds`` ends it inside Asterisk without us.

    ``shown_…`` is what its own far end sees calling, ``presented_…`` what those in the bridge with it are shown of it.
    """

    leg_id: LegId
    endpoint: str
    shown_number: str | None
    shown_name: str | None
    lifetime_seconds: float
    presented_number: str | None = None
    presented_name: str | None = None


class DialChannel(Words, frozen=True, kw_only=True):
    """Send the INVITE. ``timeout_seconds`` is Asterisk's own limit, a little longer than ours."""

    leg_id: LegId
    timeout_seconds: float


class ReceiveChannel(Words, frozen=True, kw_only=True):
    """Take a channel that has come to us: hear all of it, and let the caller hear ringing.

    ``lifetime_seconds`` ends it inside Asterisk without us.
    """

    leg_id: LegId
    lifetime_seconds: float


class AnswerChannel(Words, frozen=True, kw_only=True):
    """Answer a channel that has come to us."""

    leg_id: LegId


class HangupChannel(Words, frozen=True, kw_only=True):
    """End the leg."""

    leg_id: LegId
    reason: HangupReason


class CreateBridge(Words, frozen=True, kw_only=True):
    """Make the call's bridge."""


class JoinBridge(Words, frozen=True, kw_only=True):
    """Put a leg into the bridge."""

    leg_id: LegId


class LeaveBridge(Words, frozen=True, kw_only=True):
    """Take a leg out of the bridge."""

    leg_id: LegId


class StartMusic(Words, frozen=True, kw_only=True):
    """Play music on hold to a leg that is in no bridge; a class of None is Asterisk's default."""

    leg_id: LegId
    music_class: str | None = None


class StopMusic(Words, frozen=True, kw_only=True):
    """End a leg's music."""

    leg_id: LegId


class StartRingback(Words, frozen=True, kw_only=True):
    """Let a leg that is up and in no bridge hear the tone of phones that ring."""

    leg_id: LegId


class StopRingback(Words, frozen=True, kw_only=True):
    """End that tone."""

    leg_id: LegId


class SetMute(Words, frozen=True, kw_only=True):
    """Silence a leg in this direction and in no other; None: in none."""

    leg_id: LegId
    direction: MuteDirection | None


class SendDigits(Words, frozen=True, kw_only=True):
    """Press keys towards a leg."""

    leg_id: LegId
    digits: str
    duration_milliseconds: int
    between_milliseconds: int


class StartPlayback(Words, frozen=True, kw_only=True):
    """Play sounds to a leg; None: to the bridge."""

    playback_id: PlaybackId
    media: tuple[str, ...]
    leg_id: LegId | None


class EndPlayback(Words, frozen=True, kw_only=True):
    """Stop a playback."""

    playback_id: PlaybackId


class DestroyBridge(Words, frozen=True, kw_only=True):
    """Take the call's bridge away, once no leg is in it."""


class VerifyLeg(Words, frozen=True, kw_only=True):
    """Look whether the leg's channel is there, and report what is found: never dial again blind."""

    leg_id: LegId


class CreateSnoop(Words, frozen=True, kw_only=True):
    """Listen to what a leg says."""

    recording_id: RecordingId
    role: LegRole
    leg_id: LegId
    number: int = 1


class RecordSnoop(Words, frozen=True, kw_only=True):
    """Write what the snoop hears, for the parts of this number on each of these sides, begun together."""

    recording_id: RecordingId
    roles: tuple[LegRole, ...]
    number: int = 1


class MuteParts(Words, frozen=True, kw_only=True):
    """Have parts that are being written be written as silence, or (not ``is_muted``) as what is heard again."""

    recording_id: RecordingId
    parts: tuple[tuple[LegRole, int], ...]
    is_muted: bool


class StopPart(Words, frozen=True, kw_only=True):
    """Stop writing one part and take its snoop away."""

    recording_id: RecordingId
    role: LegRole
    number: int = 1


class CollectRecording(Words, frozen=True, kw_only=True):
    """Fetch the parts, put them together and store them; the result comes back as an input."""

    recording_id: RecordingId


class CreateTaps(Words, frozen=True, kw_only=True):
    """Make the pair of taps of a supervision: an ear on the leg ``listens_to``, a mouth on the supervisor's."""

    supervision_id: SupervisionId
    number: int
    listens_to: LegId
    leg_id: LegId


class PlaceSupervisor(Words, frozen=True, kw_only=True):
    """Silence what the mode silences, then have ear and supervisor in their bridge and the mouth in the call's."""

    supervision_id: SupervisionId
    number: int
    leg_id: LegId
    mode: SupervisionMode


class EndTaps(Words, frozen=True, kw_only=True):
    """Take a pair of taps away."""

    supervision_id: SupervisionId
    number: int


class EndSupervision(Words, frozen=True, kw_only=True):
    """Take a supervision's taps and its bridge away."""

    supervision_id: SupervisionId
    number: int


class ForgetHangups(Words, frozen=True, kw_only=True):
    """Delete what Asterisk remembers of how these legs ended."""

    leg_ids: tuple[LegId, ...]


Command = (
    CreateChannel
    | DialChannel
    | ReceiveChannel
    | AnswerChannel
    | HangupChannel
    | CreateBridge
    | JoinBridge
    | LeaveBridge
    | StartMusic
    | StopMusic
    | StartRingback
    | StopRingback
    | SetMute
    | SendDigits
    | StartPlayback
    | EndPlayback
    | DestroyBridge
    | VerifyLeg
    | CreateSnoop
    | RecordSnoop
    | MuteParts
    | StopPart
    | CollectRecording
    | CreateTaps
    | PlaceSupervisor
    | EndTaps
    | EndSupervision
    | ForgetHangups
)
