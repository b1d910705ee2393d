"""A leg's sound in Asterisk: a channel of ours in whose place a websocket is (chan_websocket), and what is said on it.

Asterisk keeps up to a thousand frames and plays one each 20 ms by its own clock, so that a busy moment here is not
heard; it drops them, and says when it gets to a mark, on command. With the websocket the channel ends.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from app.ari.client import AriClient
from app.ari.errors import AriError, AriNotFound, AriRefused
from app.ids import asterisk_name
from app.media.g711 import Law
from app.media.leg_sound import SAMPLE_RATES, LegSound, leg_sound
from app.media.line import HandshakeFailedError, HandshakeRefusedError, Line, open_line
from app.media.model import StreamJob
from app.media.playout import SetMark, ToAsterisk

__all__ = ["SAMPLE_RATES", "AsteriskMedia", "MediaUnavailableError", "channel_of"]

#: A channel's codecs, as in ``(ulaw|alaw)``.
_CODECS: Final = "CHANNEL(audionativeformat)"
_CONNECTION_ID: Final = "MEDIA_WEBSOCKET_CONNECTION_ID"
#: Messages as JSON, whatever the server's configuration says.
_OPTIONS: Final = "f(json)"
_LARGEST_BYTES: Final = 65_536
_NORMAL_CLEARING: Final = 16
_FLUSH: Final = b'{"command":"FLUSH_MEDIA"}'
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class MediaUnavailableError(Exception):
    """Asterisk did not give the channel, or not its websocket."""


def channel_of(node: str, stream_id: str) -> str:
    """What a stream's channel is called."""
    return asterisk_name(node, stream_id)


class AsteriskMedia:
    """One stream's. ``on_frame`` hears sound, ``on_mark`` a mark's number, ``on_end`` that it is over."""

    def __init__(
        self,
        ari: AriClient,
        node: str,
        *,
        on_frame: Callable[[bytes], None],
        on_mark: Callable[[int], None],
        on_end: Callable[[], None],
    ) -> None:
        self._ari = ari
        self._node = node
        self._on_frame = on_frame
        self._on_mark = on_mark
        self._sound: LegSound = leg_sound(None, SAMPLE_RATES[0])
        self._line = Line(
            on_binary=self._take_frame,
            on_text=self._take_event,
            on_end=lambda _: on_end(),
            largest_bytes=_LARGEST_BYTES,
        )

    async def open(self, job: StreamJob, *, seconds: float) -> None:
        """Make the channel and connect to it. It comes to the application as a StasisStart.

        Raises:
            MediaUnavailableError: it could not be had; nothing is left of it.
        """
        name = channel_of(self._node, job.stream_id)
        try:
            law = await self._law_of(job.leg_channel)
            # The first that needs numpy loads it: the others' sound must not wait for that.
            self._sound = await asyncio.to_thread(leg_sound, law, job.sample_rate)
            channel = await self._ari.external_media(name, audio_format=self._sound.audio_format, options=_OPTIONS)
            connection_id = (channel.channelvars or {}).get(_CONNECTION_ID)
            if not isinstance(connection_id, str):
                raise MediaUnavailableError("Asterisk named no websocket for the channel")  # noqa: TRY301 -- cleared below
            await self._connect(connection_id, seconds)
        except (AriError, HandshakeRefusedError, HandshakeFailedError, OSError, MediaUnavailableError) as error:
            await self._take_away(name)
            raise MediaUnavailableError(str(error)) from error

    def send(self, pieces: list[ToAsterisk]) -> None:
        """Give it sound and marks, in order."""
        for piece in pieces:
            if isinstance(piece, SetMark):
                self._line.send_text(b'{"command":"MARK_MEDIA","correlation_id":"%d"}' % piece.number)
            else:
                self._line.send_binary(self._sound.say(piece))

    def flush(self) -> None:
        """Have it drop what it has not played: it falls silent with its next frame."""
        self._line.send_text(_FLUSH)
        self._sound.clear()

    def close(self) -> None:
        """End the channel."""
        self._line.close()

    async def wait_until_over(self) -> None:
        """Return when its websocket is gone, if there was one; close it before."""
        await self._line.wait_until_over()

    async def _law_of(self, leg_channel: str | None) -> Law | None:
        """How the leg's sound is coded, where we can read that ourselves."""
        if leg_channel is None:
            return None
        try:
            codecs = await self._ari.get_variable(leg_channel, _CODECS)
        except AriRefused:  # it is gone, or that Asterisk does not say
            return None
        first = codecs.strip("()").partition("|")[0]
        return Law(first) if first in set(Law) else None

    async def _connect(self, connection_id: str, seconds: float) -> None:
        parts = urlsplit(self._ari.base_url.removesuffix("/ari"))
        is_secure = parts.scheme == "https"
        url = f"{'wss' if is_secure else 'ws'}://{parts.netloc.rpartition('@')[2]}{parts.path}/media/{connection_id}"
        port = parts.port or (443 if is_secure else 80)
        try:
            async with asyncio.timeout(seconds):
                connected = await _connect_to(parts.hostname or "", port)
        except TimeoutError as error:
            raise HandshakeFailedError(f"no answer within {seconds:g} s") from error
        await open_line(
            self._line,
            url,
            connected=connected,
            headers={},
            seconds=seconds,
            tls=ssl.create_default_context() if is_secure else None,
            largest_bytes=_LARGEST_BYTES,
        )

    async def _take_away(self, name: str) -> None:
        self._line.abort()
        with contextlib.suppress(AriError, AriNotFound):  # it is not there, or the next look finds it
            await self._ari.hangup(name, reason_code=_NORMAL_CLEARING)

    def _take_frame(self, frame: bytes) -> None:
        self._on_frame(self._sound.hear(frame))

    def _take_event(self, text: bytes) -> None:
        try:
            event = _decode(text)
        except msgspec.DecodeError:
            return  # no message of Asterisk's is needed but the one below
        if event.get("event") == "MEDIA_MARK_PROCESSED" and str(event.get("correlation_id", "")).isdecimal():
            self._on_mark(int(event["correlation_id"]))


async def _connect_to(host: str, port: int) -> socket.socket:
    """A connected socket to the first of a host's addresses that takes it. Raises OSError: the last one's."""
    loop = asyncio.get_running_loop()
    failure: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        one = socket.socket(family, kind, protocol)
        try:
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(one, address)
        except OSError as error:
            failure = error
            one.close()
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise failure or OSError("no address")
