"""A call flow that a call is in: plain values, as in :mod:`~app.calls.core.model`."""

from datetime import datetime
from enum import StrEnum

from app.calls.core.model.queue import QueueWait
from app.facts.flows import FlowEnding
from app.facts.vocabulary import Words
from app.flows.steps import Step
from app.ids import LegId, MediaStreamId, PlaybackId, RecordingId

#: From one flow to the next so often, and then the call ends.
MOST_FLOWS = 5
#: Steps that a caller may get to in one flow, round and round; and for how long.
MOST_ENTERED = 1000
LONGEST_SECONDS = 3600.0
#: The path that is kept: the last so many steps.
LONGEST_PATH = 50


class FlowStage(StrEnum):
    """What a flow is doing: not begun, or it waits for sounds to be made, for their end, for digits, for the end of a
    recording, for somebody to be looked up, for phones that ring, for the end of a media stream, or for the dialplan
    to be done with the caller; or it is over.
    """

    COMING = "COMING"
    PREPARING = "PREPARING"
    PLAYING = "PLAYING"
    COLLECTING = "COLLECTING"
    RECORDING = "RECORDING"
    FINDING = "FINDING"
    RINGING = "RINGING"
    STREAMING = "STREAMING"
    AWAY = "AWAY"
    OVER = "OVER"


class FlowPurpose(StrEnum):
    """What a caller is led through: a call flow of the account's, or something that is made for this call alone and
    told by other means: an announcement, a talk with a program, the operator's own dialplan.
    """

    FLOW = "FLOW"
    ANNOUNCEMENT = "ANNOUNCEMENT"
    MEDIA_STREAM = "MEDIA_STREAM"
    DIALPLAN = "DIALPLAN"


class Variable(Words, frozen=True, kw_only=True):
    """Something that was gathered, or that the call itself has set."""

    name: str
    held: str


class StreamResult(Words, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a step's media stream: whether there was one, and the program's own word for how it went."""

    was_connected: bool
    outcome: str | None = None


class FlowRun(Words, frozen=True, kw_only=True, omit_defaults=True):
    """One way through one version of a flow; the call keeps the steps that it began with, until it is over.

    ``purpose``: unless it is FLOW, there is no such flow (``flow_id`` is empty), and no ``flow.…`` fact is said.
    ``leg_id`` is who is in it. ``number`` counts what was asked of the world: an answer to an earlier question is none.
    ``media`` are the prompt's sounds in Asterisk's words (with the seconds after which each is stopped, 0 for none),
    ``heard`` how many of them are over. ``attempt`` is how often the step has asked. ``is_settling``: a recording has
    ended by itself, or a sound has broken off, and it is to be seen whether the caller is there still. ``offers`` are
    the legs that ring for the caller, and ``then_queue`` or ``then_flow`` where it goes when nobody of them is had.
    ``entered`` counts steps, ``path`` has the last of them. ``runs`` counts the flows of the call.
    ``refuses_machines``: a machine that answers is not led, but hung up on. ``is_apology``: it is for somebody who was
    called and for whom no agent came in time, so however it ends, that call was ABANDONED.
    """

    flow_id: str
    version: int
    name: str
    start: str
    purpose: FlowPurpose = FlowPurpose.FLOW
    steps: tuple[Step, ...] = ()
    stage: FlowStage = FlowStage.COMING
    leg_id: LegId | None = None
    step: str | None = None
    number: int = 0
    attempt: int = 0
    digits: str = ""
    media: tuple[tuple[str, float], ...] = ()
    heard: int = 0
    has_failed: bool = False
    playback_id: PlaybackId | None = None
    recording_id: RecordingId | None = None
    is_settling: bool = False
    stream_id: MediaStreamId | None = None
    stream_end: "StreamResult | None" = None
    offers: tuple[LegId, ...] = ()
    agent_id: str | None = None
    then_queue: QueueWait | None = None
    then_flow: "FlowRun | None" = None
    variables: tuple[Variable, ...] = ()
    entered: int = 0
    path: tuple[str, ...] = ()
    runs: int = 1
    refuses_machines: bool = False
    is_apology: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ending: FlowEnding | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody is in it any more."""
        return self.stage is FlowStage.OVER

    @property
    def is_told(self) -> bool:
        """Whether it is a flow of the account's, whose steps are said as facts."""
        return self.purpose is FlowPurpose.FLOW

    @property
    def current(self) -> Step | None:
        """The step that it is at."""
        return next((one for one in self.steps if one.name == self.step), None)

    @property
    def values(self) -> dict[str, str]:
        """The variables by their names."""
        return {one.name: one.held for one in self.variables}
