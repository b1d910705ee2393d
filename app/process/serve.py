"""The web server around a running service: bound first, so that the address is known; stopped in order.

SIGTERM and Ctrl-C, all within ten seconds: for a moment requests are still answered, new calls with SHUTTING_DOWN and
``/readyz`` with 503, so that whoever balances the load goes elsewhere; then nothing new is let in, open requests are
finished, sockets are closed with 1012, and the service stops (see ``ownership.node`` for what becomes of live calls).
A second signal does not wait.
"""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette

from app.asgi import SERVER_OPTIONS, create_app
from app.config import ROLES, Settings
from app.errors import ConfigurationError, OffhookError
from app.local.database import tell_others
from app.process.bootstrap import running_service
from app.process.running import Service, ServiceHealth, check_roles

_log = structlog.get_logger(__name__)

#: How long requests are still let in after we were told to stop.
LEAVING_SECONDS: Final = 1.0
#: How long open requests may take from there on.
GRACEFUL_SECONDS: Final = 2
#: Which the server is given to end by itself, and a moment more, before it is cancelled.
_SERVER_STOP_SECONDS: Final = GRACEFUL_SECONDS + 2.0
#: How long an Asterisk may take to be connected, until whoever waits is told that the rest is up.
_UP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05
#: Allocations, less deallocations, between two young collections (Python's own: 700).
COLLECTOR_THRESHOLD: Final = 50_000


class PortTakenError(ConfigurationError):
    """Something listens at the settings' address already."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A service that can be reached at ``url``. ``leave`` or ``stop`` begin the orderly end; ``ended`` waits for it."""

    service: Service
    url: str
    server: "_Server"
    task: "asyncio.Task[None]"

    @property
    def is_leaving(self) -> bool:
        """Whether the end has begun."""
        return self.server.should_exit or self.service.routed_calls.is_draining

    def leave(self) -> None:
        """Begin nothing new, say so for a moment, then :meth:`stop`."""
        self.service.routed_calls.drain()
        asyncio.get_running_loop().call_later(LEAVING_SECONDS, self.stop)

    def stop(self) -> None:
        """Ask the web server to end; harmless when it is ending already."""
        self.service.routed_calls.drain()
        self.server.should_exit = True

    async def ended(self) -> None:
        """Return once the web server has ended."""
        await asyncio.shield(self.task)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process before the service has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(settings: Settings) -> socket.socket:
    """A listening socket at the settings' address; port 0 takes a free one.

    Raises:
        PortTakenError: the port is taken.
        ConfigurationError: the address is not this machine's, or the port not for this user.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        refusal = PortTakenError if error.errno == errno.EADDRINUSE else ConfigurationError
        raise refusal(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Choose another port with OFFHOOK_PORT (or --port), or end what listens there (`ss -ltnp` names it)."
        ) from error
    return listener


@asynccontextmanager
async def serving(
    settings: Settings, *, roles: Collection[str] = ROLES, listener: socket.socket | None = None
) -> AsyncIterator[Serving]:
    """The whole service, reachable over HTTP.

    Raises:
        ConfigurationError, DatabaseUnavailableError, AsteriskUnavailableError: it cannot start; the message says why.
    """
    check_roles(roles, settings)  # before a port is taken
    listener = listener or bind(settings)
    with contextlib.closing(listener):
        port = listener.getsockname()[1]
        settings = settings.model_copy(update={"port": port})
        async with running_service(settings, roles=roles) as service:
            app = create_app(
                service.services,
                settings,
                health=ServiceHealth(service),
                recordings=service.recording_files,
                is_api="api" in service.roles,
            )
            server = _Server(_uvicorn_config(app))
            async with asyncio.TaskGroup() as group:
                task = group.create_task(server.serve(sockets=[listener]), name="http")
                try:
                    await _until_started(server, task)
                    tune_collector()
                    tell_others(settings, service.services.public_url)
                    yield Serving(service, service.services.public_url, server, task)
                finally:
                    service.routed_calls.drain()
                    server.should_exit = True
                    # If the block failed, the group cancels the server before it has closed what it listens to.
                    await asyncio.wait({task}, timeout=_SERVER_STOP_SECONDS)


def tune_collector() -> None:
    """Keep Python's garbage collector from stopping the service.

    Modules, the schema and all else that is there once the service has started stays until its end; a full collection
    that walks through it takes some 80 ms, during which no call is answered. What calls and requests leave behind is
    mostly freed by reference counting, so the collector may come by far less often.

    A collector that was off until now (see the command ``serve``) is turned on.
    """
    if gc.isenabled():  # else nothing was here before the start, and that leaves a megabyte: not worth the search
        gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTOR_THRESHOLD, 20, 50)
    gc.enable()


async def serve(
    settings: Settings, *, roles: Collection[str] = ROLES, when_up: Callable[[Serving], None] | None = None
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    ``when_up`` is called once, as soon as calls can be placed here, or it is clear that they cannot for now.

    Raises:
        OffhookError: it could not start, or something it cannot go on without is gone; the message says what.
    """
    try:
        async with serving(settings, roles=roles) as running:
            with stopping_on_signals(running):
                _log.info("serving", url=running.url, graphql=f"{running.url}/graphql")
                if when_up is not None:
                    await _until_up(running)
                    if not running.is_leaving:
                        when_up(running)
                await running.ended()
    except BaseExceptionGroup as group:
        if (first := first_of(group)) is not None:
            raise first from group
        raise


async def _until_up(running: Serving) -> None:
    """Return once this process can place calls, will not because it stands by, or has not been able to for a while."""
    node = running.service.own_node

    def has_to_wait() -> bool:
        return node is not None and node.tenure is not None and not node.is_ready and not running.is_leaving

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_UP_SECONDS):
            while has_to_wait():  # noqa: ASYNC110  # being ready is read, in part from a clock
                await asyncio.sleep(_POLL_SECONDS)


def first_of(group: BaseExceptionGroup[BaseException]) -> OffhookError | None:
    """The first error with words for people in a group of errors, however deep."""
    for error in group.exceptions:
        found = first_of(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, OffhookError):
            return found
    return None


@contextlib.contextmanager
def stopping_on_signals(running: Serving) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the service in order; a second one at once."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if running.is_leaving:
            running.server.force_exit = True
            running.stop()
        else:
            _log.info("stopping", url=running.url)
            running.leave()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _uvicorn_config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        **SERVER_OPTIONS,
    )


async def _until_started(server: _Server, task: "asyncio.Task[None]") -> None:
    while not server.started:
        if task.done():
            await task
            msg = "the web server ended before it had begun"
            raise RuntimeError(msg)
        await asyncio.sleep(0.01)
