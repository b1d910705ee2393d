"""One stream, from its first connection to its one report."""

import asyncio
import ssl
from typing import Final, NamedTuple, Protocol, assert_never

from app.ari.client import AriClient
from app.clock import Clock
from app.egress.signing import Signer
from app.egress.streams import NoConnectionError, NotPermittedError, StreamGuard
from app.errors import OffhookError, RefusedError
from app.facts.vocabulary import MediaStreamEnd
from app.media import protocol
from app.media.asterisk_media import AsteriskMedia, MediaUnavailableError
from app.media.line import HandshakeFailedError, HandshakeRefusedError, Line, LineEnd, open_line
from app.media.listening import Listening
from app.media.model import Report, Sound, StreamJob
from app.media.playout import Playout, TooManyMarksError
from app.media.urls import read_stream_url

#: Control messages that a program may send in a second; no conversation needs a tenth of it.
_MOST_MESSAGES: Final = 200
#: Sound dropped for want of room, in seconds, after which a program is not listened to any more.
_MOST_DROPPED_FRAMES: Final = 30_000
_GAP_EVERY_SECONDS: Final = 1.0
_FROM_CALL: Final = "FROM_CALL"
_TO_CALL: Final = "TO_CALL"


class End(NamedTuple):
    """Why it is over."""

    reason: MediaStreamEnd
    detail: str | None = None
    outcome: str | None = None


class Allows(Protocol):
    """Says which programs an account allows: `app.media.endpoints`."""

    async def keys_for(self, account_id: str, url: str) -> tuple[bytes, ...]:
        """The keys that sign a connection to the URL; none when the account does not allow it.

        Raises:
            OffhookError: nobody can say.
        """
        ...


class Relay:
    """Joins a leg's channel in Asterisk with the account's program. Run it once."""

    def __init__(
        self,
        job: StreamJob,
        *,
        ari: AriClient,
        node: str,
        guard: StreamGuard,
        allows: Allows,
        clock: Clock,
        connect_seconds: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.job = job
        self._guard = guard
        self._allows = allows
        self._clock = clock
        self._connect_seconds = connect_seconds
        self._tls = tls
        sound = Sound(job.sample_rate)
        self._playout = Playout(sound)
        self._listening = Listening(sound)
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[End] = self._loop.create_future()
        self._bot = Line(
            on_binary=self._take_sound,
            on_text=self._take_text,
            on_end=self._on_bot_gone,
            largest_bytes=protocol.LONGEST_BINARY_BYTES,
        )
        self._media = AsteriskMedia(
            ari, node, on_frame=self._pass_to_bot, on_mark=self._on_mark, on_end=self._on_media_gone
        )
        self._second = 0.0
        self._messages = 0
        self._untold_milliseconds = 0
        self._told_at = 0.0

    async def run(self) -> Report:
        """Connect, relay until it ends, close both sides; gives how it ended. Cancelled, it closes as well."""
        try:
            end = await self._relay()
        except OffhookError as error:
            end = End(MediaStreamEnd.FAILED, error.message)
        finally:
            if not self._end.done():
                self._end.set_result(End(MediaStreamEnd.FAILED))
            self._bot.close()
            self._media.close()
            await self._bot.wait_until_over()
            await self._media.wait_until_over()
        return Report(
            stream_id=self.job.stream_id,
            call_id=self.job.call_id,
            reason=end.reason,
            detail=end.detail,
            outcome=end.outcome,
        )

    def press(self, digit: str, duration_milliseconds: int) -> None:
        """Tell the program of a key."""
        self._bot.send_text(protocol.write_digit(digit, duration_milliseconds))

    def stop(self, reason: MediaStreamEnd) -> None:
        """End it, and tell the program why."""
        self._finish(End(reason))

    async def _relay(self) -> End:
        end = await self._open_bot()
        if end is not None:
            return end
        self._bot.send_text(protocol.write_start(self.job))
        if not self._end.done():
            try:
                await self._media.open(self.job, seconds=self._connect_seconds)
            except MediaUnavailableError as error:
                self._finish(End(MediaStreamEnd.MEDIA_LOST, f"Asterisk gave no channel: {error}"))
        end = await self._end
        if end.reason is not MediaStreamEnd.BOT_LOST:
            self._bot.send_text(protocol.write_stop(end.reason))
        return end

    async def _open_bot(self) -> End | None:
        """Connect to the program; gives why not, if not."""
        try:
            target = read_stream_url(self.job.url, field=("url",))
        except RefusedError as error:
            return End(MediaStreamEnd.URL_NOT_ALLOWED, error.message)
        keys = await self._allows.keys_for(self.job.account_id, self.job.url)
        if not keys:
            return End(MediaStreamEnd.URL_NOT_ALLOWED, "the account does not allow this URL")
        signed = Signer(keys).headers(
            webhook_id=self.job.stream_id, at=self._clock.now(), body=protocol.signed_content(self.job.url)
        )
        try:
            async with asyncio.timeout(self._connect_seconds):
                connected = await self._guard.connect(target)
            await open_line(
                self._bot,
                self.job.url,
                connected=connected,
                headers={"user-agent": "Offhook", **signed},
                seconds=self._connect_seconds,
                tls=(self._tls or ssl.create_default_context()) if target.scheme == "https" else None,
                largest_bytes=protocol.LONGEST_BINARY_BYTES,
            )
        except NotPermittedError as error:
            return End(MediaStreamEnd.URL_NOT_ALLOWED, str(error))
        except HandshakeRefusedError as error:
            return End(MediaStreamEnd.BOT_REFUSED, str(error))
        except (NoConnectionError, HandshakeFailedError) as error:
            return End(MediaStreamEnd.BOT_UNREACHABLE, str(error))
        except TimeoutError:
            return End(MediaStreamEnd.BOT_UNREACHABLE, f"no answer within {self._connect_seconds:g} s")
        return None

    def _finish(self, end: End) -> None:
        """The first reason stands."""
        if not self._end.done():
            self._end.set_result(end)

    # from Asterisk

    def _pass_to_bot(self, frame: bytes) -> None:
        if self._end.done() or not self._listening.may_send(self._bot.unsent_bytes):
            return
        missed = self._listening.take_gap()
        if missed:
            self._bot.send_text(protocol.write_gap(_FROM_CALL, missed))
        self._bot.send_binary(frame)

    def _on_mark(self, number: int) -> None:
        name = self._playout.reach(number)
        if name is not None:
            self._bot.send_text(protocol.write_mark(name, is_heard=True))
        self._media.send(self._playout.next())
        self._tell_gap()

    def _on_media_gone(self) -> None:
        self._finish(End(MediaStreamEnd.MEDIA_LOST, "Asterisk ended the channel"))

    # from the program

    def _take_sound(self, audio: bytes) -> None:
        if self._end.done():
            return
        self._untold_milliseconds += self._playout.take(audio)
        if self._playout.dropped_frames > _MOST_DROPPED_FRAMES:
            self._finish(End(MediaStreamEnd.BOT_FLOODED, "it sent far more sound than can be played"))
            return
        self._media.send(self._playout.next())
        self._tell_gap()

    def _take_text(self, text: bytes) -> None:
        if self._end.done():
            return
        now = self._loop.time()
        if now - self._second >= 1.0:
            self._second, self._messages = now, 0
        self._messages += 1
        if self._messages > _MOST_MESSAGES:
            self._finish(End(MediaStreamEnd.BOT_FLOODED, f"it sent more than {_MOST_MESSAGES} messages in a second"))
            return
        try:
            message = protocol.read_message(text)
            match message:
                case protocol.Mark(name=name):
                    self._playout.set_mark(name)
                    self._media.send(self._playout.next())
                case protocol.Clear():
                    self._clear()
                case protocol.Stop(outcome=outcome):
                    self._finish(End(MediaStreamEnd.BOT_CLOSED, outcome=outcome))
                case None:
                    pass
        except protocol.ProtocolError as error:
            self._finish(End(MediaStreamEnd.BOT_PROTOCOL, str(error)))
        except TooManyMarksError:
            self._finish(End(MediaStreamEnd.BOT_FLOODED, "it set too many marks"))

    def _clear(self) -> None:
        self._media.flush()
        for name in self._playout.clear():
            self._bot.send_text(protocol.write_mark(name, is_heard=False))

    def _on_bot_gone(self, how: LineEnd) -> None:
        match how:
            case LineEnd.GOODBYE:
                self._finish(End(MediaStreamEnd.BOT_CLOSED))
            case LineEnd.TOO_BIG:
                self._finish(End(MediaStreamEnd.BOT_PROTOCOL, "a message is too long"))
            case LineEnd.BROKEN:
                self._finish(End(MediaStreamEnd.BOT_LOST, "the connection broke, or nobody answered on it"))
            case _:
                assert_never(how)

    def _tell_gap(self) -> None:
        """Say what was dropped, once a second at most."""
        now = self._loop.time()
        if self._untold_milliseconds and now - self._told_at >= _GAP_EVERY_SECONDS:
            self._bot.send_text(protocol.write_gap(_TO_CALL, self._untold_milliseconds))
            self._untold_milliseconds, self._told_at = 0, now
