"""What the HTTP surface says outside GraphQL when it cannot do something."""

from typing import Any

import structlog

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


def present_request_id() -> str | None:
    """The id of the request that is being answered; ``app.asgi`` binds it, for all lines of the log as well."""
    request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return request_id
