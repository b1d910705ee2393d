"""What an operation costs, and what a caller may spend."""

import math
from typing import Any

import pytest
from graphql import parse
from graphql.execution.values import get_argument_values, get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from app.api.budget import Budget
from app.api.cost import LIST_SIZE, MONEY_MUTATION, MONEY_MUTATIONS, MUTATION, WHOLE_SCHEMA, price_document
from app.api.pace import Pace
from app.api.schema import build_schema
from app.errors import RateLimitedError
from app.paging import DEFAULT_PAGE, LARGEST_PAGE


def _points(document: str, name: str | None = None, /, **variables: Any) -> int:
    return price_document(build_schema()._schema, parse(document)).points(name, variables)


class _Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_given_values_objects_and_lists_when_priced_then_each_object_costs_one() -> None:
    assert _points("{ __typename }") == 1
    assert _points("{ viewer { keyId isTest } }") == 2
    assert _points("{ viewer { account { id } } }") == 3
    # The call, and as many recordings as a list is taken to have, each with its call.
    assert _points('{ call(id: "x") { recordings { call { id } } } }') == 2 + LIST_SIZE * 2


@pytest.mark.parametrize(
    ("arguments", "items"),
    [
        *(
            ("", 50),
            ("(first: 7)", 7),
            ("(last: 7)", 7),
            ("(first: 100000000000000000000)", 200),
            ("(first: null)", 50),
        ),
        *(("(first: null, last: 200)", 200), ("(last: 3, first: null)", 3), ("(first: 3, last: 200)", 200)),
    ],
)
def test_given_a_page_when_priced_then_it_costs_as_many_items_as_it_may_have(arguments: str, items: int) -> None:
    assert _points(f"{{ calls{arguments} {{ nodes {{ id }} }} }}") == 2 + items
    assert _points(f"{{ calls{arguments} {{ edges {{ node {{ cdr {{ id }} }} }} }} }}") == 2 + items * 3


@pytest.mark.parametrize(
    ("given", "items"),
    [
        *(({"n": 9}, 9), ({}, 20), ({"n": None}, 50), ({"n": -5}, 1), ({"n": 10**9}, 200)),
        *(({"n": 200.0}, 200), ({"n": 1e300}, 200), ({"n": math.inf}, 50), ({"n": math.nan}, 50), ({"n": "9"}, 50)),
    ],
)
def test_given_a_page_by_variable_when_priced_then_its_value_counts_and_its_default(
    given: dict[str, Any], items: int
) -> None:
    assert _points("query($n: Int = 20) { calls(first: $n) { nodes { id } } }", **given) == 2 + items


def test_given_items_named_by_ids_when_priced_then_as_many_as_are_named_cost() -> None:
    assert _points('{ nodes(ids: ["a", "b", "c"]) { id } }') == 1 + 3
    assert _points("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["a"] * 200) == 1 + 200
    assert _points("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids="a") == 1 + 1


def test_given_pages_by_variables_when_one_is_null_then_the_other_is_paid_for() -> None:
    document = "query($n: Int = 5, $m: Int) { calls(first: $n, last: $m) { nodes { id } } }"
    assert _points(document, n=None, m=200) == 2 + 200
    assert _points(document, n=None) == 2 + 50
    assert _points(document, m=None) == 2 + 5
    assert _points(document, n=200.0) == 2 + 200


_SIZES = st.none() | st.integers(-3, 300) | st.integers(-3, 300).map(float) | st.floats()
_WRITTEN = st.sampled_from(["", "null", "7", "200", "$a", "$b"])
_DEFAULTS = st.sampled_from(["", " = null", " = 5", " = 200"])


@given(
    first=_WRITTEN,
    last=_WRITTEN,
    default=_DEFAULTS,
    variables=st.dictionaries(st.sampled_from(["a", "b"]), _SIZES),
)
def test_given_any_way_to_ask_for_a_page_when_priced_then_it_costs_no_less_than_the_page_that_is_given(
    first: str, last: str, default: str, variables: dict[str, Any]
) -> None:
    schema = build_schema()._schema
    arguments = ", ".join(f"{name}: {value}" for name, value in (("first", first), ("last", last)) if value)
    field = f"calls({arguments})" if arguments else "calls"
    document = parse(f"query($a: Int{default}, $b: Int) {{ {field} {{ nodes {{ id }} }} }}")
    operation: Any = document.definitions[0]
    points = price_document(schema, document).points(None, variables)
    values = get_variable_values(schema, operation.variable_definitions, variables)
    if isinstance(values, list):  # refused before anything is executed
        return
    assert schema.query_type is not None
    asked = get_argument_values(schema.query_type.fields["calls"], operation.selection_set.selections[0], values)
    sizes = [asked.get(name) for name in ("first", "last")]
    assert price_document(schema, document).points(None, values.coerced) == points
    if None in sizes:  # else it is refused by the resolver, as are sizes that are out of bounds
        limit = next((size for size in sizes if size is not None), DEFAULT_PAGE)
        assert points == 2 + limit or not 1 <= limit <= LARGEST_PAGE


def test_given_pages_inside_pages_when_priced_then_they_multiply_and_never_grow_without_end() -> None:
    inner = "id"
    for _ in range(3):
        inner = f"calls(first: 200) {{ nodes {{ {inner} }} }}"
    document = "query($n: Int) { " + " ".join(f"a{n}: calls(first: $n) {{ nodes {{ id }} }}" for n in range(3)) + " }"
    assert _points(document, n=200) == 1 + 3 * 201
    nested = "recordings { call { " * 12 + "id" + " } }" * 12
    assert _points(f'{{ call(id: "x") {{ {nested} }} }}') == 10**9


def test_given_fragments_when_priced_then_they_cost_what_they_hold_in_the_page_that_they_are_in() -> None:
    fragment = " fragment Page on CallConnection { nodes { cdr { id } } }"
    assert _points("{ calls(first: 3) { ...Page } }" + fragment) == 2 + 3 * 2
    assert _points("{ a: calls(first: 3) { ...Page } b: calls(first: 5) { ...Page } }" + fragment) == 1 + 7 + 11


def test_given_mutations_when_priced_then_those_that_ring_or_spend_cost_more_each_one() -> None:
    hangup = 'hangupCall(input: {callId: "x"}) { userErrors { code } }'
    assert _points(f"mutation {{ {hangup} }}") == 1 + MUTATION + 1 + LIST_SIZE
    start = "".join(
        f'a{n}: startCampaign(input: {{id: "x", idempotencyKey: "{n}"}}) {{ __typename }}' for n in range(4)
    )
    assert _points(f"mutation {{ {start} }}") == 1 + 4 * (MONEY_MUTATION + 1)


def test_given_every_mutation_that_takes_an_idempotency_key_when_looked_up_then_it_has_the_price_of_money() -> None:
    schema = build_schema()._schema
    assert schema.mutation_type is not None
    taking = {
        name
        for name, field in schema.mutation_type.fields.items()
        if "idempotencyKey" in field.args["input"].type.of_type.fields
        and str(field.args["input"].type.of_type.fields["idempotencyKey"].type).endswith("!")
    }
    assert taking
    assert taking <= MONEY_MUTATIONS <= set(schema.mutation_type.fields)


def test_given_introspection_when_priced_then_the_whole_schema_is_dear_and_a_name_is_free() -> None:
    priced = price_document(
        build_schema()._schema, parse("{ ...S } fragment S on Query { __schema { types { name } } }")
    )
    assert priced.has_introspection
    assert priced.points(None, {}) == 1 + WHOLE_SCHEMA
    assert not price_document(build_schema()._schema, parse("{ viewer { __typename } }")).has_introspection


def test_given_several_operations_when_one_is_named_then_its_price_counts() -> None:
    document = "query A { viewer { keyId } } query B { calls(first: 5) { nodes { id } } }"
    assert (_points(document, "A"), _points(document, "B")) == (2, 7)


def test_given_a_purse_when_it_is_spent_then_it_is_refused_until_time_has_filled_it() -> None:
    clock = _Clock()
    budget = Budget(600, monotonic=clock)
    assert budget.spend("key", 400) == 200
    with pytest.raises(RateLimitedError) as refused:
        budget.spend("key", 300)
    assert refused.value.retry_after_seconds == 10.0
    assert budget.spend("other", 600) == 0
    clock.seconds += 10
    assert budget.spend("key", 300) == 0
    clock.seconds += 3600
    assert budget.spend("key", 1) == 599


def test_given_an_operation_dearer_than_a_purse_when_it_is_full_then_it_is_let_in_and_empties_it() -> None:
    clock = _Clock()
    budget = Budget(100, monotonic=clock)
    assert budget.spend("key", 5000) == 0
    with pytest.raises(RateLimitedError) as refused:
        budget.spend("key", 5000)
    assert refused.value.retry_after_seconds == 60.0
    clock.seconds += 60
    assert budget.spend("key", 5000) == 0


def test_given_strangers_when_they_spend_then_each_has_a_tenth_and_the_number_of_purses_is_bounded() -> None:
    budget = Budget(1000)
    assert budget.spend("address", 60, is_stranger=True) == 40
    for number in range(20_000):
        budget.spend(f"address {number}", 1, is_stranger=True)
    assert len(budget._purses) <= 10_000


def test_given_a_pace_when_it_is_exceeded_then_it_admits_again_as_time_goes() -> None:
    clock = _Clock()
    pace = Pace(at_once=3, per_second=2, monotonic=clock)
    assert [pace.admits_one() for _ in range(4)] == [True, True, True, False]
    clock.seconds += 0.5
    assert [pace.admits_one() for _ in range(2)] == [True, False]
    clock.seconds += 3600
    assert [pace.admits_one() for _ in range(4)] == [True, True, True, False]
