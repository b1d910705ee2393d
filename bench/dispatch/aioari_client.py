"""aioari: a handler for each type, with the channel or bridge of the event as an object, as its README shows.

Arguments: URL, user, password, application, events to come, their types as JSON. Prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any

import aioari  # type: ignore[import-untyped]
import uvloop

_SECONDS = 120.0


async def read() -> dict[str, object]:
    url, user, password, app = sys.argv[1:5]
    expected, types = int(sys.argv[5]), json.loads(sys.argv[6])
    client = await aioari.connect(url + "/", user, password)
    counts: Counter[str] = Counter()
    is_finished = asyncio.Event()
    finished_at, seen = 0.0, 0

    def handle(_objects: Any, event: dict[str, Any]) -> None:
        nonlocal finished_at, seen
        counts[event["type"]] += 1
        seen += 1
        if seen == expected:
            finished_at = time.time()
            is_finished.set()

    def handle_failure(error: Exception) -> None:
        raise error

    client.exception_handler = handle_failure
    for name in types:
        register = client.on_bridge_event if name.startswith("Bridge") else client.on_channel_event
        register(name, handle)
    async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as group:
        runner = group.create_task(client.run(apps=app))
        await is_finished.wait()
        runner.cancel()
    await client.close()
    return {"finishedAt": finished_at, "counts": counts}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(read())))
