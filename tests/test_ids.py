"""Identifiers: told apart by kind, sorted by age, and never taken for something else."""

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given

from app.ids import (
    PARTS,
    Kind,
    asterisk_name,
    asterisk_prefix,
    is_node_name,
    kind_of,
    new_id,
    number_within,
    owner_within,
    part_id,
    part_within,
    split_asterisk_name,
)

KINDS = st.sampled_from([kind for kind in Kind if kind not in PARTS])
NODES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}", fullmatch=True)


@given(KINDS)
def test_given_a_kind_when_an_id_is_made_then_it_tells_its_kind(kind: Kind) -> None:
    made = new_id(kind)
    assert kind_of(made) is kind
    prefix, _, body = made.partition("_")
    assert (prefix, len(body)) == (kind.value, 26)


def test_given_many_ids_when_made_in_one_instant_then_all_differ() -> None:
    assert len({new_id(Kind.CALL) for _ in range(10_000)}) == 10_000


def test_given_ids_of_different_times_when_sorted_then_the_oldest_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for milliseconds in (0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 2**48 - 1):
        monkeypatch.setattr("app.ids.time.time_ns", lambda now=milliseconds: now * 1_000_000)
        made.append(new_id(Kind.CALL))
    assert made == sorted(made)


@given(st.text(max_size=40))
def test_given_any_text_when_its_kind_is_asked_then_only_ids_have_one(text: str) -> None:
    prefix, _, body = text.partition("_")
    if kind_of(text) is not None:
        assert Kind(prefix)
        assert len(body) == PARTS.get(Kind(prefix), 26)


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.upper(),
        lambda made: made[:-1],
        lambda made: made + "0",
        lambda made: made + "\n",
        lambda made: made.replace("call_", "nobody_"),
        lambda made: made.replace("call_", "call-"),
        lambda made: made[:-1] + "u",  # no letter of this alphabet
        lambda made: " " + made,
    ],
)
def test_given_an_id_when_anything_of_it_is_changed_then_it_is_none(change: Callable[[str], str]) -> None:
    assert kind_of(change(new_id(Kind.CALL))) is None


@given(NODES, KINDS, st.sampled_from(["", "-agent", "-customer"]))
def test_given_a_name_in_asterisk_when_split_then_id_and_suffix_come_back(node: str, kind: Kind, suffix: str) -> None:
    made = new_id(kind)
    name = asterisk_name(node, made, suffix)
    assert name.startswith(asterisk_prefix(node))
    assert split_asterisk_name(node, name) == (made, suffix)
    assert is_node_name(node)


@given(NODES, NODES)
def test_given_another_nodes_name_when_split_then_it_is_not_ours(node: str, other: str) -> None:
    found = split_asterisk_name(node, asterisk_name(other, new_id(Kind.LEG)))
    assert (found is not None) == (node == other)


@pytest.mark.parametrize(
    "name", ["", "ofk.n1.", "ofk.n1.nobody", "PJSIP/2001-0000001", "ofk.n1.leg_x", "xofk.n1.leg_1"]
)
def test_given_what_others_run_when_split_then_it_is_not_ours(name: str) -> None:
    assert split_asterisk_name("n1", name) is None


@pytest.mark.parametrize("text", ["", "N1", "n_1", "n.1", "-n1", "n" * 32, "n1\n", "é"])
def test_given_a_bad_node_name_when_checked_then_it_is_refused(text: str) -> None:
    assert not is_node_name(text)


def test_given_what_is_within_two_others_when_its_id_is_made_then_both_are_found_again() -> None:
    campaign_id, contact_id = new_id(Kind.CAMPAIGN), new_id(Kind.CONTACT)
    made = part_id(Kind.CAMPAIGN_CONTACT, campaign_id, contact_id)
    assert kind_of(made) is Kind.CAMPAIGN_CONTACT
    assert (owner_within(made, Kind.CAMPAIGN), part_within(made, Kind.CONTACT)) == (campaign_id, contact_id)
    assert kind_of(made[:-1]) is None
    assert kind_of(made.replace("ccon", "camp")) is None
    assert kind_of(campaign_id.replace("camp", "ccon")) is None


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_given_a_place_in_a_list_when_the_id_of_what_is_there_is_made_then_both_are_found_again(place: int) -> None:
    list_id = new_id(Kind.DNC_LIST)
    made = part_id(Kind.DNC_ENTRY, list_id, place)
    assert kind_of(made) is Kind.DNC_ENTRY
    assert (owner_within(made, Kind.DNC_LIST), number_within(made)) == (list_id, place)
