"""What can go wrong between us and Asterisk.

    AriError
    ├── AriUnsafeArgument      an id, name or value that must not go on the wire; nothing was sent
    ├── AriUnavailable         no answer: refused connection, time-out, broken connection
    │   └── AriAbsent          a web server answered, and has no ARI
    ├── AriBadAnswer           a success whose body is not what ARI promises (some other server?)
    └── AriRefused             an answer that says no: status, message, operation
        ├── AriUnauthorized    401, 403
        ├── AriNotFound        404
        ├── AriConflict        409
        ├── AriInvalid         every other 4xx (400, 412, 422)
        └── AriServerError     5xx

`operation` is always the method and the path's template (`POST /channels/{}/dial`): fit for logs and metrics,
without an id, a number or a value in it.
"""

# ruff: noqa: N818 -- each name says what happened; "Error" would say it is an exception, which `raise` does

from http import HTTPStatus


class AriError(Exception):
    """Any failure of a request to Asterisk. Never holds credentials, variable values or digits."""

    def __init__(self, message: str, *, operation: str) -> None:
        super().__init__(f"{operation}: {message}")
        self.message = message
        self.operation = operation


class AriUnsafeArgument(AriError, ValueError):
    """Something in an argument could change the meaning of the request; it was not sent."""


class AriUnavailable(AriError):
    """Asterisk did not answer.

    `outcome_unknown` is true when the request may have been acted on all the same: look (by the id we chose)
    before trying again. It is false when the request never left, and for reads.
    """

    def __init__(self, message: str, *, operation: str, outcome_unknown: bool) -> None:
        super().__init__(message, operation=operation)
        self.outcome_unknown = outcome_unknown


class AriAbsent(AriUnavailable):
    """Asterisk's web server answered that there is no ARI, or not this part of it: its modules are not loaded.

    Nothing was done, and nothing may be concluded about the thing that was asked for.
    """

    def __init__(self, message: str, *, operation: str) -> None:
        super().__init__(message, operation=operation, outcome_unknown=False)


class AriBadAnswer(AriError):
    """The status says success, the body cannot be read as what was asked for."""


class AriRefused(AriError):
    """Asterisk answered with an error. `status` is HTTP's, `message` Asterisk's own words."""

    def __init__(self, message: str, *, operation: str, status: int) -> None:
        super().__init__(f"{status} {message}", operation=operation)
        self.status = status
        self.message = message


class AriUnauthorized(AriRefused):
    """Wrong user, wrong password, or a read-only user."""


class AriNotFound(AriRefused):
    """The channel, bridge, recording or other thing is not there (any more)."""


class AriConflict(AriRefused):
    """The id is taken, or the channel is not in our application (yet)."""


class AriInvalid(AriRefused):
    """A request Asterisk cannot carry out as it stands, for instance playing on a channel that is not up (412)."""


class AriServerError(AriRefused):
    """Asterisk failed, or could not allocate: an unknown endpoint answers 500 `Allocation failed`."""


def refusal(status: int, message: str, *, operation: str) -> AriRefused:
    """Give the error class that belongs to an HTTP status."""
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            kind: type[AriRefused] = AriUnauthorized
        case HTTPStatus.NOT_FOUND:
            kind = AriNotFound
        case HTTPStatus.CONFLICT:
            kind = AriConflict
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            kind = AriServerError
        case _ if status >= HTTPStatus.BAD_REQUEST:
            kind = AriInvalid
        case _:
            kind = AriRefused
    return kind(message, operation=operation, status=status)
