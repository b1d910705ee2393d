"""One HTTP request to Asterisk and its outcome: the part all operations share."""

import base64
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec
import structlog
from prometheus_client import Histogram

from app import tracing
from app.ari.connections import Answer, ConnectionPool, ExchangeError, Exchanger, NotSent
from app.ari.errors import AriAbsent, AriBadAnswer, AriNotFound, AriRefused, AriServerError, AriUnavailable, refusal
from app.ari.requests import QueryValue, RequestWriter, Target
from app.ari.safety import safe_id
from app.metrics import ARI_SECONDS

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Asterisk's `sessionlimit` is 100 by default, websockets included; 200 calls/s at ten requests each and a few
# milliseconds per request keep well under 64 busy.
MAX_CONNECTIONS: Final = 64
# Asterisk closes an idle connection after 15 s (`session_keep_alive`); ours go first, so that no request meets a
# connection that is just being closed.
KEEPALIVE_SECONDS: Final = 10.0
MESSAGE_CHARACTERS: Final = 200
NO_ARI: Final = "status 404 (no ARI there: are Asterisk's res_ari modules loaded?)"
_NO_RESOURCE: Final = "Resource not found"
_SUCCESS: Final = range(200, 300)
_STATUSES: Final = frozenset(HTTPStatus)


def basic_authorization(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


#: Here 404 is an answer like any other: whether an object is there is what is asked.
_ASKING: Final = frozenset(
    {"GET /asterisk/config/dynamic/{}/{}/{}", "DELETE /asterisk/config/dynamic/{}/{}/{}"},
)


class AriTransport:
    """Sends requests with credentials in a header, a time-out on each, and answers as types or errors.

    `base_url` is where Asterisk's HTTP server is (`http://127.0.0.1:8088`), with or without the `/ari` behind it.
    """

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        app: str,
        timeout_seconds: float = 5.0,
        exchanger: Exchanger | None = None,
    ) -> None:
        root = base_url.rstrip("/")
        # Asterisk's HTTP prefix may stand before it; ARI itself is always called so.
        self.base_url = root if root.endswith("/ari") else f"{root}/ari"
        self.app = safe_id(app, "application name", operation="GET /events")
        self._timeout_seconds = timeout_seconds
        #: Called when Asterisk answers that it has no ARI, or only parts of it; its event socket may stay open then.
        self.on_absence: Callable[[], None] | None = None
        #: Called after each request: its operation, the status (None: no answer), seconds, what was wrong.
        self.on_exchange: Callable[[str, int | None, float, str | None], None] | None = None
        self.authorization = basic_authorization(username, password)
        target = Target.parse(self.base_url)
        self._writer = RequestWriter(target, self.authorization)
        self._exchanger = exchanger or ConnectionPool(
            target.host,
            target.port,
            tls=ssl.create_default_context() if target.is_secure else None,
            max_connections=MAX_CONNECTIONS,
            idle_seconds=KEEPALIVE_SECONDS,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r}, app={self.app!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await self._exchanger.aclose()

    def drop_idle_connections(self) -> None:
        """Forget the pooled connections: the line they run over has proved to be dead."""
        self._exchanger.drop_idle_connections()

    async def _send(
        self,
        operation: str,
        *parts: str,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Carry out `METHOD /path/{}/…` with `parts` in its gaps; returns the body of a success.

        Raises:
            AriRefused: Asterisk said no; its subclass says how.
            AriUnavailable: no answer within the time-out, or no connection.
        """
        request = self._writer.write(operation, parts, query, body)
        began = time.perf_counter()
        try:
            status, content = await self._exchanger.exchange(request, seconds=self._timeout_seconds)
        except ExchangeError as error:
            self._tell(operation, None, began, str(error))
            raise self._unavailable(operation, error) from error
        if status not in _SUCCESS:
            refused = self._refused(operation, Answer(status, content))
            self._tell(operation, status, began, refused.message)
            raise refused
        self._tell(operation, status, began, None)
        return content

    def _tell(self, operation: str, status: int | None, began: float, error: str | None) -> None:
        seconds = time.perf_counter() - began
        outcome = "unavailable" if status is None else "ok" if error is None else "refused"
        method, _, path = operation.partition(" ")
        _seconds_of(method, outcome).observe(seconds)
        if (here := tracing.present()) is not None and tracing.armed is not None:
            now = datetime.now(UTC)
            about = {"http.request.method": method, "url.template": path, "http.response.status_code": status}
            tracing.armed.tell(
                f"ARI {operation}",
                parent=here,
                began=now - timedelta(seconds=seconds),
                ended=now,
                role=tracing.Role.ASKS,
                about=about,
                failure=None if error is None else outcome,
            )
        if self.on_exchange is not None:
            self.on_exchange(operation, status, seconds, error)

    async def _fetch(
        self,
        answer: type[T],
        operation: str,
        *parts: str,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        """Like `_send`, with the body read as `answer`. Raises AriBadAnswer when it is something else."""
        content = await self._send(operation, *parts, query=query, body=body)
        try:
            return msgspec.json.decode(content, type=answer)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            # Also a validation error: msgspec makes it a subclass.
            log.warning("ari_answer_unreadable", operation=operation, reason=str(error))
            raise AriBadAnswer(f"answer is not a {answer!r}: {error}", operation=operation) from error

    async def _download(self, operation: str, *parts: str) -> AsyncGenerator[bytes, None]:
        """Yield a body piece by piece; the time-out holds for each piece."""
        request = self._writer.write(operation, parts, None, None)
        try:
            answer = await self._exchanger.stream(request, seconds=self._timeout_seconds)
            try:
                if answer.status not in _SUCCESS:
                    content = b"".join([piece async for piece in answer.pieces()])
                    raise self._refused(operation, Answer(answer.status, content))
                async for piece in answer.pieces():
                    yield piece
            finally:
                answer.close()
        except ExchangeError as error:
            raise self._unavailable(operation, error) from error

    def _unavailable(self, operation: str, error: ExchangeError) -> AriUnavailable:
        was_sent = not isinstance(error, NotSent)
        if was_sent:
            # What is idle may be as dead as this one; a new connection is cheap, another time-out is not.
            self.drop_idle_connections()
        outcome_unknown = was_sent and not self._writer.is_read(operation)
        reason = str(error)
        log.warning("ari_unavailable", operation=operation, reason=reason, outcome_unknown=outcome_unknown)
        return AriUnavailable(reason, operation=operation, outcome_unknown=outcome_unknown)

    def _refused(self, operation: str, answer: Answer) -> AriRefused | AriAbsent:
        if answer.status == HTTPStatus.NOT_FOUND and _is_absence(answer):
            log.warning("ari_absent", operation=operation)
            if self.on_absence is not None:
                self.on_absence()
            return AriAbsent(NO_ARI, operation=operation)
        error = refusal(answer.status, _message(answer), operation=operation)
        write = log.warning if isinstance(error, AriServerError) else log.info
        if isinstance(error, AriNotFound) and operation in _ASKING:
            write = log.debug
        write("ari_refused", operation=operation, status=error.status, message=error.message)
        return error


@cache
def _seconds_of(method: str, outcome: str) -> Histogram:
    """Looking it up by its labels each time costs more than measuring."""
    return ARI_SECONDS.labels(method, outcome)


def _is_absence(answer: Answer) -> bool:
    """Whether a 404 is about ARI itself: from Asterisk's web server in HTML, or from ARI for a module that is away.

    Taken for "that channel is gone", it would end every call in the records that goes on in Asterisk.
    """
    try:
        said = msgspec.json.decode(answer.body, type=_Said)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return True
    return said.message == _NO_RESOURCE


class _Said(msgspec.Struct):
    message: str


def _message(answer: Answer) -> str:
    """Asterisk's own words: `{"message": …}`, or `{"error": …}` when allocation failed."""
    fallback = HTTPStatus(answer.status).phrase if answer.status in _STATUSES else "refused"
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # Asterisk's HTTP layer answers in HTML where ARI is not reached at all.
        return fallback
    if not isinstance(body, dict):
        return fallback
    return str(body.get("message") or body.get("error") or fallback)[:MESSAGE_CHARACTERS]
