"""A stream of our own: nobody talks to the leg, and its sound is listened to here until a machine's beep is found."""

import asyncio
from typing import Final

from app.ari.client import AriClient
from app.errors import OffhookError
from app.facts.vocabulary import MediaStreamEnd
from app.media.asterisk_media import AsteriskMedia, MediaUnavailableError
from app.media.beep import SILENCE_MS, BeepFinder, Heard
from app.media.model import MILLISECONDS, Report, StreamJob

#: How long a greeting may be.
LONGEST_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.25
TIMED_OUT: Final = "TIMEOUT"


class BeepListener:
    """Listens to one leg; as :class:`~app.media.relay.Relay` to those who run it. Run it once.

    The report's ``outcome`` is what was found: a ``Heard``, or TIMED_OUT.
    """

    def __init__(self, job: StreamJob, *, ari: AriClient, node: str, connect_seconds: float) -> None:
        self.job = job
        self._connect_seconds = connect_seconds
        self._finder = BeepFinder()
        self._loop = asyncio.get_running_loop()
        self._found: asyncio.Future[tuple[MediaStreamEnd, str | None]] = self._loop.create_future()
        self._heard_at: float | None = None
        self._media = AsteriskMedia(ari, node, on_frame=self._take, on_mark=lambda _: None, on_end=self._on_media_gone)

    async def run(self) -> Report:
        """Listen until something is found; gives what. Cancelled, it closes as well."""
        try:
            reason, outcome = await self._listen()
        except OffhookError:
            reason, outcome = MediaStreamEnd.FAILED, None
        finally:
            if not self._found.done():
                self._found.set_result((MediaStreamEnd.FAILED, None))
            self._media.close()
            await self._media.wait_until_over()
        return Report(stream_id=self.job.stream_id, call_id=self.job.call_id, reason=reason, outcome=outcome)

    def press(self, digit: str, duration_milliseconds: int) -> None:
        """A machine presses no keys that mean anything here."""

    def stop(self, reason: MediaStreamEnd) -> None:
        """Nobody waits for it any more."""
        self._finish(reason, None)

    async def _listen(self) -> tuple[MediaStreamEnd, str | None]:
        try:
            await self._media.open(self.job, seconds=self._connect_seconds)
        except MediaUnavailableError:
            return MediaStreamEnd.MEDIA_LOST, None
        began = self._loop.time()
        while not self._found.done():
            await asyncio.wait([self._found], timeout=_LOOK_SECONDS)
            now = self._loop.time()
            # A line that sends nothing at all is silent, too.
            if now - (self._heard_at or began) >= SILENCE_MS / MILLISECONDS + self._connect_seconds * (
                self._heard_at is None
            ):
                self._finish(MediaStreamEnd.BOT_CLOSED, Heard.SILENCE.value)
            elif now - began >= LONGEST_SECONDS:
                self._finish(MediaStreamEnd.BOT_CLOSED, TIMED_OUT)
        return self._found.result()

    def _take(self, frame: bytes) -> None:
        self._heard_at = self._loop.time()
        if self._found.done():
            return
        heard = self._finder.take(frame)
        if heard is not None:
            self._finish(MediaStreamEnd.BOT_CLOSED, heard.value)

    def _on_media_gone(self) -> None:
        self._finish(MediaStreamEnd.MEDIA_LOST, None)

    def _finish(self, reason: MediaStreamEnd, outcome: str | None) -> None:
        if not self._found.done():
            self._found.set_result((reason, outcome))
