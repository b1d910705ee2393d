"""Facts about transcripts. They carry no text: whoever may read it fetches it."""

from app.facts.calls import Fact


class TranscriptFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one transcript, which is of one recording."""

    transcript_id: str
    recording_id: str
    call_id: str
    job_id: str


class TranscriptReady(TranscriptFact, frozen=True, kw_only=True):
    """What is said in the recording was written down."""

    type = "transcript.ready"
    language: str
    segment_count: int


class TranscriptFailed(TranscriptFact, frozen=True, kw_only=True):
    """The recording was not transcribed; ``reason`` says why."""

    type = "transcript.failed"
    reason: str
