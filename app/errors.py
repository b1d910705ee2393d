"""Every error a caller or an operator may meet.

::

    OffhookError                     code, message safe to show, HTTP status, retryable
    ├── RefusedError                 the caller can mend it: payload ``userErrors`` (a list of Problem)
    ├── AuthenticationError          401, no key, a wrong, revoked or expired one
    ├── ScopeError                   403, the key lacks a scope
    ├── BadRequestError              400, the request itself is not of the form it must have
    ├── TooComplexError              400, the operation asks for more than one operation may
    ├── DocumentNotAllowedError      403, the key may send certain documents only
    ├── IntrospectionNotAllowedError 403, the schema may not be read with this key
    ├── RateLimitedError             429, the caller's points are spent; retry later
    ├── NotFoundError                404, only for surfaces without payloads (files by URL)
    ├── UnavailableError             503, something Offhook stands on is away; retry later
    │   ├── DatabaseUnavailableError
    │   ├── AsteriskUnavailableError
    │   ├── OverloadedError          a bounded queue is full, and says so
    │   └── ShuttingDownError        this process is about to end; another, or the next, will do it
    └── ConfigurationError           an operator's mistake, told at start-up with its mend

GraphQL: ``RefusedError`` becomes ``userErrors``; the others become top-level errors with
``extensions {code requestId retryable retryAfterSeconds}``; whatever is not an OffhookError is masked as INTERNAL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class OffhookError(Exception):
    """The root of the tree.

    ``code`` is stable and public, ``message`` is safe to show to the caller.
    """

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing the caller can mend.

    ``field`` is the path in the input that is to blame, empty when it is the request as a whole;
    ``current_state`` is given with INVALID_STATE, ``retry_after_seconds`` with RATE_LIMITED.
    """

    code: str
    message: str
    field: tuple[str, ...] = ()
    current_state: str | None = None
    retry_after_seconds: float | None = None


class RefusedError(OffhookError):
    """The request was understood and refused; nothing was done.

    Codes in use: INVALID_INPUT, REQUIRED, NOT_FOUND, INVALID_STATE, INVALID_NUMBER, DESTINATION_DENIED,
    CALLER_ID_NOT_OWNED, CALLER_ID_FLAGGED, AGENT_OFFLINE, SANDBOX_ONLY, IDEMPOTENCY_KEY_REUSED, INVALID_CURSOR,
    CURSOR_EXPIRED, ALREADY_EXISTS, URL_NOT_ALLOWED, SPEECH_NOT_SUPPORTED, FIELD_MISSING, RATE_LIMITED,
    CONCURRENT_CALLS_REACHED, SPEND_CAP_REACHED, DESTINATION_NOT_PRICED, LIMIT_ABOVE_GRANT, ACCOUNT_SUSPENDED.
    """

    code = "REFUSED"
    http_status = 422

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


class AuthenticationError(OffhookError):
    """No valid credential came with the request; ``offhook key create ACCOUNT`` makes an API key."""

    code = "UNAUTHENTICATED"
    http_status = 401


class ScopeError(OffhookError):
    """The credential is valid and lacks a scope; ``scope`` names it."""

    code = "FORBIDDEN"
    http_status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f"This key lacks the scope {scope!r}. Create one that has it, or ask its owner.")
        self.scope = scope


class BadRequestError(OffhookError):
    """The request is not of the form it must have."""

    code = "BAD_REQUEST"
    http_status = 400


class TooComplexError(OffhookError):
    """One operation may not ask for as much."""

    code = "QUERY_TOO_COMPLEX"
    http_status = 400


class DocumentNotAllowedError(OffhookError):
    """The key is limited to documents that its owner named, and this is none of them."""

    code = "DOCUMENT_NOT_ALLOWED"
    http_status = 403

    def __init__(
        self, message: str = "This key may send the documents that its owner named, and this is none of them."
    ) -> None:
        super().__init__(message)


class IntrospectionNotAllowedError(OffhookError):
    """The schema may not be read here, or not with this key."""

    code = "INTROSPECTION_NOT_ALLOWED"
    http_status = 403

    def __init__(self) -> None:
        super().__init__("The schema may not be read with this key; it is in the documentation.")


class RateLimitedError(OffhookError):
    """The caller has asked for as much as it may for now; ``retry_after_seconds`` says when there is more."""

    code = "RATE_LIMITED"
    http_status = 429
    retryable = True


class NotFoundError(OffhookError):
    """There is no such thing, or it is another account's: the two are not told apart."""

    code = "NOT_FOUND"
    http_status = 404


class UnavailableError(OffhookError):
    """Something Offhook stands on is away. Nothing was done; the same request may succeed later."""

    code = "UNAVAILABLE"
    http_status = 503
    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: float | None = 2.0) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)


class DatabaseUnavailableError(UnavailableError):
    """PostgreSQL cannot be reached or did not answer in time."""

    code = "DATABASE_UNAVAILABLE"


class AsteriskUnavailableError(UnavailableError):
    """No Asterisk is connected, so nothing can be dialled."""

    code = "ASTERISK_UNAVAILABLE"


class OverloadedError(UnavailableError):
    """A bounded queue is full; the message names it."""

    code = "OVERLOADED"


class ShuttingDownError(UnavailableError):
    """This process is about to end and begins nothing new."""

    code = "SHUTTING_DOWN"


class ConfigurationError(OffhookError):
    """An operator's mistake; the message says how to mend it."""

    code = "CONFIGURATION"
