"""Begins the transcripts of calls that were to be transcribed, once their recordings are saved."""

from typing import Final

import structlog

from app.clock import Clock
from app.daemon import Daemon
from app.errors import RefusedError
from app.events.log import Appended
from app.facts.recordings import RecordingSaved
from app.transcripts.service import Transcripts

_log = structlog.get_logger(__name__)

_MOST: Final = 20


class TranscriptStarter(Daemon):
    """The wish lies in the recording's row: it outlives whoever was to fulfil it. Several may run."""

    name = "transcript-starter"
    poll_seconds = 2.0

    def __init__(self, transcripts: Transcripts, clock: Clock) -> None:
        super().__init__(clock)
        self._transcripts = transcripts

    def on_appended(self, appended: Appended) -> None:
        """Look when this process has said that a recording is saved."""
        if any(isinstance(event.fact, RecordingSaved) for event in appended.events):
            self.wake()

    async def run_round(self) -> bool:
        for _ in range(_MOST):
            try:
                if not await self._transcripts.begin_wanted():
                    return False
            except RefusedError as error:
                _log.warning("transcription_postponed", reason=error.message)
                return False  # that account has just got enough under way: the next round passes it by
        return True
