"""``offhook listen`` at work: what comes to a developer's machine, in order, each once, over lines that break."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpx
import orjson
import pytest
from standardwebhooks.webhooks import Webhook
from websockets import Subprotocol
from websockets.asyncio.server import ServerConnection, serve

from app.accounts.scopes import Scope
from app.cli.listening import Forwarder, Told, choose_types, listen, secret_of
from app.cli.over_the_api import Api
from app.egress.signing import show_secret
from app.errors import AuthenticationError, RefusedError
from app.facts.catalogue import FACT_TYPES, encode_event
from tests.api.conftest import DEADLINE_SECONDS, Surface, until
from tests.api.test_subscriptions import append, fact
from tests.rig.fault_proxy import FaultProxy, proxy_to_asterisk
from tests.rig.terminal import watched
from tests.webhooks.sink import Reply, Sink, running_sink

pytestmark = pytest.mark.postgres

ALL = frozenset(FACT_TYPES)
TRIGGER = "mutation($type: EventType!) { triggerEvent(input: {type: $type}) { event { id } userErrors { code } } }"


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with running_sink() as running:
        yield running


async def take(count: int, told: AsyncIterator[Told]) -> list[Told]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return [await anext(told) for _ in range(count)]


async def test_given_events_when_listened_to_then_each_body_is_that_of_a_webhook_and_goes_by_the_keys_sight(
    surface: Surface, port: int
) -> None:
    await append(surface, [fact(1)])
    (event,) = await surface.log.read_after(0, limit=10)
    start = (await surface.ask("{ events(first: 1) { nodes { cursor } } }"))["events"]["nodes"][0]["cursor"]
    await append(surface, [fact(2)])
    second = (await surface.log.read_after(event.sequence, limit=10))[0]
    for scopes, number in (((Scope.CALLS_READ, Scope.PII_READ), "+15550100000"), ((Scope.CALLS_READ,), "+1********00")):
        api = Api(f"http://127.0.0.1:{port}", await surface.key(scopes))
        async with aclosing(listen(api, ALL, is_all=True, after=start)) as told:
            (heard,) = await take(1, told)
        expected = orjson.loads(encode_event(second))
        expected["data"]["call"]["dialledNumber"] = number
        assert heard.event == expected


async def test_given_a_line_that_breaks_again_and_again_when_listened_to_then_every_event_comes_once_and_in_order(
    surface: Surface, port: int
) -> None:
    told_of: list[str] = []
    begun: list[bool] = []
    async with proxy_to_asterisk(f"http://127.0.0.1:{port}") as proxy:
        api = Api(proxy.address, surface.token)
        listening = listen(api, ALL, is_all=True, on_begin=lambda: begun.append(True), on_line=told_of.append)
        async with aclosing(listening) as told:
            first = asyncio.ensure_future(take(1, told))
            await until(lambda: proxy.connection_count == 1)
            ids = []
            while not first.done():  # it begins now, whenever that is
                ids += await append(surface, [fact(0)])
                await asyncio.sleep(0.01)
            heard = [(await first)[0].event["id"]]
            ids = ids[ids.index(heard[0]) :]
            for _ in range(3):
                ids += await append(surface, [fact(number) for number in range(5)])
                await _cut(proxy)
                ids += await append(surface, [fact(number) for number in range(5)])
                proxy.mend()
                heard += [one.event["id"] for one in await take(len(ids) - len(heard), told)]
    assert heard == ids
    assert any("from where it stopped" in text for text in told_of)
    assert begun == [True]


async def _cut(proxy: FaultProxy) -> None:
    proxy.cut()
    await until(lambda: proxy.connection_count == 0)


async def test_given_globs_when_listened_to_then_only_these_come_and_the_samples_of_these(
    surface: Surface, port: int
) -> None:
    start = (await surface.ask(TRIGGER, {"type": "CALL_CREATED"}))["triggerEvent"]["event"]["id"]
    cursor = (await surface.ask("query($id: ID!) { event(id: $id) { cursor } }", {"id": start}))["event"]["cursor"]
    await append(surface, [fact(1)])
    for event_type in ("LEG_RINGING", "CALL_ENDED", "RECORDING_SAVED"):
        await surface.ask(TRIGGER, {"type": event_type})
    wanted = choose_types(["call.ended", "recording.*"], sorted(ALL))
    api = Api(f"http://127.0.0.1:{port}", surface.token)
    async with aclosing(listen(api, wanted, is_all=False, after=cursor)) as told:
        heard = [one.event for one in await take(2, told)]
    assert [(one["type"], one["test"]) for one in heard] == [("call.ended", True), ("recording.saved", True)]


async def test_given_a_machine_when_forwarded_to_then_the_public_library_verifies_and_the_answer_is_told(
    sink: Sink,
) -> None:
    key = "ofk_test_example"
    told = Told("cursor", b'{"id":"evt_1","type":"call.ended","test":true}')
    sink.behaviours["/gone"] = lambda _: Reply(status=404)
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await Forwarder(client, sink.url(), secret_of(key)).forward(told)
        refused = await Forwarder(client, sink.url("/gone"), secret_of(key)).forward(told)
    assert (answer.status, answer.is_success, refused.status, refused.is_success) == (200, True, 404, False)
    (request,) = sink.at("/")
    body = Webhook(show_secret(secret_of(key))).verify(request.body, dict(request.headers))
    assert body["id"] == request.webhook_id == "evt_1"
    assert (request.headers["offhook-test"], request.headers["offhook-delivery-sequence"]) == ("true", "1")
    assert len(sink.at("/gone")) == 1


async def test_given_nobody_at_the_machine_when_forwarded_to_then_it_waits_until_somebody_is(sink: Sink) -> None:
    told = Told("cursor", b'{"id":"evt_1","type":"call.ended"}')
    absences: list[str] = []
    await sink.stop()
    async with httpx.AsyncClient(trust_env=False) as client:
        forwarder = Forwarder(client, sink.url(), secret_of("ofk_test_example"))
        waiting = asyncio.ensure_future(forwarder.forward(told, on_absence=absences.append))
        await until(lambda: bool(absences))
        await sink.start()
        async with asyncio.timeout(DEADLINE_SECONDS):
            answer = await waiting
    assert (answer.status, len(absences)) == (200, 1)
    assert int(sink.received[0].headers["offhook-attempt"]) > 1


@pytest.mark.parametrize("cut_after", [b"", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal"])
async def test_given_a_machine_that_goes_away_before_it_answered_when_forwarded_to_then_it_gets_the_same_event_again(
    sink: Sink, cut_after: bytes
) -> None:
    replies = [Reply(raw=cut_after)]
    sink.behaviours["/"] = lambda _: replies.pop() if replies else Reply()
    absences: list[str] = []
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(DEADLINE_SECONDS):
        forwarder = Forwarder(client, sink.url(), secret_of("ofk_test_example"))
        answer = await forwarder.forward(Told("cursor", b'{"id":"evt_1"}'), on_absence=absences.append)
    assert (answer.status, len(absences)) == (200, 1)
    assert [(one.webhook_id, one.headers["offhook-attempt"]) for one in sink.received] == [
        ("evt_1", "1"),
        ("evt_1", "2"),
    ]
    assert {one.headers["offhook-delivery-sequence"] for one in sink.received} == {"1"}


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.WriteError, httpx.ConnectTimeout, httpx.RemoteProtocolError])
async def test_given_a_line_to_the_machine_that_breaks_when_forwarded_to_then_the_event_is_not_passed_over(
    error: type[httpx.TransportError],
) -> None:
    asked: list[httpx.Request] = []

    def break_once(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            raise error("broken")
        return httpx.Response(204)

    async with httpx.AsyncClient(transport=httpx.MockTransport(break_once)) as client:
        answer = await Forwarder(client, "http://machine/", b"secret").forward(Told("cursor", b'{"id":"evt_1"}'))
    assert answer.status == 204
    assert [request.headers["webhook-id"] for request in asked] == ["evt_1", "evt_1"]


async def test_given_an_answer_that_cannot_be_read_when_forwarded_to_then_it_counts_as_failed_and_it_goes_on(
    sink: Sink,
) -> None:
    sink.behaviours["/"] = lambda _: Reply(headers={"content-encoding": "gzip"}, body=b"not gzip")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await Forwarder(client, sink.url(), b"secret").forward(Told("cursor", b'{"id":"evt_1"}'))
    assert (answer.status, answer.failure, answer.is_success) == (None, "DecodingError", False)
    assert len(sink.received) == 1


@pytest.mark.parametrize("case", ["wrong key", "no scope", "no cursor"])
async def test_given_what_cannot_be_listened_to_when_asked_for_then_it_ends_with_the_reason_and_never_began(
    surface: Surface, port: int, case: str
) -> None:
    key = {"wrong key": "ofk_test_wrong", "no scope": await surface.key([Scope.CDRS_READ])}.get(case, surface.token)
    after = "nonsense" if case == "no cursor" else None
    expected = AuthenticationError if case == "wrong key" else RefusedError
    begun: list[bool] = []
    api = Api(f"http://127.0.0.1:{port}", key)
    listening = listen(api, ALL, is_all=True, after=after, on_begin=lambda: begun.append(True))
    async with aclosing(listening) as told:
        with pytest.raises(expected) as refused:
            await take(1, told)
    assert begun == []
    if case == "wrong key":  # whole, though a closing has room for 123 bytes
        assert refused.value.message == (
            "Offhook does not take this key: it is wrong, expired or revoked, or may not be used from this address. "
            "`offhook key create sandbox` makes one for the sandbox."
        )


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [
        (1012, "service restart", "Offhook at {url} was stopped or restarts; trying again"),
        (1001, "", "Offhook at {url} was stopped or restarts; trying again"),
        (4430, "Nothing was read.", "the line to {url} is down (Nothing was read.); trying again"),
        (4999, "", "the line to {url} is down (code 4999); trying again"),
    ],
)
async def test_given_a_service_that_closes_the_line_when_listened_to_then_why_is_told_in_words_for_people(
    code: int, reason: str, said: str
) -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()

    async def close(connection: ServerConnection) -> None:
        await connection.close(code, reason)

    async with serve(close, "127.0.0.1", 0, subprotocols=[Subprotocol("graphql-transport-ws")]) as server:
        url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        listening = listen(Api(url, "ofk_test_example"), ALL, is_all=True, on_line=lines.put_nowait)
        async with aclosing(listening) as told:
            first = asyncio.ensure_future(take(1, told))
            async with asyncio.timeout(DEADLINE_SECONDS):
                assert await lines.get() == said.format(url=url)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first


async def test_given_ctrl_c_when_a_terminal_listens_then_the_line_to_go_on_stands_on_its_own(
    surface: Surface, port: int, tmp_path: Path
) -> None:
    await append(surface, [fact(1)])
    cursor = (await surface.ask("{ events(first: 1) { nodes { cursor } } }"))["events"]["nodes"][0]["cursor"]
    environment = os.environ | {"OFFHOOK_URL": f"http://127.0.0.1:{port}", "OFFHOOK_KEY": surface.token}
    command = (str(Path(sys.executable).with_name("offhook")), "listen", "--after", cursor)
    with watched(command, cwd=tmp_path, env=environment) as listening:
        await asyncio.to_thread(listening.until_shown, f"listening to http://127.0.0.1:{port}\n")
        listening.press_ctrl_c()
        assert await asyncio.to_thread(listening.until_over) == 130, listening.shown
    assert listening.shown.endswith(f"\n\nTo go on from here: offhook listen --after {cursor}\n")


def test_given_a_glob_that_names_nothing_when_chosen_then_it_is_refused() -> None:
    with pytest.raises(RefusedError, match="'cal\\.\\*' is no event type"):
        choose_types(["call.ended", "cal.*"], sorted(ALL))
