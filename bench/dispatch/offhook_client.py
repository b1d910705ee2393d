"""Offhook's side: its event stream, typed events, and each input handed to the mailbox of the leg that it is about.

Arguments: URL, user, password, application, events to come, their types as JSON. Prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque

from app.ari.client import AriClient
from app.ari.events import MalformedEvent, UnknownEvent
from app.ari.stream import Connected, Disconnected, EventStream, Replaced
from app.calls.inputs import Input
from app.calls.translate import translate
from app.cli.output import run
from bench.service import NODE

_SECONDS = 120.0


async def read(url: str, user: str, password: str, app: str, expected: int) -> dict[str, object]:
    counts: Counter[str] = Counter()
    seen = 0
    mailboxes: dict[str, deque[Input]] = {}
    # Room for the whole stream: here it comes as fast as a socket can bring it, and a drop would be no measurement.
    async with (
        asyncio.timeout(_SECONDS),
        AriClient(url, user, password, app=app) as client,
        EventStream(client, queue_limit=expected) as stream,
    ):
        async for item in stream:
            match item:
                case Connected():
                    continue
                case Disconnected() | Replaced() | UnknownEvent() | MalformedEvent():
                    raise SystemExit(f"not an event: {item!r}")
                case _:
                    counts[type(item).__name__] += 1
                    seen += 1
                    addressed = translate(NODE, item)
                    if addressed is not None:
                        mailboxes.setdefault(addressed.subject_id, deque()).append(addressed.input)
            if seen == expected:
                finished_at = time.time()
                break
    posted = sum(len(mailbox) for mailbox in mailboxes.values())
    return {"finishedAt": finished_at, "counts": counts, "posted": posted, "mailboxes": len(mailboxes)}


if __name__ == "__main__":
    url, user, password, app, expected, _types = sys.argv[1:]
    # As the command runs the service: the same event loop.
    print(json.dumps(run(read(url, user, password, app, int(expected)))))
