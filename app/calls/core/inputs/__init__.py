"""Everything that can happen to a call: one closed union, whatever the source.

The instant of an input is the step's ``now``; for what Asterisk reports that is the time by Asterisk's own clock.
"""

from app.calls.core.inputs.asked import (
    HangupRequested,
    LegReplaced,
    ParticipantRequested,
    ReferAimed,
    ReferAsked,
    ReferRefused,
    Requested,
    SupervisionRequested,
    TransferRequested,
    UpdateRequested,
)
from app.calls.core.inputs.guests import SupervisionPlaced, SupervisionSeen, TapReady
from app.calls.core.inputs.leading import (
    AgentOffered,
    OverflowChosen,
    PositionKnown,
    PromptFailed,
    PromptReady,
    QueueRefused,
    TargetFound,
)
from app.calls.core.inputs.legs import (
    DtmfReceived,
    LegAnswered,
    LegCreated,
    LegDestroyed,
    LegDetected,
    LegDoubtful,
    LegGivenBack,
    LegMisplaced,
    LegReferred,
    LegRinging,
    LegSilent,
    SoundEnded,
    SoundStarted,
    StreamClosed,
    StreamReady,
)
from app.calls.core.inputs.recording import (
    PartStarted,
    PartStopped,
    RecordingCollected,
    RecordingLost,
    SnoopCreated,
    SnoopMissing,
)
from app.calls.core.inputs.watching import (
    CommandFailed,
    FailureKind,
    MissedWhileAway,
    NodeLost,
    Recovered,
    Start,
    TimerFired,
)

__all__ = [
    "AgentOffered",
    "Asked",
    "CommandFailed",
    "DtmfReceived",
    "FailureKind",
    "HangupRequested",
    "Input",
    "LegAnswered",
    "LegCreated",
    "LegDestroyed",
    "LegDetected",
    "LegDoubtful",
    "LegGivenBack",
    "LegMisplaced",
    "LegReferred",
    "LegReplaced",
    "LegRinging",
    "LegSilent",
    "MissedWhileAway",
    "NodeLost",
    "OverflowChosen",
    "PartStarted",
    "PartStopped",
    "ParticipantRequested",
    "PositionKnown",
    "PromptFailed",
    "PromptReady",
    "QueueRefused",
    "RecordingCollected",
    "RecordingLost",
    "Recovered",
    "ReferAimed",
    "ReferAsked",
    "ReferRefused",
    "Requested",
    "SnoopCreated",
    "SnoopMissing",
    "SoundEnded",
    "SoundStarted",
    "Start",
    "StreamClosed",
    "StreamReady",
    "SupervisionPlaced",
    "SupervisionRequested",
    "SupervisionSeen",
    "TapReady",
    "TargetFound",
    "TimerFired",
    "TransferRequested",
    "UpdateRequested",
]

#: What somebody with the right to do so asks: it names its actor and its request.
Asked = (
    HangupRequested
    | UpdateRequested
    | Requested
    | TransferRequested
    | SupervisionRequested
    | ParticipantRequested
    | LegReplaced
)


Input = (
    Start
    | MissedWhileAway
    | LegCreated
    | LegRinging
    | LegAnswered
    | LegDestroyed
    | LegSilent
    | LegDoubtful
    | DtmfReceived
    | SnoopCreated
    | SnoopMissing
    | PartStarted
    | PartStopped
    | RecordingCollected
    | RecordingLost
    | TimerFired
    | CommandFailed
    | HangupRequested
    | UpdateRequested
    | Requested
    | TransferRequested
    | ReferAsked
    | ReferAimed
    | ReferRefused
    | LegReplaced
    | LegReferred
    | LegDetected
    | LegGivenBack
    | SupervisionRequested
    | ParticipantRequested
    | TapReady
    | SupervisionPlaced
    | SupervisionSeen
    | AgentOffered
    | QueueRefused
    | OverflowChosen
    | PositionKnown
    | PromptReady
    | PromptFailed
    | TargetFound
    | SoundStarted
    | SoundEnded
    | StreamReady
    | StreamClosed
    | LegMisplaced
    | Recovered
    | NodeLost
)
