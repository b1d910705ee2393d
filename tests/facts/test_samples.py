"""The samples that developers are sent: of every type, in its form, and taken for nothing that happened."""

from datetime import UTC, datetime

import msgspec
import orjson
import pytest

from app.facts.catalogue import FACT_TYPES, decode_fact, encode_event, json_schema
from app.facts.event import SYSTEM, Event
from app.facts.samples import sample_event
from app.facts.webhooks import WebhookTriggered
from app.ids import Kind, kind_of, new_id

_AT = datetime(2026, 3, 1, 12, 0, 8, tzinfo=UTC)
TYPES = sorted(set(FACT_TYPES) - {WebhookTriggered.type})


def triggered(event_type: str, *, event_id: str | None = None) -> Event:
    return Event(
        id=event_id or new_id(Kind.EVENT),
        type=WebhookTriggered.type,
        timestamp=_AT,
        sequence=7,
        account_id="acc_1",
        subject_id="acc_1",
        actor=SYSTEM,
        fact=WebhookTriggered(event_type=event_type),
    )


@pytest.mark.parametrize("event_type", TYPES)
def test_given_any_type_when_sampled_then_it_is_of_its_form_and_says_that_it_is_a_test(event_type: str) -> None:
    body = orjson.loads(encode_event(sample_event(triggered(event_type))))
    assert body["type"] == event_type
    assert (body["sandbox"], body["test"]) == (True, True)
    assert set(body) <= set(json_schema(event_type)["properties"])
    fact = decode_fact(event_type, orjson.dumps(body["data"]))
    assert msgspec.json.encode(fact) == orjson.dumps(body["data"])


@pytest.mark.parametrize("event_type", TYPES)
def test_given_an_event_when_sampled_twice_then_the_same_is_sent(event_type: str) -> None:
    event = triggered(event_type)
    assert encode_event(sample_event(event)) == encode_event(sample_event(event))


def test_given_two_events_when_sampled_then_their_calls_are_two() -> None:
    first, second = (sample_event(triggered("call.connected")) for _ in range(2))
    assert first.subject_id != second.subject_id


def test_given_an_ended_call_when_sampled_then_its_record_adds_up() -> None:
    event = sample_event(triggered("call.ended"))
    data = orjson.loads(encode_event(event))["data"]
    cdr = data["cdr"]
    assert kind_of(event.subject_id) is Kind.CALL
    assert event.subject_id == data["call"]["id"] == cdr["callId"]
    assert data["call"]["uniqueId"] == cdr["uniqueId"]
    assert (
        (data["talkSeconds"], data["durationSeconds"]) == (cdr["talkSeconds"], cdr["durationSeconds"]) == (42.0, 50.0)
    )
    instants = [datetime.fromisoformat(cdr[name]) for name in ("createdAt", "ringingAt", "connectedAt", "endedAt")]
    assert instants == sorted(instants)
    assert (instants[3] - instants[2]).total_seconds() == cdr["talkSeconds"]
    assert (instants[3] - instants[0]).total_seconds() == cdr["durationSeconds"]
    assert cdr["isSandbox"] is True
