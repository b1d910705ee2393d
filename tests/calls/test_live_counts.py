"""Live calls counted from their facts are what the calls themselves say."""

from itertools import count

import msgspec

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.turn import Step
from app.calls.keeping.store import make_drafts
from app.calls.reading.live_counts import LiveCounts, Standing
from app.events.log import Appended
from app.facts.event import SYSTEM, Event
from app.facts.vocabulary import CallKind, CallState
from tests.calls.making import live_whole_life, make_call, run_steps
from tests.calls.standing_in import connected_call

_numbers = count(1)


def _appended(step: Step) -> Appended:
    events = tuple(
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
            is_sandbox=draft.is_sandbox,
        )
        for draft in make_drafts(step.call, step.happenings)
    )
    return Appended(0, events)


def test_given_a_whole_life_when_counted_fact_by_fact_then_count_and_call_never_differ() -> None:
    counts = LiveCounts()
    seen = []
    for step in live_whole_life(make_call()):
        counts.on_appended(_appended(step))
        assert counts.differing([step.call]) == {}
        seen += list(counts.read())
    states = [state for _, state in seen]
    assert list(dict.fromkeys(states)) == [
        CallState.DIALING,
        CallState.RINGING,
        CallState.ANSWERED,
        CallState.CONNECTED,
    ]
    assert len(counts) == 0


def test_given_calls_of_an_earlier_process_when_known_then_they_are_counted_and_their_ends_are_too() -> None:
    counts = LiveCounts()
    steps = live_whole_life(make_call())
    counts.know(steps[5].call)
    counts.know(make_call())  # not begun
    assert counts.read() == {(CallKind.CLICK_TO_CALL, CallState.ANSWERED): 1.0}
    for step in steps[6:]:
        counts.on_appended(_appended(step))
    assert counts.read() == {}
    counts.know(steps[-1].call)  # over
    assert len(counts) == 0


def test_given_counts_that_differ_when_corrected_then_they_agree() -> None:
    counts = LiveCounts()
    uncounted, ghost, behind = connected_call(), connected_call(), connected_call()
    counts.know(ghost)
    counts.know(msgspec.structs.replace(behind, state=CallState.RINGING))
    connected = Standing(CallKind.CLICK_TO_CALL, CallState.CONNECTED)
    differing = counts.differing([uncounted, behind])
    assert differing == {
        uncounted.id: (None, connected),
        ghost.id: (connected, None),
        behind.id: (Standing(CallKind.CLICK_TO_CALL, CallState.RINGING), connected),
    }
    for call_id, (_, standing) in differing.items():
        counts.correct(call_id, standing)
    assert counts.differing([uncounted, behind]) == {}


def test_given_a_call_whose_end_is_decided_when_a_late_answer_is_told_then_that_is_no_difference() -> None:
    counts = LiveCounts()
    call = make_call()
    first = call.legs[0].id
    events: list[Input] = [
        inputs.Start(),
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.HangupRequested(actor=SYSTEM),
        inputs.LegAnswered(leg_id=first),
    ]
    for step in run_steps(call, events):
        counts.on_appended(_appended(step))
        assert counts.differing([step.call]) == {}


def test_given_another_tenure_when_it_begins_then_nothing_is_counted() -> None:
    counts = LiveCounts()
    counts.know(connected_call())
    counts.forget_all()
    assert len(counts) == 0
