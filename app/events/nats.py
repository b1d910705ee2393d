"""News of events over NATS instead of PostgreSQL's NOTIFY, where ``OFFHOOK_NATS_URL`` asks for it.

Imported only there: it needs what ``pip install 'offhook[nats]'`` brings. One subject, of which a process tells and
hears; nothing is kept by NATS, and nothing has to be: news say that there is something to look at, and readers go to
the log by their cursors.

Each connection is a client of its own, and the loop that makes it is here: the client's own reconnection holds back
what is told meanwhile, and ends for good at a server's first ``-ERR``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import SecureConnWantedError

from app.daemon import backoff_seconds

_log = structlog.get_logger(__name__)

#: For each step, and for all of them together.
_STEP_SECONDS: Final = 2
_OPEN_SECONDS: Final = 5.0
#: A second try, of two that take a round: the client has no way to say one.
_AGAIN_SECONDS: Final = 0
#: What a server that no longer answers may hold up, less than the end of a process waits.
_CLOSE_SECONDS: Final = 0.3
#: After so long the server is asked for a word, and after as long again without one it is gone.
_SILENCE_SECONDS: Final = 5
#: How late it may be seen that it is gone: the client tells when the socket is closed, which silence may delay.
_LOOK_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
_LONGEST_NEWS: Final = 1024
#: More than this on its way means that the server does not read.
_MOST_UNSENT: Final = 64 * 1024


class NatsLostError(Exception):
    """The connection broke, or was refused, by its cause. The text quotes no secret."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause) or type(cause).__name__)


@dataclass(slots=True)
class _Connection:
    client: Client = field(default_factory=Client)
    subscription: Subscription | None = None
    error: Exception | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_error(self, error: Exception) -> None:
        """Every error ends it: a subject that may not be heard, and news that were dropped, count as a broken line."""
        self.error = self.error or error
        self.over.set()

    async def on_closed(self) -> None:
        self.over.set()

    async def until_over(self) -> None:
        while self.client.is_connected and not self.over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self.over.wait()

    async def hang_up(self) -> None:
        """Close it, and what the client leaves open when the server does not read, or goes meanwhile."""
        try:
            with suppress(OSError, RuntimeError):  # a time-out among them; RuntimeError: uvloop's word for closed
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self.client.close()
        finally:
            if self.subscription is not None:
                self.subscription._stop_processing()  # noqa: SLF001 -- ``unsubscribe`` wants a connection
            writer = getattr(self.client._transport, "_io_writer", None)  # noqa: SLF001 -- nothing else ends it at once
            if writer is not None:
                writer.transport.abort()

    def cause(self, otherwise: Exception) -> Exception:
        """What it broke by: the first that was told is the reason of the rest."""
        return self.error or self.client.last_error or otherwise


class NatsLine:
    """This process's connection to one subject. ``run`` keeps it, until cancelled.

    ``url`` is ``nats://`` or ``tls://``, with user and password, or a token alone, before an ``@`` where it needs one.
    """

    def __init__(self, url: str, subject: str) -> None:
        parts = urlsplit(url)
        self._server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._wants_tls = parts.scheme == "tls"
        self._credentials: dict[str, str] = {}
        if parts.username is not None and parts.password is not None:
            self._credentials = {"user": unquote(parts.username), "password": unquote(parts.password)}
        elif parts.username is not None:
            self._credentials = {"token": unquote(parts.username)}
        self._subject = subject
        self._hear: Callable[[str], None] = lambda _: None
        self._changed: Callable[[], None] = lambda: None
        self._client: Client | None = None
        self._failures = 0

    def on(self, hear: Callable[[str], None], *, changed: Callable[[], None]) -> None:
        """Call ``hear`` with what others tell, ``changed`` when the line is there or gone. Neither may block."""
        self._hear, self._changed = hear, changed

    @property
    def is_up(self) -> bool:
        """Whether what others tell is heard."""
        return self._client is not None

    async def publish(self, news: str) -> bool:
        """Tell the others, this process not among them. False when it cannot be told here and now.

        It does not wait: what is on its way is kept far below where the client would.
        """
        client, body = self._client, news.encode()
        if client is None or not client.is_connected or len(body) > _LONGEST_NEWS:
            return False
        if client.pending_data_size > _MOST_UNSENT:
            return False
        try:
            await client.publish(self._subject, body)
        except Exception as error:  # noqa: BLE001 -- however it broke in this moment, there is PostgreSQL
            _log.debug("nats_not_told", error=type(error).__name__)
            return False
        _heed_cancellation()
        return True

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        while True:
            try:
                await self._live()
            except NatsLostError as error:
                self._failures += 1
                level = _log.warning if self._failures == 1 else _log.debug
                level("nats_lost", error=type(error.__cause__).__name__, reason=str(error))
                _heed_cancellation()
                await asyncio.sleep(backoff_seconds(self._failures, longest=_LONGEST_PAUSE_SECONDS))

    async def _live(self) -> None:
        async with self._connected() as connection:
            self._failures, self._client = 0, connection.client
            try:
                _log.info("nats_connected", server=self._server)
                self._changed()
                await connection.until_over()
            finally:
                self._client = None
                self._changed()
            cause = connection.cause(ConnectionError("it closed the connection"))
            raise NatsLostError(cause) from cause

    async def check(self) -> None:
        """Connect as ``run`` does, and hang up. Raises ``NatsLostError``."""
        async with self._connected():
            pass

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[_Connection]:
        """A connection that was let in and hears the subject, for the block."""
        connection = _Connection()
        try:
            try:
                async with asyncio.timeout(_OPEN_SECONDS):
                    await self._open(connection)
            except Exception as error:  # noqa: BLE001 -- what is no NATS breaks the client in many places
                cause = connection.error or error
                raise NatsLostError(cause) from cause
            _heed_cancellation()
            yield connection
        finally:
            await connection.hang_up()

    async def _open(self, connection: _Connection) -> None:
        client = connection.client
        credentials: dict[str, Any] = {
            name: partial(self._give, client, secret) for name, secret in self._credentials.items()
        }
        await client.connect(
            self._server,
            name="offhook",
            error_cb=connection.on_error,
            closed_cb=connection.on_closed,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=_AGAIN_SECONDS,
            connect_timeout=_STEP_SECONDS,
            ping_interval=_SILENCE_SECONDS,
            max_outstanding_pings=1,
            no_echo=True,
            **credentials,
        )
        self._insist_on_tls(client)
        connection.subscription = await client.subscribe(self._subject, cb=self._take)
        for _ in range(2):  # the client's first question overtakes the subscription
            await client.flush(_STEP_SECONDS)
        if connection.over.is_set() or not client.is_connected:
            raise connection.cause(ConnectionError("it does not speak as a NATS server does"))

    def _give(self, client: Client, secret: str) -> str:
        """Asked for by the client when TLS, if there is any, is there."""
        self._insist_on_tls(client)
        return secret

    def _insist_on_tls(self, client: Client) -> None:
        """The client takes ``tls://`` as leave, not as an order, and keeps to itself whether there is TLS.

        Raises:
            SecureConnWantedError: the server did not ask for it, or somebody on the way took that out.
        """
        if self._wants_tls and not client._server_info.get("tls_required"):  # noqa: SLF001 -- see above
            raise SecureConnWantedError

    async def _take(self, message: Msg) -> None:
        if len(message.data) <= _LONGEST_NEWS:  # a stranger's, else
            self._hear(message.data.decode(errors="replace"))


def _heed_cancellation() -> None:
    """The client keeps a cancellation to itself that comes while it flushes, or in the instant of what it waits for."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
