"""``GET`` and ``HEAD /recordings/{id}``: the file behind a signed address.

Errors are JSON: ``{"error": {"code", "message", "retryable", "requestId"}}``. The signature is checked before anything
is looked up: without a good one, nobody learns whether a recording exists.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.answers import error_document, json_answer, retry_after
from app.clock import Clock
from app.errors import NotFoundError, OffhookError
from app.facts.vocabulary import RecordingState
from app.files.store import FileStore, ObjectMissingError
from app.files.urls import PATH_PREFIX, SignedUrls
from app.recordings.model import Recording
from app.recordings.ranges import ByteRange, UnsatisfiableRangeError, none_match_fails, range_applies, read_range

log = structlog.get_logger(__name__)

_SECURITY_HEADERS: Final = {
    # The address is the credential: it must not travel on as a referrer.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class RecordingDamagedError(OffhookError):
    """The stored file is not the one that was recorded: its size differs."""

    code = "RECORDING_DAMAGED"
    http_status = 500


class RecordingDeletedError(OffhookError):
    """The recording was deleted, by request or because its time was over."""

    code = "RECORDING_DELETED"
    http_status = 410


class RangeError(OffhookError):
    """The file has no such bytes."""

    code = "RANGE_NOT_SATISFIABLE"
    http_status = 416


class SignedRecordings(Protocol):
    """What is looked up; RecordingQueries has it."""

    async def get_signed(self, recording_id: str) -> Recording | None:
        """A recording for the bearer of its signed address."""
        ...


class RecordingFiles:
    """Answers for the files; ``routes`` go into the application."""

    def __init__(self, queries: SignedRecordings, store: FileStore, urls: SignedUrls, clock: Clock) -> None:
        self._queries = queries
        self._store = store
        self._urls = urls
        self._clock = clock

    @property
    def routes(self) -> list[Route]:
        """Starlette's routes, one for GET and HEAD; other methods get its 405."""
        return [Route(PATH_PREFIX + "{recording_id}", self.answer, methods=["GET"], name="recording")]

    async def answer(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except RangeError as error:
            request.state.refused = error.code
            # The size belongs in the answer (RFC 9110, 15.5.17); it is all the error carries.
            return _refuse(error, {"Content-Range": f"bytes */{error.message}"})
        except OffhookError as error:
            request.state.refused = error.code
            return _refuse(error)

    async def _answer(self, request: Request) -> Response:
        recording_id: str = request.path_params["recording_id"]
        self._urls.verify(
            recording_id,
            request.query_params.getlist("expires"),
            request.query_params.getlist("signature"),
            self._clock.now(),
        )
        recording = await self._queries.get_signed(recording_id)
        if recording is not None and recording.state is RecordingState.DELETED:
            raise RecordingDeletedError("The recording was deleted.")
        if recording is None or recording.state is not RecordingState.SAVED or recording.object_key is None:
            raise NotFoundError("There is no such recording, or it is not finished.")
        size = await self._check_file(recording, recording.object_key)
        etag = f'"{recording.sha256}"'
        headers = {
            "Accept-Ranges": "bytes",
            # Kept by the listener's own browser alone, and asked about each time: a recording may be deleted.
            "Cache-Control": "private, no-cache, no-transform",
            "Content-Disposition": f'attachment; filename="{_file_name(recording)}"',
            "Content-Type": "audio/wav",
            "ETag": etag,
            **_SECURITY_HEADERS,
        }
        if none_match_fails(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers={name: headers[name] for name in ("Cache-Control", "ETag")})
        if request.method == "HEAD":
            # Range is defined for GET alone (section 14.2).
            return Response(headers={**headers, "Content-Length": str(size)})
        asked = None
        if range_applies(request.headers.get("if-range"), etag):
            asked = _asked_range(request, size)
        part = asked or ByteRange(0, size)
        headers["Content-Length"] = str(part.end - part.start)
        if asked is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
        blocks = self._store.read(recording.object_key, part.start, part.end)
        # The first block before the status: a store that is away is still a typed error then.
        first = await anext(blocks, b"")
        return StreamingResponse(
            _stream(recording.id, first, blocks), status_code=200 if asked is None else 206, headers=headers
        )

    async def _check_file(self, recording: Recording, key: str) -> int:
        try:
            size = await self._store.size(key)
        except ObjectMissingError:
            log.warning("recording_file_missing", recording_id=recording.id)
            raise
        if size != recording.size_bytes:
            log.error("recording_file_damaged", recording_id=recording.id, size=size, expected=recording.size_bytes)
            raise RecordingDamagedError("The stored file is not the one that was recorded.")
        return size


def _asked_range(request: Request, size: int) -> ByteRange | None:
    try:
        return read_range(request.headers.get("range"), size)
    except UnsatisfiableRangeError as error:
        raise RangeError(str(size)) from error


async def _stream(recording_id: str, first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    yield first
    try:
        async with aclosing(rest):
            async for block in rest:
                yield block
    except OffhookError as error:
        # The status is out: cutting the connection short of Content-Length is the only way left to say it.
        log.error("recording_stream_broken", recording_id=recording_id, reason=error.message)  # noqa: TRY400 - raised on
        raise


def _file_name(recording: Recording) -> str:
    # Made of an instant and an id: no quotes, no paths, and nobody's number.
    return f"{recording.created_at:%Y-%m-%dT%H-%M-%SZ}-{recording.id}.wav"


def _refuse(error: OffhookError, headers: dict[str, str] | None = None) -> Response:
    return json_answer(
        error_document(error),
        error.http_status,
        {**_SECURITY_HEADERS, **(headers or {}), **retry_after(error.retry_after_seconds)},
    )
