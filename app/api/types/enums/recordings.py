"""Recordings, and what their files have."""

from app.api.types.enums.describing import OPEN, describe
from app.facts.recordings import DeletionReason
from app.facts.vocabulary import PauseMode, RecordingKind, RecordingMode, RecordingState, SegmentKind

describe(
    RecordingMode,
    "Whose voice is recorded. " + OPEN,
    {
        "OFF": "Nobody's.",
        "AGENT": "The agent's alone, mono.",
        "CUSTOMER": "The customer's alone, mono.",
        "BOTH": "Both, in one stereo file: agent left, customer right.",
    },
)
describe(
    RecordingState,
    "Where a recording stands. " + OPEN,
    {
        "PENDING": "Asked for; Asterisk is not writing yet.",
        "RECORDING": "Asterisk is writing.",
        "COLLECTING": "Finished in Asterisk, on its way into Offhook's store.",
        "SAVED": "In the store, whole. Only now is there an address to fetch it from.",
        "PAUSED": "Asterisk is writing, and nothing of what is said now gets into the file.",
        "FAILED": "No recording came of it; `failure` says why.",
        "DELETED": "The file is deleted, by request or because its time was over.",
    },
)
describe(
    PauseMode,
    "What the file has of a pause. " + OPEN,
    {"SKIP": "Nothing: it goes on with what is said after it.", "SILENCE": "Silence, as long as the pause was."},
)
describe(
    SegmentKind,
    "What a stretch of a recording is. " + OPEN,
    {
        "TALK": "What the parties say to each other.",
        "APART": "Silence: one of the two was on hold, consulted, or was not there; nobody was recorded meanwhile.",
        "PAUSED": "A pause.",
    },
)

describe(
    RecordingKind,
    "What a recording is of. " + OPEN,
    {
        "CALL": "A talk, or what a party of it said.",
        "VOICEMAIL": "A message that was left in a call flow.",
        "MESSAGE": "What a call flow's `record` step asked its caller to say.",
    },
)
describe(
    DeletionReason,
    "Why a recording was deleted. " + OPEN,
    {
        "REQUESTED": "Somebody asked for it.",
        "RETENTION": "It had been kept for as long as it was to be.",
        "ERASURE": "A person whose call it was is to be forgotten.",
    },
)
