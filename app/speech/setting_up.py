"""Speech as the settings have it: which engines there are, where sounds are kept, how Asterisk reaches us."""

import os
import shutil
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from app.accounts.audit import AuditLog
from app.clock import Clock
from app.config import Settings
from app.db.engine import Database
from app.errors import ConfigurationError
from app.files.store import FileStore
from app.secrets.sealing import Seals
from app.secrets.service_secret import Purpose, ServiceSecret
from app.speech.engine import SpeechEngine
from app.speech.espeak import EspeakEngine
from app.speech.resources import SpeechResources
from app.speech.sigv4 import Credentials

if TYPE_CHECKING:
    from app.speech.polly import PollyEngine

_EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # compared, not bound


_MEGABYTE: Final = 2**20


def open_speech(
    stack: AsyncExitStack,
    settings: Settings,
    secret: ServiceSecret,
    database: Database,
    audit: AuditLog,
    seals: Seals,
    store: FileStore,
    clock: Clock,
    *,
    unpacked_espeak: Sequence[str] | None = None,
) -> SpeechResources:
    """All of speech; ``stack`` closes it.

    Raises:
        ConfigurationError: see :func:`find_espeak` and :func:`make_polly`.
    """
    polly = make_polly(settings, clock)
    if polly is not None:
        stack.push_async_callback(polly.aclose)
    return SpeechResources.open(
        database,
        audit,
        seals,
        store,
        clock,
        make_engines(settings, polly, unpacked_espeak),
        folder=settings.data_dir / "media",
        media_url=media_url(settings),
        urls_secret=secret.derive(Purpose.URLS),
        names_secret=secret.derive(Purpose.SPEECH),
        cache_bytes=settings.speech_cache_megabytes * _MEGABYTE,
        sample_rate=int(settings.sound_sample_rate),
    )


def find_espeak(settings: Settings, unpacked: Sequence[str] | None = None) -> Sequence[str] | None:
    """The command of espeak-ng: as set, else the system's, else what came with the embedded Asterisk, else None.

    Raises:
        ConfigurationError: the one that is set cannot be run.
    """
    if settings.espeak is None:
        found = shutil.which("espeak-ng")
        return unpacked if found is None else (found,)
    program = shutil.which(settings.espeak)
    if program is None:
        raise ConfigurationError(f"OFFHOOK_ESPEAK: there is no program {settings.espeak}")
    return (program,)


def make_polly(settings: Settings, clock: Clock) -> "PollyEngine | None":
    """Amazon Polly, when a region is set. Close it at the end.

    Raises:
        ConfigurationError: it has no credentials.
    """
    region = settings.polly_region
    if region is None:
        return None
    key_id = settings.polly_access_key_id or os.environ.get("AWS_ACCESS_KEY_ID")
    if settings.polly_secret_access_key is not None:
        secret, token = settings.polly_secret_access_key.get_secret_value(), None
    else:
        secret, token = os.environ.get("AWS_SECRET_ACCESS_KEY", ""), os.environ.get("AWS_SESSION_TOKEN")
    if not key_id or not secret:
        raise ConfigurationError(
            "OFFHOOK_POLLY_REGION is set: set OFFHOOK_POLLY_ACCESS_KEY_ID and OFFHOOK_POLLY_SECRET_ACCESS_KEY too "
            "(or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        )
    from app.speech.polly import PollyEngine  # late: a service that does not ask Amazon starts without an HTTP client

    return PollyEngine(
        url=settings.polly_url or f"https://polly.{region}.amazonaws.com",
        region=region,
        credentials=Credentials(key_id, secret, token or None),
        clock=clock,
    )


def make_engines(
    settings: Settings, polly: "PollyEngine | None", unpacked_espeak: Sequence[str] | None
) -> list[SpeechEngine]:
    """The engines, the preferred one first."""
    espeak = EspeakEngine(find_espeak(settings, unpacked_espeak))
    return [espeak] if polly is None else [polly, espeak]


def media_url(settings: Settings) -> str:
    """How Asterisk reaches this process: as set; else, on this machine, by its own port; else as clients do."""
    if settings.media_url is not None:
        return settings.media_url
    if settings.public_url is not None and settings.ari_url is not None:
        return settings.public_url
    host = _EVERY_ADDRESS.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
