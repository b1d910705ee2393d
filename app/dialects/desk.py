"""What a dialect works with: the public schema, asked in process.

A dialect is a client of the schema like any other. Whatever it does is one operation of GraphQL, executed on the same
way as those that come over HTTP: with the same limits, budget, scopes, audit and masks (decision 32).
"""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import GraphQLError

from app.accounts.dialect_keys import Holder
from app.accounts.dialects import Dialect
from app.api.auditing import note_refusals
from app.api.context import Context, Options
from app.api.documents import Outcome, execute_known, take_document
from app.api.errors import error_code, present_errors
from app.api.metrics import Metrics
from app.api.schema import OffhookSchema
from app.calls.time_limits import GIVEN_UP_SECONDS
from app.dialects.refusals import DialectRefusedError
from app.dialects.variables import read_variable_error
from app.errors import DatabaseUnavailableError, OffhookError
from app.hours.zones import zone_of
from app.services import Services

#: For how long an equal request is the same one, after it was answered.
REPEAT_SECONDS: Final = 5.0
#: No request is answered for longer: its operations have the time of one mutation, together.
LONGEST_SECONDS: Final = GIVEN_UP_SECONDS

#: Of top-level errors: the status that HTTP has for them. Whatever else a caller is told, it can mend.
_STATUSES: Final[dict[str, int]] = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "UNAVAILABLE": 503,
    "DATABASE_UNAVAILABLE": 503,
    "ASTERISK_UNAVAILABLE": 503,
    "OVERLOADED": 503,
    "SHUTTING_DOWN": 503,
    "STORE_UNAVAILABLE": 503,
    "OBJECT_SEALED": 503,
    "SPEECH_UNAVAILABLE": 503,
    "DECODER_UNAVAILABLE": 503,
    "TRANSCRIPTION_UNAVAILABLE": 503,
    "TIMEOUT": 504,
    "INTERNAL": 500,
}


class AskRefusedError(Exception):
    """The schema refused an operation: the first of a payload's ``userErrors``, or the first top-level error.

    ``code`` and ``message`` are as GraphQL tells them, ``field`` is the path inside ``input``, and ``extensions`` are a
    top-level error's, or ``currentState`` and ``retryAfterSeconds`` of a payload's. ``data`` is what was answered all
    the same, if anything.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: Sequence[str] = (),
        extensions: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = tuple(field)
        self.extensions = dict(extensions or {})
        self.data = dict(data or {})

    @property
    def http_status(self) -> int:
        """The status for a dialect that has none of its own for this: 400 for all that the caller can mend."""
        return _STATUSES.get(self.code, 400)

    @property
    def is_outage(self) -> bool:
        """The caller cannot mend it; the same request may succeed later."""
        return self.http_status >= 500  # noqa: PLR2004  # where HTTP's server errors begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What every desk of a process stands on."""

    services: Services
    schema: OffhookSchema
    options: Options
    metrics: Metrics


class Desk:
    """Asks the schema for whoever holds a dialect's credential; lasts for one request."""

    def __init__(
        self, surface: Surface, holder: Holder, dialect: Dialect, request_id: str, remote_address: str | None
    ) -> None:
        self.principal = holder.principal
        #: The account's own, for wall clocks' times.
        self.zone: Final = zone_of(holder.time_zone)
        self.dialect = dialect
        self._began_at = time.monotonic()
        self.request_id = request_id
        self._surface = surface
        self._remote_address = remote_address

    @property
    def account_id(self) -> str:
        """Whose things these are."""
        return self.principal.account_id

    @property
    def is_test(self) -> bool:
        """The credential reaches the sandbox only."""
        return self.principal.is_test

    @property
    def services(self) -> Services:
        """For what is no part of the schema, such as the clock."""
        return self._surface.services

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Execute the one operation of a document, a query or a mutation; gives ``data`` as JSON would have it.

        Documents are constants, without aliases on ``userErrors``: every payload that a mutation gives selects
        ``userErrors { code message field currentState retryAfterSeconds }``.

        Raises:
            AskRefusedError: there is an error at the top, or a payload has one.
        """
        context = self._make_context()
        began = time.perf_counter()
        given = dict(variables or {})
        try:
            take_document(self._surface.schema, document, context)
        except OffhookError as error:
            self._note(context, error.code, began)
            self.note_refusal(error.code)
            raise AskRefusedError(
                error.code, error.message, extensions={"retryAfterSeconds": error.retry_after_seconds}
            ) from error
        result: Any = await execute_known(self._surface.schema, document, given, None, context)
        if result is None:
            result = await self._surface.schema.execute(document, variable_values=given, context_value=context)
        outcome = Outcome(result.data, result.errors)
        errors = present_errors(outcome.errors, context)
        note_refusals(errors, context)
        self._note(context, error_code(errors[0]) if errors else "ok", began)
        if errors:
            raise _refuse((outcome.errors or errors)[0], errors[0], outcome.data)
        data = outcome.data or {}
        _look_for_user_errors(data)
        return data

    def note_refusal(self, code: str) -> None:
        """One line in the audit log for what the dialect itself refuses; the schema notes its own refusals."""
        self.services.access.audit.refuse(
            "dialect.request",
            code,
            principal=replace(self.principal, request_id=self.request_id, remote_address=self._remote_address),
        )

    @asynccontextmanager
    async def repeating(self, parts: bytes, at_most_seconds: float) -> AsyncIterator[str]:
        """An idempotency key for a request that brings none: an equal one's of a moment ago, or a new one.

        ``parts`` is whatever makes two requests equal, written the same way each time; ``at_most_seconds`` is how long
        whoever asks waits for the answer. The key lasts for as long as the block, and for a moment after. Where the
        block ends without saying what became of the request, because of a time-out, an outage or an error of the
        dialect's own, whoever asks will ask again: then the key lasts until that could be answered too.

        Raises:
            AskRefusedError: DATABASE_UNAVAILABLE, before the block.
        """
        requests = self._surface.services.dialects.requests
        own = (b"test " if self.is_test else b"live ") + parts
        with _telling_outages():
            key = await requests.take_key(self.account_id, self.dialect, own, _kept_seconds(at_most_seconds))
        is_answered = False
        try:
            yield key
            is_answered = True
        except DialectRefusedError:
            is_answered = True
            raise
        except AskRefusedError as error:
            is_answered = not error.is_outage
            raise
        finally:
            if is_answered:
                with suppress(DatabaseUnavailableError):  # it ends by itself, a little later
                    await requests.end_soon(self.account_id, self.dialect, own, key, REPEAT_SECONDS)

    async def find_subject(self, key: str) -> tuple[str, ...]:
        """What an equal request before has kept under their key with `keep_subject`; nothing when none has.

        Raises:
            AskRefusedError: DATABASE_UNAVAILABLE.
        """
        with _telling_outages():
            kept = await self.services.dialects.requests.find_subject(self.account_id, self.dialect, key)
        return () if kept is None else tuple(kept.split(" ")[1:])

    async def keep_subject(self, key: str, *words: str) -> bool:
        """Keep what a request is about, for equal ones after it; whether this one is the first. Words have no blanks.

        Raises:
            AskRefusedError: DATABASE_UNAVAILABLE.
        """
        own = " ".join((self.request_id, *words))
        with _telling_outages():
            kept = await self.services.dialects.requests.keep_subject(
                self.account_id, self.dialect, key, own, _kept_seconds(LONGEST_SECONDS)
            )
        return kept == own

    async def drop_subject(self, key: str) -> None:
        """Nothing came of the request: an equal one looks for itself."""
        with suppress(DatabaseUnavailableError):  # it ends by itself, a little later
            await self.services.dialects.requests.drop_subject(self.account_id, self.dialect, key)

    def _make_context(self) -> Context:
        surface = self._surface
        context = Context(
            services=surface.services,
            options=surface.options,
            metrics=surface.metrics,
            request_id=self.request_id,
            remote_address=self._remote_address,
            # All operations of one request have one time together.
            began_at=self._began_at,
        )
        context.admit(self.principal)
        return context

    def _note(self, context: Context, code: str, began: float) -> None:
        metrics = self._surface.metrics
        metrics.operations.labels(context.operation, code).inc()
        metrics.operation_seconds.labels(context.operation).observe(time.perf_counter() - began)


@contextmanager
def _telling_outages() -> Iterator[None]:
    try:
        yield
    except DatabaseUnavailableError as error:
        raise AskRefusedError(error.code, error.message) from error


def _kept_seconds(at_most_seconds: float) -> float:
    """Of a key, from its taking: for the request, and for one that comes when the client has given that up."""
    return 2 * max(at_most_seconds, LONGEST_SECONDS) + REPEAT_SECONDS


def _refuse(found: GraphQLError, shown: GraphQLError, data: Mapping[str, Any] | None) -> AskRefusedError:
    """An error at the top, as it was ``found`` and as it is ``shown``."""
    extensions = shown.extensions or {}
    about = read_variable_error(found)
    if about is not None:
        message, field = about
        return AskRefusedError("INVALID_INPUT", message, field=field, extensions=extensions, data=data)
    return AskRefusedError(
        error_code(shown), shown.message, field=extensions.get("field", ()), extensions=extensions, data=data
    )


def _look_for_user_errors(data: Mapping[str, Any]) -> None:
    for payload in data.values():
        problems = payload.get("userErrors") if isinstance(payload, Mapping) else None
        if problems:
            first = problems[0]
            raise AskRefusedError(
                first["code"],
                first["message"],
                field=first.get("field") or (),
                extensions={
                    name: first[name] for name in ("currentState", "retryAfterSeconds") if first.get(name) is not None
                },
                data=data,
            )
