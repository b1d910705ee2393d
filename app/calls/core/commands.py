"""Everything a call can ask of the world: one closed union. The executor carries each out after the commit."""

from app.calls.core.model.leg import HangupReason
from app.facts.vocabulary import LegRole, MediaStreamEnd, MuteDirection, Pair, SupervisionMode, Words
from app.flows.steps import Sound, Target
from app.ids import LegId, MediaStreamId, PlaybackId, RecordingId, SupervisionId


class CreateChannel(Words, frozen=True, kw_only=True):
    """Make the leg's channel, without dialling it. ``lifetime_seconds`` ends it inside Asterisk without us.

    ``shown_…`` is what its own far end sees calling, whoever waits for it; ``presented_…`` what others are shown of it
    should Asterisk connect them by itself, as it does when a phone transfers: joining the talk tells nobody anything.
    ``trunk_id`` is a trunk of which it must have a channel first; None where there is no limit. ``voice_pitch`` as with
    :class:`SetPitch`; ``variables`` are those of the caller's own that the channel gets, of checked names and values.
    """

    leg_id: LegId
    endpoint: str
    shown_number: str | None
    shown_name: str | None
    lifetime_seconds: float
    presented_number: str | None = None
    presented_name: str | None = None
    trunk_id: str | None = None
    voice_pitch: float | None = None
    variables: tuple[Pair, ...] = ()


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


class KeepChannel(Words, frozen=True, kw_only=True):
    """Have a channel that is there end without us only after so long from now: more may come than was foreseen."""

    leg_id: LegId
    lifetime_seconds: float


class AdoptChannel(Words, frozen=True, kw_only=True):
    """Take a channel that Asterisk itself has put into the talk: hear of its end, and have it remembered.

    ``lifetime_seconds`` ends it inside Asterisk without us.
    """

    leg_id: LegId
    lifetime_seconds: float


class ReferLeg(Words, frozen=True, kw_only=True):
    """Tell the leg's device (SIP REFER) to call these digits at the place that it is called at."""

    leg_id: LegId
    dialled: str


class DetectMachine(Words, frozen=True, kw_only=True):
    """Lend the leg to the dialplan, to find out what has answered; of a machine, perhaps to wait for its beep too."""

    leg_id: LegId
    waits_for_beep: bool


class AwaitSilence(Words, frozen=True, kw_only=True):
    """Lend the leg, on which a machine has answered, to the dialplan, until it is silent."""

    leg_id: LegId


class EnterDialplan(Words, frozen=True, kw_only=True):
    """Hand the leg to the operator's own dialplan, at the first priority of an extension; it may come back from there.

    A leg that is in the dialplan already is left there.
    """

    leg_id: LegId
    context: str
    extension: str


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


class SetPitch(Words, frozen=True, kw_only=True):
    """Have what a leg says sound higher (over 1.0) or lower to everybody else."""

    leg_id: LegId
    pitch: float


class SendText(Words, frozen=True, kw_only=True):
    """Send a text to the telephone at a leg's far end, beside the call."""

    leg_id: LegId
    message_text: str


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
    """Listen to what a leg says; with ``hears_out`` to what it hears."""

    recording_id: RecordingId
    role: LegRole
    leg_id: LegId
    number: int = 1
    hears_out: bool = False


class RecordSnoop(Words, frozen=True, kw_only=True):
    """Write what the snoop hears, for the parts of this number on each of these sides, begun together.

    ``silence_seconds`` of silence end it; None: none do.
    """

    recording_id: RecordingId
    roles: tuple[LegRole, ...]
    number: int = 1
    silence_seconds: float | None = None


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
    """Make the taps of a supervision: a mouth on the supervisor's leg, all else on the leg ``listens_to``."""

    supervision_id: SupervisionId
    number: int
    listens_to: LegId
    leg_id: LegId


class PlaceSupervisor(Words, frozen=True, kw_only=True):
    """Silence what the mode silences, then have everybody and everything of a supervision where they belong."""

    supervision_id: SupervisionId
    number: int
    leg_id: LegId
    mode: SupervisionMode


class EndTaps(Words, frozen=True, kw_only=True):
    """Take a set of taps away; an agent that sits apart goes back into the talk first."""

    supervision_id: SupervisionId
    number: int


class EndSupervision(Words, frozen=True, kw_only=True):
    """Take a supervision's taps and its bridges away, likewise."""

    supervision_id: SupervisionId
    number: int


class OpenStream(Words, frozen=True, kw_only=True):
    """Connect to a program, and have a channel of Asterisk's for it; what comes of it is told as inputs.

    ``finds_beep``: there is no program, we listen ourselves until an answering machine's beep is over.
    """

    stream_id: MediaStreamId
    leg_id: LegId
    url: str
    sample_rate: int
    parameters: tuple[Pair, ...] = ()
    finds_beep: bool = False


class JoinStream(Words, frozen=True, kw_only=True):
    """Put a leg and the program of its media stream together, apart from all others."""

    leg_id: LegId


class PressInStream(Words, frozen=True, kw_only=True):
    """Tell a media stream's program of a key."""

    stream_id: MediaStreamId
    digit: str
    duration_milliseconds: int


class CloseStream(Words, frozen=True, kw_only=True):
    """Tell a program why it is over, and take away what Asterisk has of its stream; the leg is let out first, if one
    is in it.
    """

    stream_id: MediaStreamId
    leg_id: LegId | None
    reason: MediaStreamEnd


class PreparePrompt(Words, frozen=True, kw_only=True):
    """Have sounds made that Asterisk does not have: spoken texts, files. The answer names the ``number``."""

    number: int
    sounds: tuple[Sound, ...]


class FindTarget(Words, frozen=True, kw_only=True):
    """Look up whom a call flow leads to. The answer names the ``number``."""

    number: int
    target: Target
    ring_seconds: float | None = None
    priority: int = 0


class ForgetHangups(Words, frozen=True, kw_only=True):
    """Delete what Asterisk remembers of how these legs ended."""

    leg_ids: tuple[LegId, ...]


Command = (
    CreateChannel
    | DialChannel
    | ReceiveChannel
    | KeepChannel
    | AdoptChannel
    | ReferLeg
    | DetectMachine
    | AwaitSilence
    | EnterDialplan
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
    | SetPitch
    | SendText
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
    | OpenStream
    | JoinStream
    | PressInStream
    | CloseStream
    | PreparePrompt
    | FindTarget
    | ForgetHangups
)
