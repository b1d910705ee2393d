"""The guard, on real sockets."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.egress.addresses import Address
from app.egress.requests import (
    EXCERPT_BYTES,
    AddressDeniedError,
    Egress,
    NoAnswerError,
    Resolve,
    UnresolvedError,
    resolve_name,
)
from app.errors import RefusedError
from tests.rig.resolving import resolving_to
from tests.webhooks.certificates import make_certificate
from tests.webhooks.rig import LOOPBACK
from tests.webhooks.sink import Reply, Sink, running_sink

BODY = b'{"hello":"there"}'


@asynccontextmanager
async def egress_with(
    *,
    allow_networks: Sequence[ipaddress.IPv4Network] = LOOPBACK,
    resolve: Resolve = resolve_name,
    timeout_seconds: float = 5.0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Egress]:
    egress = Egress(
        allow_networks=allow_networks, resolve=resolve, timeout_seconds=timeout_seconds, ssl_context=tls, max_idle=2
    )
    try:
        yield egress
    finally:
        await egress.aclose()


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    async with egress_with() as made:
        yield made


async def post(egress: Egress, url: str) -> None:
    await egress.post(url, {"content-type": "application/json"}, BODY)


async def test_given_an_endpoint_when_posted_to_then_it_gets_the_request_and_its_answer_comes_back(
    sink: Sink, egress: Egress
) -> None:
    sink.behaviours["/hook;v=1?x=y"] = lambda _: Reply(status=202, headers={"Retry-After": "7"}, body="grüß".encode())
    answer = await egress.post(sink.url("/hook;v=1?x=y"), {"x-test": "1"}, BODY)
    (received,) = sink.received
    assert (received.path, received.body) == ("/hook;v=1?x=y", BODY)
    assert received.headers["host"] == f"127.0.0.1:{sink.port}"
    assert received.headers["x-test"] == "1"
    assert (answer.status, answer.retry_after, answer.excerpt) == (202, "7", "grüß")


async def test_given_many_requests_when_made_one_after_the_other_then_the_connection_is_kept(
    sink: Sink, egress: Egress
) -> None:
    for _ in range(20):
        await post(egress, sink.url())
    assert (len(sink.received), sink.connections) == (20, 1)


async def test_given_more_idle_connections_than_are_kept_when_put_back_then_the_oldest_are_closed(
    sink: Sink, egress: Egress
) -> None:
    sink.behaviours["/"] = lambda _: Reply(delay=0.05)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(post(egress, sink.url()))
    assert sink.connections == 5
    await asyncio.gather(post(egress, sink.url()), post(egress, sink.url()))
    assert sink.connections == 5
    await asyncio.gather(*(post(egress, sink.url()) for _ in range(3)))
    assert sink.connections == 6


async def test_given_a_kept_connection_that_the_endpoint_closed_when_used_again_then_a_new_one_is_opened(
    egress: Egress,
) -> None:
    async with running_sink() as sink:
        sink.behaviours["/"] = lambda _: Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await post(egress, sink.url())
        await post(egress, sink.url())
        assert (len(sink.received), sink.connections) == (2, 2)


async def test_given_a_body_that_never_ends_when_read_then_only_the_excerpt_is_kept_and_the_connection_dropped(
    sink: Sink, egress: Egress
) -> None:
    sink.behaviours["/"] = lambda _: Reply(body=b"x" * 3_000_000)
    answer = await egress.post(sink.url(), {}, BODY)
    assert answer.excerpt == "x" * EXCERPT_BYTES
    sink.behaviours["/"] = lambda _: Reply(body=b"y" * 60_000)
    for _ in range(2):
        assert (await egress.post(sink.url(), {}, BODY)).excerpt == "y" * EXCERPT_BYTES
    assert sink.connections == 2


async def test_given_a_body_of_hostile_bytes_when_kept_then_it_is_text_that_a_database_takes(
    sink: Sink, egress: Egress
) -> None:
    sink.behaviours["/"] = lambda _: Reply(body=b"a\x00b\xff\xfec")
    assert (await egress.post(sink.url(), {}, BODY)).excerpt == "a\ufffdb\ufffd\ufffdc"


async def test_given_headers_in_time_and_a_body_that_stalls_when_read_then_the_status_still_counts(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.egress.requests._BODY_SECONDS", 0.1)
    sink.behaviours["/"] = lambda _: Reply(status=200, body=b"half-way", stall=60.0)
    async with egress_with(timeout_seconds=60.0) as egress:
        answer = await egress.post(sink.url(), {}, BODY)
    assert (answer.status, answer.excerpt) == (200, "half")


async def test_given_an_endpoint_that_hangs_when_the_time_is_up_then_there_is_no_answer(sink: Sink) -> None:
    sink.behaviours["/"] = lambda _: Reply(delay=60.0)
    async with egress_with(timeout_seconds=1.0) as egress:
        with pytest.raises(NoAnswerError, match="no answer within 1 s"):
            await post(egress, sink.url())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 2000 Big\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000,
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
    ],
)
async def test_given_something_that_is_not_http_when_it_answers_then_it_is_a_failure(
    sink: Sink, egress: Egress, raw: bytes
) -> None:
    sink.behaviours["/"] = lambda _: Reply(raw=raw)
    with pytest.raises(NoAnswerError, match="not HTTP"):
        await post(egress, sink.url())


async def test_given_nobody_listening_when_posted_to_then_there_is_no_connection(egress: Egress) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswerError, match="no connection"):
            await post(egress, f"http://127.0.0.1:{reserved.getsockname()[1]}/")


async def test_given_a_redirect_to_a_forbidden_place_when_answered_then_it_is_not_followed(
    sink: Sink, egress: Egress
) -> None:
    sink.behaviours["/"] = lambda _: Reply(status=302, headers={"location": sink.url("/secret")})
    assert (await egress.post(sink.url(), {}, BODY)).status == 302
    assert [request.path for request in sink.received] == ["/"]


async def test_given_a_proxy_in_the_environment_when_posting_then_it_is_not_used(
    sink: Sink, egress: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await post(egress, sink.url())
    assert len(sink.received) == 1


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "localhost"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_given_nothing_is_listed_when_an_address_is_not_public_then_it_is_refused_early_and_at_the_connection(
    scheme: str, host: str
) -> None:
    url = f"{scheme}://{host}:8443/"
    async with egress_with(allow_networks=()) as egress:
        with pytest.raises(RefusedError) as refusal:
            await egress.check(url)
        with pytest.raises(AddressDeniedError):
            await post(egress, url)
    (problem,) = refusal.value.problems
    assert (problem.code, problem.field) == ("URL_NOT_ALLOWED", ("url",))


async def test_given_a_public_host_when_the_url_is_plain_http_then_it_is_refused() -> None:
    async with egress_with(resolve=resolving_to("93.184.216.34")) as egress:
        await egress.check("https://example.com/")
        with pytest.raises(RefusedError, match="https://"):
            await egress.check("http://example.com/")
        with pytest.raises(AddressDeniedError):
            await post(egress, "http://example.com/")


async def test_given_a_name_that_does_not_resolve_when_checked_or_used_then_it_is_said() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        raise UnresolvedError

    async with egress_with(resolve=resolve) as egress:
        with pytest.raises(RefusedError, match="does not resolve"):
            await egress.check("https://nowhere.example/")
        with pytest.raises(UnresolvedError):
            await post(egress, "https://nowhere.example/")


async def test_given_a_name_that_was_public_when_it_is_rebound_to_loopback_then_nothing_is_sent(sink: Sink) -> None:
    url = f"https://rebinding.example:{sink.port}/"
    async with egress_with(allow_networks=(), resolve=resolving_to("93.184.216.34", "127.0.0.1")) as egress:
        await egress.check(url)
        with pytest.raises(AddressDeniedError):
            await post(egress, url)
    assert sink.connections == 0


async def test_given_a_name_with_forbidden_and_permitted_addresses_when_used_then_only_the_permitted_are_tried(
    sink: Sink,
) -> None:
    tried: list[str] = []

    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        tried.append("asked")
        return [ipaddress.ip_address(text) for text in ("10.0.0.1", "::1", "127.0.0.1")]

    async with egress_with(resolve=resolve) as egress:
        await post(egress, f"http://mixed.example:{sink.port}/")
    assert (len(sink.received), tried) == (1, ["asked"])
    assert sink.received[0].headers["host"] == f"mixed.example:{sink.port}"


async def test_given_a_connection_that_ends_up_elsewhere_when_opened_then_it_is_dropped_before_a_byte_is_sent(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As when something between us and the network sends a permitted address to a forbidden place.
    real = asyncio.open_connection

    async def divert(host: str, port: int, **options: object) -> object:
        assert host == "127.0.0.9"
        return await real("127.0.0.1", port)

    monkeypatch.setattr(asyncio, "open_connection", divert)
    async with egress_with(allow_networks=[ipaddress.IPv4Network("127.0.0.9/32")]) as egress:
        with pytest.raises(AddressDeniedError):
            await post(egress, f"http://127.0.0.9:{sink.port}/")
    assert sink.received == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"])
async def test_given_the_resolvers_own_reading_of_odd_numbers_when_resolved_then_the_guard_sees_where_they_lead(
    host: str,
) -> None:
    # Such hosts do not pass the parser; should one ever, this is what the guard gets to see.
    for address in await resolve_name(host, 80):
        async with egress_with(allow_networks=()) as egress:
            assert not egress._permits["https"](address)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def tls_sink(certificate: Path) -> AsyncIterator[Sink]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with running_sink(context) as sink:
        yield sink


async def test_given_https_when_the_certificate_is_for_the_name_then_it_is_used_though_connected_by_number(
    tls_sink: Sink, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    async with egress_with(resolve=resolving_to("127.0.0.1"), tls=trusting) as egress:
        for _ in range(3):
            await post(egress, tls_sink.url(host="hook.example"))
    assert (len(tls_sink.received), tls_sink.connections) == (3, 1)


async def test_given_https_when_the_certificate_is_for_another_name_or_unknown_then_nothing_is_sent(
    tls_sink: Sink, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    async with egress_with(resolve=resolving_to("127.0.0.1"), tls=trusting) as egress:
        with pytest.raises(NoAnswerError, match=r"TLS: .*other\.example"):
            await post(egress, tls_sink.url(host="other.example"))
    async with egress_with(resolve=resolving_to("127.0.0.1")) as egress:
        with pytest.raises(NoAnswerError, match="TLS: self-signed certificate"):
            await post(egress, tls_sink.url(host="hook.example"))
    assert tls_sink.received == []


async def test_given_https_when_the_other_side_speaks_plain_http_then_it_is_a_tls_failure() -> None:
    async def grumble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(grumble, "127.0.0.1", 0)
    async with server, egress_with(resolve=resolving_to("127.0.0.1")) as egress:
        with pytest.raises(NoAnswerError, match="TLS"):
            await post(egress, f"https://hook.example:{server.sockets[0].getsockname()[1]}/")
