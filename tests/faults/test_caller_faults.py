"""Callers who hang up as they are claimed, lose their key as they ask, or subscribe and never read."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import websockets

from app.accounts.scopes import Scope
from app.config import Settings
from app.errors import AuthenticationError, RefusedError
from app.facts.vocabulary import LegRole
from tests.rig.callers import Callers
from tests.rig.checker import assert_all_hold, dialled_by_sipp, evidence_of
from tests.rig.desk import Desk, PlacedCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.load import STAYS, make_plans
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.sipp import SippServer
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

RECOVERY_SECONDS = 10.0
DEAF_SOCKETS = 10
_SUBSCRIBE = '{"id":"1","type":"subscribe","payload":{"query":"subscription { events { __typename } }"}}'


async def test_given_a_hundred_requests_at_once_with_one_key_when_placed_then_one_call_rings_and_all_hear_of_it(
    settings: Settings, sipp: SippServer, witness: Witness
) -> None:
    async with (
        running_offhook(settings, is_serving=True) as offhook,
        offhook.desk_over_graphql() as desk,
    ):

        async def ask(index: int) -> PlacedCall | str:
            # Ten of the hundred say something else under the same key.
            number = "+15550180001" if index % 10 else "+15550180101"
            try:
                return await desk.place_call(number, trunk="sipp", first=LegRole.CUSTOMER, key="the one")
            except RefusedError as error:
                return error.problems[0].code

        answers = await asyncio.gather(*(ask(index) for index in range(1, 101)))
        placed = [answer for answer in answers if isinstance(answer, PlacedCall)]
        [call_id] = {answer.id for answer in placed}
        assert [answer.is_replayed for answer in placed].count(False) == 1
        assert {answer for answer in answers if isinstance(answer, str)} == {"IDEMPOTENCY_KEY_REUSED"}
        assert len(placed) in {10, 90}  # whichever came first has the key for good
        await desk.hang_up(call_id)
        await desk.wait_for_end(call_id)
        again = await ask(1 if len(placed) == 90 else 10)
        assert isinstance(again, PlacedCall)
        assert (again.id, again.is_replayed) == (call_id, True)
        await assert_all_hold(
            evidence_of(settings, witness, dialled=lambda: dialled_by_sipp(sipp), acknowledged=[call_id]),
            seconds=RECOVERY_SECONDS,
        )
        assert len({call.dialled for call in sipp.calls()}) == len(sipp.calls()) <= 1


async def test_given_calls_that_are_hung_up_as_they_are_dialled_when_the_answer_is_there_then_nobody_is_rung_any_more(
    settings: Settings, sipp: SippServer, witness: Witness
) -> None:
    rng = random.Random(11)
    async with (
        running_offhook(settings) as offhook,
        offhook.desk() as desk,
    ):

        async def place_and_stop(index: int) -> str:
            number = f"+155501{6000 + index}{STAYS}"
            placed = await desk.place_call(number, trunk="sipp", first=LegRole.CUSTOMER)
            await asyncio.sleep(rng.uniform(0.0, 0.06))
            with contextlib.suppress(RefusedError):  # over before we said so
                await desk.hang_up(placed.id)
            return placed.id

        placed = await asyncio.gather(*(place_and_stop(index) for index in range(30)))
        stopped_with = len(sipp.calls())
        for call_id in placed:
            story = await desk.wait_for_end(call_id, seconds=RECOVERY_SECONDS)
            assert story.end == ("API_HANGUP", "SYSTEM")
        await assert_all_hold(
            evidence_of(settings, witness, dialled=lambda: dialled_by_sipp(sipp), acknowledged=placed),
            seconds=RECOVERY_SECONDS,
        )
        # What was on its way as the last answer came may still arrive, and Asterisk may be late with some of it on a
        # machine that is busy; of 30 that nobody stopped, all would.
        assert len(sipp.calls()) <= stopped_with + 5


async def test_given_a_key_that_is_revoked_while_it_asks_when_it_is_then_each_call_is_placed_whole_or_not_at_all(
    settings: Settings, sipp: SippServer, witness: Witness
) -> None:
    async with running_offhook(settings, is_serving=True) as offhook:
        keys, account_id = offhook.service.services.keys, offhook.principal.account_id
        issued = await keys.create(account_id, name="soon gone", scopes=list(Scope))
        assert offhook.url is not None
        async with GraphQLLine.to(offhook.url, issued.token) as line:
            desk = Desk(line, offhook.node, offhook.trunks)

            some_are_placed, is_revoked = asyncio.Event(), asyncio.Event()

            async def ask(index: int) -> str | None:
                await asyncio.sleep(index * 0.01)
                if index >= 35:  # however long a busy machine takes to revoke, some come after it
                    await is_revoked.wait()
                number = f"+155501{7000 + index}2"  # busy
                try:
                    placed = await desk.place_call(number, trunk="sipp", first=LegRole.CUSTOMER)
                except AuthenticationError:
                    return None
                some_are_placed.set()
                return placed.id

            async def revoke() -> None:
                await some_are_placed.wait()
                await keys.revoke(account_id, issued.key.id)
                is_revoked.set()

            *asked, _ = await asyncio.gather(*(ask(index) for index in range(40)), revoke())
            with pytest.raises(AuthenticationError):
                await desk.place_call("+15550179992", trunk="sipp", first=LegRole.CUSTOMER)
        placed = [call_id for call_id in asked if call_id is not None]
        assert 0 < len(placed) < len(asked)
        await assert_all_hold(
            evidence_of(settings, witness, dialled=lambda: dialled_by_sipp(sipp), acknowledged=placed),
            seconds=RECOVERY_SECONDS,
        )
        assert len(sipp.calls()) == len(placed)  # who was refused rang nobody


async def test_given_subscribers_that_never_read_when_calls_are_made_then_nobody_else_waits_and_memory_stays_bounded(
    settings: Settings, sipp: SippServer, tmp_path: Path, witness: Witness
) -> None:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
    async with (
        service_process(settings, tmp_path) as process,
        GraphQLLine.to(process.url, token) as line,
        Desk.listening(line, node, trunks) as desk,
        contextlib.AsyncExitStack() as deaf,
    ):
        for _ in range(DEAF_SOCKETS):
            await deaf.enter_async_context(_deaf_subscriber(process.url, token))
        # What every process reads once, a while after its start: the tables of numbers, half of all it holds.
        await line.ask('{ numberLookup(number: "+15550100000") { zones } }')
        before = _resident_bytes(process.process.pid)
        callers = Callers(lambda: line, trunks["sipp"])
        await callers.place(make_plans(50, random.Random(12)), calls_per_second=10)
        assert (callers.given_up, callers.retries) == ([], {})
        for call_id in callers.acknowledged.values():
            await desk.wait_for(call_id, "call.ended", seconds=RECOVERY_SECONDS)
        await assert_all_hold(
            evidence_of(
                settings,
                witness,
                dialled=lambda: dialled_by_sipp(sipp),
                acknowledged=list(callers.acknowledged.values()),
            ),
            seconds=RECOVERY_SECONDS,
        )
        assert _resident_bytes(process.process.pid) - before < 64 * 2**20


@contextlib.asynccontextmanager
async def _deaf_subscriber(url: str, token: str) -> AsyncIterator[None]:
    """Subscribed to everything, over a socket with hardly a buffer, of which nothing is read any more."""
    host, _, port = url.removeprefix("http://").partition(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
    async with websockets.connect(
        f"ws://{host}:{port}/graphql",
        sock=sock,
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        max_queue=1,
        ping_interval=None,
        close_timeout=0.1,
        proxy=None,
    ) as connected:
        await connected.send(f'{{"type":"connection_init","payload":{{"authorization":"Bearer {token}"}}}}')
        await connected.recv()
        await connected.send(_SUBSCRIBE)
        yield


def _resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096
