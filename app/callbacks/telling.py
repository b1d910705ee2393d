"""What is said of callbacks in the log."""

from datetime import datetime
from typing import Any, TypeVar

from app.callbacks.model import Callback
from app.facts.callbacks import CallbackFact
from app.facts.event import SYSTEM, Actor, Draft
from app.ids import Kind, new_id

F = TypeVar("F", bound=CallbackFact)


def say(
    fact: type[F],
    one: Callback,
    *,
    at: datetime,
    actor: Actor = SYSTEM,
    request_id: str | None = None,
    **fields: Any,
) -> Draft:
    """A fact about a callback as it stands; ``fields`` are what this kind has besides."""
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=one.account_id,
        subject_id=one.id,
        occurred_at=at,
        fact=fact(
            callback_id=one.id,
            customer=one.wanted.customer,
            due_at=one.due_at,
            attempt=one.attempt,
            external_id=one.wanted.external_id,
            metadata=one.wanted.metadata,
            tags=one.wanted.tags,
            **fields,
        ),
        actor=actor,
        request_id=request_id,
        is_sandbox=one.is_sandbox,
    )
