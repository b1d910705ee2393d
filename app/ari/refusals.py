"""Why Asterisk would not let the event stream in."""

from http import HTTPStatus
from typing import Final

from picows import WSHandshakeError

from app.ari.errors import AriError, AriRefused, AriUnauthorized
from app.ari.event_socket import HandshakeLost
from app.ari.transport import NO_ARI

UNAUTHORIZED: Final = "unauthorized (wrong user or password)"


def describe_refusal(error: AriError | WSHandshakeError | HandshakeLost) -> str:
    """In words that an operator can act on."""
    match error:
        case AriUnauthorized():
            return UNAUTHORIZED
        case AriRefused():
            return _describe_status(error.status)
        case AriError():
            return error.message
        case HandshakeLost():
            return "closed without an answer (is Asterisk at its session limit?)"
        case WSHandshakeError(response=None):
            return "not a websocket server"
        case WSHandshakeError(response=response):
            assert response is not None
            return _describe_status(response.status.value)


def _describe_status(status: int) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return UNAUTHORIZED
        case HTTPStatus.NOT_FOUND:
            return NO_ARI
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return "status 503 (Asterisk is not ready)"
        case _:
            return f"status {status}"
