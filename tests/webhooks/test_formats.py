"""What a body looks like: the form of a pinned version, the flat one, and addresses of recordings."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from standardwebhooks.webhooks import Webhook

from app.errors import RefusedError, ScopeError
from app.facts.calls import CallRef
from app.facts.catalogue import FACT_TYPES, encode_event, json_schema
from app.facts.event import Event
from app.facts.masking import Sight
from app.facts.recordings import SignedUrl
from app.facts.webhooks import WebhookTest
from app.ids import Kind, new_id
from app.webhooks import payload
from app.webhooks.classic import CLASSIC_EVENTS, classic_patterns
from app.webhooks.model import Format
from app.webhooks.testing import WebhookTests
from tests.webhooks.facts import call_of, connected, ended, saved
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Received, Reply, Sink

pytestmark = pytest.mark.postgres
ALL = Sight(has_numbers=True, has_digits=True)
ENVELOPE = {
    "id", "type", "timestamp", "sequence", "subjectId", "callSequence", "actor", "requestId", "sandbox", "data",
}  # fmt: skip


async def add_classic(rig: Rig, sink: Sink, *event_types: str, sees_all: bool = True) -> tuple[str, str]:
    created = await rig.endpoints.create(
        rig.account_id,
        url=sink.url(),
        event_types=event_types or ("*",),
        format=Format.CLASSIC,
        reads_pii=sees_all,
        granted=ALL,
    )
    return created.endpoint.id, created.secret


async def deliver(rig: Rig, sink: Sink, *calls: tuple[CallRef, float]) -> list[Received]:
    """The calls' connect (where they talked) and end, as the sink got them."""
    for call, talk_seconds in calls:
        facts = [connected(call)] if talk_seconds else []
        await rig.log.append([rig.draft(call.id, fact) for fact in (*facts, ended(call, talk_seconds=talk_seconds))])
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=sum(2 if talk else 1 for _, talk in calls))
    return sink.received


async def test_given_a_classic_endpoint_when_calls_are_made_then_it_gets_the_flat_bodies_signed_as_all_others(
    rig: Rig, sink: Sink
) -> None:
    _, secret = await add_classic(rig, sink)
    received = await deliver(rig, sink, (call_of(new_id(Kind.CALL)), 25.4), (call_of(new_id(Kind.CALL)), 0.0))
    flat = {
        "dialed_number": "12125550123",
        "extension": "2001",
        "caller_id": "12125550199",
        "uniqueid": "ofk.n1.leg_1",
    }
    bodies = sorted((request.json for request in received), key=len)
    assert bodies[0] == flat
    assert sorted(body["duration"] for body in bodies[1:]) == [0, 25]
    for body in bodies[1:]:
        assert {name: body[name] for name in flat} == flat
        assert set(body) == {*flat, "duration"}
    for request in received:
        Webhook(secret).verify(request.body, dict(request.headers))
        assert request.headers["offhook-delivery-sequence"] in {"1", "2", "3"}


@pytest.mark.parametrize(("talk_seconds", "duration"), [(0.3, 1), (0.6, 1), (1.5, 2), (61.49, 61)])
async def test_given_a_talk_of_any_length_when_told_flat_then_it_is_whole_seconds_and_never_none(
    rig: Rig, sink: Sink, talk_seconds: float, duration: int
) -> None:
    await add_classic(rig, sink, "call.ended")
    async with rig.delivering():
        call = call_of(new_id(Kind.CALL))
        await rig.log.append([rig.draft(call.id, ended(call, talk_seconds=talk_seconds))])
        await rig.wait_for_states(DELIVERED=1)
    assert sink.received[0].json["duration"] == duration


async def test_given_an_internal_call_or_unknown_numbers_when_told_flat_then_extensions_stay_and_the_rest_is_empty(
    rig: Rig, sink: Sink
) -> None:
    await add_classic(rig, sink)
    (one,) = await deliver(rig, sink, (call_of(new_id(Kind.CALL), dialled="2002", caller_id=None), 0.0))
    assert (one.json["dialed_number"], one.json["caller_id"]) == ("2002", "")


async def test_given_a_classic_endpoint_that_sees_no_numbers_when_told_then_they_are_masked_as_everywhere(
    rig: Rig, sink: Sink
) -> None:
    await add_classic(rig, sink, sees_all=False)
    (one,) = await deliver(rig, sink, (call_of(new_id(Kind.CALL)), 0.0))
    assert one.json["dialed_number"] == "1********23"
    assert b"5550123" not in one.body


async def test_given_a_test_of_a_classic_endpoint_when_sent_then_it_is_flat_and_names_nobody(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await add_classic(rig, sink, "call.ended")
    (event,) = await rig.log.append([rig.draft(endpoint_id, WebhookTest(endpoint_id=endpoint_id))])
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=1)
    assert sink.received[0].json == {"dialed_number": "", "extension": "", "caller_id": "", "uniqueid": event.id}


@pytest.mark.parametrize(("event_type", "more"), [("call.connected", {}), ("call.ended", {"duration": 0})])
async def test_given_a_sample_for_a_classic_endpoint_when_sent_then_it_names_nobody_so_that_no_one_takes_it_for_a_call(
    rig: Rig, sink: Sink, event_type: str, more: dict[str, int]
) -> None:
    await add_classic(rig, sink)
    trials = WebhookTests(rig.endpoints, rig.queries, rig.log, rig.clock)
    async with rig.delivering():
        sent = await trials.trigger(rig.account_id, event_type)
        await rig.wait_for_states(DELIVERED=1)
    (request,) = sink.received
    assert request.json == {"dialed_number": "", "extension": "", "caller_id": "", "uniqueid": sent.event.id, **more}
    assert request.headers["offhook-test"] == "true"


async def test_given_a_classic_endpoint_when_made_or_changed_then_it_asks_for_one_of_the_two_events(
    rig: Rig, sink: Sink
) -> None:
    assert classic_patterns(["*"]) == list(CLASSIC_EVENTS)
    assert classic_patterns(["leg.*", "call.e*"]) == ["call.ended"]
    for globs in (("leg.*",), ("recording.saved", "call.created")):
        with pytest.raises(RefusedError) as refusal:
            await add_classic(rig, sink, *globs)
        assert refusal.value.problems[0].field == ("eventTypes",)
    endpoint_id, _ = await rig.add_endpoint(sink.url(), "leg.*")
    with pytest.raises(RefusedError):
        await rig.endpoints.update(rig.account_id, endpoint_id, format=Format.CLASSIC)
    changed = await rig.endpoints.update(
        rig.account_id, endpoint_id, format=Format.CLASSIC, event_types=["leg.*", "call.*"]
    )
    assert (changed.format, changed.event_types) == (Format.CLASSIC, ("leg.*", "call.*"))


async def test_given_what_waits_for_an_endpoint_when_it_becomes_classic_then_what_has_no_flat_body_is_dropped(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    call = call_of(new_id(Kind.CALL))
    await rig.happen(call.id)  # call.updated
    await rig.log.append([rig.draft(call.id, connected(call))])
    await rig.endpoints.update(rig.account_id, endpoint_id, format=Format.CLASSIC)
    async with rig.delivering():
        await rig.wait_for_states(DROPPED=1, DELIVERED=1)
    assert len(sink.received) == 1
    await rig.endpoints.update(rig.account_id, endpoint_id, format=Format.STANDARD)
    await rig.happen(call.id)
    async with rig.delivering():
        await rig.wait_for_states(DROPPED=1, DELIVERED=2)
    assert sink.received[1].json["type"] == "call.updated"


async def test_given_endpoints_of_two_versions_when_a_fact_happens_then_each_gets_the_form_it_is_pinned_to(
    rig: Rig, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def newer(event: Event, *, signed_url: SignedUrl | None = None) -> bytes:
        return orjson.dumps({"version": 2, "event": orjson.Fragment(encode_event(event, signed_url=signed_url))})

    monkeypatch.setattr(payload, "VERSIONS", {"1": encode_event, "2": newer})
    monkeypatch.setattr("app.webhooks.endpoints.VERSIONS", {"1": encode_event, "2": newer})
    old, _ = await rig.add_endpoint(sink.url("/old"))
    await rig.endpoints.create(rig.account_id, url=sink.url("/new"), api_version="2")
    async with rig.delivering():
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_states(DELIVERED=2)
    assert set(sink.at("/old")[0].json) == ENVELOPE
    assert sink.at("/new")[0].json == {"version": 2, "event": sink.at("/old")[0].json}
    moved = await rig.endpoints.update(rig.account_id, old, api_version="2")
    assert moved.api_version == "2"


@pytest.mark.parametrize("version", ["", "0", "2", "1.0", "2027-01-01"])
async def test_given_a_version_there_is_not_when_asked_for_then_it_is_refused(rig: Rig, version: str) -> None:
    endpoint_id, _ = await rig.add_endpoint("http://127.0.0.1:9999/")
    for attempt in (
        rig.endpoints.create(rig.account_id, url="http://127.0.0.1:9999/", api_version=version),
        rig.endpoints.update(rig.account_id, endpoint_id, api_version=version),
    ):
        with pytest.raises(RefusedError) as refusal:
            await attempt
        (problem,) = refusal.value.problems
        assert (problem.code, problem.field) == ("INVALID_INPUT", ("apiVersion",))
    assert (await rig.fetch("SELECT count(*) FROM webhook_endpoint WHERE api_version <> '1'")) == [(0,)]


async def test_given_an_endpoint_pinned_to_a_version_that_this_offhook_lacks_when_delivered_then_it_waits(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    async with rig.database.acquire() as connection:
        await connection.execute("UPDATE webhook_endpoint SET api_version = '9'")
    async with rig.delivering():
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_attempts(1)
    assert await rig.states() == {"PENDING": 1}
    assert sink.received == []


def test_given_version_one_when_described_then_the_envelope_is_what_it_has_always_been() -> None:
    """What endpoints were pinned to: adding to it is fine, taking away or changing is a new version."""
    for name in FACT_TYPES:
        assert set(json_schema(name)["required"]) >= ENVELOPE


def minted(recording_id: str, at: datetime) -> SignedUrl:
    return SignedUrl(url=f"https://offhook.example/{recording_id}", expires_at=at + timedelta(minutes=15))


async def test_given_a_recording_when_told_then_its_address_is_made_anew_for_each_attempt_and_never_stored(
    rig: Rig, sink: Sink
) -> None:
    await rig.endpoints.create(rig.account_id, url=sink.url(), reads_recordings=True, may_grant_recordings=True)
    await rig.add_endpoint(sink.url("/without"))
    replies = [Reply(status=500)]
    sink.behaviours["/"] = lambda _: replies.pop() if replies else Reply()
    call = call_of(new_id(Kind.CALL))
    first_at = rig.clock.now()
    async with rig.delivering(mint=minted) as deliverer:
        await rig.log.append([rig.draft(call.id, saved(call))])
        await rig.wait_for_attempts(2)
        rig.clock.advance(3600)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=2)
    first, second = (request.json for request in sink.at("/"))
    assert {**first, "signedUrl": None} == {**second, "signedUrl": None}
    assert first["signedUrl"]["url"] == second["signedUrl"]["url"] == "https://offhook.example/rec_1"
    expiries = [datetime.fromisoformat(one["signedUrl"]["expiresAt"]) for one in (first, second)]
    assert expiries == [first_at + timedelta(minutes=15), first_at + timedelta(minutes=75)]
    (without,) = sink.at("/without")
    assert without.json == {name: value for name, value in first.items() if name != "signedUrl"}
    assert await rig.fetch("SELECT count(*) FROM event WHERE data::text LIKE '%offhook.example%'") == [(0,)]
    described = json_schema("recording.saved")
    assert set(described["$defs"]["SignedUrl"]["required"]) == set(first["signedUrl"])
    assert "signedUrl" in described["properties"]
    assert "signedUrl" not in described["required"]
    assert "signedUrl" not in json_schema("recording.failed")["properties"]


async def test_given_one_who_may_not_fetch_recordings_when_an_endpoint_is_to_get_or_takes_addresses_then_it_is_refused(
    rig: Rig, sink: Sink
) -> None:
    url: dict[str, Any] = {"url": sink.url()}
    with pytest.raises(ScopeError, match="recordings:read"):
        await rig.endpoints.create(rig.account_id, **url, reads_recordings=True)
    plain, _ = await rig.add_endpoint(sink.url())
    with pytest.raises(ScopeError, match="recordings:read"):
        await rig.endpoints.update(rig.account_id, plain, reads_recordings=True)
    linked = await rig.endpoints.create(rig.account_id, **url, reads_recordings=True, may_grant_recordings=True)
    with pytest.raises(ScopeError, match="recordings:read"):
        await rig.endpoints.update(rig.account_id, linked.endpoint.id, url=sink.url("/mine"))
    kept = await rig.endpoints.update(rig.account_id, linked.endpoint.id, description="mine")
    assert kept.reads_recordings
    moved = await rig.endpoints.update(
        rig.account_id, linked.endpoint.id, url=sink.url("/mine"), reads_recordings=False
    )
    assert not moved.reads_recordings
