"""Offhook's side: its event stream, typed events, and each input handed to the mailbox of the leg that it is about.

As in the service: a message is read, typed and translated in the socket's callback, and every event is counted.
Arguments: URL, user, password, application, events to come, their types as JSON. Prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter, defaultdict, deque

from app.ari.client import AriClient
from app.ari.events import MalformedEvent, UnknownEvent
from app.ari.news import Connected
from app.ari.signals import decode_signal
from app.ari.stream import EventStream
from app.calls.core.inputs import Input
from app.calls.hearing.translate import Addressed, translate
from app.cli.output import run
from bench.service import NODE

_SECONDS = 120.0


async def read(url: str, user: str, password: str, app: str, expected: int) -> dict[str, object]:
    counts: Counter[type] = Counter()
    seen = 0
    finished_at = 0.0
    mailboxes: defaultdict[str, deque[Input]] = defaultdict(deque)
    is_finished = asyncio.Event()

    def take(message: bytes) -> None:
        nonlocal seen, finished_at
        event = decode_signal(message)
        counts[type(event)] += 1
        addressed = translate(NODE, event)
        if isinstance(addressed, Addressed):
            mailboxes[addressed.subject_id].append(addressed.input)
        elif isinstance(event, UnknownEvent | MalformedEvent):
            raise SystemExit(f"not an event: {event!r}")
        seen += 1
        if seen == expected:
            finished_at = time.time()
            is_finished.set()

    async def follow(stream: EventStream) -> None:
        async for item in stream:
            if not isinstance(item, Connected):
                raise SystemExit(f"no connection any more: {item!r}")

    async with (
        asyncio.timeout(_SECONDS),
        AriClient(url, user, password, app=app) as client,
        EventStream(client) as stream,
        asyncio.TaskGroup() as group,
    ):
        stream.deliver_to(take, unwanted=())
        follower = group.create_task(follow(stream))
        await is_finished.wait()
        follower.cancel()
    named = {kind.__name__: count for kind, count in counts.items()}
    posted = sum(len(mailbox) for mailbox in mailboxes.values())
    return {"finishedAt": finished_at, "counts": named, "posted": posted, "mailboxes": len(mailboxes)}


if __name__ == "__main__":
    url, user, password, app, expected, _types = sys.argv[1:]
    # As the command runs the service: the same event loop.
    print(json.dumps(run(read(url, user, password, app, int(expected)))))
