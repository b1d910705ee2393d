"""What may be asked of a live call: one closed union, the same from the API to the machine.

Each verb says what is wanted, never how. ``control`` decides whether it can be done as the call stands.
"""

from app.accounts.scopes import Scope
from app.facts.vocabulary import (
    MuteDirection,
    Pair,
    PauseMode,
    RecordingMode,
    SupervisionMode,
    TransferKind,
    TransferMethod,
    Words,
)
from app.flows.steps import Announcement, DialplanTarget, StreamTarget
from app.ids import LegId, MediaStreamId, PlaybackId, RecordingId


class Hold(Words, frozen=True, kw_only=True, tag="hold"):
    """Take a leg out of the talk, to hear music; None: the customer's."""

    leg_id: LegId | None = None


class Unhold(Words, frozen=True, kw_only=True, tag="unhold"):
    """Bring a held leg back; None: the customer's."""

    leg_id: LegId | None = None


class Mute(Words, frozen=True, kw_only=True, tag="mute"):
    """Silence a leg in a direction, besides what is silenced already."""

    leg_id: LegId
    direction: MuteDirection = MuteDirection.IN


class Unmute(Words, frozen=True, kw_only=True, tag="unmute"):
    """End a leg's silence in a direction."""

    leg_id: LegId
    direction: MuteDirection = MuteDirection.BOTH


class Target(Words, frozen=True, kw_only=True):
    """Whom to reach, as asked for and not looked up yet: exactly one is set."""

    agent_id: str | None = None
    extension: str | None = None
    number: str | None = None
    ring_group_id: str | None = None
    queue_id: str | None = None
    call_flow_id: str | None = None
    announcement: Announcement | None = None
    media_stream: StreamTarget | None = None
    dialplan: DialplanTarget | None = None


class StartTransfer(Words, frozen=True, kw_only=True, tag="start_transfer"):
    """Give one party to somebody else. ``by``: whose leg transfers, None: the agent's. Durations are seconds."""

    idempotency_key: str
    kind: TransferKind
    target: Target
    by: LegId | None = None
    ring_seconds: float | None = None
    consult_seconds: float | None = None
    recalls: bool = True
    with_music: bool = False
    method: TransferMethod = TransferMethod.BRIDGE


class SendDtmf(Words, frozen=True, kw_only=True, tag="send_dtmf"):
    """Press keys towards a leg. Milliseconds for each key, and between two."""

    leg_id: LegId
    digits: str
    duration_milliseconds: int
    between_milliseconds: int


class SendMessage(Words, frozen=True, kw_only=True, tag="send_message"):
    """Write to the phone of a leg, or (None) to all phones of the agent's side. The text is checked."""

    message_text: str
    leg_id: LegId | None = None


class SetVoicePitch(Words, frozen=True, kw_only=True, tag="set_voice_pitch"):
    """Have a leg (None: the agent's) sound higher or lower to everybody else; 1.0 is as it is."""

    pitch: float
    leg_id: LegId | None = None


class Play(Words, frozen=True, kw_only=True, tag="play"):
    """Play sounds, one after the other, to a leg or (None) to all. ``media`` are Asterisk's own words, made of
    validated parts: ``sound:…``, ``tone:…``, ``digits:…``.
    """

    playback_id: PlaybackId
    media: tuple[str, ...]
    leg_id: LegId | None = None


class StopPlayback(Words, frozen=True, kw_only=True, tag="stop_playback"):
    """Stop one; None: all that run."""

    playback_id: str | None = None


class CompleteTransfer(Words, frozen=True, kw_only=True, tag="complete_transfer"):
    """Whoever transfers has spoken to the target, or will not wait for it."""


class CancelTransfer(Words, frozen=True, kw_only=True, tag="cancel_transfer"):
    """Take the transfer back."""


class StartRecording(Words, frozen=True, kw_only=True, tag="start_recording"):
    """Record the call from now on."""

    recording_id: RecordingId
    mode: RecordingMode


class StopRecording(Words, frozen=True, kw_only=True, tag="stop_recording"):
    """End a recording while the call goes on."""

    recording_id: RecordingId


class PauseRecording(Words, frozen=True, kw_only=True, tag="pause_recording"):
    """Keep what is said from now on out of a recording."""

    recording_id: RecordingId
    mode: PauseMode


class ResumeRecording(Words, frozen=True, kw_only=True, tag="resume_recording"):
    """End a recording's pause."""

    recording_id: RecordingId


class StartSupervision(Words, frozen=True, kw_only=True, tag="start_supervision"):
    """Let somebody inside listen to the call. ``ring_seconds``: how long that phone may ring."""

    idempotency_key: str
    mode: SupervisionMode
    supervisor: Target
    ring_seconds: float | None = None


class UpdateSupervision(Words, frozen=True, kw_only=True, tag="update_supervision"):
    """Change what a supervisor does with the talk."""

    supervision_id: str
    mode: SupervisionMode


class StopSupervision(Words, frozen=True, kw_only=True, tag="stop_supervision"):
    """Let a supervisor go."""

    supervision_id: str


class AddParticipant(Words, frozen=True, kw_only=True, tag="add_participant"):
    """Call somebody into the talk."""

    idempotency_key: str
    target: Target
    ring_seconds: float | None = None


class RemoveParticipant(Words, frozen=True, kw_only=True, tag="remove_participant"):
    """Let one of a conference go."""

    leg_id: LegId


class StartMediaStream(Words, frozen=True, kw_only=True, tag="start_media_stream"):
    """Have a program at ``url`` talk to a leg instead of the others. ``host`` is the URL's, once that was looked at."""

    stream_id: MediaStreamId
    leg_id: LegId
    url: str
    host: str = ""
    sample_rate: int = 8000
    parameters: tuple[Pair, ...] = ()


class StopMediaStream(Words, frozen=True, kw_only=True, tag="stop_media_stream"):
    """Have the leg back."""

    stream_id: str


Verb = (
    Hold
    | Unhold
    | Mute
    | Unmute
    | SendDtmf
    | SendMessage
    | SetVoicePitch
    | Play
    | StopPlayback
    | StartTransfer
    | CompleteTransfer
    | CancelTransfer
    | StartRecording
    | StopRecording
    | PauseRecording
    | ResumeRecording
    | StartSupervision
    | UpdateSupervision
    | StopSupervision
    | AddParticipant
    | RemoveParticipant
    | StartMediaStream
    | StopMediaStream
)


def scope_of(verb: Verb) -> Scope:
    """The scope that asking it takes."""
    if isinstance(verb, StartSupervision | UpdateSupervision | StopSupervision):
        return Scope.SUPERVISE
    return Scope.CALLS_CONTROL
