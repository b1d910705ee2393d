"""Jobs: what they do, and where they stand."""

from app.api.types.enums.describing import OPEN, describe
from app.facts.jobs import JobKind, JobState

describe(
    JobKind,
    "What a job does. " + OPEN,
    {
        "CONTACT_IMPORT": "It brings contacts into a contact list.",
        "DNC_IMPORT": "It brings numbers into a list of those who must not be called.",
        "EXPORT": "It writes records into a file.",
        "TRANSCRIPTION": "It writes down what is said in a recording.",
        "ERASURE": "It removes what is held about a person.",
    },
)
describe(
    JobState,
    "Where a job stands. " + OPEN,
    {
        "QUEUED": "It will be done, or tried again after a mistake that `failure` tells.",
        "RUNNING": "It is being done.",
        "FINISHED": "All of it is done.",
        "FAILED": "It was given up; `failure` says why, and what to do. What was done until then stays done.",
        "CANCELLED": "It was cancelled. What was done until then stays done.",
    },
)
