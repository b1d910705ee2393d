"""A server in front of a real Asterisk: it passes requests on, and either writes the events down or replays them.

Every client believes it speaks with Asterisk: the API's description, the version and the application come from the
real one. Replayed frames are made once and written straight to the socket, so the server costs next to nothing.
"""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web

from app.local.asterisk import AsteriskInstance

#: From the handshake to the first event: time for a client to get ready, whatever it does at a connect.
SETTLE_SECONDS: Final = 1.5
_SECONDS: Final = 30.0
# Hop-by-hop headers (RFC 9110, 7.6.1), and those that aiohttp writes anew.
_NOT_PASSED_ON: Final = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}


@dataclass(slots=True)
class Front:
    """``url`` is what clients are given instead of Asterisk's."""

    asterisk: AsteriskInstance
    session: aiohttp.ClientSession
    replayed: Sequence[bytes] | None
    url: str = ""
    recorded: list[bytes] = field(default_factory=list)
    #: Unix time of the first replayed byte of the latest connection.
    began_at: float = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path != "/ari/events":
            return await self._pass_on(request)
        return await (self._record(request) if self.replayed is None else self._replay(request, self.replayed))

    async def _pass_on(self, request: web.Request) -> web.Response:
        if self.replayed is not None and request.path.endswith("/eventFilter"):
            # No socket is open at the real Asterisk, so it does not know the application; the stream is filtered.
            return web.json_response(
                {"name": request.path.split("/")[-2], "channel_ids": [], "bridge_ids": []}
                | {"endpoint_ids": [], "device_names": [], "events_allowed": [], "events_disallowed": []}
            )
        url = f"{self.asterisk.ari_url}{request.path_qs}"
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
        async with self.session.request(request.method, url, headers=headers, data=await request.read()) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_PASSED_ON}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def _record(self, request: web.Request) -> web.WebSocketResponse:
        downstream = web.WebSocketResponse(compress=False)
        await downstream.prepare(request)
        headers = {"Authorization": request.headers["Authorization"]}
        url = f"{self.asterisk.ari_url}{request.path_qs}"
        async with (
            self.session.ws_connect(url, headers=headers, max_msg_size=0) as upstream,
            asyncio.TaskGroup() as group,
        ):

            async def watch_client() -> None:
                async for _ in downstream:
                    pass  # a client says nothing; its end is what matters
                await upstream.close()

            group.create_task(watch_client())
            async for message in upstream:
                self.recorded.append(message.data.encode())
                await downstream.send_str(message.data)
        return downstream

    async def _replay(self, request: web.Request, events: Sequence[bytes]) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        transport = request.transport
        assert transport is not None
        stream = b"".join(map(make_text_frame, events))
        reader = asyncio.get_running_loop().create_task(_read_until_closed(socket))
        try:
            await asyncio.sleep(SETTLE_SECONDS)
            self.began_at = time.time()
            # All at once: from here on the kernel's buffer is never empty while the client has something to read.
            transport.write(stream)
            await reader
        finally:
            reader.cancel()
        return socket


async def _read_until_closed(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass  # pings are answered by aiohttp


def make_text_frame(payload: bytes) -> bytes:
    """An unmasked text frame, as servers send them (RFC 6455, 5.2)."""
    length = len(payload)
    if length < 126:  # noqa: PLR2004 -- the RFC's own numbers
        return bytes((0x81, length)) + payload
    if length < 1 << 16:
        return b"\x81\x7e" + struct.pack("!H", length) + payload
    return b"\x81\x7f" + struct.pack("!Q", length) + payload


@asynccontextmanager
async def running_front(asterisk: AsteriskInstance, *, replayed: Sequence[bytes] | None = None) -> AsyncIterator[Front]:
    """Serve until the end of the block; without ``replayed``, events come from Asterisk and are written down."""
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
        front = Front(asterisk, session, replayed)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", front.handle)
        runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            front.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield front
        finally:
            await runner.cleanup()
