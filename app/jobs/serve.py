"""``GET`` and ``HEAD /job-reports/{id}``: a job's report, behind a signed address.

Errors are JSON: ``{"error": {"code", "message", "retryable", "requestId"}}``. The signature is checked before anything
is looked up.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.answers import error_document, json_answer, retry_after
from app.clock import Clock
from app.errors import NotFoundError, OffhookError
from app.jobs.ending import ReportStore
from app.jobs.model import Job, JobReport

_log = structlog.get_logger(__name__)

PATH_PREFIX: Final = "/job-reports/"
#: What the signatures of these addresses are for, and of no others.
PURPOSE: Final = b"offhook job report address 1"

_SECURITY_HEADERS: Final = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


class SignedPaths(Protocol):
    """What signs and checks addresses; ``files.urls.report_urls`` makes one."""

    def sign(self, recording_id: str, now: datetime, ttl: timedelta) -> str: ...
    def verify(self, recording_id: str, expires: Sequence[str], signature: Sequence[str], now: datetime) -> None: ...


class SignedJobs(Protocol):
    """What is looked up; Jobs has it."""

    async def get_signed(self, job_id: str) -> Job | None: ...


class JobReports:
    """Makes addresses of reports and answers for the files; ``routes`` go into the application."""

    def __init__(self, jobs: SignedJobs, store: ReportStore, paths: SignedPaths, clock: Clock) -> None:
        self._jobs = jobs
        self._store = store
        self._paths = paths
        self._clock = clock

    @property
    def routes(self) -> list[Route]:
        """Starlette's routes, one for GET and HEAD; other methods get its 405."""
        return [Route(PATH_PREFIX + "{job_id}", self.answer, methods=["GET"], name="job-report")]

    def sign(self, job_id: str, now: datetime, ttl: timedelta) -> str:
        """Path and query of an address that works for ``ttl``, for a job that the asking account owns."""
        return self._paths.sign(job_id, now, ttl)

    async def answer(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except OffhookError as error:
            request.state.refused = error.code
            headers = {**_SECURITY_HEADERS, **retry_after(error.retry_after_seconds)}
            return json_answer(error_document(error), error.http_status, headers)

    async def _answer(self, request: Request) -> Response:
        job_id: str = request.path_params["job_id"]
        expires, signature = request.query_params.getlist("expires"), request.query_params.getlist("signature")
        self._paths.verify(job_id, expires, signature, self._clock.now())
        job = await self._jobs.get_signed(job_id)
        if job is None or job.report is None:
            raise NotFoundError("There is no such report; reports are deleted with their jobs after a time.")
        report = job.report
        headers = {
            "Cache-Control": "private, no-store",
            # Names are our runners' own: no quotes, no paths, nobody's number.
            "Content-Disposition": f'attachment; filename="{report.file_name}"',
            "Content-Type": report.content_type,
            "Content-Length": str(report.size_bytes),
            **_SECURITY_HEADERS,
        }
        if request.method == "HEAD":
            return Response(headers=headers)
        blocks = self._store.read(report.object_key, 0, report.size_bytes)
        # The first block before the status: a store that is away is still a typed error then.
        first = await anext(blocks, b"")
        return StreamingResponse(_stream(job_id, report, first, blocks), headers=headers)


async def _stream(
    job_id: str, report: JobReport, first: bytes, rest: AsyncGenerator[bytes, None]
) -> AsyncIterator[bytes]:
    yield first
    try:
        async with aclosing(rest):
            async for block in rest:
                yield block
    except OffhookError as error:
        # The status is out: cutting the connection short of Content-Length is the only way left to say it.
        _log.error("job_report_broken", job_id=job_id, key=report.object_key, reason=error.message)
        raise
