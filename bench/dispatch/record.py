"""``python -m bench.dispatch.record``: record the stream again, from real calls on a real Asterisk.

Offhook places calls between SIPp's two ends, and what Asterisk sends to it is written down on the way. The numbers are
+1 212 555 01xx, which are set aside for fiction. ``events.jsonl.gz`` then holds one event a line.
"""

import asyncio
import gzip
import sys
from pathlib import Path
from typing import Final

import orjson
import uvloop

from bench.calls_offhook import running_offhook_caller
from bench.dispatch.front import running_front
from bench.far_end import running_far_end
from bench.harness import BenchError, running_context

STREAM: Final = Path(__file__).with_name("events.jsonl.gz")
_CALLS: Final = 99
_RATE: Final = 10.0


def read_stream() -> list[bytes]:
    """The recorded events, in order."""
    return gzip.decompress(STREAM.read_bytes()).splitlines()


async def record() -> int:
    """Write the stream anew; gives the number of events."""
    async with (
        running_context(is_quick=True) as context,
        running_far_end(context) as far_end,
        running_front(far_end.asterisk) as front,
        running_offhook_caller(context, far_end, settings={"OFFHOOK_ARI_URL": front.url}) as caller,
    ):
        numbers = [f"+121255501{index:02}" for index in range(_CALLS)]
        for number in numbers:
            await caller.place(number)
            await asyncio.sleep(1 / _RATE)
        problems = await caller.audit(numbers)
        if problems:
            raise BenchError(f"Not every call was a good one: {problems[0]}")
        events = list(front.recorded)
    for event in events:
        orjson.loads(event)  # what is not JSON has no place in the stream
    STREAM.write_bytes(gzip.compress(b"\n".join(events) + b"\n", compresslevel=9, mtime=0))
    return len(events)


if __name__ == "__main__":
    sys.stdout.write(f"{uvloop.run(record())} events in {STREAM}\n")
