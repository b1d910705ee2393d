"""Whether an operation may run at all: asked before anything of it is executed, on every way to the executor.

- The key may send this document: keys can be limited to documents that their owner named, by SHA-256 of the text.
- The caller may read the schema, where the document does: the setting ``introspection``.
- The document is not too dear, and not full of mutations that spend money.
- The caller has the points that it costs: `app.api.budget`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from app.accounts.scopes import Scope
from app.api.budget import Introspection
from app.api.context import Context
from app.api.cost import MOST_POINTS, Priced
from app.errors import DocumentNotAllowedError, IntrospectionNotAllowedError, RateLimitedError, TooComplexError

#: The codes of operations that were not let in.
NOT_ADMITTED: Final = frozenset(
    error.code for error in (DocumentNotAllowedError, IntrospectionNotAllowedError, RateLimitedError, TooComplexError)
)
#: Of a document that is not remembered: what reading it costs beside its operation.
CHARACTERS_PER_POINT: Final = 20


def may_introspect(context: Context) -> bool:
    """Whether the caller may be told of what there is in the schema, in answers or in suggestions."""
    match context.options.introspection:
        case Introspection.ANYONE:
            return True
        case Introspection.SCOPE:
            return context.principal is not None and context.principal.has(Scope.SCHEMA)
        case _:
            return False


def require_document(context: Context, text: str) -> None:
    """Of keys that are limited to certain documents.

    Raises:
        DocumentNotAllowedError: this is none of them.
    """
    allowed = () if context.principal is None else context.principal.document_hashes
    if allowed and hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() not in allowed:
        raise DocumentNotAllowedError


def charge_reading(context: Context, text: str) -> None:
    """Take what reading an unknown document costs.

    Raises:
        RateLimitedError: the caller does not have it.
    """
    _spend(context, len(text) // CHARACTERS_PER_POINT)


def admit(context: Context, priced: Priced, operation_name: str | None, variables: Mapping[str, Any] | None) -> None:
    """Let an operation in, for its price, which is noted as ``context.cost``.

    Raises:
        IntrospectionNotAllowedError: it asks for the schema.
        TooComplexError: no operation may cost as much.
        RateLimitedError: the caller does not have it.
    """
    if priced.has_introspection and not may_introspect(context):
        raise IntrospectionNotAllowedError
    if context.is_charged:
        return  # one operation, executed once more for others who follow the same
    points = priced.points(operation_name, variables)
    if points > MOST_POINTS:
        # No number of what was found: it may have many digits.
        raise TooComplexError(
            f"An operation may cost at most {MOST_POINTS} points: ask for smaller pages, or for less of each item."
        )
    left = _spend(context, points)
    context.is_charged = True
    context.cost = {"points": points, "mostPoints": MOST_POINTS, "remaining": left}


def _spend(context: Context, points: int) -> int:
    principal = context.principal
    if principal is None:
        return context.options.budget.spend(f"address {context.remote_address}", points, is_stranger=True)
    return context.options.budget.spend(principal.key_id, points)
