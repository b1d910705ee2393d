"""The audit log of files behind signed addresses: one line for each request that was refused, and for the thousandth
like it none of its own: whoever holds an address is a stranger here (see ``accounts.knocks``).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.accounts.audit import AuditLog
from app.ids import kind_of

_Answer = Callable[[Request], Awaitable[Response]]
#: What is our own failure is in the service's log.
_OURS: Final = 500


def audited(routes: Sequence[Route], audit: AuditLog, action: str) -> list[Route]:
    """The same routes, with a line for each refusal. They say which it was in ``request.state.refused``: its code."""
    return [
        Route(route.path, _noting(route.endpoint, audit, action), methods=sorted(route.methods or ()), name=route.name)
        for route in routes
    ]


def _noting(answer: _Answer, audit: AuditLog, action: str) -> _Answer:
    async def answer_and_note(request: Request) -> Response:
        response = await answer(request)
        code = getattr(request.state, "refused", None)
        if code is not None and response.status_code < _OURS:
            # What a stranger writes is kept only where it is an id of ours in form.
            named = next((part for part in request.path_params.values() if kind_of(part) is not None), None)
            audit.refuse(
                action,
                code,
                remote_address=request.client.host if request.client else None,
                request_id=getattr(request.state, "request_id", None),
                details={} if named is None else {"id": named},
            )
        return response

    return answer_and_note
