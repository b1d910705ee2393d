"""Every fact by its public name: written as JSON, read back, and described by a schema."""

from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from app.facts.calls import CallFact, Fact
from app.facts.catalogue import FACT_TYPES, decode_fact, encode_event, graphql_name, json_schema, rfc3339
from app.facts.event import Actor, ActorKind, Event
from app.facts.webhooks import WebhookTest
from tests.facts.any_fact import FACTS


@given(FACTS)
def test_given_any_fact_when_written_and_read_then_it_is_the_same(fact: Fact) -> None:
    assert decode_fact(fact.type, msgspec.json.encode(fact)) == fact
    assert decode_fact(fact.type, msgspec.json.encode(fact).decode()) == fact


@given(FACTS)
def test_given_any_fact_when_written_then_its_keys_are_those_of_its_schema(fact: Fact) -> None:
    schema = json_schema(fact.type)
    described = schema["$defs"][type(fact).__name__]
    written = msgspec.json.decode(msgspec.json.encode(fact))
    assert set(described["required"]) <= set(written) == set(described["properties"])


def test_given_every_type_when_named_for_graphql_then_the_names_are_told_apart_and_the_mapping_is_stated() -> None:
    names = {graphql_name(name) for name in FACT_TYPES}
    assert len(names) == len(FACT_TYPES)
    assert all(name.isidentifier() and name.isupper() for name in names)
    assert graphql_name("call.connected") == "CALL_CONNECTED"


def test_given_every_class_of_fact_when_looked_for_then_the_catalogue_has_it_under_its_own_name() -> None:
    def leaves(kind: type[Fact]) -> set[type[Fact]]:
        below = kind.__subclasses__()
        return set().union(*map(leaves, below)) if below else {kind}

    assert leaves(Fact) == set(FACT_TYPES.values())
    assert {name: kind.type for name, kind in FACT_TYPES.items()} == {name: name for name in FACT_TYPES}


@pytest.mark.parametrize("name", [name for name, kind in FACT_TYPES.items() if issubclass(kind, CallFact)])
def test_given_a_fact_of_a_call_when_described_then_it_names_the_call(name: str) -> None:
    described = json_schema(name)["$defs"][FACT_TYPES[name].__name__]
    assert "call" in described["required"]


def test_given_an_unknown_type_or_form_when_read_then_it_is_an_error() -> None:
    with pytest.raises(KeyError):
        decode_fact("call.nonsense", b"{}")
    with pytest.raises(msgspec.ValidationError):
        decode_fact("webhook.test", b"{}")


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_given_any_instant_when_written_then_it_is_utc_with_microseconds(instant: datetime) -> None:
    try:
        instant.astimezone(UTC)
    except OverflowError:  # the first and last hours of the calendar have no UTC
        return
    text = rfc3339(instant)
    assert (text[-1], len(text)) == ("Z", 27)
    assert datetime.fromisoformat(text) == instant


def test_given_an_event_when_written_then_its_envelope_has_the_stated_keys() -> None:
    event = Event(
        id="evt_1",
        type="webhook.test",
        timestamp=datetime(2026, 3, 2, 12, tzinfo=UTC),
        sequence=7,
        account_id="acc_1",
        subject_id="whe_1",
        actor=Actor(kind=ActorKind.API_KEY, id="key_1"),
        fact=WebhookTest(endpoint_id="whe_1"),
        request_id="req_1",
        is_sandbox=True,
    )
    assert msgspec.json.decode(encode_event(event)) == {
        "id": "evt_1",
        "type": "webhook.test",
        "timestamp": "2026-03-02T12:00:00.000000Z",
        "sequence": 7,
        "subjectId": "whe_1",
        "callSequence": None,
        "actor": {"kind": "API_KEY", "id": "key_1"},
        "requestId": "req_1",
        "sandbox": True,
        "data": {"endpointId": "whe_1"},
    }
