"""One page of call detail records, asked of Offhook, of PostGraphile and of PostgreSQL itself: same account, same rows.

The page is the 50 answered calls before a moment, newest first, with every field; the moments are anywhere in the year.
GraphQL's answers are timed from the request's first byte to the answer's last, over a kept connection on loopback; what
a client then does with the text is its own. asyncpg's are timed to the rows.
"""

import asyncio
import base64
import random
import re
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import asyncpg
import orjson

from bench.data.cdr_database import CdrDatabase
from bench.data.cdr_rows import BEGINS_AT, DAYS
from bench.harness import BenchError, percentile

PAGE: Final = 50
_TIMEOUT_SECONDS: Final = 30.0

#: One page's rows in a form that all sides can be brought into.
Rows: TypeAlias = list[dict[str, Any]]

_COLUMNS: Final = (
    *("id", "call_id", "kind", "direction", "disposition", "end_code", "end_party", "sip_code", "hangup_cause"),
    *("source", "unique_id", "created_at", "ringing_at", "answered_at", "connected_at", "ended_at", "ring_seconds"),
    *("talk_seconds", "duration_seconds", "agent_id", "agent_name", "agent_number", "extension", "dialled_number"),
    *("customer_name", "caller_id", "caller_id_name", "trunk_id", "external_id", "request_id", "dtmf"),
    *("recording_ids", "metadata_pairs", "tags", "is_sandbox", "agent_party", "customer_party"),
)
_SQL: Final = f"""
SELECT {", ".join(_COLUMNS)} FROM cdr
WHERE account_id = $1 AND created_at < $2 AND disposition = 'ANSWERED'
ORDER BY created_at DESC, id DESC LIMIT {PAGE + 1}
"""  # noqa: S608  # our own column names
_OFFHOOK_QUERY: Final = """
query Page($filter: CallFilterInput, $first: Int) {
  cdrs(filter: $filter, first: $first) {
    nodes {
      id callId kind direction disposition endReason { code party sipCode hangupCause } source uniqueId
      createdAt ringingAt answeredAt connectedAt endedAt ringSeconds talkSeconds durationSeconds
      agentParty { number display extension isAnonymous } customerParty { number display extension isAnonymous }
      agentId agentName extension dialledNumber { number } callerId { number display } trunkId externalId requestId
      dtmf recordingIds metadata { key value } tags sandbox
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_POSTGRAPHILE_QUERY: Final = """
query Page($condition: CdrCondition, $first: Int, $after: Cursor) {
  allCdrs(condition: $condition, orderBy: [CREATED_AT_DESC, ROW_ID_DESC], first: $first, after: $after) {
    nodes {
      rowId callId kind direction disposition endCode endParty sipCode hangupCause source uniqueId
      createdAt ringingAt answeredAt connectedAt endedAt ringSeconds talkSeconds durationSeconds
      agentId agentName agentNumber extension dialledNumber customerName callerId callerIdName trunkId externalId
      requestId dtmf recordingIds metadataPairs tags isSandbox agentParty customerParty
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@dataclass(frozen=True, slots=True)
class PageSide:
    """One side: ``ask`` gives the answer as it came, ``read`` the rows in it, ``close`` ends what it holds open."""

    ask: Callable[[datetime], Awaitable[Any]]
    read: Callable[[Any], Rows]
    close: Callable[[], None] = lambda: None

    async def time_pages(self, moments: Sequence[datetime]) -> float:
        """The median time of these pages, in milliseconds."""
        taken = []
        for moment in moments:
            began = time.perf_counter()
            await self.ask(moment)
            taken.append((time.perf_counter() - began) * 1000)
        return percentile(taken, 50)

    async def fetch(self, moment: datetime) -> Rows:
        """The rows of one page."""
        return self.read(await self.ask(moment))


def choose_moments(count: int, seed: int) -> list[datetime]:
    """Moments anywhere in the year but its first days, which have too few calls for a full page."""
    rng = random.Random(seed)
    return [BEGINS_AT + timedelta(days=rng.uniform(30, DAYS)) for _ in range(count)]


def postgresql_side(connection: "asyncpg.Connection[asyncpg.Record]", database: CdrDatabase) -> PageSide:
    """The page's SQL through asyncpg, on a connection of its own."""

    async def ask(moment: datetime) -> Any:
        return await connection.fetch(_SQL, database.account_id, moment)

    return PageSide(ask, lambda records: [_read_record(record) for record in records[:PAGE]])


def offhook_side(url: str, token: str) -> PageSide:
    client = _Client(url, {"Authorization": f"Bearer {token}"})

    async def ask(moment: datetime) -> Any:
        variables = {"filter": {"dispositions": ["ANSWERED"], "created": {"to": {"at": moment}}}, "first": PAGE}
        return client.post({"query": _OFFHOOK_QUERY, "variables": variables})

    return PageSide(ask, lambda answer: [_read_offhook(node) for node in _nodes(answer, "cdrs")], client.close)


async def postgraphile_side(url: str, database: CdrDatabase) -> PageSide:
    client = _Client(url, {})
    condition = {"accountId": database.account_id, "disposition": "ANSWERED"}

    def post(after: str | None, first: int) -> bytes:
        variables = {"condition": condition, "first": first, "after": after}
        return client.post({"query": _POSTGRAPHILE_QUERY, "variables": variables})

    # Its cursor is the order's fingerprint and the sort values, in plain JSON: so it too can begin anywhere.
    first = orjson.loads(post(None, 1))
    if first.get("errors"):
        client.close()
        raise BenchError(f"PostGraphile answered with errors: {first['errors'][:2]}")
    order, _, _ = orjson.loads(base64.b64decode(first["data"]["allCdrs"]["pageInfo"]["endCursor"]))

    async def ask(moment: datetime) -> Any:
        return post(base64.b64encode(orjson.dumps([order, moment.isoformat(), ""])).decode(), PAGE)

    return PageSide(ask, lambda answer: [_read_postgraphile(node) for node in _nodes(answer, "allCdrs")], client.close)


async def compare_rows(sides: dict[str, PageSide], moments: Sequence[datetime]) -> int:
    """Fetch the pages from all sides and compare them, field by field; gives the number of rows compared.

    Raises:
        BenchError: they differ.
    """
    compared = 0
    names = list(sides)
    for moment in moments:
        pages = [await sides[name].fetch(moment) for name in names]
        for name, page in zip(names[1:], pages[1:], strict=True):
            if page != pages[0]:
                lengths = f"{len(pages[0])} and {len(page)} rows"
                wrong = next(((one, two) for one, two in zip(pages[0], page, strict=False) if one != two), lengths)
                raise BenchError(f"{name} and {names[0]} give different rows before {moment}: {wrong}")
        if len(pages[0]) != PAGE:
            raise BenchError(f"the page before {moment} is not full: {len(pages[0])} rows")
        compared += len(pages[0])
    return compared


class _Client:
    """The smallest HTTP client there is: one kept socket, used in turn. A larger one would measure itself."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "127.0.0.1", parts.port or 80
        lines = {"Host": parts.netloc, "Content-Type": "application/json", **headers}
        self._head = "POST /graphql HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._socket: socket.socket | None = None

    def post(self, body: dict[str, Any]) -> bytes:
        """The answer's body.

        Raises:
            BenchError: the status is not 200, or the answer is not of a form that is understood here.
            OSError: the other end is gone.
        """
        try:
            return self._post(orjson.dumps(body))
        except BaseException:
            self.close()  # nobody knows where the conversation stands
            raise

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _post(self, text: bytes) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=_TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(f"{self._head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            self._receive(received)
        head, begin = bytes(received[:end]), end + 4
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if length is None:
            raise BenchError(f"GraphQL answered without saying how much: {head.decode(errors='replace')}")
        while len(received) < begin + int(length[1]):
            self._receive(received)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise BenchError(f"GraphQL answered {received[:1000].decode(errors='replace')}")
        return bytes(received[begin:])

    def _receive(self, received: bytearray) -> None:
        assert self._socket is not None
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise BenchError("The other end hung up in the middle of an answer.")
        received += piece


def _nodes(answer: bytes, name: str) -> list[dict[str, Any]]:
    document = orjson.loads(answer)
    if document.get("errors"):
        raise BenchError(f"GraphQL answered with errors: {document['errors'][:2]}")
    nodes: list[dict[str, Any]] = document["data"][name]["nodes"]
    return nodes


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


_INSTANTS: Final = ("created_at", "ringing_at", "answered_at", "connected_at", "ended_at")


def _read_record(record: asyncpg.Record) -> dict[str, Any]:
    row = dict(record)
    for name in ("metadata_pairs", "agent_party", "customer_party"):
        row[name] = orjson.loads(row[name])
    return row


def _read_postgraphile(node: dict[str, Any]) -> dict[str, Any]:
    row = {name: node["rowId" if name == "id" else _camel(name)] for name in _COLUMNS}
    return row | {name: _instant(row[name]) for name in _INSTANTS}


def _read_offhook(node: dict[str, Any]) -> dict[str, Any]:
    reason, dialled, caller = node["endReason"], node["dialledNumber"], node["callerId"]
    special = {
        "end_code": reason["code"],
        "end_party": reason["party"],
        "sip_code": reason["sipCode"],
        "hangup_cause": reason["hangupCause"],
        "agent_number": node["agentParty"]["number"],
        "customer_name": node["customerParty"]["display"],
        "dialled_number": dialled and dialled["number"],
        "caller_id": caller and caller["number"],
        "caller_id_name": caller and caller["display"],
        "metadata_pairs": node["metadata"],
        "is_sandbox": node["sandbox"],
    }
    row = {name: special[name] if name in special else node[_camel(name)] for name in _COLUMNS}
    return row | {name: _instant(row[name]) for name in _INSTANTS}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


async def connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection as Offhook's own are, and nothing around it."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        return await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
