"""A small ARI client for the rig: requests, and a record of every event that can be waited on, past or future.

It shares nothing with the product's client, so that a mistake there cannot hide itself here.
"""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self, TypeAlias

import httpx
import websockets

Event: TypeAlias = dict[str, Any]

#: Several programs share two cores: only an outright hang should hit these.
PATIENCE_SECONDS = 120.0
_REQUEST_SECONDS = 60.0


def channel_id_of(event: Event) -> str | None:
    """Return the channel that an event is about; Dial calls it ``peer``, a playback has it as its target."""
    for key in ("channel", "peer"):
        if key in event:
            return str(event[key]["id"])
    return None


class AriEars:
    """One application's connection. ``events`` holds all that was heard, in order, since it was last told to forget."""

    def __init__(self, url: str, username: str, password: str, app: str, scratch_directory: Path) -> None:
        self.app = app
        # For sound files that Asterisk, on the same machine, is to play.
        self.scratch_directory = scratch_directory
        self.events: list[Event] = []
        self._heard = asyncio.Condition()
        self._is_deaf = False
        self._url = url
        self._username = username
        self._password = password
        self._http = httpx.AsyncClient(
            base_url=f"{url}/ari",
            auth=(username, password),
            timeout=_REQUEST_SECONDS,
            trust_env=False,
            # A connection that Asterisk closes for its idleness just as a request goes out would lose that request.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def listening(
        cls, url: str, username: str, password: str, app: str, *, hears_everything: bool = False
    ) -> AsyncIterator[Self]:
        """Connect, and read events until the end of the block.

        An application hears of a channel that came in through the dialplan until StasisEnd, and no ChannelDestroyed,
        unless it subscribes to it; ``hears_everything`` is about all that happens in that Asterisk.
        """
        address = f"{url.replace('http', 'ws', 1)}/ari/events?app={app}&api_key={username}:{password}"
        address += f"&subscribeAll={'true' if hears_everything else 'false'}"
        with tempfile.TemporaryDirectory(prefix="offhook-ears-") as scratch:
            ears = cls(url, username, password, app, Path(scratch))
            async with (
                ears._http,
                # No keep-alive: on a machine that is very busy it would cut off ears that are only slow.
                websockets.connect(address, max_size=None, proxy=None, ping_interval=None) as socket,
                asyncio.TaskGroup() as group,
            ):
                reading = group.create_task(ears._read(socket))
                try:
                    yield ears
                finally:
                    reading.cancel()

    async def _read(self, socket: websockets.ClientConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):  # a test may end the Asterisk under us on purpose
            async for message in socket:
                async with self._heard:
                    self.events.append(json.loads(message))
                    self._heard.notify_all()
        self._is_deaf = True

    async def request(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, **query: Any
    ) -> httpx.Response:
        """Send one request (path below ``/ari``); a refusal raises with Asterisk's own words."""
        parameters = {name: value for name, value in query.items() if value is not None}
        response = await self._http.request(method, path, params=parameters, json=body)
        if response.is_error:
            raise AriRefusedError(f"{method} {path}: {response.status_code} {response.text}")
        return response

    def forget(self) -> None:
        """Between two tests: who listens for thousands of them would look through all that each of them heard."""
        self.events.clear()

    async def wait_for(
        self,
        matches: Callable[[Event], bool],
        *,
        seconds: float = PATIENCE_SECONDS,
        after: int = 0,
        what: str = "the event",
    ) -> Event:
        """Return the first event from index ``after`` on that matches, waiting for it if need be.

        ``matches`` is asked once for each event, in order.
        """
        position = after
        try:
            async with asyncio.timeout(seconds), self._heard:
                while True:
                    while position < len(self.events):
                        event = self.events[position]
                        position += 1
                        if matches(event):
                            return event
                    await self._heard.wait()
        except TimeoutError:
            recent = [(event["type"], channel_id_of(event)) for event in self.events[-8:]]
            deaf = "; its socket has ended" if self._is_deaf else ""
            raise AssertionError(f"{what} did not come within {seconds:g} s{deaf}; last heard: {recent}") from None

    async def wait_for_channel(
        self, channel_id: str, event_type: str, *, seconds: float = PATIENCE_SECONDS, **fields: Any
    ) -> Event:
        """Wait for an event of one channel whose fields have these values."""

        def matches(event: Event) -> bool:
            return (
                event["type"] == event_type
                and channel_id_of(event) == channel_id
                and all(event.get(name) == value for name, value in fields.items())
            )

        return await self.wait_for(matches, seconds=seconds, what=f"{event_type} {fields or ''} of {channel_id}")


class AriRefusedError(Exception):
    """Asterisk answered a request with an error; the message is its answer."""
