"""``GET /v1/calls/{id}/diagnostics.ndjson``: a call's trace, for whoever has a key of its account.

The key comes as it does for GraphQL: ``Authorization: Bearer ofk_…``. Errors are JSON, as for recordings.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.api.auth import authenticate, read_credential
from app.errors import NotFoundError, OffhookError
from app.ids import Kind, kind_of
from app.services import Services

PATH = "/v1/calls/{call_id}/diagnostics.ndjson"


class DiagnosticsFiles:
    """Answers for the files; ``routes`` go into the application."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def routes(self) -> list[Route]:
        """Starlette's routes."""
        return [Route(PATH, self.answer, methods=["GET"], name="diagnostics")]

    async def answer(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except OffhookError as error:
            return JSONResponse(
                {"error": {"code": error.code, "message": error.message, "retryable": error.retryable}},
                status_code=error.http_status,
                headers={"Cache-Control": "no-store"},
            )

    async def _answer(self, request: Request) -> Response:
        remote = request.client.host if request.client else None
        token = read_credential(self._services, request.headers.getlist("authorization"), remote)
        principal = await authenticate(self._services, token, remote, request.headers.get("origin"))
        call_id: str = request.path_params["call_id"]
        is_call = kind_of(call_id) is Kind.CALL
        lines = await self._services.diagnostics.lines(principal, call_id) if is_call else None
        if lines is None:
            # Another account's call and one without a trace look the same.
            raise NotFoundError("There is no such call, or its trace was not kept or is deleted by now.")
        return Response(
            lines,
            media_type="application/x-ndjson",
            headers={
                "Cache-Control": "private, no-store",
                "Content-Disposition": f'attachment; filename="{call_id}.ndjson"',
            },
        )
