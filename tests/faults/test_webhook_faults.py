"""A customer's server at its worst: nothing is lost, nothing comes as another, and no other call waits for it.

The worker is the real one, on a real PostgreSQL and real HTTP; days pass on an injected clock.
"""

import asyncio
import hashlib
import ipaddress
import os
import random
import signal
import ssl
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.db.engine import Database
from app.egress.addresses import Address
from app.egress.requests import EXCERPT_BYTES, Egress
from app.facts.event import Event
from app.ids import Kind, new_id
from app.webhooks.deliver import Deliverer
from app.webhooks.model import DeliveryFilter, DeliveryState
from app.webhooks.replay import WebhookReplays
from tests.webhooks.certificates import make_certificate
from tests.webhooks.facts import call_of, connected, ended
from tests.webhooks.rig import LOOPBACK, WAITS, Rig, eventually, is_signed, webhooks_on
from tests.webhooks.sink import DEADLINE_SECONDS, Received, Reply, Sink, running_sink

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
DAY = 86_400.0
RECOVERY_SECONDS = 10.0


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with running_sink() as running:
        yield running


@pytest.fixture
async def rig(database: Database) -> AsyncIterator[Rig]:
    async with webhooks_on(database, timeout_seconds=1.0) as made:
        yield made


def sequences(requests: Sequence[Received]) -> dict[str, list[int]]:
    """The numbers of each call's events, in order of arrival."""
    found: dict[str, list[int]] = defaultdict(list)
    for request in requests:
        found[request.json["subjectId"]].append(request.json["callSequence"])
    return found


def assert_whole(requests: Sequence[Received], events: Sequence[Event], secret: str) -> None:
    """Each event arrived, under its own id alone, signed, and each call's in order; doubles count where they began."""
    of_event = {event.id: event for event in events}
    for request in requests:
        event = of_event[request.webhook_id]
        assert (request.json["id"], request.json["sequence"]) == (event.id, event.sequence)
        assert is_signed(request, secret)
    assert {request.webhook_id for request in requests} == set(of_event)
    for numbers in sequences(requests).values():
        first_seen = list(dict.fromkeys(numbers))
        assert first_seen == sorted(first_seen)


async def _is_idle(rig: Rig, deliverer: Deliverer) -> bool:
    """No call's next delivery is due, and nothing is on its way."""
    deliverer.wake()
    ((busy,),) = await rig.fetch(
        "SELECT count(*) FROM webhook_delivery one JOIN webhook_endpoint endpoint ON endpoint.id = endpoint_id "
        "WHERE state = 'PENDING' AND is_enabled AND (leased_until IS NOT NULL OR next_attempt_at <= $1 AND NOT EXISTS "
        "(SELECT FROM webhook_delivery before WHERE before.endpoint_id = one.endpoint_id AND before.state = 'PENDING' "
        "AND before.subject_id = one.subject_id AND before.event_sequence < one.event_sequence))",
        rig.clock.now(),
    )
    return bool(busy == 0)


async def pass_time(rig: Rig, deliverer: Deliverer, seconds: float, *, steps: int) -> None:
    """Let time pass, and what is due happen, step by step."""
    for _ in range(steps):
        rig.clock.advance(seconds / steps)
        await eventually(lambda: _is_idle(rig, deliverer))


async def make_calls(rig: Rig, count: int) -> list[Event]:
    """Whole calls, told turn by turn as they come in life: two updates, connect and end."""
    calls = [call_of(new_id(Kind.CALL)) for _ in range(count)]
    events: list[Event] = []
    for turn in range(4):
        drafts = []
        for call in calls:
            fact = (None, None, connected(call), ended(call, talk_seconds=5.0))[turn]
            drafts.append(rig.draft(call.id, fact))
        events += await rig.log.append(drafts)
    return events


async def test_given_a_sink_that_is_down_for_two_days_when_it_is_back_then_everything_arrives_in_order_once(
    rig: Rig, sink: Sink
) -> None:
    _, secret = await rig.add_endpoint(sink.url())
    await sink.stop()
    async with rig.delivering() as deliverer:
        events = await make_calls(rig, 5)
        await pass_time(rig, deliverer, 2 * DAY, steps=48)
        assert await rig.states() == {"PENDING": 20}
        later = await make_calls(rig, 2)
        await sink.start()
        await pass_time(rig, deliverer, 1.1 * DAY, steps=24)
        await rig.wait_for_states(DELIVERED=28)
    assert_whole(sink.received, [*events, *later], secret)
    assert len(sink.received) == 28
    assert {row[0] for row in await rig.fetch("SELECT failure FROM webhook_attempt WHERE status IS NULL")} == {
        "no connection"
    }


async def test_given_a_sink_that_is_down_for_eight_days_when_it_is_enabled_and_replayed_then_nothing_is_missing(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, secret = await rig.add_endpoint(sink.url(), "call.*")
    async with running_sink() as watch:
        await rig.add_endpoint(watch.url(), "webhook.*")
        await sink.stop()
        events: list[Event] = []
        async with rig.delivering() as deliverer:
            for _ in range(8):
                events += await make_calls(rig, 2)
                await eventually(lambda: _is_idle(rig, deliverer))
                await pass_time(rig, deliverer, DAY, steps=12)
            endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
            assert endpoint is not None
            assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "No delivery succeeded for 5 days.")
            states = await rig.states()
            exhausted = await rig.fetch("SELECT count(*) FROM event WHERE type = 'webhook.exhausted'")
            assert exhausted == [(states["EXHAUSTED"],)]
            # Every event is pending, given up or (the news at the watch) delivered: none has vanished.
            assert states["PENDING"] + states["EXHAUSTED"] == len(events)
            told = Counter(request.json["type"] for request in watch.received)
            assert told == {"webhook.exhausted": states["EXHAUSTED"], "webhook.disabled": 1}
            await sink.start()
            await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=True)
            replayed = await WebhookReplays(rig.database, rig.clock, on_replayed=deliverer.wake).replay(
                rig.account_id, DeliveryFilter(endpoint_id=endpoint_id, states=(DeliveryState.EXHAUSTED,))
            )
            assert replayed.count == states["EXHAUSTED"]
            await eventually(lambda: _is_idle(rig, deliverer))
            await rig.wait_for_states(DELIVERED=len(events) + states["EXHAUSTED"] + 1)
    assert {request.webhook_id for request in sink.received} == {event.id for event in events}
    assert all(is_signed(request, secret) for request in sink.received)
    assert sum("offhook-replay" in request.headers for request in sink.received) == replayed.count


HUGE = 32 * 1024 * 1024
MODES: dict[str, tuple[Reply, str | None]] = {
    "500": (Reply(status=500), "answered 500"),
    "hang": (Reply(delay=60.0), "no answer within 1 s"),
    "drip": (Reply(drip=0.4), "no answer within 1 s"),
    "no http": (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), "the answer was not HTTP"),
    "cut": (Reply(raw=b""), "the connection broke"),
    "redirect": (Reply(status=302, headers={"location": "http://169.254.169.254/"}), "redirects are not followed"),
    "429": (Reply(status=429, headers={"retry-after": "7200"}), "answered 429"),
    "huge": (Reply(status=500, body=b"x" * HUGE), "answered 500"),
    "huge headers": (Reply(status=200, headers={"x": "y" * 500_000}), "the answer was not HTTP"),
    "410": (Reply(status=410), "answered 410"),
}


@pytest.mark.parametrize("mode", MODES)
async def test_given_a_sink_in_any_mode_when_it_is_well_again_then_all_arrives_and_nobody_else_has_waited(
    rig: Rig, sink: Sink, mode: str
) -> None:
    reply, failure = MODES[mode]
    bad, secret = await rig.add_endpoint(sink.url("/bad"))
    await rig.add_endpoint(sink.url("/good"), "call.*")
    sink.behaviours["/bad"] = lambda _: reply
    async with rig.delivering() as deliverer:
        events = await make_calls(rig, 3)
        await sink.wait_for(12, "/good")  # while the clock stands still: no other endpoint waits for this one
        await eventually(lambda: _is_idle(rig, deliverer))
        failures = await rig.fetch(
            "SELECT failure, length(response_excerpt) FROM webhook_attempt JOIN webhook_delivery "
            "ON webhook_delivery.id = delivery_id WHERE endpoint_id = $1",
            bad,
        )
        assert len(failures) >= 3
        for text, length in failures:
            assert failure is not None
            assert failure in text
            assert length is None or length <= EXCERPT_BYTES
        assert set(sequences(sink.at("/bad"))) == {event.subject_id for event in events}
        assert {numbers for found in sequences(sink.at("/bad")).values() for numbers in found} == {1}
        sink.behaviours.clear()
        if mode == "410":
            await rig.endpoints.update(rig.account_id, bad, is_enabled=True)
        if mode == "429":
            await pass_time(rig, deliverer, 7100, steps=2)
            assert len(sink.at("/bad")) == 3  # as long as it was asked to wait
        await pass_time(rig, deliverer, 9000, steps=3)
        await rig.wait_for_states(DELIVERED=24)
    assert_whole(sink.at("/bad"), events, secret)
    for numbers in sequences(sink.at("/bad")).values():
        assert numbers == sorted(numbers)  # nothing that was later came before a retry


async def test_given_a_huge_answer_that_says_yes_when_delivered_then_its_beginning_is_kept_and_the_rest_never_read(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda _: Reply(status=200, body=b"y" * HUGE)
    async with rig.delivering():
        await make_calls(rig, 2)
        await rig.wait_for_states(DELIVERED=8)
    rows = await rig.fetch("SELECT DISTINCT length(response_excerpt), status FROM webhook_attempt")
    assert rows == [(EXCERPT_BYTES, 200)]
    assert sink.connections == 8  # a connection with megabytes left in it is not used again


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def resolving(answer: Callable[[], str]) -> Callable[[str, int], "asyncio.Future[Sequence[Address]]"]:
    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        return [ipaddress.ip_address(answer())]

    return resolve  # type: ignore[return-value]  # a coroutine is awaited as well as a future


@asynccontextmanager
async def egress_with(resolve: Callable[[], str], tls: ssl.SSLContext | None = None) -> AsyncIterator[Egress]:
    egress = Egress(allow_networks=LOOPBACK, timeout_seconds=1.0, ssl_context=tls, resolve=resolving(resolve))
    try:
        yield egress
    finally:
        await egress.aclose()


async def test_given_a_certificate_that_is_not_valid_when_it_is_mended_then_nothing_was_sent_before_and_all_is_after(
    rig: Rig, certificate: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with running_sink(context) as sink, egress_with(lambda: "127.0.0.1") as strict:
        _, secret = await rig.add_endpoint(sink.url())
        async with rig.database.acquire() as connection:
            await connection.execute("UPDATE webhook_endpoint SET url = $1", sink.url(host="hook.example"))
        events = await make_calls(rig, 2)
        async with rig.delivering(egress=strict):
            await rig.wait_for_attempts(2)
        assert sink.received == []
        assert {row[0] for row in await rig.fetch("SELECT failure FROM webhook_attempt")} == {
            "TLS: self-signed certificate"
        }
        trusting = ssl.create_default_context(cafile=certificate)
        rig.clock.advance(10)
        async with egress_with(lambda: "127.0.0.1", trusting) as mended, rig.delivering(egress=mended):
            await rig.wait_for_states(DELIVERED=8)
        assert_whole(sink.received, events, secret)


async def test_given_a_name_that_leads_elsewhere_when_it_turns_private_after_the_check_then_not_a_byte_is_sent(
    rig: Rig, sink: Sink
) -> None:
    address = "127.0.0.1"
    async with egress_with(lambda: address) as egress:
        url = f"http://rebinding.example:{sink.port}/"
        await egress.check(url)
        await rig.add_endpoint(sink.url())
        async with rig.database.acquire() as connection:
            await connection.execute("UPDATE webhook_endpoint SET url = $1", url)
        events = await make_calls(rig, 1)
        address = "10.0.0.1"  # between the check and the connection
        async with rig.delivering(egress=egress):
            await rig.wait_for_attempts(1)
        assert (sink.connections, sink.received) == (0, [])
        assert await rig.fetch("SELECT failure FROM webhook_attempt") == [
            ("the host has no address that webhooks may reach",)
        ]
        address = "127.0.0.1"
        rig.clock.advance(10)
        async with rig.delivering(egress=egress):
            await rig.wait_for_states(DELIVERED=4)
    assert [request.webhook_id for request in sink.received] == [event.id for event in events]


def fails(request: Received) -> bool:
    """Three of ten requests, the same in every run of the same events."""
    digest = hashlib.sha256(f"{request.webhook_id} {request.headers['offhook-attempt']}".encode()).digest()
    return digest[0] < 0.3 * 256


async def test_given_a_sink_that_fails_three_of_ten_with_delays_when_calls_go_on_then_none_waits_for_others_in_order(
    rig: Rig, sink: Sink, record_property: Callable[[str, object], None]
) -> None:
    delays = random.Random(20260301)
    _, secret = await rig.add_endpoint(sink.url())
    sink.behaviours["/"] = lambda request: Reply(
        status=503 if fails(request) else 200, delay=delays.choice((0.0, 0.0, 0.02, 0.1))
    )
    async with rig.delivering() as one, rig.delivering():
        events = await make_calls(rig, 60)
        await eventually(lambda: _is_idle(rig, one))
        # The clock has not moved, so nothing was tried again. Each call stands exactly before its own first failure:
        # no call was held up by another's.
        first_failure: dict[str, int] = {}
        for request in sink.received:
            if fails(request):
                first_failure.setdefault(request.json["subjectId"], request.json["callSequence"])
        for call, numbers in sequences(sink.received).items():
            assert numbers == list(range(1, first_failure.get(call, 4) + 1)), call
        assert set(sequences(sink.received)) == {event.subject_id for event in events}
        assert 10 < len(first_failure) < 59
        unhindered = 60 - len(first_failure)
        for wait in WAITS[1:]:
            await pass_time(rig, one, wait * 1.2, steps=1)
            if await rig.states() == {"DELIVERED": 240}:
                break
        await rig.wait_for_states(DELIVERED=240)
    assert_whole(sink.received, events, secret)
    for numbers in sequences(sink.received).values():
        assert numbers == sorted(numbers)
    delivered = [request for request in sink.received if not fails(request)]
    assert len(delivered) == 240
    for numbers in sequences(delivered).values():
        assert numbers == [1, 2, 3, 4]
    terminal = Counter(one.json["subjectId"] for one in delivered if one.json["type"] == "call.ended")
    assert set(terminal.values()) == {1}
    assert len(terminal) == 60
    failed = len(sink.received) - len(delivered)
    record_property("failed_requests", failed)
    record_property("calls_never_delayed", unhindered)
    assert 0.2 < failed / len(sink.received) < 0.4


@asynccontextmanager
async def worker_process(dsn: str, failpoint: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.webhooks.worker",
        dsn,
        "100",
        cwd=ROOT,
        env={**os.environ, "OFFHOOK_FAILPOINT": failpoint},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await process.wait()


@pytest.mark.parametrize("passes", [1, 3])
async def test_given_a_worker_killed_after_a_webhook_was_sent_when_another_starts_then_the_same_id_comes_within_seconds(
    rig: Rig, sink: Sink, database_dsn: str, passes: int
) -> None:
    _, secret = await rig.add_endpoint(sink.url())
    events = await make_calls(rig, 1)
    async with worker_process(database_dsn, f"after-webhook-sent:kill:{passes}") as process:
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await process.wait() == -signal.SIGKILL
    # Sent and answered, and its result died with the worker.
    assert len(sink.received) == passes
    assert (await rig.states())["PENDING"] >= 5 - passes
    began = time.monotonic()
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=4)
    assert time.monotonic() - began < RECOVERY_SECONDS
    assert_whole(sink.received, events, secret)
    counts = Counter(request.webhook_id for request in sink.received)
    assert counts[events[passes - 1].id] == 2  # at least once, under one id: the receiver can tell
    assert sum(counts.values()) <= 4 + passes
