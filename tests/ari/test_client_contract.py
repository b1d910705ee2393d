"""Each request the client makes is one that Asterisk's own description names, with parameters it names."""

import json
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.ari.channels import (
    ChannelOperations,
    HangupReason,
    IfExists,
    MuteDirection,
    SnoopDirection,
    TerminateOn,
)
from app.ari.client import AriClient
from app.ari.safety import CallerId
from app.ari.transport import AriTransport
from tests.ari.http_stand_in import StandInExchanger

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION: dict[str, Any] = json.loads((ROOT / "asterisk" / "rest-api" / "description.json").read_text())
OPERATIONS: list[dict[str, Any]] = DESCRIPTION["operations"]


SCALARS: dict[str, Any] = {
    "string": "x",
    "int": 1,
    "long": 1,
    "double": 0.5,
    "boolean": True,
    "Date": "2026-01-02T03:04:05.678+0000",
    "object": {},
}


async def download(ari: AriClient) -> bytes:
    return b"".join([piece async for piece in ari.download_stored("2026/call.1")])


# Every method, with every argument given.
CALLS: dict[str, Callable[[AriClient], Awaitable[object]]] = {
    "list_channels": lambda ari: ari.list_channels(),
    "get_channel": lambda ari: ari.get_channel("ofh-1"),
    "create_channel": lambda ari: ari.create_channel(
        "PJSIP/2001",
        "ofh-1",
        app_args=["a", "b"],
        variables={"X": "1"},
        formats=["ulaw"],
        originator="ofh-0",
        other_channel_id="ofh-2",
    ),
    "dial": lambda ari: ari.dial("ofh-1", timeout_seconds=20, caller="ofh-0"),
    "originate": lambda ari: ari.originate(
        "PJSIP/2001",
        "ofh-1",
        timeout_seconds=20,
        app_args=["a"],
        variables={"X": "1"},
        caller_id=CallerId("+15550100000", "Jo"),
        formats=["ulaw", "alaw"],
        originator="ofh-0",
        other_channel_id="ofh-2",
    ),
    "answer": lambda ari: ari.answer("ofh-1"),
    "hangup": lambda ari: ari.hangup("ofh-1", reason=HangupReason.BUSY),
    "ring": lambda ari: ari.ring("ofh-1"),
    "ring_stop": lambda ari: ari.ring_stop("ofh-1"),
    "mute": lambda ari: ari.mute("ofh-1", direction=MuteDirection.IN),
    "unmute": lambda ari: ari.unmute("ofh-1", direction=MuteDirection.OUT),
    "hold": lambda ari: ari.hold("ofh-1"),
    "unhold": lambda ari: ari.unhold("ofh-1"),
    "start_moh": lambda ari: ari.start_moh("ofh-1", music_class="default"),
    "stop_moh": lambda ari: ari.stop_moh("ofh-1"),
    "send_dtmf": lambda ari: ari.send_dtmf("ofh-1", "12#", before_ms=1, between_ms=2, duration_ms=3, after_ms=4),
    "play": lambda ari: ari.play("ofh-1", ["sound:a", "digits:1"], "pb", language="en", offset_ms=1, skip_ms=2),
    "record": lambda ari: ari.record(
        "ofh-1",
        "2026/call.1",
        max_duration_seconds=5,
        max_silence_seconds=2,
        if_exists=IfExists.OVERWRITE,
        beep=True,
        terminate_on=TerminateOn.POUND,
    ),
    "set_variable": lambda ari: ari.set_variable("ofh-1", "PITCH_SHIFT(rx)", "1.2"),
    "get_variable": lambda ari: ari.get_variable("ofh-1", "CHANNEL(state)"),
    "external_media": lambda ari: ari.external_media("ofh-1", audio_format="slin16", options="f(json)"),
    "snoop": lambda ari: ari.snoop(
        "ofh-1", "ofh-1-snoop", spy=SnoopDirection.IN, whisper=SnoopDirection.OUT, app_args=["x"]
    ),
    "continue_in_dialplan": lambda ari: ari.continue_in_dialplan("ofh-1", context="c", extension="s", priority=1),
    "redirect": lambda ari: ari.redirect("ofh-1", "PJSIP/sip:777@127.0.0.1"),
    "list_bridges": lambda ari: ari.list_bridges(),
    "get_bridge": lambda ari: ari.get_bridge("br"),
    "create_bridge": lambda ari: ari.create_bridge("br", bridge_type=["mixing", "video_sfu"], name="call 1"),
    "destroy_bridge": lambda ari: ari.destroy_bridge("br"),
    "add_channel": lambda ari: ari.add_channel(
        "br", "ofh-1", mute=True, absorb_dtmf=False, inhibit_connected_line_updates=True
    ),
    "remove_channel": lambda ari: ari.remove_channel("br", "ofh-1"),
    "play_to_bridge": lambda ari: ari.play_to_bridge("br", "tone:ring;tonezone=us", "pb", language="en"),
    "get_playback": lambda ari: ari.get_playback("pb"),
    "stop_playback": lambda ari: ari.stop_playback("pb"),
    "get_live": lambda ari: ari.get_live("2026/call.1"),
    "stop_live": lambda ari: ari.stop_live("2026/call.1"),
    "mute_live": lambda ari: ari.mute_live("2026/call.1"),
    "unmute_live": lambda ari: ari.unmute_live("2026/call.1"),
    "list_stored": lambda ari: ari.list_stored(),
    "download_stored": download,
    "delete_stored": lambda ari: ari.delete_stored("2026/call.1"),
    "info": lambda ari: ari.info(),
    "ping": lambda ari: ari.ping(),
    "list_modules": lambda ari: ari.list_modules(),
    "get_global_variable": lambda ari: ari.get_global_variable("hup_1"),
    "set_global_variable": lambda ari: ari.set_global_variable("hup_1", "x"),
    "delete_global_variable": lambda ari: ari.delete_global_variable("hup_1"),
    "get_application": lambda ari: ari.get_application(),
    "set_event_filter": lambda ari: ari.set_event_filter(disallowed=["ChannelVarset"], allowed=["Dial"]),
    "subscribe_to_channel": lambda ari: ari.subscribe_to_channel("1.7"),
    "list_endpoints": lambda ari: ari.list_endpoints(technology="PJSIP"),
    "subscribe_to_endpoints": lambda ari: ari.subscribe_to_endpoints("PJSIP"),
    "get_object": lambda ari: ari.get_object("endpoint", "ofh-acme-1"),
    "put_object": lambda ari: ari.put_object("endpoint", "ofh-acme-1", {"context": "offhook-phones"}),
    "delete_object": lambda ari: ari.delete_object("endpoint", "ofh-acme-1"),
    "send_message": lambda ari: ari.send_message(
        "PJSIP", "2001", sender="sip:a@b", body="hi\nyou", variables={"X": "1"}
    ),
}


def sample(answer: str) -> Any:
    """The smallest JSON value that Asterisk's description allows for a type."""
    listed = re.fullmatch(r"List\[(\w+)\]", answer)
    if listed:
        return [sample(listed[1])]
    if answer in SCALARS:
        return SCALARS[answer]
    fields = DESCRIPTION["models"][answer]["fields"]
    return {name: sample(fact["type"]) for name, fact in fields.items() if fact["required"]}


def find_operation(request: httpx.Request) -> dict[str, Any]:
    # The raw path: a slash in a recording's name has to stay encoded.
    path = request.url.raw_path.decode().partition("?")[0].removeprefix("/ari")
    for operation in OPERATIONS:
        template = re.sub(r"\{\w+\}", "[^/]+", operation["path"])
        # `/channels/create` is also of the form `/channels/{channelId}`: the literal one comes first.
        if operation["method"] == request.method and re.fullmatch(template, path):
            exact = [o for o in OPERATIONS if o["method"] == request.method and o["path"] == path]
            return exact[0] if exact else operation
    raise AssertionError(f"Asterisk describes no {request.method} {path}")


def check_request(request: httpx.Request) -> dict[str, Any]:
    operation = find_operation(request)
    body = json.loads(request.content) if request.content else {}
    described = operation["parameters"]
    sent = dict(request.url.params.multi_items()) | body
    if operation["name"] == "filter":
        # The whole body is the parameter `filter`.
        assert set(body) == {"allowed", "disallowed"}
        sent = {"filter": body}
    assert set(sent) <= set(described), "a parameter Asterisk does not know"
    required = {name for name, p in described.items() if p["required"] and p["in"] != "path"}
    assert required <= set(sent), "a required parameter is missing"
    for name, value in sent.items():
        allowed = described[name].get("values")
        assert not allowed or str(value) in allowed
        if described[name]["type"] == "boolean":
            assert value in {"true", "false"}
    return operation


def answer_as_described(request: httpx.Request) -> httpx.Response:
    operation = check_request(request)
    match operation["answers"]:
        case "void":
            return httpx.Response(204)
        case "binary":
            return httpx.Response(200, content=b"RIFF")
        case answer:
            return httpx.Response(200, json=sample(answer))


@pytest.mark.parametrize("method", CALLS)
async def test_given_any_operation_when_called_then_asterisk_describes_the_request(method: str) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer_as_described(request)

    exchanger = StandInExchanger(answer)
    async with AriClient("http://pbx:8088/ari", "u", "p", app="offhook", exchanger=exchanger) as ari:
        await CALLS[method](ari)

    assert len(requests) == 1


def test_given_the_client_when_its_methods_are_listed_then_each_is_covered_here() -> None:
    public = {
        name
        for kind in AriClient.__mro__
        if kind is not object and issubclass(kind, AriTransport) and kind is not AriTransport
        for name in vars(kind)
        if not name.startswith("_")
    }

    assert public == set(CALLS)


@pytest.mark.parametrize(
    ("words", "method", "path", "parameter"),
    [
        (HangupReason, "DELETE", "/channels/{channelId}", "reason"),
        (MuteDirection, "POST", "/channels/{channelId}/mute", "direction"),
        (SnoopDirection, "POST", "/channels/{channelId}/snoop/{snoopId}", "spy"),
        (IfExists, "POST", "/channels/{channelId}/record", "ifExists"),
        (TerminateOn, "POST", "/channels/{channelId}/record", "terminateOn"),
    ],
)
def test_given_our_words_when_compared_then_they_are_asterisks(
    words: type[StrEnum], method: str, path: str, parameter: str
) -> None:
    operation = next(o for o in OPERATIONS if (o["method"], o["path"]) == (method, path))

    assert {str(word) for word in words} == set(operation["parameters"][parameter]["values"])


def test_given_the_noun_modules_when_read_then_none_overrides_another() -> None:
    seen: dict[str, str] = {}
    for kind in AriClient.__mro__:
        if kind is ChannelOperations or (kind is not AriClient and kind.__name__.endswith("Operations")):
            for name in vars(kind):
                if not name.startswith("__"):
                    assert name not in seen, f"{name} in {kind.__name__} and {seen[name]}"
                    seen[name] = kind.__name__
