"""The limit: the same two legs and a bridge from a bare ARI loop, with no database, no log and no API in front."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

from app.ari.signals import UNREAD_EVENT_TYPES
from bench.far_end import AGENT_ENDPOINT, TRUNK_ENDPOINT, FarEnd
from bench.harness import BenchError
from bench.processes import cpu_seconds_of

_APP: Final = "bare"
_SECONDS: Final = 20.0
_numbers = itertools.count(1)


@dataclass(slots=True)
class _Call:
    number: str
    key: str
    has_talked: bool = False
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


class BareLoop:
    """Places the agent, on its answer the customer, on that one's answer bridges both; the first to go ends it."""

    def __init__(self, session: aiohttp.ClientSession, far_end: FarEnd) -> None:
        self._session = session
        self._far_end = far_end
        self._calls: dict[str, _Call] = {}
        self._by_number: dict[str, _Call] = {}
        self._failures: list[str] = []
        self._work: set[asyncio.Task[None]] = set()

    @property
    def cpu_seconds(self) -> Mapping[str, float]:
        return {"loop": cpu_seconds_of(os.getpid()), "asterisk": cpu_seconds_of(self._far_end.asterisk.pid)}

    async def place(self, number: str) -> None:
        call = _Call(number, f"bare-{next(_numbers)}")
        self._calls[call.key] = self._by_number[number] = call
        await self._originate(call, "a", f"PJSIP/{AGENT_ENDPOINT}", caller_id=number)

    async def audit(self, numbers: list[str]) -> list[str]:
        """Every call was bridged and is gone, and no request was refused."""
        calls = [self._by_number.pop(number) for number in numbers if number in self._by_number]
        try:
            async with asyncio.timeout(_SECONDS):
                for call in calls:
                    await call.is_over.wait()
        except TimeoutError:
            self._failures.append("calls of the bare loop never ended")
        problems, self._failures = self._failures, []
        problems.extend(f"{call.number} was never bridged" for call in calls if not call.has_talked)
        return problems

    async def read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Handle events until cancelled."""
        async for message in socket:
            event = orjson.loads(message.data)
            match event["type"]:
                case "StasisStart":
                    self._start(self._on_start, event["channel"]["id"])
                case "ChannelDestroyed":
                    self._start(self._on_destroyed, event["channel"]["id"])
                case _:
                    pass
        raise BenchError("The bare loop lost its event socket.")

    def _start(self, handle: Any, channel_id: str) -> None:
        key, _, role = channel_id.rpartition("-")
        call = self._calls.get(key)
        if call is not None:
            task = asyncio.get_running_loop().create_task(self._guard(handle(call, role)))
            self._work.add(task)
            task.add_done_callback(self._work.discard)

    async def _guard(self, work: Any) -> None:
        try:
            await work
        except (BenchError, aiohttp.ClientError, TimeoutError) as error:
            self._failures.append(f"{type(error).__name__}: {error}")

    async def _on_start(self, call: _Call, role: str) -> None:
        if role == "a":
            await self._originate(call, "b", f"PJSIP/{call.number}@{TRUNK_ENDPOINT}", caller_id="+12125550199")
            return
        await self._request("POST", f"/bridges/{call.key}", type="mixing")
        await self._request("POST", f"/bridges/{call.key}/addChannel", channel=f"{call.key}-a,{call.key}-b")
        call.has_talked = True

    async def _on_destroyed(self, call: _Call, role: str) -> None:
        if role == "b":
            await self._request("DELETE", f"/channels/{call.key}-a")
            return
        if call.has_talked:
            await self._request("DELETE", f"/bridges/{call.key}")
        del self._calls[call.key]
        call.is_over.set()

    async def _originate(self, call: _Call, role: str, endpoint: str, *, caller_id: str) -> None:
        await self._request(
            "POST", f"/channels/{call.key}-{role}", endpoint=endpoint, app=_APP, callerId=caller_id, timeout="30"
        )

    async def _request(self, method: str, path: str, **parameters: str) -> None:
        url = f"{self._far_end.asterisk.ari_url}/ari{path}"
        async with self._session.request(method, url, params=parameters) as response:
            if response.status >= 300:  # noqa: PLR2004 -- the border of success in HTTP
                raise BenchError(f"{method} {path}: {response.status} {(await response.text())[:100]}")
            await response.read()


@asynccontextmanager
async def running_bare_loop(far_end: FarEnd) -> AsyncIterator[BareLoop]:
    """The loop with its event socket open, and the same events filtered away that Offhook does without."""
    asterisk = far_end.asterisk
    headers = {"Authorization": aiohttp.encode_basic_auth(asterisk.ari_username, asterisk.ari_password)}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with (
        aiohttp.ClientSession(headers=headers, timeout=timeout, connector=aiohttp.TCPConnector(limit=100)) as session,
        session.ws_connect(f"{asterisk.ari_url}/ari/events?app={_APP}", max_msg_size=0) as socket,
        asyncio.TaskGroup() as group,
    ):
        loop = BareLoop(session, far_end)
        reader = group.create_task(loop.read(socket))
        url = f"{asterisk.ari_url}/ari/applications/{_APP}/eventFilter"
        unwanted = [{"type": name} for name in sorted(UNREAD_EVENT_TYPES)]
        async with session.put(url, json={"disallowed": unwanted}) as response:
            response.raise_for_status()
        yield loop
        reader.cancel()
