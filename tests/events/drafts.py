"""Facts to append."""

from datetime import timedelta

from app.facts.calls import Fact
from app.facts.event import Actor, ActorKind, Draft, Event
from app.facts.webhooks import WebhookTest
from app.ids import Kind, new_id
from tests.calls.making import NOON

_fact = WebhookTest(endpoint_id="whe_1")


def make_draft(
    number: int = 0, *, account_id: str = "acc_1", subject_id: str = "whe_1", fact: Fact = _fact, minutes: float = 0.0
) -> Draft:
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=account_id,
        subject_id=subject_id,
        occurred_at=NOON + timedelta(minutes=minutes),
        fact=fact,
        actor=Actor(kind=ActorKind.API_KEY, id="key_1"),
        call_sequence=number or None,
        request_id="req_1",
        is_sandbox=True,
    )


def ids(events: "list[Event] | tuple[Event, ...]") -> list[str]:
    return [event.id for event in events]
