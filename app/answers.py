"""What the HTTP surface says outside GraphQL, above all when it cannot do something."""

from collections.abc import Mapping
from math import ceil
from typing import Any

import orjson
import structlog
from starlette.responses import Response

from app.errors import OffhookError


def error_document(error: OffhookError) -> dict[str, Any]:
    """``{"error": {"code", "message", "retryable", "requestId"}}``, with the id under which the log tells the rest."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "retryable": error.retryable,
            "requestId": present_request_id(),
        }
    }


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A body as JSON, which nobody on the way may keep."""
    return Response(
        orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE),  # a shell's prompt begins its own line
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def retry_after(seconds: float | None) -> dict[str, str]:
    """The header of that name (RFC 9110, 10.2.3): whole seconds, at least 1, and never earlier than said.

    Without ``seconds`` there is none.
    """
    return {} if seconds is None else {"Retry-After": str(max(1, ceil(seconds)))}


def present_request_id() -> str | None:
    """The id of the request that is being answered; ``app.asgi`` binds it, for all lines of the log as well."""
    request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return request_id
