"""What is said of callbacks in the log."""

from datetime import datetime
from typing import Any, TypeVar

from app.accounts.principal import Principal
from app.callbacks.model import Callback
from app.facts.callbacks import CallbackFact
from app.facts.event import SYSTEM, Draft
from app.ids import Kind, new_id

F = TypeVar("F", bound=CallbackFact)


def say(fact: type[F], one: Callback, *, at: datetime, by: Principal | None = None, **fields: Any) -> Draft:
    """A fact about a callback as it stands, at somebody's word or nobody's; ``fields`` are what this kind has."""
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
        actor=SYSTEM if by is None else by.actor,
        request_id=None if by is None else by.request_id,
        is_sandbox=one.is_sandbox,
    )
