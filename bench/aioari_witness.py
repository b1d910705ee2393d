"""The peer of the event latency: an aioari handler, subscribed to the same channels, that notes when it is called.

Arguments: URL, user, password, application. Prints ``ready`` once its socket is open; at the end of its input, the
milliseconds from Asterisk's timestamp to the handler of every event, as JSON.
"""

import asyncio
import json
import os
import sys
import time
from datetime import datetime
from typing import Any

import aioari  # type: ignore[import-untyped]
import uvloop

_SECONDS = 10.0


async def watch() -> None:
    url, user, password, app = sys.argv[1:]
    client = await aioari.connect(url + "/", user, password)
    latencies: list[float] = []

    def handle(event: dict[str, Any]) -> None:
        latencies.append((time.time() - datetime.fromisoformat(event["timestamp"]).timestamp()) * 1000)

    client.on_event("*", handle)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.run(apps=app))
        async with asyncio.timeout(_SECONDS):
            while not client.websockets:  # noqa: ASYNC110 -- it tells nobody
                await asyncio.sleep(0.01)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps(latencies), flush=True)
        # Closing its socket waits for Asterisk without end, and there is nothing left to lose.
        os._exit(0)


if __name__ == "__main__":
    uvloop.run(watch())
