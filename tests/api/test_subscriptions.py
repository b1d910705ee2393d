"""Following the log and calls: order, resuming, filters, slow readers; with the gql client where it serves."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self

import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.events.log import EventFilter
from app.facts.calls import CallRef, CallUpdated, DtmfReceived, Fact, LegRef
from app.facts.event import Draft
from app.facts.vocabulary import CallKind, Direction, LegRole, Party
from app.ids import Kind, new_id
from tests.api.conftest import DEADLINE_SECONDS, Surface, audiences_of, until
from tests.api.silent_asterisk import move_leg
from tests.api.test_websocket import opened

pytestmark = pytest.mark.postgres

PLACE = (
    'mutation { originateCall(input: {idempotencyKey: "k", destination: {number: "+15550100000"}, '
    'connect: {extension: "2001"}}) { call { id } } }'
)
FOLLOW = """
subscription Follow($after: String, $filter: EventFilterInput) {
  events(after: $after, filter: $filter) {
    __typename
    ... on EventDelivered { cursor event { id type sequence subjectId callSequence cursor
      ... on CallEvent { dialledNumber { number isMasked } call { id state } } ... on DtmfReceivedEvent { digit } } }
    ... on CaughtUp { cursor }
    ... on Gap { missedCount reason fromCursor toCursor }
  }
}
"""


def client_of(port: int, token: str) -> Client:
    transport = WebsocketsTransport(
        url=f"ws://127.0.0.1:{port}/graphql",
        init_payload={"authorization": f"Bearer {token}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    return Client(transport=transport, fetch_schema_from_transport=False)


def fact(number: int, call_id: str = "call_x") -> CallUpdated:
    reference = CallRef(
        id=call_id,
        kind=CallKind.CLICK_TO_CALL,
        direction=Direction.OUTBOUND,
        unique_id="u",
        dialled_number="+15550100000",
        tags=(str(number),),
    )
    return CallUpdated(call=reference, changed=("tags",))


async def append(
    surface: Surface, facts: Sequence[Fact], subject_id: str = "call_x", account_id: str = ""
) -> list[str]:
    told = await surface.log.count(
        account_id or surface.account.id, EventFilter(subject_id=subject_id), at_most=100_000
    )
    drafts = [
        Draft(
            id=new_id(Kind.EVENT),
            account_id=account_id or surface.account.id,
            subject_id=subject_id,
            occurred_at=surface.services.clock.now(),
            fact=one,
            call_sequence=number,
        )
        for number, one in enumerate(facts, told.count + 1)
    ]
    return [event.id for event in await surface.log.append(drafts)]


class Follower:
    """Collects what a subscription says, in the background."""

    def __init__(self, client: Client, **variables: Any) -> None:
        self._client = client
        self._variables = variables
        self.messages: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with self._client as session:
            document = gql(FOLLOW)
            document.variable_values = self._variables
            async for message in session.subscribe(document):
                self.messages.append(message["events"])

    @property
    def event_ids(self) -> list[str]:
        return [one["event"]["id"] for one in self.messages if one["__typename"] == "EventDelivered"]

    async def until_caught_up(self) -> "Follower":
        await until(lambda: any(one["__typename"] == "CaughtUp" for one in self.messages))
        return self


async def test_given_a_live_follower_when_a_call_is_placed_then_its_events_come_in_order_with_the_call(
    surface: Surface, port: int
) -> None:
    async with Follower(client_of(port, surface.token)) as follower:
        await follower.until_caught_up()
        call_id = (await surface.ask(PLACE))["originateCall"]["call"]["id"]
        await until(lambda: len(follower.event_ids) >= 2)
    events = [one["event"] for one in follower.messages[1:]]
    assert [event["type"] for event in events[:2]] == ["CALL_CREATED", "LEG_DIALING"]
    assert [event["callSequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["call"]["id"] == call_id
    assert all(event["subjectId"] == call_id for event in events)
    assert [event["sequence"] for event in events] == sorted({event["sequence"] for event in events})


async def test_given_a_cursor_when_coming_back_then_what_was_missed_comes_first_then_the_live_events_each_once(
    surface: Surface, port: int
) -> None:
    before = await append(surface, [fact(number) for number in range(5)])
    page = await surface.ask(
        "{ events(first: 2) { nodes { id } pageInfo { endCursor } edges { cursor node { cursor } } } }"
    )
    cursor = page["events"]["pageInfo"]["endCursor"]
    assert cursor == page["events"]["edges"][-1]["cursor"] == page["events"]["edges"][-1]["node"]["cursor"]
    async with Follower(client_of(port, surface.token), after=cursor) as follower:
        await follower.until_caught_up()
        live = await append(surface, [fact(number) for number in range(3)])
        await until(lambda: len(follower.event_ids) == 6)
    assert follower.event_ids == before[2:] + live
    kinds = [one["__typename"] for one in follower.messages]
    assert kinds == ["EventDelivered"] * 3 + ["CaughtUp"] + ["EventDelivered"] * 3
    # The last cursor of a subscription serves the query as well.
    rest = await surface.ask(
        "query($after: String) { events(after: $after) { nodes { id } } }", {"after": follower.messages[0]["cursor"]}
    )
    assert [one["id"] for one in rest["events"]["nodes"]] == before[3:] + live


async def test_given_filters_when_following_then_only_what_they_admit_comes(surface: Surface, port: int) -> None:
    by_subject = Follower(client_of(port, surface.token), filter={"subjectId": "call_y"})
    by_type = Follower(client_of(port, surface.token), filter={"types": ["DTMF_RECEIVED"]})
    async with by_subject, by_type:
        await by_subject.until_caught_up()
        await by_type.until_caught_up()
        await append(surface, [fact(1)])
        (wanted,) = await append(surface, [fact(1, "call_y")], "call_y")
        digit = DtmfReceived(
            call=fact(1).call,
            leg=LegRef(id="leg_x", role=LegRole.CUSTOMER, party=Party(number="+15550100000")),
            digit="7",
            duration_milliseconds=100,
        )
        (pressed,) = await append(surface, [digit])
        await until(lambda: len(by_subject.event_ids) == 1 and len(by_type.event_ids) == 1)
    assert by_subject.event_ids == [wanted]
    assert by_type.event_ids == [pressed]
    assert by_type.messages[-1]["event"]["digit"] == "7"


async def test_given_another_accounts_key_when_following_then_nothing_of_ours_comes_and_our_cursor_is_invalid(
    surface: Surface, port: int
) -> None:
    rival = await surface.accounts.create("rival")
    token = await surface.key(account=rival)
    async with Follower(client_of(port, token)) as follower:
        await follower.until_caught_up()
        await append(surface, [fact(1)])
        (theirs,) = await append(surface, [fact(2)], "call_y", account_id=rival.id)
        await until(lambda: len(follower.event_ids) == 1)
    assert follower.event_ids == [theirs]
    page = await surface.ask("{ events(last: 1) { pageInfo { endCursor } } }")
    query = "query($after: String) { events(after: $after) { nodes { id } } }"
    refused = await surface.refuse(query, {"after": page["events"]["pageInfo"]["endCursor"]}, token=token)
    assert (refused["code"], refused["field"]) == ("INVALID_CURSOR", ["after"])


async def test_given_a_key_without_pii_and_dtmf_when_following_then_numbers_and_digits_are_masked(
    surface: Surface, port: int
) -> None:
    token = await surface.key({Scope.CALLS_READ})
    async with Follower(client_of(port, token)) as follower:
        await follower.until_caught_up()
        await append(
            surface,
            [
                DtmfReceived(
                    call=fact(1).call,
                    leg=LegRef(id="leg_x", role=LegRole.CUSTOMER, party=Party(number="+15550100000")),
                    digit="7",
                    duration_milliseconds=100,
                )
            ],
        )
        await until(lambda: len(follower.event_ids) == 1)
    event = follower.messages[-1]["event"]
    assert event["digit"] == "x"
    assert event["dialledNumber"] == {"number": "+1********00", "isMasked": True}
    assert event["call"] is None


CALL_UPDATED = """subscription($id: ID!) { callUpdated(id: $id) {
  ... on CallChanged { cursor event { type } call { id state disposition talkSeconds } } } }"""


async def test_given_a_call_when_followed_then_it_is_told_at_once_after_each_event_and_completes_when_it_is_settled(
    surface: Surface, port: int
) -> None:
    call_id = (await surface.ask(PLACE))["originateCall"]["call"]["id"]
    states: list[tuple[str | None, str]] = []

    async def follow() -> None:
        async with client_of(port, surface.token) as session:
            document = gql(CALL_UPDATED)
            document.variable_values = {"id": call_id}
            async for message in session.subscribe(document):
                change = message["callUpdated"]
                states.append((change["event"] and change["event"]["type"], change["call"]["state"]))

    async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(follow())
        await until(lambda: any(event is None for event, _ in states))
        for role in (LegRole.AGENT, LegRole.CUSTOMER):
            await until(lambda role=role: _is_dialled(surface, call_id, role))  # type: ignore[misc]
            move_leg(surface.registry, call_id, role, inputs.LegRinging, inputs.LegAnswered)
        await until(lambda: any(event == "CALL_CONNECTED" for event, _ in states))
        move_leg(surface.registry, call_id, LegRole.CUSTOMER, inputs.LegDestroyed)
    assert None in [event for event, _ in states]
    assert states[-1] == ("CALL_ENDED", "ENDED")
    await until(lambda: surface.feed.subscriber_count == 0)


def _is_dialled(surface: Surface, call_id: str, role: LegRole) -> bool:
    actor = surface.registry.find(call_id)
    return actor is not None and actor.call.leg_of(role).dialing_at is not None


async def test_given_a_client_that_does_not_read_when_many_events_come_then_memory_is_bounded_and_the_gap_refilled(
    surface: Surface, port: int
) -> None:
    """50 frames may wait; the events are big, so that socket buffers cannot hide them."""
    # Nobody reads at the end either, so the closing handshake would take its whole time.
    async with opened(port, max_queue=1, close_timeout=0.2) as socket:
        await socket.init(surface.token)
        query = (
            "subscription { events { __typename ... on EventDelivered { event { id ... on CallEvent { tags } } } "
            "... on Gap { missedCount } } }"
        )
        await socket.subscribe(query)
        assert (await socket.receive())["payload"]["data"]["events"]["__typename"] == "CaughtUp"
        socket.connection.transport.pause_reading()
        sent: list[str] = []
        (reader,) = audiences_of(surface).readers
        while not reader._missed:
            sent += await append(surface, [big_fact()] * 25)
            frames, size = reader._outbox.waiting
            assert frames <= 50
            assert size <= 512 * 1024
            assert len(sent) < 5000, "something unbounded has swallowed all that"
        sent += await append(surface, [big_fact()] * 25)
        socket.connection.transport.resume_reading()
        seen: list[str] = []
        missed = 0
        while len(seen) < len(sent):
            message = (await socket.receive())["payload"]["data"]["events"]
            if message["__typename"] == "EventDelivered":
                seen.append(message["event"]["id"])
            elif message["__typename"] == "Gap":
                missed += message["missedCount"]
        assert seen == sent
        assert missed > 0


def big_fact() -> CallUpdated:
    """One that fills sockets fast."""
    one = fact(1)
    reference = CallRef(
        id=one.call.id, kind=one.call.kind, direction=one.call.direction, unique_id="u", tags=("x" * 20_000,)
    )
    return CallUpdated(call=reference, changed=("tags",))


async def test_given_a_subscription_when_an_event_is_older_than_the_call_then_loaders_do_not_remember_it(
    surface: Surface, port: int
) -> None:
    """Each message reads the world anew: the call in the second message is not the first message's."""
    call_id = (await surface.ask(PLACE))["originateCall"]["call"]["id"]
    async with Follower(client_of(port, surface.token), filter={"subjectId": call_id}) as follower:
        await follower.until_caught_up()
        await surface.ask("mutation($id: ID!) { hangupCall(input: {callId: $id}) { call { id } } }", {"id": call_id})
        await until(
            lambda: bool(follower.messages) and follower.messages[-1].get("event", {}).get("type") == "CALL_ENDED"
        )
    assert follower.messages[-1]["event"]["call"]["state"] == "ENDED"


async def test_given_a_call_that_is_over_when_followed_then_it_is_told_once_and_completes(
    surface: Surface, port: int
) -> None:
    call_id = (await surface.ask(PLACE))["originateCall"]["call"]["id"]
    await surface.ask("mutation($id: ID!) { hangupCall(input: {callId: $id}) { call { id } } }", {"id": call_id})
    await until(lambda: surface.registry.find(call_id) is None)
    async with asyncio.timeout(DEADLINE_SECONDS), client_of(port, surface.token) as session:
        document = gql(CALL_UPDATED)
        document.variable_values = {"id": call_id}
        messages = [message["callUpdated"] async for message in session.subscribe(document)]
    assert [(one["event"], one["call"]["state"]) for one in messages] == [(None, "ENDED")]
