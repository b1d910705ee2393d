"""How long a revoked key's sockets still live: from the request to the end of the last of them, while facts go on."""

import asyncio
import itertools
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import Any, Final

import httpx
import orjson

from bench.figure import Better, Figure, Goal, Result, Series
from bench.graphql_socket import ClosedError, Subscription, subscribed
from bench.harness import BenchError, Context, in_turn
from bench.service import RunningService, running_service_process

_SOCKETS: Final = 50
_MANY: Final = f"{_SOCKETS} sockets"
_ONE: Final = "one socket"
_REVOKED: Final = 4401
_SECONDS: Final = 10.0
_FOLLOW: Final = (
    "subscription { events { __typename ... on CaughtUp { cursor } ... on EventDelivered { event { timestamp } } } }"
)
_MAKE: Final = """
mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } token userErrors { message } } }
"""
_REVOKE: Final = "mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { userErrors { message } } }"
_MAKE_LIST: Final = """
mutation ($input: CreateDncListInput!) { createDncList(input: $input) { dncList { id } userErrors { message } } }
"""
_ADD: Final = "mutation ($input: AddDncEntriesInput!) { addDncEntries(input: $input) { userErrors { message } } }"


class _Revoker:
    """Makes a key, has it followed on so many sockets, and takes it away while things happen to its account."""

    def __init__(self, service: RunningService, http: httpx.AsyncClient, times: int) -> None:
        self._service = service
        self._http = http
        self._times = times
        self._numbers = itertools.count(1)
        self._has_told = asyncio.Event()
        self.closed = 0
        self.told = 0

    async def revoke(self, sockets: int) -> float:
        """Milliseconds of the slowest of some revocations."""
        return max([await self._revoke_one(sockets) for _ in range(self._times)])

    async def _revoke_one(self, sockets: int) -> float:
        made = await self._do(_MAKE, {"name": f"leaked {next(self._numbers)}", "scopes": ["CALLS_READ", "CONTACTS"]})
        list_id = (await self._do(_MAKE_LIST, {"name": f"list {next(self._numbers)}"}))["dncList"]["id"]
        async with AsyncExitStack() as stack:
            followed = [
                await stack.enter_async_context(subscribed(self._service.url, made["token"], _FOLLOW))
                for _ in range(sockets)
            ]
            async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as group:
                ends = [group.create_task(self._follow(one)) for one in followed]
                happening = group.create_task(self._have_happen(list_id))
                self._has_told.clear()
                await self._has_told.wait()  # facts are under way
                began = perf_counter()
                await self._do(_REVOKE, {"id": made["apiKey"]["id"]})
                answered_at = datetime.now(UTC)
                gone = await asyncio.gather(*ends)
                happening.cancel()
        late = [at for _, last in gone for at in last if at > answered_at]
        if late:
            raise BenchError(f"{len(late)} facts were told after the key had been revoked")
        return (max(end for end, _ in gone) - began) * 1000

    async def _follow(self, subscription: Subscription) -> tuple[float, list[datetime]]:
        """When the socket was closed, and when what it told last had happened."""
        last: list[datetime] = []
        try:
            async for text in subscription:
                self.told += 1
                self._has_told.set()
                last = [datetime.fromisoformat(orjson.loads(text)["payload"]["data"]["events"]["event"]["timestamp"])]
        except ClosedError as closed:
            if closed.code != _REVOKED:
                raise
            self.closed += 1
        return perf_counter(), last

    async def _have_happen(self, list_id: str) -> None:
        """Facts, one after the other, for whoever follows the account."""
        while True:
            number = f"+1212{2_000_000 + next(self._numbers):07d}"
            await self._do(_ADD, {"listId": list_id, "entries": [{"number": number}]})

    async def _do(self, document: str, given: dict[str, Any]) -> Any:
        answer = await self._http.post("/graphql", json={"query": document, "variables": {"input": given}})
        body = answer.json()
        (payload,) = (body.get("data") or {"": {"userErrors": body.get("errors")}}).values()
        if payload["userErrors"]:
            raise BenchError(f"The service refused: {str(payload['userErrors'])[:300]}")
        return payload


async def _run(context: Context) -> Result:
    async with (
        running_service_process(context, await context.database()) as service,
        httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=60.0, trust_env=False) as http,
    ):
        revoker = _Revoker(service, http, context.count(5, 1))
        sides = {_MANY: partial(revoker.revoke, _SOCKETS), _ONE: partial(revoker.revoke, 1)}
        measured = await in_turn(context, sides)
    return Result(
        value=max(measured[_MANY]),
        unit="ms",
        sides={name: Series.of("ms", rounds) for name, rounds in measured.items()},
        checked={"sockets closed": revoker.closed, "facts told before": revoker.told, "facts told after": 0},
    )


FIGURE = Figure(
    name="revocation_ms",
    description=f"from revoking a key to the end of the last of its {_SOCKETS} sockets, while facts go on: the slowest",
    beside="a key with one socket",
    better=Better.LOWER,
    target=Goal(1000),
    aim=Goal(100),
    run=_run,
)
