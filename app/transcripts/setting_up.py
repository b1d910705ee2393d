"""Transcripts as the settings have them: which engine hears, and what runs."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from app.clock import Clock
from app.config import Settings
from app.db.engine import Database
from app.egress.requests import Egress
from app.events.log import EventLog
from app.files.store import FileStore
from app.jobs.setting_up import JobStage
from app.recordings.queries import RecordingQueries
from app.transcripts.engine import HearingEngine
from app.transcripts.local_engine import LocalEngine
from app.transcripts.openai_engine import BODY_SECONDS, LARGEST_ANSWER, OpenAiEngine
from app.transcripts.rows import TranscriptQueries
from app.transcripts.runner import Transcription
from app.transcripts.service import Transcripts
from app.transcripts.starter import TranscriptStarter


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptStage:
    """The use cases, and what runs in the background."""

    service: Transcripts
    queries: TranscriptQueries
    starter: TranscriptStarter


def make_engine(stack: AsyncExitStack, settings: Settings) -> HearingEngine:
    """The engine: the service that is set, else the local one (which says so when pocketsphinx is missing)."""
    if settings.transcription_url is None:
        return LocalEngine()
    egress = Egress(
        allow_networks=settings.transcription_allow_networks,
        timeout_seconds=settings.transcription_timeout_seconds,
        keep_bytes=LARGEST_ANSWER,
        body_seconds=BODY_SECONDS,
    )
    stack.push_async_callback(egress.aclose)
    key = settings.transcription_key
    return OpenAiEngine(
        egress,
        url=settings.transcription_url,
        key=None if key is None else key.get_secret_value(),
        model=settings.transcription_model,
        most_seconds=settings.transcription_piece_seconds,
    )


def open_transcripts(
    stack: AsyncExitStack,
    settings: Settings,
    database: Database,
    log: EventLog,
    store: FileStore,
    jobs: JobStage,
    clock: Clock,
) -> TranscriptStage:
    """All of transcripts; ``stack`` closes it, and the jobs' worker does their jobs."""
    engine = make_engine(stack, settings)
    service = Transcripts(database, jobs.service, engine, clock, language=settings.transcription_language)
    starter = TranscriptStarter(service, clock)
    log.on_appended(starter.on_appended)
    at_once = settings.transcriptions_at_once
    jobs.worker.add(Transcription(database, RecordingQueries(database), store, engine, clock, at_once=at_once))
    return TranscriptStage(service=service, queries=TranscriptQueries(database), starter=starter)
