"""What is left of documents: nothing of the person, and all that others need."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.erasure.person import Person
from app.erasure.wiping import erase, is_about, names_in, wipe

NUMBER = "+12125550123"
T = "+erased-0123456789abcdef"
PERSON = Person(NUMBER, T, frozenset({"Ada Lovelace"}))


@pytest.mark.parametrize(
    ("document", "left"),
    [
        ({"number": NUMBER, "display": "Ada Lovelace"}, {"number": T, "display": None}),
        ({"number": "+12125550199", "display": "Bob"}, {"number": "+12125550199", "display": "Bob"}),
        ({"metadata": [{"key": "a", "value": "b"}]}, {"metadata": [{"key": "a", "value": ""}]}),
        ({"variables": [{"name": "a", "held": "b"}]}, {"variables": [{"name": "a", "held": ""}]}),
        ({"answers": {"age": "36"}}, {"answers": {"age": ""}}),
        ({"externalId": "crm-7", "external_id": "crm-7"}, {"externalId": None, "external_id": None}),
        ({"softphoneMessage": "calls at night"}, {"softphoneMessage": ""}),
        ({"dtmf": "4711", "digits": None}, {"dtmf": "xxxx", "digits": None}),
        ({"inputHash": "ab"}, {"inputHash": ""}),
        ({"tags": ["vip", NUMBER], "talkSeconds": 1.5}, {"tags": ["vip", T], "talkSeconds": 1.5}),
        ({"legs": [{"party": {"number": "2125550123"}}]}, {"legs": [{"party": {"number": T}}]}),
        ({"size": 12125550123, "is": True, "n": 7}, {"size": 0, "is": True, "n": 7}),
        ({NUMBER: 1}, {T: 1}),
    ],
)
def test_given_a_person_s_document_when_wiped_then_words_and_numbers_go_and_the_shape_stays(
    document: Any, left: Any
) -> None:
    assert wipe(document, PERSON) == left
    assert wipe(left, PERSON) == left


def test_given_a_document_that_mentions_the_person_when_erased_then_the_rest_of_it_stays() -> None:
    document = {"metadata": [{"key": "a", "value": f"ask Ada Lovelace, {NUMBER}"}], "externalId": "7", "dtmf": "1"}

    assert erase(document, PERSON) == {
        "metadata": [{"key": "a", "value": f"ask , {T}"}],
        "externalId": "7",
        "dtmf": "1",
    }
    assert not is_about(document, PERSON)


@pytest.mark.parametrize("key", ["number", "callerId", "caller_id", "dialledNumber", "shownNumber", "customer_number"])
def test_given_the_number_where_numbers_are_when_looked_at_then_the_document_is_about_the_person(key: str) -> None:
    assert is_about({"legs": [{"party": {key: NUMBER}}]}, PERSON)
    assert not is_about({"legs": [{"party": {key: "+12125550199", "note": NUMBER}}]}, PERSON)


def test_given_names_beside_numbers_when_gathered_then_they_are_those_of_this_number_alone() -> None:
    document = {
        "customer": {"number": NUMBER, "display": "Ada"},
        "agent": {"number": "+12125550199", "display": "Bob"},
        "callerId": NUMBER,
        "callerIdName": "A. Lovelace",
        "legs": [{"shownNumber": "2125550123", "shownName": "Countess"}],
    }

    assert set(names_in(document, PERSON)) == {"Ada", "A. Lovelace", "Countess"}


@pytest.mark.parametrize("left", [erase, wipe])
def test_given_names_that_are_words_of_ours_when_erased_then_keys_and_words_of_ours_stay(left: Any) -> None:
    person = Person(NUMBER, T, frozenset({"kind", "Call", "ended", "Customer", "role", "AGENT", "metadata", "key"}))
    document = {
        "kind": "CALL",
        "type": "call.ended",
        "legs": [{"role": "CUSTOMER", "reason": "AGENT"}],
        "metadata": [{"key": "kind of customer", "value": "the Customer"}],
        "tags": ["a call to the customer"],
        "reason": "AGENT",
    }

    done = left(document, person)

    assert {**done, "metadata": [], "tags": []} == {**document, "metadata": [], "tags": []}
    assert done["metadata"] == [{"key": "kind of customer", "value": "the " if left is erase else ""}]
    assert done["tags"] == ["a  to the "]


def test_given_somebody_shown_as_customer_when_wiped_then_what_is_shown_beside_the_number_goes() -> None:
    document = {
        "party": {"number": NUMBER, "display": "Customer"},
        "other": {"number": "+12125550199", "display": "Al"},
    }

    assert wipe(document, PERSON) == {"party": {"number": T, "display": None}, "other": document["other"]}


@pytest.mark.parametrize("left", [erase, wipe])
def test_given_a_dnc_entry_s_event_when_erased_then_what_somebody_wrote_goes_and_a_code_of_ours_stays(
    left: Any,
) -> None:
    party = {"party": {"number": NUMBER, "display": None}}

    assert left({"listId": "l", "reason": "Ada Lovelace"}, PERSON)["reason"] in {"", None}
    assert left({**party, "reason": "ERASURE"}, PERSON)["reason"] == "ERASURE"


_documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10) | st.just(NUMBER),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["number", "metadata", "text", "dtmf", "externalId", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(document=_documents)
def test_given_any_document_when_wiped_then_the_number_is_nowhere_and_twice_is_once(document: Any) -> None:
    wiped = wipe(document, PERSON)

    assert NUMBER not in str(wiped)
    assert wipe(wiped, PERSON) == wiped
    assert NUMBER not in str(erase(document, PERSON))
