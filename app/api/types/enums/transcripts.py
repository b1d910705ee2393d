"""Transcripts: who writes them down, and where they stand."""

from app.api.types.enums.describing import OPEN, describe
from app.transcripts.model import TranscriptEngine, TranscriptState

describe(
    TranscriptState,
    "Where a transcript stands. " + OPEN,
    {
        "PENDING": "It is being made: `job` says how far it is.",
        "READY": "It can be read.",
        "FAILED": "Nothing came of it; `failure` says why.",
    },
)
describe(
    TranscriptEngine,
    "Who wrote a transcript down. " + OPEN,
    {
        "LOCAL": "The recogniser on Offhook's own machine.",
        "OPENAI_COMPATIBLE": "The service that the operator has set.",
    },
)
