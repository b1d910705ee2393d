"""asyncari: all events from its iterator, each with its objects, told apart by type. Runs in the peers' environment.

Arguments: URL, user, password, application, events to come, their types as JSON. Prints one line of JSON.
"""

import json
import sys
import time
from collections import Counter

import anyio
import asyncari  # type: ignore[import-not-found]  # it lives in the peers' environment

_SECONDS = 120.0
# It splits Asterisk's Dial in three, by what the dialling came to.
_ASTERISKS_NAME = {"DialStart": "Dial", "DialState": "Dial", "DialResult": "Dial"}


async def read() -> None:
    url, user, password, app = sys.argv[1:5]
    expected, types = int(sys.argv[5]), frozenset(json.loads(sys.argv[6]))
    counts: Counter[str] = Counter()
    seen = 0
    with anyio.fail_after(_SECONDS):
        async with asyncari.connect(url + "/", app, user, password) as client:
            async for event in client:
                name = _ASTERISKS_NAME.get(event.type, event.type)
                if name not in types:
                    raise SystemExit(f"not an event of the stream: {event.type}")
                counts[name] += 1
                seen += 1
                if seen == expected:
                    # Said here: what its shutdown does afterwards is not measured.
                    print(json.dumps({"finishedAt": time.time(), "counts": counts}), flush=True)
                    break


if __name__ == "__main__":
    anyio.run(read, backend_options={"use_uvloop": True})
