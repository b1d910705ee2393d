"""Offhook's side: calls through its public API, and its books: the facts that came out and the records it keeps."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import asyncpg
import orjson

from app.local.postgres import LocalPostgres
from bench.far_end import EXTENSION, FarEnd
from bench.graphql_socket import Subscription, subscribed
from bench.harness import BenchError, Context
from bench.processes import cpu_seconds_of
from bench.service import RunningService, running_service_process

_SECONDS: Final = 60.0
_AUDIT_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.05
_numbers = itertools.count(1)

_ORIGINATE: Final = """
mutation ($input: OriginateCallInput!) {
  originateCall(input: $input) { call { id state } waitOutcome userErrors { code message field } }
}
"""
_HANG_UP: Final = """
mutation ($input: HangupCallInput!) { hangupCall(input: $input) { call { id } userErrors { code message field } } }
"""
#: What a dashboard would ask for. ``$types`` null is all of them.
EVENTS: Final = """
subscription ($types: [EventType!]) {
  events(filter: {types: $types}) {
    ... on EventDelivered {
      event { type timestamp subjectId callSequence ... on CallEndedEvent { disposition talkSeconds } }
    }
    ... on CaughtUp { cursor }
    ... on Gap { missedCount }
  }
}
"""
_RECORDS: Final = "SELECT call_id FROM cdr WHERE call_id = ANY($1::text[]) AND disposition = 'ANSWERED'"


class OffhookCaller:
    """A CRM: it places calls over HTTP and follows all events of its account over one socket."""

    def __init__(
        self, session: aiohttp.ClientSession, service: RunningService, far_end: FarEnd, postgres: LocalPostgres
    ) -> None:
        self._session = session
        self._service = service
        self._far_end = far_end
        self._postgres = postgres
        self._call_ids: dict[str, str] = {}
        self._facts: dict[str, list[dict[str, Any]]] = {}
        self._gaps = 0
        #: Every event's frame as it came, while somebody wants them.
        self.frames: list[str] | None = None
        self._run = uuid.uuid4().hex[:8]

    @property
    def cpu_seconds(self) -> Mapping[str, float]:
        return {
            "service": cpu_seconds_of(self._service.pid),
            "database": cpu_seconds_of(self._postgres.process.pid, with_children=True),
            "asterisk": cpu_seconds_of(self._far_end.asterisk.pid),
        }

    async def place(self, number: str) -> None:
        placed = await self.ask(
            _ORIGINATE,
            {
                "idempotencyKey": f"{self._run}-{next(_numbers)}",
                "destination": {"number": number},
                "connect": {"extension": EXTENSION},
                "recordingMode": "OFF",
            },
        )
        self._call_ids[number] = placed["originateCall"]["call"]["id"]

    async def hang_up(self, number: str) -> None:
        await self.ask(_HANG_UP, {"callId": self._call_ids[number]})

    async def hang_up_all(self, numbers: list[str]) -> None:
        """End these calls and look at the books.

        Raises:
            BenchError: a call did not end as it should.
        """
        for number in numbers:
            await self.hang_up(number)
        problems = await self.audit(numbers)
        if problems:
            raise BenchError(f"Calls did not end well: {problems[0]}")

    @property
    def service(self) -> RunningService:
        return self._service

    async def ask(self, query: str, values: dict[str, Any]) -> dict[str, Any]:
        """The ``data`` of a mutation.

        Raises:
            BenchError: errors, or userErrors.
        """
        body = orjson.dumps({"query": query, "variables": {"input": values}})
        headers = {**self._service.headers, "Content-Type": "application/json"}
        async with self._session.post(f"{self._service.url}/graphql", data=body, headers=headers) as response:
            answer: dict[str, Any] = orjson.loads(await response.read())
        if answer.get("errors") or any(payload["userErrors"] for payload in answer["data"].values()):
            raise BenchError(f"GraphQL: {answer}")
        data: dict[str, Any] = answer["data"]
        return data

    async def listen(self, subscription: Subscription) -> None:
        """Collect facts until cancelled."""
        async for text in subscription:
            message = orjson.loads(text)
            if message["type"] != "next" or message["payload"].get("errors"):
                raise BenchError(f"The subscription ended: {text[:300]!r}")
            item = message["payload"]["data"]["events"]
            if "event" in item:
                if self.frames is not None:
                    self.frames.append(text)
                self._facts.setdefault(item["event"]["subjectId"], []).append(item["event"])
            elif "missedCount" in item:
                self._gaps += 1

    async def audit(self, numbers: list[str]) -> list[str]:
        """Each call has all its facts in order, exactly one end, and one committed record, all saying ANSWERED."""
        ids = [self._call_ids.pop(number) for number in numbers if number in self._call_ids]
        try:
            async with asyncio.timeout(_AUDIT_SECONDS):
                while not all(self._has_ended(call_id) for call_id in ids):  # noqa: ASYNC110 -- it costs the measured nothing
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            pass  # said for each call below
        problems = [f"{self._gaps} gaps in the subscription"] if self._gaps else []
        for call_id in ids:
            facts = self._facts.pop(call_id, [])
            types = Counter(fact["type"] for fact in facts)
            if [fact["callSequence"] for fact in facts] != list(range(1, len(facts) + 1)):
                problems.append(f"{call_id}: facts are missing or out of order")
            elif types["CALL_ENDED"] != 1 or types["CALL_CONNECTED"] != 1 or facts[-1]["disposition"] != "ANSWERED":
                problems.append(f"{call_id}: facts {dict(types)}")
        connection = await asyncpg.connect(self._service.dsn, timeout=_SECONDS, command_timeout=_SECONDS)
        try:
            kept = {row["call_id"] for row in await connection.fetch(_RECORDS, ids)}
        finally:
            await connection.close(timeout=_SECONDS)
        problems.extend(f"{call_id} has no record" for call_id in ids if call_id not in kept)
        return problems

    def _has_ended(self, call_id: str) -> bool:
        facts = self._facts.get(call_id)
        return bool(facts) and facts is not None and facts[-1]["type"] == "CALL_ENDED"


@asynccontextmanager
async def running_offhook_caller(
    context: Context, far_end: FarEnd, *, dsn: str | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[OffhookCaller]:
    """The service in its own process and its caller. ``settings`` are the service's, OFFHOOK_*."""
    dsn = dsn or await context.database()
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with (
        running_service_process(context, dsn, asterisk=far_end.asterisk, settings=settings) as service,
        aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=2000)) as session,
        subscribed(service.url, service.token, EVENTS) as subscription,
        asyncio.TaskGroup() as group,
    ):
        caller = OffhookCaller(session, service, far_end, await context.postgres())
        listener = group.create_task(caller.listen(subscription))
        yield caller
        listener.cancel()
