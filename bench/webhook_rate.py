"""Webhooks a second, signed, logged and in order for each call, beside a bare loop of httpx posts to the same sink.

Both sides keep 64 requests on their way from this very process and send the same bodies; the sink is another process.
Offhook's time runs from the start of its worker, with everything due, until every delivery is settled in the database.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

import aiohttp
import httpx
import orjson
from standardwebhooks.webhooks import Webhook

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.clock import SystemClock
from app.config import WEBHOOK_SCHEDULE
from app.db.engine import Database
from app.egress.requests import Egress
from app.events.log import EventLog
from app.facts.calls import CallConnected, CallRef
from app.facts.event import Draft
from app.facts.vocabulary import CallKind, Direction, Pair
from app.ids import Kind, new_id
from app.local.process import SupervisedProcess
from app.secrets.sealing import Sealer
from app.webhooks.deliver import Deliverer
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.enqueue import Enqueuer
from app.webhooks.schedule import Schedule
from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn

OFFHOOK: Final = "offhook"
HTTPX: Final = "httpx"
AIOHTTP: Final = "aiohttp"  # not the peer, but the faster client: how far the machine goes

CONCURRENCY: Final = 64
ENDPOINTS: Final = 4  # of one endpoint, a quarter of all places at most are used at once
FACTS_PER_CALL: Final = 10

_HEADERS: Final = {"content-type": "application/json"}
_APPEND: Final = 200
_ROUND_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.02
_SINK_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class _Endpoint:
    account_id: str
    path: str
    secret: str


class _Bench:
    """A database with endpoints, the sink they lead to, and how much was found right so far."""

    def __init__(self, database: Database, sink: str, calls: int) -> None:
        self._database = database
        self._sink = sink
        self._calls = calls
        self._clock = SystemClock()
        self._sealer = Sealer(bytes(32))
        self._schedule = Schedule(WEBHOOK_SCHEDULE)
        self._log = EventLog(database, hooks=[Enqueuer(self._clock, self._schedule).enqueue])
        self._endpoints: list[_Endpoint] = []
        self.bodies: list[bytes] = []
        self.checked = Counter[str]()

    async def make_endpoints(self) -> None:
        accounts = Accounts(self._database, AuditLog(self._database))
        async with _egress() as egress:
            endpoints = WebhookEndpoints(self._database, self._sealer, egress, self._clock)
            for number in range(ENDPOINTS):
                account = await accounts.create(f"hooks{number}", display_name="Hooks")
                created = await endpoints.create(account.id, url=f"{self._sink}/{number}")
                self._endpoints.append(_Endpoint(account.id, f"/{number}", created.secret))

    async def deliver(self) -> float:
        """Deliveries a second by Offhook's worker, for as many facts as there are in a round."""
        await self._happen()
        async with _egress() as egress, asyncio.TaskGroup() as group:
            deliverer = Deliverer(
                self._database,
                self._log,
                egress,
                self._sealer,
                self._clock,
                self._schedule,
                concurrency=CONCURRENCY,
            )
            began = time.perf_counter()
            group.create_task(deliverer.run())
            try:
                async with asyncio.timeout(_ROUND_SECONDS):
                    while await self._count_pending():  # noqa: ASYNC110  # the database tells nobody
                        await asyncio.sleep(_POLL_SECONDS)
                taken = time.perf_counter() - began
            finally:
                deliverer.stop()
        await self._check(await self._fetch_received())
        return self._calls * FACTS_PER_CALL / taken

    async def post(self) -> float:
        """Posts a second by a bare loop of httpx: the same bodies, no signature, no log, no order."""
        limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
        async with httpx.AsyncClient(limits=limits, trust_env=False) as http:

            async def post(url: str, body: bytes) -> int:
                return (await http.post(url, content=body, headers=_HEADERS)).status_code

            return await self._post_all(post)

    async def post_with_aiohttp(self) -> float:
        """The same with aiohttp."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as http:

            async def post(url: str, body: bytes) -> int:
                async with http.post(url, data=body, headers=_HEADERS) as answer:
                    await answer.read()
                    return answer.status

            return await self._post_all(post)

    async def _post_all(self, post: Callable[[str, bytes], Awaitable[int]]) -> float:
        waiting = iter(self.bodies)

        async def loop(number: int) -> None:
            for body in waiting:
                status = await post(f"{self._sink}/{number % ENDPOINTS}", body)
                if status != httpx.codes.NO_CONTENT:
                    raise BenchError(f"the sink answered {status}")

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(CONCURRENCY):
                group.create_task(loop(number))
        taken = time.perf_counter() - began
        received = await self._fetch_received()
        if len(received) != len(self.bodies):
            raise BenchError(f"the sink got {len(received)} of the bare loop's {len(self.bodies)} posts")
        return len(self.bodies) / taken

    async def _happen(self) -> None:
        """Append a round's facts: those of many calls, turn by turn, as they come in life."""
        calls = [new_id(Kind.CALL) for _ in range(self._calls)]
        drafts = [
            _draft(self._endpoints[number % ENDPOINTS].account_id, call, sequence, self._clock)
            for sequence in range(1, FACTS_PER_CALL + 1)
            for number, call in enumerate(calls)
        ]
        for start in range(0, len(drafts), _APPEND):
            await self._log.append(drafts[start : start + _APPEND])

    async def _count_pending(self) -> int:
        async with self._database.acquire() as connection:
            count: int = await connection.fetchval(
                "SELECT count(*) FROM (SELECT FROM webhook_delivery WHERE state = 'PENDING' LIMIT 1) AS pending"
            )
        return count

    async def _fetch_received(self) -> list[Any]:
        async with httpx.AsyncClient(trust_env=False, timeout=_SINK_SECONDS) as http:
            received: list[Any] = orjson.loads((await http.get(f"{self._sink}/received")).content)
        return received

    async def _check(self, received: Sequence[Any]) -> None:
        """Every fact once, each call's in order, each signature good, each attempt in the log."""
        expected = self._calls * FACTS_PER_CALL
        verifiers = {one.path: Webhook(one.secret) for one in self._endpoints}
        last: Counter[str] = Counter()
        for path, webhook_id, timestamp, signature, body in received:
            headers = {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
            event = verifiers[path].verify(body, headers)
            if event["callSequence"] != last[event["subjectId"]] + 1:
                raise BenchError(f"a call's events came out of order: {event['callSequence']} of {event['subjectId']}")
            last[event["subjectId"]] += 1
        async with self._database.acquire() as connection:
            logged = await connection.fetchval(
                "SELECT count(*) FROM webhook_attempt JOIN webhook_delivery ON webhook_delivery.id = delivery_id "
                "WHERE status = 204 AND number = 1 AND state = 'DELIVERED'"
            )
        self.checked["deliveries received once, in order, signed and logged"] += expected
        if len(received) != expected or logged != self.checked.total():
            raise BenchError(f"of {expected} deliveries the sink got {len(received)}; the log has {logged} in all")
        self.bodies = [body.encode() for *_, body in received]


def _draft(account_id: str, call_id: str, sequence: int, clock: SystemClock) -> Draft:
    call = CallRef(
        id=call_id,
        kind=CallKind.CLICK_TO_CALL,
        direction=Direction.OUTBOUND,
        unique_id=f"ofk.bench.{call_id}",
        dialled_number="+12125550123",
        extension="2001",
        caller_id="+12125550199",
        external_id="lead-7",
        metadata=(Pair(key="campaign", value="spring"),),
        tags=("warm",),
    )
    now = clock.now()
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=account_id,
        subject_id=call_id,
        occurred_at=now,
        fact=CallConnected(call=call, connected_at=now),
        call_sequence=sequence,
    )


@asynccontextmanager
async def _egress() -> AsyncIterator[Egress]:
    egress = Egress(allow_networks=(IPv4Network("127.0.0.0/8"),))
    try:
        yield egress
    finally:
        await egress.aclose()


@asynccontextmanager
async def _running_sink(context: Context) -> AsyncIterator[str]:
    log = context.make_folder("sink") / "output"
    process = await SupervisedProcess.start([sys.executable, "-m", "bench.webhook_sink"], stdout_path=log)
    async with process:
        try:
            async with asyncio.timeout(_SINK_SECONDS):
                while not (said := (await asyncio.to_thread(log.read_text)).strip()).isdecimal():  # noqa: ASYNC110  # another process
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise BenchError(f"The sink did not start: {said[-500:] or 'it said nothing'}") from None
        yield f"http://127.0.0.1:{said}"


async def _run(context: Context) -> Result:
    database = await Database.connect(await context.database(), pool_size=10)
    try:
        async with _running_sink(context) as sink:
            bench = _Bench(database, sink, context.count(600, 60))
            await bench.make_endpoints()
            measured = await in_turn(
                context, {OFFHOOK: bench.deliver, HTTPX: bench.post, AIOHTTP: bench.post_with_aiohttp}
            )
    finally:
        await database.aclose()
    sides = {name: Series.of("a second", rates) for name, rates in measured.items()}
    return Result(
        value=sides[OFFHOOK].median / sides[HTTPX].median,
        unit="×",
        sides=sides,
        checked=dict(bench.checked),
        details={
            "concurrency": CONCURRENCY,
            "bytes a body": len(bench.bodies[0]),
            "ratio to aiohttp": round(sides[OFFHOOK].median / sides[AIOHTTP].median, 3),
        },
    )


FIGURE = Figure(
    name="webhook_rate_ratio",
    description="signed, logged, per-call-ordered webhook deliveries/s to a local sink",
    beside="bare httpx POST loop, same concurrency and bodies",
    better=Better.HIGHER,
    target=Goal(0.4),
    aim=Goal(0.8),
    run=_run,
)
