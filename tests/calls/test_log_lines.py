"""The log has one line for each transition of a call, and none of them names a number."""

from itertools import count

import structlog

from app.calls.keeping.store import make_drafts
from app.calls.reading.log_lines import say_transitions
from app.events.log import Appended
from app.facts.event import Event
from tests.calls.making import live_whole_life, make_call

_numbers = count(1)


def _whole_life() -> tuple[Event, ...]:
    return tuple(
        Event(
            id=draft.id,
            type=draft.fact.type,
            timestamp=draft.occurred_at,
            sequence=next(_numbers),
            account_id=draft.account_id,
            subject_id=draft.subject_id,
            actor=draft.actor,
            fact=draft.fact,
            call_sequence=draft.call_sequence,
            request_id=draft.request_id,
        )
        for step in live_whole_life(make_call())
        for draft in make_drafts(step.call, step.happenings)
    )


def test_given_a_call_when_it_goes_from_state_to_state_then_each_step_is_one_line_in_order() -> None:
    events = _whole_life()
    with structlog.testing.capture_logs() as lines:
        say_transitions(Appended(0, events))
    said = ["call.ended" if line["event"] == "call_ended" else line["to"] for line in lines]
    assert said == [event.type for event in events if event.type in set(said)]
    assert said[0] == "call.created"
    assert said[-1] == "call.ended"
    assert said.count("leg.ringing") == said.count("leg.answered") == said.count("leg.ended") == 2
    assert {line["call_id"] for line in lines} == {events[0].subject_id}
    sequences = [line["call_sequence"] for line in lines if line["event"] == "call_transition"]
    assert sequences == sorted(set(sequences))


def test_given_a_calls_lines_when_read_then_legs_are_told_by_id_and_role_and_no_number_is_there() -> None:
    events = _whole_life()
    with structlog.testing.capture_logs() as lines:
        say_transitions(Appended(0, events))
    of_legs = [line for line in lines if line.get("to", "").startswith("leg.")]
    assert {line["role"] for line in of_legs} == {"AGENT", "CUSTOMER"}
    assert all(line["leg_id"] for line in of_legs)
    fact = events[0].fact
    numbers = {party.number for party in (getattr(fact, "agent", None), getattr(fact, "customer", None)) if party}
    assert any(numbers)
    assert not any(number in str(line) for number in numbers if number for line in lines)
