"""Where calls may be sent: exactly one thing, written and read back."""

import json

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from app.errors import RefusedError
from app.ids import Kind, new_id
from app.numbers.parse import E164
from app.routing.inbound import best_pattern
from app.routing.targets import (
    CallTarget,
    ToAgent,
    ToExtension,
    ToNumber,
    ToQueue,
    ToRingGroup,
    field_of,
    make_target,
    target_as_json,
    target_from_json,
)

AGENT, GROUP, QUEUE = new_id(Kind.AGENT), new_id(Kind.RING_GROUP), new_id(Kind.QUEUE)
NUMBER = E164("+12125550100")


@pytest.mark.parametrize(
    ("target", "field", "stored"),
    [
        (make_target(field=("t",), agent_id=AGENT), "agentId", {"kind": "agent", "id": AGENT}),
        (make_target(field=("t",), extension="2001"), "extension", {"kind": "extension", "number": "2001"}),
        (make_target(field=("t",), number=NUMBER), "number", {"kind": "number", "number": NUMBER}),
        (make_target(field=("t",), ring_group_id=GROUP), "ringGroupId", {"kind": "ring_group", "id": GROUP}),
        (make_target(field=("t",), queue_id=QUEUE), "queueId", {"kind": "queue", "id": QUEUE}),
    ],
)
def test_given_a_target_when_stored_then_it_says_its_kind_and_reads_back(
    target: CallTarget, field: str, stored: dict[str, str]
) -> None:
    assert target_as_json(target) == stored
    assert target_from_json(json.loads(json.dumps(stored))) == target
    assert field_of(target) == field


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ({}, "REQUIRED", ("t",)),
        ({"agent_id": AGENT, "extension": "2001"}, "REQUIRED", ("t",)),
        ({"agent_id": QUEUE}, "NOT_FOUND", ("t", "agentId")),
        ({"queue_id": "queue_'; DROP"}, "NOT_FOUND", ("t", "queueId")),
        ({"ring_group_id": ""}, "NOT_FOUND", ("t", "ringGroupId")),
        ({"extension": "2001@evil"}, "INVALID_NUMBER", ("t", "extension")),
        ({"number": "911"}, "INVALID_NUMBER", ("t", "number")),
    ],
)
def test_given_none_several_or_a_wrong_one_when_made_then_it_is_refused(
    values: dict[str, str], code: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedError) as refused:
        make_target(field=("t",), **values)  # type: ignore[arg-type]  # hostile on purpose
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == (code, path)


@given(
    st.one_of(
        st.text(min_size=1).map(lambda text: ToAgent(id=text)),
        st.text().map(lambda text: ToExtension(number=text)),
        st.text().map(lambda text: ToNumber(number=E164(text))),
        st.text().map(lambda text: ToRingGroup(id=text)),
        st.text().map(lambda text: ToQueue(id=text)),
    )
)
def test_given_any_target_when_stored_and_read_then_it_is_the_same(target: CallTarget) -> None:
    assert target_from_json(target_as_json(target)) == target


@pytest.mark.parametrize(
    "stored", [{}, {"kind": "nobody"}, {"kind": "agent"}, "agent", None, {"kind": "queue", "id": 1}]
)
def test_given_what_is_no_target_when_read_then_it_is_an_error(stored: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        target_from_json(stored)


@pytest.mark.parametrize(
    ("routes", "dialled", "winner"),
    [
        ([("+12125550100", False)], "+12125550100", 0),
        ([("+12125550100", False)], "12125550100", 0),
        ([("12125550100", False)], "+12125550100", 0),
        ([("+12125550100", False)], "+12125550101", None),
        ([("*", False), ("+1212*", False), ("+121255*", False)], "+12125550100", 2),
        ([("+12125550100", False), ("+1212*", True)], "+12125550100", 0),
        ([("+1212*", False), ("+1212*", True)], "+12125550100", 1),
        ([("*", True), ("+1*", False)], "+12125550100", 1),
        ([("*", False)], "anything", 0),
        ([("+1212*", False)], "+1212", 0),
        ([], "+12125550100", None),
    ],
)
def test_given_routes_when_a_call_comes_then_the_most_exact_one_has_it(
    routes: list[tuple[str, bool]], dialled: str, winner: int | None
) -> None:
    assert best_pattern(routes, dialled) == winner
