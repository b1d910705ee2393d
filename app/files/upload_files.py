"""``PUT /uploads/{id}``: the file behind a signed address. It must be of the size and type that were announced.

Answers are JSON: ``{"upload": {"id", "sizeBytes"}}`` with 201, or
``{"error": {"code", "message", "retryable", "requestId"}}``.
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.answers import error_document, json_answer, retry_after
from app.clock import Clock
from app.errors import BadRequestError, NotFoundError, OffhookError
from app.files.uploads import Upload, Uploads
from app.files.urls import UPLOAD_PREFIX, SignedUrls
from app.waiting import Room

_log = structlog.get_logger(__name__)

#: A sender that is silent for so long is given up, and so is one that takes longer than the second in all.
IDLE_SECONDS: Final = 30.0
TOTAL_SECONDS: Final = 900.0
_BUFFER: Final = 256 * 1024
_ABANDONED_SECONDS: Final = 2 * TOTAL_SECONDS


class UploadTooLargeError(OffhookError):
    """More came than was announced."""

    code = "UPLOAD_TOO_LARGE"
    http_status = 413


class UploadTypeError(OffhookError):
    """The file is not of the type that was announced."""

    code = "UPLOAD_TYPE_DIFFERS"
    http_status = 415


class UploadTooSlowError(OffhookError):
    """The sender stopped in the middle."""

    code = "UPLOAD_TOO_SLOW"
    http_status = 408


class UploadFiles:
    """Answers for the files; ``routes`` go into the application. ``folder`` takes what is on its way."""

    def __init__(
        self,
        uploads: Uploads,
        urls: SignedUrls,
        clock: Clock,
        folder: Path,
        *,
        idle_seconds: float = IDLE_SECONDS,
        most_at_once: int = 16,
    ) -> None:
        self._uploads = uploads
        self._urls = urls
        self._clock = clock
        self._folder = folder
        self._idle_seconds = idle_seconds
        self._room = Room("data", most_at_once=most_at_once, most_waiting=most_at_once)

    @property
    def routes(self) -> list[Route]:
        """Starlette's routes; other methods get its 405."""
        return [Route(UPLOAD_PREFIX + "{upload_id}", self.answer, methods=["PUT"], name="upload")]

    async def answer(self, request: Request) -> Response:
        try:
            upload = await self._receive(request)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody
        except OffhookError as error:
            request.state.refused = error.code
            refusal = refuse(error)
            refusal.headers["Connection"] = "close"  # or the rest of what is sent would still be read
            return refusal
        return JSONResponse(
            {"upload": {"id": upload.id, "sizeBytes": upload.size_bytes}},
            status_code=201,
            headers={"Cache-Control": "no-store"},
        )

    async def _receive(self, request: Request) -> Upload:
        upload_id: str = request.path_params["upload_id"]
        now = self._clock.now()
        parameters = request.query_params
        self._urls.verify(upload_id, parameters.getlist("expires"), parameters.getlist("signature"), now)
        upload = await self._uploads.expected(upload_id, now)
        if upload is None:
            raise NotFoundError("There is no such upload, or it has expired.")
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != upload.content_type:
            raise UploadTypeError(f"The upload was announced as {upload.content_type}: say so in Content-Type.")
        announced = request.headers.get("content-length")
        if announced is not None and int(announced) > upload.size_bytes:
            raise UploadTooLargeError(f"The upload was announced with {upload.size_bytes} bytes.")
        async with self._room.entered(), self._draft() as path:
            await self._write(request, path, upload)
            await self._uploads.keep(upload, path)
        return upload

    async def _write(self, request: Request, path: Path, upload: Upload) -> None:
        """Write what comes, in blocks, and stop at once when it is too much."""
        received, buffer = 0, bytearray()
        blocks = request.stream()
        descriptor = await asyncio.to_thread(os.open, path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            try:
                async with asyncio.timeout(TOTAL_SECONDS):
                    while True:
                        async with asyncio.timeout(self._idle_seconds):
                            block = await anext(blocks, None)
                        if block is None:
                            break
                        received += len(block)
                        if received > upload.size_bytes:
                            raise UploadTooLargeError(f"The upload was announced with {upload.size_bytes} bytes.")
                        buffer += block
                        if len(buffer) >= _BUFFER:
                            await asyncio.to_thread(file.write, bytes(buffer))
                            buffer.clear()
            except TimeoutError:
                raise UploadTooSlowError("Nothing came any more. Put the file again.") from None
            await asyncio.to_thread(file.write, bytes(buffer))
        if received < upload.size_bytes:
            raise BadRequestError(
                f"{received} bytes came, {upload.size_bytes} were announced. Put the whole file again."
            )

    @asynccontextmanager
    async def _draft(self) -> AsyncIterator[Path]:
        """A file's name on our disk, gone at the end."""
        await asyncio.to_thread(prepare_folder, self._folder)
        path = self._folder / secrets.token_hex(16)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def prepare_folder(folder: Path) -> None:
    """Make it, and drop what a process that was killed left in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.iterdir():
        try:
            is_abandoned = time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
        except FileNotFoundError:
            continue  # its own request has ended
        if is_abandoned:
            path.unlink(missing_ok=True)
            _log.info("abandoned_file_dropped")


def refuse(error: OffhookError) -> Response:
    """An error outside GraphQL."""
    return json_answer(error_document(error), error.http_status, retry_after(error.retry_after_seconds))
