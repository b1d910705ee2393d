"""The audit log at the surface: one line for each mutation, done or refused, and one for each operation refused whole.

Services record what they do as they do it. Here that becomes the one line of the mutation, with what came of it; where
no service said anything, the mutation's own name says what was asked: ``hangupCall`` is ``call.hangup``.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import structlog
from graphql import GraphQLError
from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver
from strawberry.types.field import StrawberryField

from app import tracing
from app.accounts.audit import AuditEntry, entry_by
from app.accounts.gathering import Gathering, gathering
from app.api.context import Context, Info
from app.api.types.problem import Payload
from app.errors import OffhookError, RefusedError
from app.ids import kind_of

#: Which parts of an input name what the mutation is about, in this order.
_SUBJECTS: Final = (
    *("id", "call_id", "leg_id", "campaign_id", "recording_id", "list_id", "agent_id", "endpoint_id", "upload_id"),
    *("participant_id", "supervision_id", "media_stream_id", "playback_id", "transfer_id", "key_id"),
)
_MOST_FIELDS: Final = 5
_OUTAGES: Final = frozenset(
    {
        "INTERNAL",
        "TIMEOUT",
        "UNAVAILABLE",
        "DATABASE_UNAVAILABLE",
        "ASTERISK_UNAVAILABLE",
        "OVERLOADED",
        "SHUTTING_DOWN",
    }
)
_CANCELLED: Final = "CANCELLED"


def action_of(field_name: str) -> str:
    """``create_api_key`` or ``createApiKey`` as the log names it: ``api_key.create``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field_name).lower()
    verb, _, noun = snake.partition("_")
    return f"{noun}.{verb}" if noun else verb


class Audited(FieldExtension):
    """A mutation leaves exactly one line."""

    _action = "mutation"

    def apply(self, field: StrawberryField) -> None:
        self._action = action_of(field.python_name)

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        context, given = info.context, kwargs.get("input")
        with gathering(context.request_id) as gathered, _tracing(info) as span:
            outcome, payload = _CANCELLED, None
            try:
                payload = await next_(source, info, **kwargs)
            except RefusedError as error:
                outcome = error.problems[0].code
                raise
            except OffhookError as error:
                outcome = error.code
                raise
            except Exception:
                outcome = "INTERNAL"  # `errors` says more, elsewhere
                raise
            else:
                outcome = _outcome_of(payload)
                return payload
            finally:
                gathered.is_open = False  # from here on, what is recorded is recorded
                subject_id = _subject_of(payload) or _subject_named(given)
                self._write(context, gathered, outcome, subject_id)
                if span is not None:
                    _say(span, outcome, subject_id)

    def _write(self, context: Context, gathered: Gathering, outcome: str, subject_id: str | None) -> None:
        audit, caller = context.services.access.audit, context.principal
        if caller is None:
            audit.refuse(self._action, outcome, remote_address=context.remote_address, request_id=context.request_id)
            return
        entry = (
            gathered.entries[0] if gathered.entries else entry_by(caller, self._action, account_id=caller.account_id)
        )
        audit.record(_complete(entry, outcome, subject_id))


@contextmanager
def _tracing(info: Info) -> Iterator[tracing.Span | None]:
    """The mutation's span, in the client's trace or in one that it begins: what it asks for goes back to it."""
    context = info.context
    if tracing.armed is None or context.principal is None:
        yield None
        return
    about = {"offhook.request.id": context.request_id, "offhook.account.id": context.principal.account_id}
    name, parent = f"mutation {info.field_name}", tracing.present()
    with tracing.armed.span(name, parent=parent, role=tracing.Role.ANSWERS, about=about, begins=True) as span:
        # The mutations of one operation are done one after the other.
        context.principal = dataclasses.replace(context.principal, traceparent=span.traceparent)
        known = {} if span.traceparent is None else {"trace_id": tracing.trace_of(span.traceparent)}
        with structlog.contextvars.bound_contextvars(**known):
            yield span


def _say(span: tracing.Span, outcome: str, subject_id: str | None) -> None:
    span.say({"offhook.subject.id": subject_id})
    if outcome != "OK":
        span.fail(outcome)


def _complete(entry: AuditEntry, outcome: str, subject_id: str | None) -> AuditEntry:
    return dataclasses.replace(
        entry,
        # What a service said of its own failure is nearer to the truth than that the request came to an end.
        outcome=entry.outcome if outcome == "OK" else outcome,
        subject_id=entry.subject_id or subject_id,
    )


def note_refusals(errors: Sequence[GraphQLError] | None, context: Context) -> None:
    """One line for an operation that was refused: by its size, its price, its variables, a scope, or a query's answer.

    ``errors`` are as they are presented. What a mutation's field was refused for is in its own line.
    """
    refused = [
        (code, error)
        for error in errors or ()
        if (code := str((error.extensions or {}).get("code", "INTERNAL"))) not in _OUTAGES
        and not (error.path and context.operation == "mutation")
    ]
    if not refused:
        return
    kind = context.operation if context.operation in {"query", "mutation", "subscription"} else "operation"
    fields = [str(error.path[0]) for _, error in refused[:_MOST_FIELDS] if error.path]
    context.services.access.audit.refuse(
        f"graphql.{kind}",
        refused[0][0],
        principal=context.principal,
        remote_address=context.remote_address,
        request_id=context.request_id,
        details={"fields": ", ".join(fields)} if fields else {},
    )


def note_closing(context: Context, outcome: str, close_code: int) -> None:
    """One line for a websocket that was closed for what its client sent, or did not send."""
    context.services.access.audit.refuse(
        "graphql.socket",
        outcome,
        principal=context.principal,
        remote_address=context.remote_address,
        request_id=context.request_id,
        details={"closeCode": close_code},
    )


def _outcome_of(payload: object) -> str:
    if isinstance(payload, Payload) and payload.user_errors:
        return payload.user_errors[0].code.value
    return "OK"


def _subject_of(payload: object) -> str | None:
    """The id of the first thing that a payload gives."""
    if not isinstance(payload, Payload):
        return None
    for part in dataclasses.fields(payload):
        value = getattr(payload, part.name, None)
        found = value if part.name == "deleted_id" else getattr(value, "id", None)
        if isinstance(found, str) and kind_of(found) is not None:
            return found
    return None


def _subject_named(given: object) -> str | None:
    """The id that an input names, when it is one of ours in form: what strangers write is not kept."""
    for name in _SUBJECTS:
        found = getattr(given, name, None)
        if isinstance(found, str) and kind_of(found) is not None:
            return found
    return None
