"""kill -9 at every named place of a call's life: no phone rings twice, and the next start makes everything whole."""

import asyncio
import contextlib
import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import failpoints
from app.calls.hearing import controller
from app.calls.planning.requests import OriginateRequest, WaitFor
from app.config import Settings
from app.errors import RefusedError, UnavailableError
from app.facts.vocabulary import RecordingMode
from app.failpoints import Failpoint
from app.local.asterisk import AsteriskInstall
from tests.rig.checker import (
    assert_all_hold,
    assert_nothing_remembered,
    assert_same_call_again,
    dialled_by_sipp,
    evidence_of,
)
from tests.rig.desk import Desk, Fact, PlacedCall, Story
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.sipp import SippPorts, sipp_called_party
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness
from tests.webhooks.sink import Sink

pytestmark = pytest.mark.asterisk

_numbers = itertools.count(1)
_KILLED_SECONDS = 30.0
_TALK_SECONDS = 1.0

ANSWERED = ("ANSWERED", "API_HANGUP", "SYSTEM")
NEVER_DIALLED = ("FAILED", "DIAL_FAILED", "SYSTEM")


@dataclass(frozen=True, slots=True)
class Case:
    """A place, the how manieth pass, and what must come of the call: its end, and how many phones rang."""

    place: Failpoint
    end: tuple[str, str, str]
    invites: int
    passes: int = 1
    is_replayed: bool = True

    def __str__(self) -> str:
        return f"{self.place.value}-{self.passes}"


CASES = (
    Case(Failpoint.BEFORE_ATTEMPT_COMMIT, ANSWERED, 2, is_replayed=False),
    Case(Failpoint.AFTER_ATTEMPT_COMMIT, NEVER_DIALLED, 0),
    Case(Failpoint.BEFORE_CREATE, NEVER_DIALLED, 0),
    Case(Failpoint.BEFORE_DIAL, NEVER_DIALLED, 0),
    Case(Failpoint.WHILE_RINGING, ANSWERED, 2),
    Case(Failpoint.BEFORE_BRIDGE, NEVER_DIALLED, 1),
    Case(Failpoint.BEFORE_CREATE, NEVER_DIALLED, 1, passes=2),
    Case(Failpoint.BEFORE_DIAL, NEVER_DIALLED, 1, passes=2),
    Case(Failpoint.WHILE_RINGING, ANSWERED, 2, passes=2),
    Case(Failpoint.MID_BRIDGE, ANSWERED, 2),
    Case(Failpoint.WHILE_RECORDING, ANSWERED, 2),
    Case(Failpoint.BEFORE_RECORD_COMMIT, ANSWERED, 2),
    Case(Failpoint.AFTER_RECORD_COMMIT, ANSWERED, 2),
    Case(Failpoint.AFTER_WEBHOOK_SENT, ANSWERED, 2),
)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_given_the_service_is_killed_at_a_named_place_when_the_next_one_starts_then_nobody_is_rung_twice(
    settings: Settings,
    tmp_path: Path,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    witness: Witness,
    webhook_sink: Sink,
    case: Case,
) -> None:
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario="rings") as sipp:
        token, trunks, secret = await _prepare(settings, webhook_sink)
        request = _request(trunks, recording_mode=RecordingMode.BOTH)
        failpoint = f"{case.place.value}:kill:{case.passes}"
        async with (
            service_process(settings, tmp_path, failpoint=failpoint) as process,
            GraphQLLine.to(process.url, token) as line,
        ):
            placed = await _place(line, request)
            await _live_until_killed(line, placed, process.process.exited)
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            again = await desk.line.originate(request)
            assert again.is_replayed is case.is_replayed
            assert placed is None or placed.id == again.id
            story = await _live_out(desk, again)
            evidence = evidence_of(
                settings,
                witness,
                dialled=lambda: dialled_by_sipp(sipp),
                acknowledged=[again.id],
                sink=webhook_sink,
                webhook_secrets={"/told": secret},
            )
            await assert_all_hold(evidence)
            await assert_nothing_remembered(evidence)
            await assert_is_whole(desk, story)
            assert (story.disposition, *story.end) == case.end
            assert len(sipp.calls()) == case.invites
            if case.end == ANSWERED:
                story.the("recording.saved")
            assert len(story.all_of("call.recovered")) == (1 if case.is_replayed and not _was_over(case) else 0)
            await _told_once(webhook_sink, again.id)
            await assert_same_call_again(desk.line, request, again.id)
            assert len(sipp.calls()) == case.invites


def _was_over(case: Case) -> bool:
    return case.place in {Failpoint.AFTER_RECORD_COMMIT, Failpoint.AFTER_WEBHOOK_SENT}


async def _prepare(settings: Settings, sink: Sink) -> tuple[str, dict[str, str], str]:
    """An account with a webhook endpoint for the ends of its calls."""
    async with running_offhook(settings) as offhook:
        endpoint = await offhook.service.services.webhooks.create(
            offhook.principal.account_id, url=sink.url("/told"), event_types=("call.ended",)
        )
        return offhook.token, offhook.trunks, endpoint.secret


async def _place(line: GraphQLLine, request: OriginateRequest) -> PlacedCall | None:
    try:
        return await line.originate(request)
    except UnavailableError:  # it was killed before it could answer
        return None


async def _live_until_killed(line: GraphQLLine, placed: PlacedCall | None, killed: "asyncio.Future[int]") -> None:
    """Let the call go its way, which leads past every place, until the service is gone."""
    async with asyncio.timeout(_KILLED_SECONDS):
        with contextlib.suppress(UnavailableError):
            while placed is not None:
                told = [fact.type for fact in await line.facts(placed.id)]
                if "recording.started" in told:
                    await asyncio.sleep(_TALK_SECONDS)
                    await line.hang_up(placed.id)
                    break
                await asyncio.sleep(0.05)
        await asyncio.shield(killed)


async def _live_out(desk: Desk, placed: PlacedCall) -> Story:
    """Wait until the parties talk and hang up, or until the call has ended without that."""

    def is_decided(facts: list[Fact]) -> bool:
        return any(fact.type in {"call.connected", "call.ended"} for fact in facts)

    facts = await desk.wait_until(placed.id, is_decided, what="the talk or the end")
    if "call.ended" not in [fact.type for fact in facts]:
        await asyncio.sleep(_TALK_SECONDS)
        with contextlib.suppress(RefusedError):  # its end was decided before the service was killed
            await desk.hang_up(placed.id)
    return await desk.wait_for_end(placed.id, seconds=60)


async def _told_once(sink: Sink, call_id: str) -> None:
    """The end of the call came, however often, as one webhook."""
    await sink.wait_until(lambda: any(one.json["subjectId"] == call_id for one in sink.at("/told")))
    assert len({one.webhook_id for one in sink.at("/told")}) == 1


def _request(trunks: dict[str, str], **fields: Any) -> OriginateRequest:
    number = next(_numbers)
    return OriginateRequest(
        **{
            "idempotency_key": f"once-{number}",
            "destination_number": f"+1555019{number:03d}8",
            "connect_number": f"+1555018{number:03d}1",
            "trunk_id": trunks["sipp"],
            **fields,
        }
    )


async def test_given_a_hundred_requests_with_one_key_when_they_come_at_once_then_one_call_rings_each_phone_once(
    settings: Settings, tmp_path: Path, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, witness: Witness
) -> None:
    async with (
        sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario="rings") as sipp,
        running_offhook(settings, is_serving=True) as offhook,
        offhook.desk() as desk,
    ):
        assert offhook.url is not None
        request = _request(offhook.trunks)
        async with GraphQLLine.to(offhook.url, offhook.token) as line:
            answers = await asyncio.gather(*(line.originate(request) for _ in range(100)))
            assert len({answer.id for answer in answers}) == 1
            assert sorted(answer.is_replayed for answer in answers) == [False] + [True] * 99
            changed = dataclasses.replace(request, external_id="another lead")
            refused = await asyncio.gather(*(line.originate(changed) for _ in range(10)), return_exceptions=True)
            assert {_code(error) for error in refused} == {"IDEMPOTENCY_KEY_REUSED"}
        story = await _live_out(desk, answers[0])
        await assert_is_whole(desk, story)
        evidence = evidence_of(
            settings, witness, dialled=lambda: dialled_by_sipp(sipp), acknowledged=[story.facts[0].call_id]
        )
        await assert_all_hold(evidence)
        assert len(sipp.calls()) == 2


async def test_given_somebody_waits_for_a_talk_when_the_service_is_killed_then_the_same_key_joins_the_wait_after_it(
    settings: Settings, tmp_path: Path, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, witness: Witness
) -> None:
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario="rings") as sipp:
        async with running_offhook(settings) as offhook:
            token, trunks = offhook.token, offhook.trunks
        request = _request(trunks, wait_for=WaitFor.CONNECTED)
        async with (
            service_process(settings, tmp_path, failpoint="while-ringing:kill:2") as process,
            GraphQLLine.to(process.url, token) as line,
        ):
            with pytest.raises(UnavailableError):
                await line.originate(request)
            await process.process.wait()
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            placed = await desk.line.originate(request)
            assert (placed.is_replayed, placed.wait_outcome, placed.state) == (True, "REACHED", "CONNECTED")
            await desk.hang_up(placed.id)
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            over = await desk.line.originate(request)
            assert (over.id, over.wait_outcome) == (placed.id, "REACHED")  # it got there, and is over
            await assert_all_hold(evidence_of(settings, witness, dialled=lambda: dialled_by_sipp(sipp)))
            assert len(sipp.calls()) == 2


async def test_given_a_client_that_goes_away_while_it_waits_when_its_connection_is_gone_then_the_call_goes_on(
    settings: Settings, tmp_path: Path, asterisk_install: AsteriskInstall, sipp_ports: SippPorts, witness: Witness
) -> None:
    async with (
        sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario="rings") as sipp,
        running_offhook(settings, is_serving=True) as offhook,
        offhook.desk() as desk,
    ):
        assert offhook.url is not None
        request = _request(offhook.trunks, wait_for=WaitFor.CONNECTED)
        async with GraphQLLine.to(offhook.url, offhook.token) as line:
            waiting = asyncio.create_task(line.originate(request))
            async with asyncio.timeout(_KILLED_SECONDS):
                while not sipp.calls():
                    await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        placed = await desk.line.originate(request)
        assert (placed.is_replayed, placed.wait_outcome) == (True, "REACHED")
        await _live_out(desk, placed)
        await assert_all_hold(evidence_of(settings, witness, dialled=lambda: dialled_by_sipp(sipp)))
        assert len(sipp.calls()) == 2


@pytest.mark.parametrize("effect", ["raise", "sleep"])
@pytest.mark.parametrize("place", [Failpoint.BEFORE_CREATE, Failpoint.BEFORE_DIAL, Failpoint.MID_BRIDGE])
async def test_given_a_mistake_or_a_stall_at_a_named_place_when_it_happens_then_the_call_is_closed_or_goes_on(
    settings: Settings,
    tmp_path: Path,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    witness: Witness,
    monkeypatch: pytest.MonkeyPatch,
    place: Failpoint,
    effect: str,
) -> None:
    monkeypatch.setattr(controller, "AUDIT_SECONDS", 1.0)  # whose call it is that nobody has
    async with (
        sipp_called_party(asterisk_install, sipp_ports, tmp_path, scenario="rings") as sipp,
        running_offhook(settings) as offhook,
        offhook.desk() as desk,
    ):
        monkeypatch.setattr(failpoints, "armed", failpoints.parse(f"{place.value}:{effect}"))
        placed = await desk.line.originate(_request(offhook.trunks))
        story = await _live_out(desk, placed)
        assert failpoints.armed is None
        await assert_is_whole(desk, story)
        await assert_all_hold(evidence_of(settings, witness, dialled=lambda: dialled_by_sipp(sipp)))
        if effect == "sleep":
            assert (story.disposition, *story.end) == ANSWERED
            assert len(sipp.calls()) == 2
        else:
            assert len(sipp.calls()) == (2 if place is Failpoint.MID_BRIDGE else 0)


def _code(error: object) -> str:
    assert isinstance(error, RefusedError)
    return error.problems[0].code
