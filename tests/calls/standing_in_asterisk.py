"""Stand-ins for Asterisk: the real client over an HTTP server made of Python, and a stream that a test writes to.

The client is the real one, so what is asserted is what would have gone over the wire.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx
import orjson

from app.ari.client import AriClient
from app.ari.event_socket import DisconnectReason
from app.ari.news import Connected, Disconnected, Doubted, Replaced, StreamItem
from tests.ari.http_stand_in import StandInExchanger

ASTERISK_STARTED_AT = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
_WHEN = "2026-03-02T12:00:00.000+0000"

Fate = int | type[httpx.TransportError] | Callable[[httpx.Request], httpx.Response]


def channel_json(channel_id: str, state: str = "Down", app_data: str = "offhook") -> dict[str, Any]:
    party = {"name": "", "number": ""}
    place = {"context": "default", "exten": "s", "priority": 1, "app_name": "Stasis", "app_data": app_data}
    return {
        "id": channel_id,
        "protocol_id": "p",
        "name": f"PJSIP/{channel_id[-6:]}",
        "state": state,
        "caller": party,
        "connected": party,
        "accountcode": "",
        "dialplan": place,
        "creationtime": _WHEN,
        "language": "en",
    }


def bridge_json(bridge_id: str, channels: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "id": bridge_id,
        "technology": "simple_bridge",
        "bridge_type": "mixing",
        "bridge_class": "stasis",
        "creator": "Stasis",
        "name": "",
        "channels": list(channels),
        "creationtime": _WHEN,
    }


def live_recording_json(name: str) -> dict[str, Any]:
    return {"name": name, "format": "wav", "target_uri": f"channel:{name}", "state": "recording"}


class ScriptedAsterisk:
    """Asterisk's REST interface as far as calls use it, on sets that a test fills.

    ``fates`` says by ``METHOD /path`` (a regular expression) what becomes of the next such requests: a status, a broken
    transport, or an answer; without one they succeed. A fate is used once. ``requests`` is what came, in order.
    ``app_data`` is with what a channel was entered into an application, where that is not ours alone; ``names`` are of
    channels that Asterisk itself made.
    ``variables`` holds globals by name, and those of a channel as ``<channel> <name>``; ``far_ends_speak`` is false for
    an Asterisk that has no functions to ask for the latter.
    """

    def __init__(self) -> None:
        self.channels: dict[str, str] = {}
        self.app_data: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.bridges: dict[str, tuple[str, ...]] = {}
        self.live_recordings: set[str] = set()
        self.stored_recordings: set[str] = set()
        self.variables: dict[str, str] = {}
        self.far_ends_speak = True
        self.fates: list[tuple[str, Fate]] = []
        self.requests: list[httpx.Request] = []

    @property
    def lines(self) -> list[str]:
        """The requests so far as ``METHOD /path?query``, without the prefix of ARI."""
        return [_line(request, with_query=True) for request in self.requests]

    @property
    def writes(self) -> list[str]:
        """Those that were to change something."""
        return [line for line in self.lines if not line.startswith("GET ")]

    def body(self, number: int = -1) -> Any:
        """The body of a request as JSON."""
        return orjson.loads(self.requests[number].content)

    def _take_out(self, channel_id: str) -> None:
        """A channel ends, and is in no bridge any more."""
        del self.channels[channel_id]
        self._move(channel_id, None)

    def _move(self, channel_id: str, bridge_id: str | None) -> None:
        """A channel is in one bridge at a time."""
        for one, inside in self.bridges.items():
            left = tuple(channel for channel in inside if channel != channel_id)
            self.bridges[one] = (*left, channel_id) if one == bridge_id else left

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)  # others go on meanwhile, as over a real line
        line = _line(request, with_query=False)
        for number, (pattern, fate) in enumerate(self.fates):
            if re.fullmatch(pattern, line):
                del self.fates[number]
                match fate:
                    case int():
                        return httpx.Response(fate, json={"message": f"scripted {fate}"})
                    case type():
                        raise fate("scripted", request=request)
                    case _:
                        return fate(request)
        return self._answer(request, line)

    def client(self) -> AriClient:
        exchanger = StandInExchanger(self.handle)
        return AriClient("http://asterisk.test:8088", "offhook", "secret", app="offhook", exchanger=exchanger)

    def _named(self, channel_id: str) -> dict[str, str]:
        return {"name": self.names[channel_id]} if channel_id in self.names else {}

    def _answer(self, request: httpx.Request, line: str) -> httpx.Response:
        method, path = line.split(" ")
        match (method, path.strip("/").split("/")):
            case ("GET", ["channels"]):
                data = {one: self.app_data.get(one, "offhook") for one in self.channels}
                return _ok(
                    [channel_json(one, state, data[one]) | self._named(one) for one, state in self.channels.items()]
                )
            case ("GET", ["channels", channel_id]) if channel_id in self.channels:
                return _ok(channel_json(channel_id, self.channels[channel_id]))
            case ("POST", ["channels", "create"]):
                channel_id = request.url.params["channelId"]
                self.channels[channel_id] = "Down"
                return _ok(channel_json(channel_id))
            case ("POST", ["applications", _, "subscription"]):
                source = request.url.params["eventSource"].removeprefix("channel:")
                return httpx.Response(200 if source in self.channels else 422, json={"message": "no such source"})
            case ("POST", ["channels", channel_id, "variable" | "answer"]) if channel_id in self.channels:
                return httpx.Response(204)
            case ("POST", ["channels", channel_id, "continue"]) if channel_id in self.channels:
                self.app_data[channel_id] = "gone"
                return httpx.Response(204)
            case ("DELETE", ["channels", channel_id]) if channel_id in self.channels:
                self._take_out(channel_id)
                return httpx.Response(204)
            case ("GET", ["channels", channel_id, "variable"]) if channel_id in self.channels and self.far_ends_speak:
                return _ok({"value": self.variables.get(f"{channel_id} {request.url.params['variable']}", "")})
            case ("POST", ["channels", channel_id, "dial"]) if channel_id in self.channels:
                return httpx.Response(204)
            case ("POST", ["channels", channel_id, "snoop", snoop_id]) if channel_id in self.channels:
                self.channels[snoop_id] = "Up"
                return _ok(channel_json(snoop_id, "Up"))
            case ("POST", ["channels", channel_id, "record"]) if channel_id in self.channels:
                self.live_recordings.add(channel_id)
                return _ok(live_recording_json(channel_id))
            case ("GET", ["bridges"]):
                return _ok([bridge_json(one, channels) for one, channels in self.bridges.items()])
            case ("GET", ["bridges", bridge_id]) if bridge_id in self.bridges:
                return _ok(bridge_json(bridge_id, self.bridges[bridge_id]))
            case ("POST", ["bridges", bridge_id]):
                self.bridges.setdefault(bridge_id, ())
                return _ok(bridge_json(bridge_id))
            case ("POST", ["bridges", bridge_id, "addChannel"]) if bridge_id in self.bridges:
                self._move(request.url.params["channel"], bridge_id)
                return httpx.Response(204)
            case ("POST", ["bridges", bridge_id, "removeChannel"]) if bridge_id in self.bridges:
                if request.url.params["channel"] not in self.bridges[bridge_id]:
                    return httpx.Response(422, json={"message": "Channel not in this bridge"})
                left = [one for one in self.bridges[bridge_id] if one != request.url.params["channel"]]
                self.bridges[bridge_id] = tuple(left)
                return httpx.Response(204)
            case ("POST" | "DELETE", ["channels", channel_id, "moh" | "mute" | "ring"]) if channel_id in self.channels:
                return httpx.Response(204)
            case ("DELETE", ["bridges", bridge_id]) if bridge_id in self.bridges:
                del self.bridges[bridge_id]
                return httpx.Response(204)
            case ("GET", ["recordings", "live", name]) if name in self.live_recordings:
                return _ok(live_recording_json(name))
            case ("POST", ["recordings", "live", name, "stop"]) if name in self.live_recordings:
                self.live_recordings.remove(name)
                return httpx.Response(204)
            case ("POST" | "DELETE", ["recordings", "live", name, "mute"]) if name in self.live_recordings:
                return httpx.Response(204)
            case ("GET", ["recordings", "stored"]):
                return _ok([{"name": name, "format": "wav"} for name in sorted(self.stored_recordings)])
            case ("DELETE", ["recordings", "stored", name]) if name in self.stored_recordings:
                self.stored_recordings.remove(name)
                return httpx.Response(204)
            case ("GET", ["asterisk", "variable"]):
                return _ok({"value": self.variables.get(request.url.params["variable"], "")})
            case ("POST", ["asterisk", "variable"]):
                asked = orjson.loads(request.content)
                if "value" in asked:
                    self.variables[asked["variable"]] = asked["value"]
                else:
                    self.variables.pop(asked["variable"], None)
                return httpx.Response(204)
            case _:
                return httpx.Response(404, json={"message": "there is no such thing"})


class ScriptedStream:
    """Stands where the event stream stands; a test says what it brings."""

    def __init__(self) -> None:
        self.looks = 0
        self.last_failure: str | None = None
        self._is_connected = False
        self._items: asyncio.Queue[StreamItem | bytes | None] = asyncio.Queue()
        self._handler: Callable[[bytes], None] | None = None

    @property
    def is_connected(self) -> bool:
        """Asked once by each audit that is due; ``looks`` counts."""
        self.looks += 1
        return self._is_connected

    def connect(self, *, is_restart: bool = False) -> None:
        self._is_connected, self.last_failure = True, None
        self._items.put_nowait(
            Connected(asterisk_started_at=ASTERISK_STARTED_AT, entity_id="e", version="22.10.1", is_restart=is_restart)
        )

    def disconnect(self, reason: DisconnectReason = DisconnectReason.RESET, *, silent_seconds: float = 0.0) -> None:
        self._is_connected, self.last_failure = False, reason
        self._items.put_nowait(Disconnected(reason, time.monotonic() - silent_seconds))

    def replace(self) -> None:
        self._is_connected, self.last_failure = False, "replaced"
        self._items.put_nowait(Replaced())

    @property
    def backlog(self) -> int:
        """Items that nobody has taken yet."""
        return self._items.qsize()

    def say(self, message: bytes) -> None:
        """An event, as Asterisk writes it."""
        self._items.put_nowait(message)

    def deliver_to(self, handler: Callable[[bytes], None], *, unwanted: Iterable[str]) -> None:
        self._handler = handler
        self.unwanted = frozenset(unwanted)

    def doubt(self) -> None:
        self._items.put_nowait(Doubted())

    def end(self) -> None:
        """The stream was left: the iteration ends."""
        self._items.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[StreamItem]:
        while (item := await self._items.get()) is not None:
            if isinstance(item, bytes):
                assert self._handler is not None
                self._handler(item)
            else:
                yield item


def _ok(body: object) -> httpx.Response:
    return httpx.Response(200, json=body)


def _line(request: httpx.Request, *, with_query: bool) -> str:
    path = unquote(request.url.path).removeprefix("/ari")
    query = f"?{unquote(request.url.query.decode())}" if with_query and request.url.query else ""
    return f"{request.method} {path}{query}"
