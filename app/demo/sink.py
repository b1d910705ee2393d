"""A CRM's webhook receiver: it verifies every signature with the public library, and keeps what it got."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(slots=True)
class Sink:
    """What has arrived at ``url``. ``secret`` is set once the endpoint exists."""

    url: str
    secret: str | None = None
    verified: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: Request) -> Response:
        """Take one delivery; anything whose signature does not hold is refused."""
        body = await request.body()
        if self.secret is None:
            return Response(status_code=503)
        try:
            Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.refused += 1
            return Response(status_code=401)
        self.verified.append(orjson.loads(body))
        self._arrived.set()
        return Response(status_code=204)

    async def wait_for(self, event_ids: set[str], *, seconds: float) -> bool:
        """Wait until all these events have arrived; False when they have not in time."""
        try:
            async with asyncio.timeout(seconds):
                while not event_ids <= {event["id"] for event in self.verified}:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return False
        return True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running_sink() -> AsyncIterator[Sink]:
    """A receiver on a free local port."""
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        sink = Sink(url=f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks")
        app = Starlette(routes=[Route("/webhooks", sink.receive, methods=["POST"])])
        server = _Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listener]), name="webhook-sink")
            try:
                yield sink
            finally:
                server.should_exit = True
