"""Two services on one database and one Asterisk: one drives it, both are asked, and no call is lost or made twice."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import websockets
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from app.calls.planning.requests import OriginateRequest, WaitFor
from app.config import Settings
from app.errors import UnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.process.bootstrap import running_service
from tests.rig.desk import Desk, PlacedCall
from tests.rig.far_end import FarEnd
from tests.rig.fault_proxy import proxy_to_postgres
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import RunningOffhook, prepare_account, running_offhook
from tests.rig.service_process import ServiceProcess, service_process
from tests.rig.story import assert_is_whole
from tests.rig.talk import answer_both, call_busy, talk
from tests.rig.witness import Witness
from tests.webhooks.sink import Sink

pytestmark = pytest.mark.asterisk

AGENT = "+15550190001"
CUSTOMER = "+15550190002"
TAKE_OVER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Two:
    """The one that drives the Asterisk, and the one that stands by."""

    owner: ServiceProcess
    standby: ServiceProcess
    prepared: RunningOffhook

    @contextlib.asynccontextmanager
    async def desk_at(self, process: ServiceProcess) -> AsyncIterator[Desk]:
        """A caller of one of them, over the public API."""
        async with (
            GraphQLLine.to(process.url, self.prepared.token) as line,
            Desk.listening(line, self.prepared.node, self.prepared.trunks) as desk,
        ):
            yield desk


@contextlib.asynccontextmanager
async def _prepared(settings: Settings) -> AsyncIterator[RunningOffhook]:
    """An account with its trunks and a key; the process that made them is gone by the time it is used."""
    async with running_service(settings, roles={"api"}) as service:
        offhook = await prepare_account(service)
    yield offhook


@contextlib.asynccontextmanager
async def _two(settings: Settings, directory: Path) -> AsyncIterator[Two]:
    async with (
        _prepared(settings) as prepared,
        service_process(settings, directory, name="owner") as owner,
        service_process(settings, directory, name="standby") as standby,
    ):
        assert await _standing(owner) == f"Drives node {settings.node}."
        assert str(await _standing(standby)).startswith("Standby: process ")
        yield Two(owner, standby, prepared)


async def _standing(process: ServiceProcess) -> object:
    return (await process.parts())["ownership"]["reason"]


async def _until_driving(process: ServiceProcess, node: str, *, seconds: float = TAKE_OVER_SECONDS) -> None:
    """Until this one drives the Asterisk and calls can be dialled."""
    async with asyncio.timeout(seconds):
        while True:
            parts = await process.parts()
            if parts["ownership"]["reason"] == f"Drives node {node}." and parts["asterisk"]["ready"]:
                return
            await asyncio.sleep(0.05)


async def _until_standing_by(process: ServiceProcess) -> None:
    """Until this one has let go of the Asterisk."""
    async with asyncio.timeout(TAKE_OVER_SECONDS):
        while not str(await _standing(process)).startswith("Standby: process "):
            await asyncio.sleep(0.05)


def _invites(far_end: FarEnd, since: int) -> list[str]:
    return [event["args"][-1] for event in far_end.ears.events[since:] if event["type"] == "StasisStart"]


async def _assert_nothing_is_left(settings: Settings, witness: Witness) -> None:
    async with running_offhook(settings) as offhook:
        await offhook.assert_nothing_is_left(witness)


async def test_given_two_services_when_the_standby_is_asked_then_the_owner_does_it_and_both_tell_of_it(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    heard_before = len(far_end.ears.events)
    async with _two(settings, tmp_path) as two:
        async with two.desk_at(two.standby) as desk, two.desk_at(two.owner) as owners_desk:
            placed = await desk.place_call(
                CUSTOMER, connect_number=AGENT, trunk="farend", record=RecordingMode.BOTH, key="one"
            )
            waiting = asyncio.create_task(
                desk.place_call(
                    CUSTOMER,
                    connect_number=AGENT,
                    trunk="farend",
                    record=RecordingMode.BOTH,
                    key="one",
                    wait_for=WaitFor.CONNECTED,
                )
            )
            await answer_both(far_end, AGENT, CUSTOMER)
            joined = await waiting
            assert (joined.id, joined.is_replayed, joined.wait_outcome) == (placed.id, True, "REACHED")
            again = await owners_desk.place_call(
                CUSTOMER, connect_number=AGENT, trunk="farend", record=RecordingMode.BOTH, key="one"
            )
            assert (again.id, again.is_replayed) == (placed.id, True)
            await desk.wait_for(placed.id, "recording.started")
            await asyncio.sleep(0.5)  # enough for a file that holds something
            await desk.hang_up(placed.id)
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
            assert [fact.id for fact in (await owners_desk.wait_for_end(placed.id)).facts] == [
                fact.id for fact in story.facts
            ]
            # Asked of both at once, with one key.
            crowd = await asyncio.gather(
                *(
                    one.place_call("+15550190007", trunk="farend", first=LegRole.CUSTOMER, key="both")
                    for one in (desk, owners_desk) * 5
                )
            )
            assert len({one.id for one in crowd}) == 1
            await (await far_end.expect_call("+15550190007")).reject(486)
            assert (await desk.wait_for_end(crowd[0].id)).disposition == "BUSY"
            # Served by the one that did not collect it.
            (recording,) = await desk.line.recordings(placed.id)
            path = httpx.URL(recording["url"]).raw_path.decode()
            async with httpx.AsyncClient(trust_env=False) as http:
                assert len((await http.get(f"{two.standby.url}{path}")).content) == recording["sizeBytes"]
        assert str(await _standing(two.standby)).startswith("Standby: process ")
    assert _invites(far_end, heard_before) == [AGENT, CUSTOMER, "+15550190007"]
    await _assert_nothing_is_left(settings, witness)


async def test_given_the_owner_is_killed_when_calls_are_live_then_the_standby_has_them_within_ten_seconds(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    heard_before = len(far_end.ears.events)
    async with _two(settings, tmp_path) as two, two.desk_at(two.standby) as desk:
        call, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        ringing = await desk.place_call("+15550190003", trunk="farend", first=LegRole.CUSTOMER)
        ringing_end = await far_end.expect_call("+15550190003")
        await ringing_end.ring()
        await desk.wait_for(ringing.id, "leg.ringing")
        killed_at = time.monotonic()
        await two.owner.kill()
        # Asked for while nobody drives the Asterisk: it is placed by whoever takes it, once.
        asked = [
            asyncio.create_task(desk.place_call("+15550190004", trunk="farend", first=LegRole.CUSTOMER, key="gap"))
            for _ in range(3)
        ]
        await desk.wait_for(call.id, "call.recovered", seconds=TAKE_OVER_SECONDS)
        await desk.wait_for(ringing.id, "call.recovered", seconds=TAKE_OVER_SECONDS)
        await _until_driving(two.standby, settings.node)
        assert time.monotonic() - killed_at < TAKE_OVER_SECONDS
        placed = {one.id for one in await _all_placed(desk, asked)}
        assert len(placed) == 1
        await (await far_end.expect_call("+15550190004")).reject(486)
        assert not agent.has_ended
        assert not customer.has_ended
        await ringing_end.reject(603)
        await customer.hang_up()
        for call_id, disposition in ((call.id, "ANSWERED"), (ringing.id, "REJECTED"), (placed.pop(), "BUSY")):
            story = await desk.wait_for_end(call_id)
            await assert_is_whole(desk, story)
            assert story.disposition == disposition
        await agent.wait_until_ended()
    assert sorted(_invites(far_end, heard_before)) == sorted([AGENT, CUSTOMER, "+15550190003", "+15550190004"])
    await _assert_nothing_is_left(settings, witness)


async def _all_placed(desk: Desk, asked: list["asyncio.Task[PlacedCall]"]) -> list[PlacedCall]:
    """What came of requests with one key; those that were told to come again come again."""
    results = []
    for task in asked:
        try:
            results.append(await task)
        except UnavailableError:
            results.append(await desk.place_call("+15550190004", trunk="farend", first=LegRole.CUSTOMER, key="gap"))
    return results


async def test_given_the_owner_is_stopped_in_its_tracks_when_it_wakes_up_then_it_has_lost_and_does_no_harm(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    heard_before = len(far_end.ears.events)
    async with _two(settings, tmp_path) as two, two.desk_at(two.standby) as desk:
        call, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        os.kill(two.owner.process.pid, signal.SIGSTOP)
        try:
            await desk.wait_for(call.id, "call.recovered", seconds=TAKE_OVER_SECONDS)
            await _until_driving(two.standby, settings.node)
        finally:
            os.kill(two.owner.process.pid, signal.SIGCONT)
        await _until_standing_by(two.owner)
        assert not agent.has_ended
        assert not customer.has_ended
        # The former owner is as good a place to ask as any.
        async with two.desk_at(two.owner) as former:
            await former.hang_up(call.id)
            await call_busy(former, far_end, "+15550190005")
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
        assert len(story.all_of("call.recovered")) == 1
    assert _invites(far_end, heard_before) == [AGENT, CUSTOMER, "+15550190005"]
    await _assert_nothing_is_left(settings, witness)


@pytest.mark.parametrize("how", ["cut", "hold"])
async def test_given_the_owner_alone_loses_the_database_when_the_standby_takes_over_then_the_owner_lets_go(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, how: str
) -> None:
    heard_before = len(far_end.ears.events)
    assert settings.database_url is not None
    async with (
        _prepared(settings) as prepared,
        proxy_to_postgres(settings.database_url.get_secret_value(), tmp_path) as wire,
    ):
        behind = settings.model_copy(update={"database_url": SecretStr(wire.address)})
        async with (
            service_process(behind, tmp_path, name="owner") as owner,
            service_process(settings, tmp_path, name="standby") as standby,
        ):
            two = Two(owner, standby, prepared)
            async with two.desk_at(standby) as desk:
                call, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
                getattr(wire, how)()
                await desk.wait_for(call.id, "call.recovered", seconds=TAKE_OVER_SECONDS)
                await _until_driving(standby, settings.node)
                assert not agent.has_ended
                assert not customer.has_ended
                wire.mend()
                await _until_standing_by(owner)
                await agent.hang_up()
                story = await desk.wait_for_end(call.id)
                await assert_is_whole(desk, story)
                assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
                await customer.wait_until_ended()
    assert _invites(far_end, heard_before) == [AGENT, CUSTOMER]
    await _assert_nothing_is_left(settings, witness)


async def test_given_calls_under_way_when_the_owner_is_told_to_stop_then_it_hands_over_and_ends_within_ten_seconds(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _two(settings, tmp_path) as two, two.desk_at(two.standby) as desk:
        async with GraphQLLine.to(two.owner.url, two.prepared.token) as line:
            call = await desk.place_call(CUSTOMER, connect_number=AGENT, trunk="farend")
            agent = await far_end.expect_call(AGENT)
            await agent.answer()
            customer = await far_end.expect_call(CUSTOMER)
            await customer.ring()
            waiting = asyncio.create_task(line.originate(_request("+15550190006", two, WaitFor.CONNECTED)))
            other_end = await far_end.expect_call("+15550190006")
            address = two.owner.url.replace("http", "ws", 1) + "/graphql"
            async with websockets.connect(
                address, subprotocols=[websockets.Subprotocol("graphql-transport-ws")], proxy=None
            ) as socket:
                await socket.send(
                    '{"type":"connection_init","payload":{"authorization":"Bearer ' + two.prepared.token + '"}}'
                )
                await socket.recv()
                stopped_at = time.monotonic()
                os.kill(two.owner.process.pid, signal.SIGTERM)
                said = await _until_refused(line, two)
                outcome = await waiting
                await socket.wait_closed()
        assert said == "SHUTTING_DOWN"
        assert outcome.wait_outcome == "TIMED_OUT"  # the call stands; nobody is kept waiting by a process that ends
        assert socket.close_code == 1012
        async with asyncio.timeout(TAKE_OVER_SECONDS):
            assert await two.owner.process.wait() == 0
        assert time.monotonic() - stopped_at < TAKE_OVER_SECONDS
        await _until_driving(two.standby, settings.node, seconds=TAKE_OVER_SECONDS)
        await customer.answer()
        await desk.wait_for(call.id, "call.connected")
        await other_end.reject(486)
        assert (await desk.wait_for_end(outcome.id)).disposition == "BUSY"
        await agent.hang_up()
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
        await customer.wait_until_ended()
    await _assert_nothing_is_left(settings, witness)


def _request(number: str, two: Two, wait_for: WaitFor) -> OriginateRequest:
    return OriginateRequest(
        idempotency_key=f"key {number}",
        destination_number=number,
        connect_extension="2001",
        dial_first=LegRole.CUSTOMER,
        trunk_id=two.prepared.trunks["farend"],
        wait_for=wait_for,
    )


async def _until_refused(line: GraphQLLine, two: Two) -> str:
    """The code of the first refusal after SIGTERM, which may need a moment to arrive."""
    number = "+15550190006"
    async with asyncio.timeout(60):
        while True:
            try:
                await line.originate(_request(number, two, WaitFor.CREATED))
            except UnavailableError as error:
                return error.code
            await asyncio.sleep(0.02)


async def test_given_each_role_in_a_process_of_its_own_when_a_call_is_made_then_every_part_of_it_is_there(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, webhook_sink: Sink
) -> None:
    async with running_service(settings, roles={"api"}) as service:
        prepared = await prepare_account(service)
        endpoint = await service.services.webhooks.create(
            prepared.principal.account_id, url=webhook_sink.url("/crm"), event_types=["call.*"]
        )
    async with (
        service_process(settings, tmp_path, name="controller", roles="controller") as controller,
        service_process(settings, tmp_path, name="worker", roles="worker") as worker,
        service_process(settings, tmp_path, name="api", roles="api") as api,
        GraphQLLine.to(api.url, prepared.token) as line,
        Desk.listening(line, prepared.node, prepared.trunks) as desk,
    ):
        placed, agent, _ = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH, external_id="crm-1")
        await asyncio.sleep(0.5)  # enough for a file that holds something
        await desk.hang_up(placed.id)
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.record["externalId"]) == ("ANSWERED", "crm-1")
        told = [fact.id for fact in story.facts if fact.type.startswith("call.")]
        await webhook_sink.wait_until(lambda: len(webhook_sink.at("/crm")) >= len(told))
        received = webhook_sink.at("/crm")
        assert [one.webhook_id for one in received] == told
        for one in received:
            Webhook(endpoint.secret).verify(one.body, dict(one.headers))
        (recording,) = await desk.line.recordings(placed.id)
        path = httpx.URL(recording["url"]).raw_path.decode()
        async with httpx.AsyncClient(trust_env=False) as http:
            assert len((await http.get(f"{api.url}{path}")).content) == recording["sizeBytes"]
            for process in (controller, worker):
                assert (await http.get(f"{process.url}/healthz")).status_code == httpx.codes.OK
                assert (await http.get(f"{process.url}/metrics")).status_code == httpx.codes.OK
                assert (await http.post(f"{process.url}/graphql", json={})).status_code == httpx.codes.NOT_FOUND
        loops = {"inbox", "queues", "call-flows", "campaigns", "callbacks", "one-time-passwords", "traces"}
        everywhere = {"database", "webhook-listeners"}
        assert set(await controller.parts()) == {*everywhere, "asterisk", "ownership", "recordings", *loops}
        assert {"asterisk", "ownership"}.isdisjoint(await worker.parts())
        assert set(await api.parts()) == {*everywhere, "asterisk", "feed"}
        await agent.wait_until_ended()
        # Without a controller the others say so, and nothing is begun.
        os.kill(controller.process.pid, signal.SIGTERM)
        await controller.process.wait()
        assert not (await api.parts())["asterisk"]["ready"]
    await _assert_nothing_is_left(settings, witness)
