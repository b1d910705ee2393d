"""``GET /v1/calls/{id}/diagnostics.ndjson``: a call's trace, for whoever has a key of its account.

The key comes as it does for GraphQL: ``Authorization: Bearer ofk_…``, and pays from the same purse. One that is limited
to certain documents has none that asks for this. Errors are JSON, as for recordings.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.accounts.principal import Principal
from app.answers import error_document, json_answer, retry_after
from app.api.auth import authenticate, read_credential
from app.api.budget import Budget
from app.errors import DocumentNotAllowedError, NotFoundError, OffhookError
from app.ids import Kind, kind_of
from app.services import Services

PATH = "/v1/calls/{call_id}/diagnostics.ndjson"
#: A trace is read whole, with all of its facts.
POINTS: Final = 500


class DiagnosticsFiles:
    """Answers for the files; ``routes`` go into the application."""

    def __init__(self, services: Services, budget: Budget) -> None:
        self._services = services
        self._budget = budget

    @property
    def routes(self) -> list[Route]:
        """Starlette's routes."""
        return [Route(PATH, self.answer, methods=["GET"], name="diagnostics")]

    async def answer(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except OffhookError as error:
            return json_answer(error_document(error), error.http_status, retry_after(error.retry_after_seconds))

    async def _answer(self, request: Request) -> Response:
        remote = request.client.host if request.client else None
        token = read_credential(self._services, request.headers.getlist("authorization"), remote)
        principal = await authenticate(self._services, token, remote, request.headers.get("origin"))
        self._admit(principal)
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

    def _admit(self, principal: Principal) -> None:
        """Raises DocumentNotAllowedError, RateLimitedError."""
        try:
            if principal.document_hashes:
                raise DocumentNotAllowedError("This key may send the documents that its owner named, and nothing else.")
            self._budget.spend(principal.key_id, POINTS)
        except OffhookError as error:
            self._services.access.audit.refuse("diagnostics.read", error.code, principal=principal)
            raise
