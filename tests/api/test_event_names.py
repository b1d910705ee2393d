"""What the types of events call their fields: which names mean several GraphQL types, and that readers are told."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest
from graphql import GraphQLInterfaceType, GraphQLSchema, parse, validate

from app.api.schema import build_schema

#: Names with several types, which no operation can read from several types of events without an alias. They are the
#: facts' own names in stored events, so they stay; a new one needs another name.
_CLASHING: Final = {
    *("agent", "agentId", "callId", "callbackId", "campaignId", "contactId", "contactListId", "detail", "disposition"),
    *("kind", "mode", "muted", "otpId", "queueId", "reason"),
}
_PAGE: Final = Path(__file__).parents[2] / "docs" / "how-to" / "resume-a-subscription.md"


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema()._schema


def test_given_all_types_of_events_when_their_fields_are_compared_then_no_more_names_than_known_have_several_types(
    schema: GraphQLSchema,
) -> None:
    event = schema.type_map["Event"]
    assert isinstance(event, GraphQLInterfaceType)
    types_of: defaultdict[str, set[str]] = defaultdict(set)
    for kind in schema.get_possible_types(event):
        for name, field in kind.fields.items():
            types_of[name].add(str(field.type))
    assert {name for name, types in types_of.items() if len(types) > 1} == _CLASHING


def test_given_the_page_about_subscriptions_when_read_then_it_names_each_clashing_name_and_no_other() -> None:
    told = re.search(
        r"^Fifteen names have another type here than there: (.*?)\. GraphQL",
        _PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert told is not None
    assert set(re.findall(r"`(\w+)`", told[1])) == _CLASHING
    assert len(_CLASHING) == 15


def test_given_a_clashing_name_when_read_from_two_types_of_events_then_it_takes_an_alias(schema: GraphQLSchema) -> None:
    document = "{ event(id: 1) { ... on CallEvent { ALIAS campaignId } ... on CampaignEvent { campaignId } } }"
    (problem,) = validate(schema, parse(document.replace("ALIAS", "callId")))
    assert "they return conflicting types" in problem.message
    assert validate(schema, parse(document.replace("ALIAS campaignId", "callCampaignId: campaignId"))) == []
