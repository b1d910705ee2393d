"""What the client does with an answer, with no answer, and with arguments that must not travel."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog

from app.ari.client import AriClient
from app.ari.errors import (
    AriBadAnswer,
    AriConflict,
    AriInvalid,
    AriNotFound,
    AriRefused,
    AriServerError,
    AriUnauthorized,
    AriUnavailable,
    AriUnsafeArgument,
)
from app.ari.safety import CallerId
from tests.ari.event_server import channel_json
from tests.ari.http_stand_in import Handler, StandInExchanger
from tests.rig.free_port import reserve_port

SECRET = "very secret"


async def read_into(pieces: list[bytes], stream: AsyncIterator[bytes]) -> None:
    async for piece in stream:
        pieces.append(piece)  # noqa: PERF401 -- what came before the failure is looked at


@asynccontextmanager
async def client(handler: Handler, *, timeout_seconds: float = 30.0) -> AsyncIterator[AriClient]:
    async with AriClient(
        "http://pbx:8088/ari/",
        "offhook",
        SECRET,
        app="offhook",
        timeout_seconds=timeout_seconds,
        exchanger=StandInExchanger(handler),
    ) as ari:
        yield ari


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, AriInvalid),
        (401, AriUnauthorized),
        (403, AriUnauthorized),
        (404, AriNotFound),
        (405, AriInvalid),
        (409, AriConflict),
        (412, AriInvalid),
        (422, AriInvalid),
        (500, AriServerError),
        (503, AriServerError),
        (302, AriRefused),
    ],
)
async def test_given_a_status_when_refused_then_the_error_has_its_class_and_asterisks_words(
    status: int, kind: type[AriRefused]
) -> None:
    async with client(lambda _: httpx.Response(status, json={"message": "No, because"})) as ari:
        with pytest.raises(AriRefused) as caught:
            await ari.get_channel("ofh-1")

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.message) == (status, "No, because")
    assert caught.value.operation == "GET /channels/{}"


async def test_given_a_failed_allocation_when_refused_then_the_other_form_of_message_is_read() -> None:
    async with client(lambda _: httpx.Response(500, json={"error": "Allocation failed"})) as ari:
        with pytest.raises(AriServerError, match="Allocation failed"):
            await ari.create_channel("PJSIP/nobody", "ofh-1")


@pytest.mark.parametrize("body", [b"<html>Unavailable</html>", b"", b"[1]", b"\xff"])
async def test_given_an_error_without_json_when_refused_then_its_status_still_decides(body: bytes) -> None:
    async with client(lambda _: httpx.Response(503, content=body)) as ari:
        with pytest.raises(AriServerError, match="503 Service Unavailable"):
            await ari.list_channels()


@pytest.mark.parametrize("body", [b"<html>404 Not Found</html>", b'{"message":"Resource not found"}', b"", b"{}"])
async def test_given_no_ari_when_asked_for_a_channel_then_it_is_not_said_to_be_gone(body: bytes) -> None:
    absences = 0

    def note() -> None:
        nonlocal absences
        absences += 1

    async with client(lambda _: httpx.Response(404, content=body)) as ari:
        ari.on_absence = note
        with pytest.raises(AriUnavailable, match="no ARI there") as caught:
            await ari.get_channel("ofh-1")
        with pytest.raises(AriUnavailable) as caught_acting:
            await ari.hangup("ofh-1")

    assert (caught.value.outcome_unknown, caught_acting.value.outcome_unknown, absences) == (False, False, 2)


@pytest.mark.parametrize("body", [b"<html></html>", b"{}", b'{"id": 7}', b"\xff"])
async def test_given_a_success_with_another_body_when_read_then_it_is_a_bad_answer(body: bytes) -> None:
    async with client(lambda _: httpx.Response(200, content=body)) as ari:
        with pytest.raises(AriBadAnswer):
            await ari.get_channel("ofh-1")


@pytest.mark.parametrize(
    ("failure", "outcome_unknown"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (httpx.PoolTimeout("busy"), False),
        (httpx.WriteError("broken"), True),
        (httpx.ReadTimeout("silent"), True),
        (httpx.ReadError("reset"), True),
        (httpx.RemoteProtocolError("gone"), True),
    ],
)
async def test_given_no_answer_to_a_post_when_raised_then_it_says_whether_it_may_have_been_acted_on(
    failure: httpx.TransportError, outcome_unknown: bool
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise failure

    async with client(fail) as ari:
        with pytest.raises(AriUnavailable) as caught:
            await ari.dial("ofh-1", timeout_seconds=5)
        with pytest.raises(AriUnavailable) as caught_reading:
            await ari.get_channel("ofh-1")

    assert caught.value.outcome_unknown is outcome_unknown
    assert caught_reading.value.outcome_unknown is False


async def test_given_an_asterisk_that_hangs_when_waiting_then_the_time_out_ends_it() -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async with client(hang, timeout_seconds=0.05) as ari:
        with pytest.raises(AriUnavailable) as caught:
            await ari.answer("ofh-1")

    assert caught.value.outcome_unknown


async def test_given_an_answer_that_trickles_when_waiting_then_the_time_out_holds_for_the_whole() -> None:
    # Each byte resets a read time-out; a deadlocked Asterisk must not hold a call's actor that way.
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            # The client has given up, which is the point.
            writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        asyncio.timeout(60),
        AriClient(f"http://127.0.0.1:{port}/ari", "u", "p", app="offhook", timeout_seconds=0.2) as ari,
    ):
        with pytest.raises(AriUnavailable):
            await ari.ping()


async def test_given_credentials_when_requesting_then_they_are_in_the_header_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(500, json={"message": "no"})

    with caplog.at_level(logging.INFO), structlog.testing.capture_logs() as logs:
        async with client(answer) as ari:
            with pytest.raises(AriServerError) as caught:
                await ari.send_dtmf("ofh-1", "4711")
            shown = repr(ari)

    assert requests[0].headers["Authorization"].startswith("Basic ")
    assert "secret" not in str(requests[0].url)
    everything_said = f"{shown} {caught.value} {logs} {caplog.text}"
    for hidden in (SECRET, requests[0].headers["Authorization"], "4711", "ofh-1"):
        assert hidden not in everything_said
    assert logs[0]["operation"] == "POST /channels/{}/dtmf"


async def test_given_digits_and_values_when_sent_then_they_are_in_the_body_not_the_url() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(204)

    async with client(answer) as ari:
        await ari.send_dtmf("ofh-1", "4711")
        await ari.set_variable("ofh-1", "PIN", "4711")

    assert [str(request.url) for request in requests] == [
        "http://pbx:8088/ari/channels/ofh-1/dtmf",
        "http://pbx:8088/ari/channels/ofh-1/variable",
    ]
    assert json.loads(requests[1].content) == {"variable": "PIN", "value": "4711"}


async def test_given_a_recording_name_with_slashes_when_sent_then_they_are_encoded() -> None:
    paths: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return httpx.Response(204)

    async with client(answer) as ari:
        await ari.delete_stored("2026/01/call-1.agent")

    assert paths == [b"/ari/recordings/stored/2026%2F01%2Fcall-1.agent"]


async def test_given_a_caller_id_when_originating_then_it_is_written_as_asterisk_reads_it() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params["callerId"])
        return httpx.Response(200, json=channel_json())

    async with client(answer) as ari:
        await ari.originate("PJSIP/1", "ofh-1", timeout_seconds=5, caller_id=CallerId("+15550100000", "José & Co"))
        await ari.originate("PJSIP/1", "ofh-1", timeout_seconds=5, caller_id=CallerId("+15550100000"))

    assert seen == ['"José & Co" <+15550100000>', "<+15550100000>"]


UNSAFE: dict[str, Callable[[AriClient], Awaitable[object]]] = {
    "id that leaves its path part": lambda ari: ari.get_channel("../bridges"),
    "id with a slash": lambda ari: ari.hangup("a/b"),
    "id with a query": lambda ari: ari.answer("a?b=c"),
    "empty id": lambda ari: ari.destroy_bridge(""),
    "id with a line break at its end": lambda ari: ari.answer("ofh-1\n"),
    "id of 129 characters": lambda ari: ari.answer("a" * 129),
    "chosen id with a blank": lambda ari: ari.create_channel("PJSIP/1", "a b"),
    "endpoint without technology": lambda ari: ari.create_channel("2001", "ofh-1"),
    "endpoint with a line break": lambda ari: ari.create_channel("PJSIP/2001\r\nX: y", "ofh-1"),
    "argument with a comma": lambda ari: ari.create_channel("PJSIP/1", "ofh-1", app_args=["a,b"]),
    "header variable with a line break": lambda ari: ari.create_channel(
        "PJSIP/1", "ofh-1", variables={"PJSIP_HEADER(add,X-A)": "b\r\nX-Evil: 1"}
    ),
    "variable name that hides a function": lambda ari: ari.set_variable("ofh-1", "A=B,SHELL(rm)", "x"),
    "nested function": lambda ari: ari.set_variable("ofh-1", "FILE(${SHELL(id)})", "x"),
    "caller name that replaces the number": lambda ari: ari.originate(
        "PJSIP/1", "ofh-1", timeout_seconds=5, caller_id=CallerId("1", 'Bob" <+1900')
    ),
    "caller number with a bracket": lambda ari: ari.originate(
        "PJSIP/1", "ofh-1", timeout_seconds=5, caller_id=CallerId("1> x")
    ),
    "recording name that climbs": lambda ari: ari.record("ofh-1", "a/../../etc/passwd"),
    "absolute recording name": lambda ari: ari.delete_stored("/etc/passwd"),
    "hidden recording": lambda ari: ari.delete_stored(".x"),
    "recording name of 201 characters": lambda ari: ari.delete_stored("a" * 201),
    "digits that are none": lambda ari: ari.send_dtmf("ofh-1", "12;3"),
    "no digits": lambda ari: ari.send_dtmf("ofh-1", ""),
    "media with a comma": lambda ari: ari.play("ofh-1", "sound:a,sound:b", "pb"),
    "bridge type with a comma": lambda ari: ari.create_bridge("b", bridge_type=["mixing,x"]),
    "context with a comma": lambda ari: ari.continue_in_dialplan("ofh-1", context="a,b"),
    "message sender with a line break": lambda ari: ari.send_message("PJSIP", "1", sender="a\nb", body="x"),
    "message to another resource": lambda ari: ari.send_message("PJSIP", "1/../2", sender="a", body="x"),
}


@pytest.mark.parametrize("case", UNSAFE)
async def test_given_an_unsafe_argument_when_called_then_nothing_is_sent(case: str) -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(204)

    async with client(answer) as ari:
        with pytest.raises(AriUnsafeArgument):
            await UNSAFE[case](ari)

    assert not sent


def test_given_an_application_name_with_a_comma_when_making_a_client_then_it_is_refused() -> None:
    # Asterisk would subscribe to two applications.
    with pytest.raises(AriUnsafeArgument):
        AriClient("http://pbx:8088/ari", "u", "p", app="offhook,other")


async def test_given_a_missing_recording_when_downloading_then_it_is_not_found() -> None:
    async with client(lambda _: httpx.Response(404, json={"message": "Recording not found"})) as ari:
        with pytest.raises(AriNotFound, match="Recording not found"):
            await read_into([], ari.download_stored("gone"))


async def test_given_a_download_that_breaks_off_when_reading_then_it_is_an_error_not_a_short_file() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nRIFF")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(half, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pieces: list[bytes] = []
    async with server, AriClient(f"http://127.0.0.1:{port}/ari", "u", "p", app="offhook") as ari:
        with pytest.raises(AriUnavailable):
            await read_into(pieces, ari.download_stored("a"))

    assert b"".join(pieces) == b"RIFF"


async def test_given_nothing_listens_when_called_then_it_is_unavailable_and_nothing_was_sent() -> None:
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        async with AriClient(f"http://127.0.0.1:{port}/ari", "u", "p", app="offhook") as ari:
            with pytest.raises(AriUnavailable) as caught:
                await ari.create_channel("PJSIP/1", "ofh-1")

    assert caught.value.outcome_unknown is False
