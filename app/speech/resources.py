"""All of speech together, as surfaces call it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.accounts.audit import AuditLog
from app.clock import Clock
from app.db.engine import Database
from app.files.store import FileStore
from app.files.upload_files import UploadFiles
from app.files.uploads import Uploads
from app.files.urls import upload_urls
from app.resources.resource import Office
from app.routing.resources import tell_nobody
from app.secrets.sealing import Seals
from app.speech.audio_files import AudioFiles, AudioFileSweeper
from app.speech.cache import SpeechCache
from app.speech.decoding import Decoder
from app.speech.engine import SpeechEngine
from app.speech.media_files import MediaFiles
from app.speech.model import SAMPLE_RATES
from app.speech.passing import PassingSoundSweeper
from app.speech.speaker import Speaker
from app.speech.templates import AnnouncementTemplates
from app.speech.urls import MediaUrls


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechResources:
    """The use cases of texts and sound files, and the files themselves."""

    speaker: Speaker
    templates: AnnouncementTemplates
    uploads: Uploads
    audio_files: AudioFiles
    audio_sweeper: AudioFileSweeper
    passing_sweeper: PassingSoundSweeper
    media_files: MediaFiles
    upload_files: UploadFiles

    @classmethod
    def open(
        cls,
        database: Database,
        audit: AuditLog,
        seals: Seals,
        store: FileStore,
        clock: Clock,
        engines: Sequence[SpeechEngine],
        *,
        folder: Path,
        media_url: str,
        urls_secret: bytes,
        names_secret: bytes,
        cache_bytes: int,
        sample_rate: int = SAMPLE_RATES[0],
    ) -> Self:
        """``folder`` is this process's own room on the disk; ``media_url`` is how Asterisk reaches this process."""
        office = Office(database=database, audit=audit, seals=seals, lines_changed=tell_nobody)
        media_urls, signed_uploads = MediaUrls(urls_secret, media_url), upload_urls(urls_secret)
        cache = SpeechCache(folder / "speech", most_bytes=cache_bytes)
        passing = SpeechCache(folder / "passing", most_bytes=cache_bytes)
        speaker = Speaker(
            engines, cache, media_urls, clock, secret=names_secret, sample_rate=sample_rate, passing=passing
        )
        uploads = Uploads(database, store, signed_uploads, clock)
        audio_files = AudioFiles(
            office, uploads, store, Decoder(), media_urls, clock, folder / "decoding", sample_rate=sample_rate
        )
        return cls(
            speaker=speaker,
            templates=AnnouncementTemplates(office, speaker),
            uploads=uploads,
            audio_files=audio_files,
            audio_sweeper=AudioFileSweeper(audio_files, clock),
            passing_sweeper=PassingSoundSweeper(passing, clock),
            media_files=MediaFiles((cache, passing), audio_files, media_urls, clock),
            upload_files=UploadFiles(uploads, signed_uploads, clock, folder / "uploads"),
        )
