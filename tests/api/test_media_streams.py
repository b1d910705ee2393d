"""Programs that talk to legs, over GraphQL: allowing where they are, starting and stopping them."""

import functools
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.calls.living.actor import CallActor
from app.facts.vocabulary import CallState, LegRole, MediaStreamEnd, MediaStreamState
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg
from tests.media.test_urls import HOSTILE

pytestmark = pytest.mark.postgres

URL = "ws://127.0.0.1:9999/talk/"
ALLOW = """mutation($input: CreateMediaEndpointInput!) { createMediaEndpoint(input: $input) {
  mediaEndpoint { id url description } secret userErrors { code field } } }"""
DELETE = "mutation($id: ID!) { deleteMediaEndpoint(input: {id: $id}) { deletedId userErrors { code field } } }"
START = """mutation($input: StartMediaStreamInput!) { startMediaStream(input: $input) {
  mediaStream { id legId host state sampleRate } call { mediaStreams { id state } }
  userErrors { code field currentState } } }"""
STOP = """mutation($id: ID!) { stopMediaStream(input: {mediaStreamId: $id}) {
  call { mediaStreams { id } } userErrors { code field } } }"""


async def _allow(surface: Surface, url: str = URL, **fields: Any) -> Any:
    return (await surface.ask(ALLOW, {"input": {"url": url, **fields}}))["createMediaEndpoint"]


def _is_dialled(actor: CallActor, role: LegRole) -> bool:
    return actor.call.leg_of(role).dialing_at is not None


async def _connected(surface: Surface) -> CallActor:
    place = """mutation { originateCall(input: {idempotencyKey: "k", destination: {number: "+15550100000"},
      connect: {extension: "2001"}}) { call { id } userErrors { code } } }"""
    call_id = (await surface.ask(place))["originateCall"]["call"]["id"]
    actor = surface.registry.find(call_id)
    assert actor is not None
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        await until(functools.partial(_is_dialled, actor, role))
        move_leg(surface.registry, call_id, role, inputs.LegRinging, inputs.LegAnswered)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return actor


async def test_given_an_endpoint_when_made_read_and_deleted_then_each_shows_and_its_secret_only_once(
    surface: Surface,
) -> None:
    made = await _allow(surface, description="our bots")
    endpoint_id = made["mediaEndpoint"]["id"]
    assert made["secret"].startswith("whsec_")
    assert made["mediaEndpoint"] == {"id": endpoint_id, "url": URL, "description": "our bots"}
    listed = await surface.ask("{ mediaEndpoints { nodes { id url } totalCount { count } } }")
    assert listed["mediaEndpoints"] == {"nodes": [{"id": endpoint_id, "url": URL}], "totalCount": {"count": 1}}
    for query in ("query($id: ID!) { node(id: $id) { id } }", "query($id: ID!) { mediaEndpoint(id: $id) { id } }"):
        assert list((await surface.ask(query, {"id": endpoint_id})).values()) == [{"id": endpoint_id}]
    async with surface.database.acquire() as connection:
        row = await connection.fetchval("SELECT media_endpoint::text FROM media_endpoint")
    assert made["secret"].removeprefix("whsec_") not in row
    assert (await surface.ask(DELETE, {"id": endpoint_id}))["deleteMediaEndpoint"]["deletedId"] == endpoint_id
    again = (await surface.ask(DELETE, {"id": endpoint_id}))["deleteMediaEndpoint"]
    assert again["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
    assert (await surface.ask("{ mediaEndpoints { nodes { id } } }"))["mediaEndpoints"]["nodes"] == []


async def test_given_hostile_urls_when_allowed_or_asked_for_then_each_is_refused_in_words_and_nothing_is_kept(
    surface: Surface,
) -> None:
    actor = await _connected(surface)
    await _allow(surface)
    leg_id = actor.call.leg_of(LegRole.CUSTOMER).id
    inside = ["wss://10.0.0.1/talk", "wss://169.254.169.254/latest", "wss://[::1]/talk", "ws://192.168.1.1/talk"]
    for url in (*(one for one in HOSTILE if "\u2028" not in one), *inside):
        refused = await _allow(surface, url)
        assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [("URL_NOT_ALLOWED", ["url"])], url
        started = (await surface.ask(START, {"input": {"legId": leg_id, "url": url}}))["startMediaStream"]
        assert [(one["code"], one["field"]) for one in started["userErrors"]] == [("URL_NOT_ALLOWED", ["url"])], url
    assert len((await surface.ask("{ mediaEndpoints { nodes { id } } }"))["mediaEndpoints"]["nodes"]) == 1
    assert not actor.call.media_streams
    with_query = await _allow(surface, URL + "?token=t")
    assert [one["code"] for one in with_query["userErrors"]] == ["URL_NOT_ALLOWED"]


async def test_given_an_allowed_program_when_started_connected_and_stopped_then_the_call_shows_it(
    surface: Surface,
) -> None:
    actor = await _connected(surface)
    await _allow(surface)
    leg_id = actor.call.leg_of(LegRole.CUSTOMER).id
    given = {"legId": leg_id, "url": URL + "one?token=t", "sampleRate": 16000}
    started = (await surface.ask(START, {"input": given}))["startMediaStream"]
    stream = started["mediaStream"]
    stream_id = stream.pop("id")
    assert stream == {"legId": leg_id, "host": "127.0.0.1", "state": "CONNECTING", "sampleRate": 16000}
    assert started["call"]["mediaStreams"] == [{"id": stream_id, "state": "CONNECTING"}]
    actor.post(inputs.StreamReady(stream_id=stream_id))
    await until(lambda: actor.call.media_streams[0].state is MediaStreamState.ACTIVE)
    twice = (await surface.ask(START, {"input": given}))["startMediaStream"]["userErrors"]
    assert twice == [{"code": "INVALID_STATE", "field": ["legId"], "currentState": "MEDIA_STREAM"}]
    stopped = (await surface.ask(STOP, {"id": stream_id}))["stopMediaStream"]
    assert stopped == {"call": {"mediaStreams": []}, "userErrors": []}
    again = (await surface.ask(STOP, {"id": stream_id}))["stopMediaStream"]["userErrors"]
    assert again == [{"code": "NOT_FOUND", "field": ["mediaStreamId"]}]
    events = """query($id: ID!) { call(id: $id) { events { nodes { type
      ... on MediastreamConnectedEvent { streamId host sampleRate leg { id } }
      ... on MediastreamEndedEvent { streamId reason outcome detail } } } } }"""
    nodes = (await surface.ask(events, {"id": actor.call.id}))["call"]["events"]["nodes"]
    told = [one for one in nodes if one["type"].startswith("MEDIASTREAM")]
    assert told == [
        {
            "type": "MEDIASTREAM_CONNECTED",
            "streamId": stream_id,
            "host": "127.0.0.1",
            "sampleRate": 16000,
            "leg": {"id": leg_id},
        },
        {"type": "MEDIASTREAM_ENDED", "streamId": stream_id, "reason": "STOPPED", "outcome": None, "detail": None},
    ]


async def test_given_a_program_that_cannot_be_had_when_told_so_then_the_event_says_why(surface: Surface) -> None:
    actor = await _connected(surface)
    await _allow(surface)
    leg_id = actor.call.leg_of(LegRole.AGENT).id
    started = (await surface.ask(START, {"input": {"legId": leg_id, "url": URL}}))["startMediaStream"]
    reason = MediaStreamEnd.BOT_REFUSED
    stream_id = started["mediaStream"]["id"]
    actor.post(inputs.StreamClosed(stream_id=stream_id, reason=reason, detail="it answered with status 403"))
    await until(lambda: not actor.call.media_streams)
    events = """query($id: ID!) { call(id: $id) { events { nodes {
      ... on MediastreamFailedEvent { reason detail } } } } }"""
    nodes = (await surface.ask(events, {"id": actor.call.id}))["call"]["events"]["nodes"]
    assert [one for one in nodes if one] == [{"reason": "BOT_REFUSED", "detail": "it answered with status 403"}]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sampleRate": 44100}, ["sampleRate"]),
        ({"sampleRate": 0}, ["sampleRate"]),
        ({"parameters": [{"name": "", "value": "x"}]}, ["parameters", "0", "name"]),
        ({"parameters": [{"name": "a", "value": "x\x07"}]}, ["parameters", "0", "value"]),
        ({"parameters": [{"name": "a", "value": "x"}] * 2}, ["parameters"]),
        ({"parameters": [{"name": f"a{n}", "value": "x"} for n in range(21)]}, ["parameters"]),
        ({"parameters": [{"name": "a", "value": "x" * 1001}]}, ["parameters", "0", "value"]),
    ],
)
async def test_given_a_format_or_parameters_that_cannot_be_when_started_then_it_is_refused_with_the_field(
    surface: Surface, given: dict[str, Any], field: list[str]
) -> None:
    asked = {"legId": "leg_" + "0" * 26, "url": URL, **given}
    problems = (await surface.ask(START, {"input": asked}))["startMediaStream"]["userErrors"]
    assert [(one["code"], one["field"]) for one in problems] == [("INVALID_INPUT", field)]


async def test_given_other_accounts_and_lesser_keys_when_they_ask_then_nothing_is_theirs(surface: Surface) -> None:
    endpoint_id = (await _allow(surface))["mediaEndpoint"]["id"]
    reader = await surface.key({Scope.WEBHOOKS_READ})
    refused = await surface.post(ALLOW, {"input": {"url": URL}}, token=reader)
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    other = await surface.key(account=await surface.accounts.create("other"))
    found = await surface.ask("query($id: ID!) { mediaEndpoint(id: $id) { id } }", {"id": endpoint_id}, token=other)
    assert found == {"mediaEndpoint": None}
    deleted = await surface.ask(DELETE, {"id": endpoint_id}, token=other)
    assert deleted["deleteMediaEndpoint"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
