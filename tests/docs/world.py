"""What the pages are tried on: one service with the sandbox, and what the names on the pages stand for there.

A page says ``call_…`` where a reader has an id of their own. Here it is the last such id that the page has been
told, or, when it has been told none, that of something which the world makes for it.
"""

import asyncio
import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import httpx
from graphql import (
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    Undefined,
    is_input_type,
    parse,
    parse_value,
    print_ast,
    validate,
    value_from_ast,
)

from app.api.schema import build_schema
from app.config import Settings
from app.demo.client import GraphQLClient
from tests.docs.blocks import Block
from tests.rig.service import RunningOffhook

_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
_TALK_SECONDS: Final = 1.0
_PLACEHOLDER: Final = re.compile(r'"([a-z]+)_…"')
_ID: Final = re.compile(r"^([a-z]+)_[A-Za-z0-9_-]{6,}$")

_numbers = itertools.count(1)

#: Numbers of the world outside, which the sandbox does not call, and made-up ones that act alike.
_STAND_INS: Final = {
    "+12125550123": "+15550100011",
    "+12125550100": "+15550100100",
    "+12125550124": "+15550100011",
}
#: What a reader does a moment later, and a program too early: who rings has not answered yet.
_NOT_YET: Final = {"TRANSFER_DIALING", "DIALING", "DETECTING"}

#: How the world makes what a page takes for granted: by the prefix of its id, an operation that answers with it.
_MAKERS: Final[Mapping[str, str]] = {
    "whe": 'mutation { createWebhookEndpoint(input: {url: "SINK"}) { webhookEndpoint { id } userErrors { message } } }',
    "list": "mutation { createContactList(input: "
    '{name: "List UNIQUE", columns: ["debt", "city"]}) { contactList { id } userErrors { message } } }',
    "dnc": 'mutation { createDncList(input: {name: "Never UNIQUE"}) { dncList { id } userErrors { message } } }',
    "queue": "mutation { createQueue(input: "
    '{name: "Queue UNIQUE", strategy: LONGEST_IDLE}) { queue { id } userErrors { message } } }',
    "group": "mutation { createRingGroup(input: "
    '{name: "Group UNIQUE", strategy: ALL, ringSeconds: 20}) { ringGroup { id } userErrors { message } } }',
    "agent": 'mutation { createAgent(input: {name: "Agent UNIQUE"}) { agent { id } userErrors { message } } }',
    "call": "mutation { originateCall(input: "
    '{destination: {number: "+15550100011"}, connect: {extension: "2001"}, recordingMode: BOTH, waitFor: CONNECTED, '
    'idempotencyKey: "UNIQUE"}) { call { id legs { id } recordings { id } } userErrors { message } } }',
    "job": "mutation { createExport(input: "
    "{subject: {cdrs: {filter: {}}}, format: CSV}) { job { id } userErrors { message } } }",
    "camp": "mutation { createCampaign(input: "
    '{name: "Campaign UNIQUE", content: {announcement: {text: "Hello."}}, contactListIds: ["list_…"]}) '
    "{ campaign { id } userErrors { message } } }",
}
_MADE_BY: Final = {"leg": "call", "rec": "call"}


@dataclass(slots=True)
class Pen:
    """One page's GraphQL: with whose key it asks, and what it has been told so far."""

    world: "World"
    url: str
    token: str
    told: dict[str, str] = field(default_factory=dict)

    async def run(self, block: Block) -> None:
        """Send each operation of the block, and see that nothing is wrong with the answer."""
        for operation in read_operations(block):
            # What one operation of a block has made is named by the next.
            text = await self.fill_in(print_ast(operation))
            if operation.operation is OperationType.SUBSCRIPTION:
                answer = await self._hear(text)
            else:
                answer = await self._ask(text, str(block))
            self._remember(answer)
            await self._fetch(answer)

    async def fill_in(self, text: str) -> str:
        for prefix in dict.fromkeys(_PLACEHOLDER.findall(text)):
            if prefix not in self.told:
                await self.world.make(prefix, self)
            text = text.replace(f'"{prefix}_…"', f'"{self.told[prefix]}"')
        if self.token == self.world.offhook.token:
            for outside, inside in _STAND_INS.items():
                text = text.replace(outside, inside)
        return self.world.fill_in(text)

    async def _ask(self, query: str, where: str) -> Any:
        async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http, asyncio.timeout(_SECONDS):
            while True:
                response = await http.post(
                    f"{self.url}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {self.token}"}
                )
                answer = response.json()
                assert "errors" not in answer, f"{where}: {answer['errors']}\n{query}"
                problems = [one for part in answer["data"].values() if isinstance(part, dict)
                            for one in part.get("userErrors") or ()]  # fmt: skip
                if not any(one.get("currentState") in _NOT_YET for one in problems):
                    assert not problems, f"{where}: {problems}\n{query}"
                    return answer["data"]
                await asyncio.sleep(_POLL_SECONDS)

    async def _hear(self, query: str) -> Any:
        """A subscription's first message."""
        client = GraphQLClient(self.url, self.token)
        try:
            async with client.subscribe(query) as messages, asyncio.timeout(_SECONDS):
                return await anext(messages)
        finally:
            await client.aclose()

    def _remember(self, answer: Any) -> None:
        match answer:
            case dict():
                for part in answer.values():
                    self._remember(part)
            case list():
                for part in answer:
                    self._remember(part)
            case str() if found := _ID.match(answer):
                self.told[found[1]] = answer
            case _:
                pass

    async def _fetch(self, answer: Any) -> None:
        """Whatever the answer gives a signed address and a hash of is there, and is it."""
        match answer:
            case {"sha256": str(wanted), "url": {"url": str(address)}}:
                async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http:
                    content = (await http.get(address)).raise_for_status().content
                assert hashlib.sha256(content).hexdigest() == wanted
            case dict():
                for part in answer.values():
                    await self._fetch(part)
            case list():
                for part in answer:
                    await self._fetch(part)
            case _:
                pass

    async def ask(self, query: str) -> Any:
        """An operation of the test's own; what it tells is remembered."""
        answer = await self._ask(query, "tests/docs")
        self._remember(answer)
        return answer


@dataclass(slots=True)
class World:
    """The service, and what stands for names on the pages: ``names`` by what is written there."""

    offhook: RunningOffhook
    names: Mapping[str, str]
    settings: Settings
    empty_database: str
    superuser: str

    @property
    def url(self) -> str:
        assert self.offhook.url is not None
        return self.offhook.url

    def fill_in(self, text: str) -> str:
        """The text with the world's addresses in place of the page's."""
        for written, meant in self.names.items():
            text = text.replace(written, meant)
        return text

    def of_a_page(self) -> "World":
        """The same, with an account ``acme`` that no other page has."""
        return dataclasses.replace(self, names={**self.names, "acme": f"acme{next(_numbers)}"})

    async def make(self, prefix: str, pen: Pen) -> None:
        """Have something of this kind, and tell the page its id."""
        maker = _MADE_BY.get(prefix, prefix)
        assert maker in _MAKERS, f"the world has no {prefix}_…"
        query = _MAKERS[maker].replace("UNIQUE", f"made-{next(_numbers)}").replace("SINK", self.names["SINK"])
        await pen.ask(await pen.fill_in(query))
        if prefix == "rec":
            await self._have_recorded(pen)

    async def _have_recorded(self, pen: Pen) -> None:
        call = pen.told["call"]
        await self._wait_for_recording(pen, call, "RECORDING")
        await asyncio.sleep(_TALK_SECONDS)  # there must be something to hear
        await pen.ask(f'mutation {{ hangupCall(input: {{callId: "{call}"}}) {{ userErrors {{ message }} }} }}')
        await self._wait_for_recording(pen, call, "SAVED")

    async def _wait_for_recording(self, pen: Pen, call: str, state: str) -> None:
        async with asyncio.timeout(_SECONDS):
            while True:
                found = await pen.ask(f'{{ call(id: "{call}") {{ recordings {{ id state }} }} }}')
                states = [one["state"] for one in found["call"]["recordings"]]
                assert "FAILED" not in states
                if state in states:
                    return
                await asyncio.sleep(_POLL_SECONDS)

    async def administer(self, text: str) -> None:
        """Run statements as the server's superuser; what they make is gone again."""
        connection = await asyncpg.connect(self.superuser, timeout=_SECONDS, command_timeout=_SECONDS)
        try:
            made = [one.strip() for one in text.split(";") if one.strip()]
            for statement in made:
                await connection.execute(statement)
            for statement in reversed(made):
                kind, name = statement.removeprefix("CREATE ").split()[:2]
                await connection.execute(f"DROP {kind} {name}")
        finally:
            await connection.close()

    async def tidy(self) -> None:
        """What one page has left behind is nothing to the next: calls, receivers, carriers that are not there."""
        await self.hang_up_everything()
        pen = Pen(self, self.url, self.offhook.token)
        found = await pen.ask("{ webhookEndpoints(first: 200) { nodes { id } } }")
        for one in found["webhookEndpoints"]["nodes"]:
            await pen.ask(
                f'mutation {{ deleteWebhookEndpoint(input: {{id: "{one["id"]}"}}) {{ userErrors {{ message }} }} }}'
            )
        own, routing = self.offhook.principal, self.offhook.service.services.routing
        async with self.offhook.service.database.acquire() as connection:
            lines = {
                kind: await connection.fetch(
                    f"SELECT id, account_id FROM {kind} WHERE is_provisioned AND deleted_at IS NULL"  # noqa: S608
                )
                for kind in ("trunk", "device")
            }
            await connection.execute(
                "UPDATE trunk SET is_enabled = false WHERE NOT is_provisioned AND account_id <> $1", own.account_id
            )
        for kind, service in (("trunk", routing.trunks), ("device", routing.devices)):
            for line in lines[kind]:
                await service.delete(dataclasses.replace(own, account_id=line["account_id"]), line["id"])

    async def hang_up_everything(self) -> None:
        """End every call, and wait until it has ended."""
        pen = Pen(self, self.url, self.offhook.token)
        await pen.ask("mutation { hangupCalls(input: {filter: {}}) { userErrors { message } } }")
        async with asyncio.timeout(_SECONDS):
            await self.offhook.service.registry.wait_until_empty()


def read_operations(block: Block) -> list[OperationDefinitionNode]:
    """The block's operations, each found good by the schema."""
    try:
        document = parse(block.text)
    except GraphQLError as error:
        raise AssertionError(f"{block}: {error}") from error
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    schema = build_schema()._schema
    for operation in operations:
        problems = validate(schema, parse(print_ast(operation)))
        assert problems == [], f"{block}: {problems}"
    return operations


def read_input(name: str, block: Block) -> None:
    """See that a block which is a value is one of this input type."""
    kind = build_schema()._schema.type_map[name]
    assert is_input_type(kind), str(block)
    assert value_from_ast(parse_value(block.text), kind) is not Undefined, str(block)


def read_json(text: str, block: Block) -> list[Any]:
    """The documents of a JSON block, one after the other."""
    documents, rest, decoder = [], text.strip(), json.JSONDecoder()
    while rest:
        try:
            document, end = decoder.raw_decode(rest)
        except ValueError as error:
            raise AssertionError(f"{block}: {error}") from error
        documents.append(document)
        rest = rest[end:].strip()
    return documents
