"""Offhook's relay of media streams as a process of its own, as ``offhook serve`` has it, without calls around it.

``python -m bench.media_relay '{"ari": …, "bot": …, "streams": 50}'``: opens so many streams, and ends with its input.
"""

import asyncio
import sys
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

import orjson
import uvloop

from app.ari.client import AriClient
from app.clock import SystemClock
from app.egress.signing import new_secret
from app.egress.streams import StreamGuard
from app.ids import Kind, new_id
from app.media.desk import MediaStreams
from app.media.model import Report, StreamJob

NODE: Final = "bench"


@dataclass(frozen=True, slots=True)
class _AllowsAll:
    key: bytes

    async def keys_for(self, account_id: str, url: str) -> tuple[bytes, ...]:
        return (self.key,) if account_id and url else ()


async def _run(given: dict[str, Any]) -> None:
    reports: list[Report] = []

    def take(report: Report) -> bool:
        reports.append(report)
        return True

    ari = given["ari"]
    async with AriClient(ari["url"], ari["username"], ari["password"], app=ari["app"]) as client:
        streams = MediaStreams(
            client,
            take,
            node=NODE,
            guard=StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),)),
            allows=_AllowsAll(new_secret()),
            clock=SystemClock(),
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(streams.run())
            for _ in range(given["streams"]):
                streams.open(
                    StreamJob(
                        stream_id=new_id(Kind.MEDIA_STREAM),
                        call_id=new_id(Kind.CALL),
                        leg_id=new_id(Kind.LEG),
                        account_id="acc_bench",
                        url=given["bot"],
                        sample_rate=8000,
                    )
                )
            await asyncio.to_thread(sys.stdin.read)
            running.cancel()
    if reports:
        sys.stderr.write(f"streams ended by themselves: {reports[:3]}\n")
        raise SystemExit(1)


if __name__ == "__main__":
    uvloop.run(_run(orjson.loads(sys.argv[1])))
