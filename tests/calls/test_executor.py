"""Each command is one request to Asterisk; each way to fail has its name; what Asterisk remembers is read with care."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from math import isfinite

import httpx
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.ari.client import AriClient
from app.ari.errors import AriUnavailable
from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import HangupReason
from app.calls.core.model.recording import PartState, RecordingPart
from app.calls.doing.executor import Executor
from app.calls.doing.leg_lookup import HangupMemory, LegLookup, parse_hangup_memory
from app.calls.names import bridge_of, channel_of, snoop_of
from app.errors import DatabaseUnavailableError, OverloadedError
from app.facts.stretches import Gap
from app.facts.vocabulary import LegRole, PauseMode, RecordingMode, RecordingState
from app.recordings.collecting import CollectJob, Part
from tests.calls.making import make_call
from tests.calls.standing_in_asterisk import ScriptedAsterisk, channel_json, live_recording_json
from tests.rig.hangup_memory import hangup_memory_of

_STOPPED_AT = datetime(2026, 3, 2, 12, 1, tzinfo=UTC)
_SIDES = (LegRole.AGENT, LegRole.CUSTOMER)
_STARTED_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class World:
    """An executor, its scripted Asterisk, and a recorded call."""

    def __init__(self, ari: AriClient, asterisk: ScriptedAsterisk) -> None:
        self.asterisk = asterisk
        self.jobs: list[CollectJob] = []
        self.may_forget = True
        self.executor = Executor(ari, node="n1", collect=self.collect, may_forget=lambda: self.may_forget)
        self.lookup = LegLookup(ari, "n1")
        self.is_collector_full = False
        self.call = make_call(recording_mode=RecordingMode.BOTH)
        self.agent, self.customer = (leg.id for leg in self.call.legs)
        self.recording_id = self.call.recordings[0].id
        self.channel = channel_of("n1", self.agent)
        self.bridge = bridge_of("n1", self.call.id)
        self.snoop = snoop_of("n1", self.recording_id, LegRole.AGENT)

    def collect(self, job: CollectJob) -> None:
        if self.is_collector_full:
            raise OverloadedError("The collector's queue is full.")
        self.jobs.append(job)

    async def carry_out(self, command: Command) -> tuple[inputs.Input, ...]:
        return await self.executor.carry_out(self.call, command)

    async def fail(self, command: Command) -> FailureKind:
        """The kind of the one failure that comes of a command."""
        (failed,) = await self.carry_out(command)
        assert isinstance(failed, inputs.CommandFailed)
        assert failed.command is command
        assert failed.detail
        return failed.kind

    def have_recording(self, state: RecordingState, *parts: RecordingPart, gaps: tuple[Gap, ...] = ()) -> None:
        recording = msgspec.structs.replace(self.call.recordings[0], state=state, parts=parts, gaps=gaps)
        self.call = msgspec.structs.replace(self.call, recordings=(recording,))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    asterisk = ScriptedAsterisk()
    async with asterisk.client() as ari:
        made = World(ari, asterisk)
        asterisk.channels[made.channel] = "Up"
        asterisk.bridges[made.bridge] = ()
        yield made


def _create(world: World) -> commands.CreateChannel:
    leg = world.call.legs[0]
    return commands.CreateChannel(
        leg_id=leg.id,
        endpoint=leg.endpoint,
        shown_number="+15550100000",
        shown_name="Grace",
        lifetime_seconds=120.2,
        presented_number="+15550199999",
    )


def _hang_up(world: World) -> commands.HangupChannel:
    return commands.HangupChannel(leg_id=world.agent, reason=HangupReason.CALL_OVER)


async def test_given_a_refusal_whose_words_hold_a_nul_when_told_then_they_can_be_stored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_request: httpx.Request, _line: str) -> httpx.Response:
        return httpx.Response(400, json={"message": "no\0such endpoint"})

    monkeypatch.setattr(world.asterisk, "_answer", refuse)
    (failed,) = await world.carry_out(_create(world))
    assert isinstance(failed, inputs.CommandFailed)
    assert "no\N{REPLACEMENT CHARACTER}such endpoint" in failed.detail


async def test_given_create_channel_when_carried_out_then_limits_memory_and_names_go_with_it(world: World) -> None:
    assert await world.carry_out(_create(world)) == ()
    assert world.asterisk.lines == [
        f"POST /channels/create?endpoint=PJSIP/acme-2001&app=offhook&appArgs=leg&channelId={world.channel}"
    ]
    assert world.asterisk.body() == {
        "variables": {
            "TIMEOUT(absolute)": "121",
            "TRANSFER_CONTEXT": "offhook-refer",
            "CHANNEL(hangup_handler_push)": "offhook-hangup,s,1",
            "CONNECTEDLINE(num)": "+15550100000",
            "CONNECTEDLINE(name)": "Grace",
            # What others are to see of this leg, should Asterisk connect them by itself.
            "CALLERID(num)": "+15550199999",
        }
    }


async def test_given_names_that_nobody_checked_when_a_channel_is_created_then_only_what_may_be_shown_goes_with_it(
    world: World,
) -> None:
    hostile = 'Bob\x85" <+19005550100>\u202e\\' + "x" * 100
    await world.carry_out(msgspec.structs.replace(_create(world), shown_name=hostile, presented_name=hostile))
    shown = ("Bob +19005550100" + "x" * 100)[:80]
    variables = world.asterisk.body()["variables"]
    assert (variables["CONNECTEDLINE(name)"], variables["CALLERID(name)"]) == (shown, shown)
    await world.carry_out(msgspec.structs.replace(_create(world), shown_name='"\u202e"', presented_name="<\x85>"))
    assert not {"CONNECTEDLINE(name)", "CALLERID(name)"} & set(world.asterisk.body()["variables"])


async def test_given_nothing_to_show_when_a_channel_is_created_then_asterisk_is_told_no_name(world: World) -> None:
    await world.carry_out(
        msgspec.structs.replace(_create(world), shown_number=None, shown_name=None, presented_number=None)
    )
    assert set(world.asterisk.body()["variables"]) == {
        "TIMEOUT(absolute)",
        "TRANSFER_CONTEXT",
        "CHANNEL(hangup_handler_push)",
    }


@pytest.mark.parametrize("role", [LegRole.SUPERVISOR, LegRole.PARTICIPANT])
async def test_given_a_guest_when_its_channel_is_created_then_its_phone_may_transfer_nobody(
    world: World, role: LegRole
) -> None:
    legs = tuple(msgspec.structs.replace(leg, role=role) for leg in world.call.legs)
    await world.executor.carry_out(msgspec.structs.replace(world.call, legs=legs), _create(world))
    assert world.asterisk.body()["variables"]["TRANSFER_CONTEXT"] == "offhook-no-refer"


async def test_given_a_device_to_be_told_when_carried_out_then_its_channel_is_lent_to_the_dialplan(
    world: World,
) -> None:
    world.asterisk.channels[world.channel] = "Up"
    told = commands.ReferLeg(leg_id=world.agent, dialled="+15550100000")
    assert await world.carry_out(told) == ()
    subscribe, app, dialled, lend = world.asterisk.lines
    assert subscribe.endswith(f"eventSource=channel:{world.channel}")
    assert app == dialled == f"POST /channels/{world.channel}/variable"
    assert world.asterisk.body(1) == {"variable": "OFK_APP", "value": "offhook"}
    assert world.asterisk.body(2) == {"variable": "OFK_REFER_TO", "value": "+15550100000"}
    assert lend == f"POST /channels/{world.channel}/continue?context=offhook-refer-out&extension=s&priority=1"


async def test_given_the_end_of_a_link_when_adopted_then_its_end_is_heard_of_and_remembered(world: World) -> None:
    world.asterisk.channels[world.channel] = "Up"
    assert await world.carry_out(commands.AdoptChannel(leg_id=world.agent, lifetime_seconds=60.5)) == ()
    subscribe, handler, limit = world.asterisk.lines
    assert subscribe.endswith(f"eventSource=channel:{world.channel}")
    assert handler == limit == f"POST /channels/{world.channel}/variable"
    assert world.asterisk.body(1) == {"variable": "CHANNEL(hangup_handler_push)", "value": "offhook-hangup,s,1"}
    assert world.asterisk.body(2) == {"variable": "TIMEOUT(absolute)", "value": "61"}


async def test_given_a_channel_that_has_ended_and_is_listed_when_looked_up_then_its_end_is_what_is_told(
    world: World,
) -> None:
    """A REFER that nobody has told the outcome of keeps it in Asterisk's list for ten minutes."""
    over = channel_json(world.channel, "Up")
    over["dialplan"]["app_name"] = "Return"
    world.asterisk.fates.append((f"GET /channels/{world.channel}", lambda _: httpx.Response(200, json=over)))
    world.asterisk.variables[hangup_memory_of("n1", world.agent)] = "1795221571.395|16||1795221560.118000|"
    (ended,) = await world.carry_out(commands.VerifyLeg(leg_id=world.agent))
    assert isinstance(ended, inputs.LegDestroyed)
    assert ended.cause == 16
    assert ended.at is not None


async def test_given_a_simple_command_when_carried_out_then_it_is_one_request(world: World) -> None:
    ari = world.asterisk
    expected: list[tuple[Command, str]] = [
        (
            commands.DialChannel(leg_id=world.agent, timeout_seconds=35.5),
            f"POST /channels/{world.channel}/dial?timeout=36",
        ),
        (commands.CreateBridge(), f"POST /bridges/{world.bridge}?type=mixing&name={world.call.id}"),
        (
            commands.JoinBridge(leg_id=world.agent),
            # Whoever joins before it is dialled keeps its own caller id.
            f"POST /bridges/{world.bridge}/addChannel?channel={world.channel}&inhibitConnectedLineUpdates=true",
        ),
        (
            commands.CreateSnoop(recording_id=world.recording_id, role=LegRole.AGENT, leg_id=world.agent),
            f"POST /channels/{world.channel}/snoop/{world.snoop}?spy=in&whisper=none&app=offhook&appArgs=snoop",
        ),
        (commands.StartRingback(leg_id=world.agent), f"POST /channels/{world.channel}/ring"),
        (commands.StopRingback(leg_id=world.agent), f"DELETE /channels/{world.channel}/ring"),
        (_hang_up(world), f"DELETE /channels/{world.channel}?reason_code=16"),
        (commands.DestroyBridge(), f"DELETE /bridges/{world.bridge}"),
    ]
    for command, line in expected:
        ari.requests.clear()
        assert await world.carry_out(command) == ()
        assert ari.lines == [line]


async def test_given_a_phone_whose_call_another_answered_when_hung_up_then_it_is_told_so(world: World) -> None:
    command = commands.HangupChannel(leg_id=world.agent, reason=HangupReason.ANSWERED_ELSEWHERE)
    assert await world.carry_out(command) == ()
    assert world.asterisk.lines == [f"DELETE /channels/{world.channel}?reason_code=26"]


async def test_given_both_sides_to_record_when_carried_out_then_both_are_begun(world: World) -> None:
    names = [snoop_of("n1", world.recording_id, role) for role in _SIDES]
    world.asterisk.channels |= dict.fromkeys(names, "Up")
    command = commands.RecordSnoop(recording_id=world.recording_id, roles=_SIDES)
    assert await world.carry_out(command) == ()
    assert sorted(line.partition("&")[0] for line in world.asterisk.lines) == sorted(
        f"POST /channels/{name}/record?name={name}" for name in names
    )


async def test_given_one_of_two_sides_cannot_be_recorded_when_carried_out_then_the_command_has_failed(
    world: World,
) -> None:
    world.asterisk.channels[world.snoop] = "Up"
    command = commands.RecordSnoop(recording_id=world.recording_id, roles=_SIDES)
    assert await world.fail(command) is FailureKind.GONE
    assert len(world.asterisk.requests) == 2


@pytest.mark.parametrize(("is_muted", "methods"), [(True, ["DELETE", "POST"]), (False, ["DELETE"])])
async def test_given_parts_to_silence_when_carried_out_then_none_is_muted_twice_and_one_that_is_gone_is_fine(
    world: World, is_muted: bool, methods: list[str]
) -> None:
    parts = ((LegRole.AGENT, 1), (LegRole.CUSTOMER, 1), (LegRole.AGENT, 2))
    names = [snoop_of("n1", world.recording_id, role, number) for role, number in parts]
    world.asterisk.live_recordings |= set(names[:2])
    command = commands.MuteParts(recording_id=world.recording_id, parts=parts, is_muted=is_muted)
    assert await world.carry_out(command) == ()
    for name in names:
        told = [line for line in world.asterisk.lines if f"/{name}/" in line]
        expected = methods if name in world.asterisk.live_recordings else methods[:1]
        assert told == [f"{method} /recordings/live/{name}/mute" for method in expected]


async def test_given_a_recording_with_gaps_when_asterisks_clock_is_ahead_then_the_collector_gets_them_by_that_clock(
    world: World,
) -> None:
    ahead = timedelta(seconds=90)
    part = RecordingPart(role=LegRole.AGENT, started_at=_STARTED_AT + ahead, heard_at=_STARTED_AT)
    gap = Gap(began_at=_STARTED_AT, ended_at=_STOPPED_AT, pause=PauseMode.SKIP)
    world.have_recording(RecordingState.COLLECTING, part, RecordingPart(role=LegRole.CUSTOMER), gaps=(gap,))
    await world.carry_out(commands.CollectRecording(recording_id=world.recording_id))
    (job,) = world.jobs
    assert [(one.began_at, one.ended_at, one.pause) for one in job.gaps] == [
        (_STARTED_AT + ahead, _STOPPED_AT + ahead, PauseMode.SKIP)
    ]


async def test_given_legs_whose_ends_are_known_when_forgotten_then_their_globals_are_gone(world: World) -> None:
    assert await world.carry_out(commands.ForgetHangups(leg_ids=(world.agent, world.customer))) == ()
    assert [world.asterisk.body(number) for number in range(2)] == [
        {"variable": hangup_memory_of("n1", leg_id)} for leg_id in (world.agent, world.customer)
    ]


async def test_given_an_end_that_is_not_in_the_database_yet_when_told_to_forget_then_asterisk_remembers_it(
    world: World,
) -> None:
    world.may_forget = False
    assert await world.carry_out(commands.ForgetHangups(leg_ids=(world.agent, world.customer))) == ()
    assert not world.asterisk.requests


async def test_given_a_recording_to_collect_when_carried_out_then_the_collector_gets_its_parts(world: World) -> None:
    started = RecordingPart(role=LegRole.AGENT, started_at=_STARTED_AT, stopped_at=_STOPPED_AT)
    never_told = RecordingPart(role=LegRole.CUSTOMER)
    world.have_recording(RecordingState.COLLECTING, started, never_told)
    assert await world.carry_out(commands.CollectRecording(recording_id=world.recording_id)) == ()
    (job,) = world.jobs
    assert (job.recording_id, job.call_id, job.account_id) == (world.recording_id, world.call.id, "acc_1")
    assert job.parts == (
        Part(
            role=LegRole.AGENT,
            stored_name=world.snoop,
            started_at=_STARTED_AT,
            finished_at=_STOPPED_AT,
            leg_id=world.agent,
        ),
        Part(
            role=LegRole.CUSTOMER,
            stored_name=snoop_of("n1", world.recording_id, LegRole.CUSTOMER),
            started_at=world.call.created_at,
            leg_id=world.customer,
            is_measurable=False,  # nobody said when it began
        ),
    )


async def test_given_the_collector_is_full_when_asked_then_the_recording_is_said_to_wait(world: World) -> None:
    world.have_recording(
        RecordingState.COLLECTING, RecordingPart(role=LegRole.AGENT), RecordingPart(role=LegRole.CUSTOMER)
    )
    world.is_collector_full = True
    assert await world.fail(commands.CollectRecording(recording_id=world.recording_id)) is FailureKind.UNSENT


@pytest.mark.parametrize(
    ("recording_state", "part", "expected"),
    [
        (RecordingState.RECORDING, RecordingPart(role=LegRole.AGENT, state=PartState.RECORDING), ["stop", "hangup"]),
        (RecordingState.PENDING, RecordingPart(role=LegRole.AGENT, state=PartState.SNOOPING), ["hangup"]),
        (RecordingState.PENDING, None, ["stop", "hangup"]),
        (
            RecordingState.FAILED,
            RecordingPart(role=LegRole.AGENT, state=PartState.RECORDING),
            ["hangup", "look", "delete"],
        ),
        (
            RecordingState.RECORDING,
            RecordingPart(role=LegRole.AGENT, state=PartState.ABSENT),
            ["hangup", "look", "delete"],
        ),
    ],
)
async def test_given_a_part_to_stop_when_carried_out_then_what_there_may_be_of_it_goes_and_gone_is_fine(
    world: World, recording_state: RecordingState, part: RecordingPart | None, expected: list[str]
) -> None:
    world.have_recording(recording_state, *(() if part is None else (part,)))
    lines = {
        "stop": f"POST /recordings/live/{world.snoop}/stop",
        "look": f"GET /recordings/live/{world.snoop}",
        "delete": f"DELETE /recordings/stored/{world.snoop}",
        "hangup": f"DELETE /channels/{world.snoop}?reason_code=16",
    }
    command = commands.StopPart(recording_id=world.recording_id, role=LegRole.AGENT)
    assert await world.carry_out(command) == ()  # none of it is there in this Asterisk
    assert world.asterisk.lines == [lines[one] for one in expected]


@pytest.mark.parametrize("status", [409, 500])
async def test_given_a_recording_that_cannot_be_stopped_just_now_when_told_to_then_its_snoop_ends_all_the_same(
    world: World, status: int
) -> None:
    world.have_recording(RecordingState.RECORDING, RecordingPart(role=LegRole.AGENT, state=PartState.RECORDING))
    world.asterisk.channels[world.snoop] = "Up"
    world.asterisk.fates = [(r"POST /recordings/live/.*/stop", status)]
    assert await world.carry_out(commands.StopPart(recording_id=world.recording_id, role=LegRole.AGENT)) == ()
    assert world.snoop not in world.asterisk.channels


@pytest.mark.parametrize("looks", [1, 3])
async def test_given_a_recording_that_nobody_will_collect_when_stopped_then_it_is_deleted_once_it_has_ended(
    world: World, looks: int
) -> None:
    world.have_recording(RecordingState.FAILED, RecordingPart(role=LegRole.AGENT, state=PartState.RECORDING))
    world.asterisk.channels[world.snoop] = "Up"

    def still_written(_request: httpx.Request) -> httpx.Response:
        assert world.snoop not in world.asterisk.channels, "nothing else ends it"
        world.asterisk.stored_recordings.add(world.snoop)
        return httpx.Response(200, json=live_recording_json(world.snoop))

    world.asterisk.fates = [(r"GET /recordings/live/.*", still_written)] * looks
    assert await world.carry_out(commands.StopPart(recording_id=world.recording_id, role=LegRole.AGENT)) == ()
    assert world.asterisk.lines[-2:] == [
        f"GET /recordings/live/{world.snoop}",
        f"DELETE /recordings/stored/{world.snoop}",
    ]
    assert world.asterisk.stored_recordings == set()


async def test_given_a_recording_that_does_not_end_when_nobody_will_collect_it_then_its_file_goes_all_the_same(
    world: World,
) -> None:
    world.have_recording(RecordingState.FAILED, RecordingPart(role=LegRole.AGENT, state=PartState.RECORDING))
    world.asterisk.live_recordings = {world.snoop}
    world.asterisk.stored_recordings = {world.snoop}
    assert await world.carry_out(commands.StopPart(recording_id=world.recording_id, role=LegRole.AGENT)) == ()
    assert world.asterisk.stored_recordings == set()


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        (400, FailureKind.REFUSED),
        (403, FailureKind.REFUSED),
        (404, FailureKind.GONE),
        (412, FailureKind.REFUSED),
        (500, FailureKind.REFUSED),
        (httpx.ConnectError, FailureKind.UNSENT),
        (httpx.PoolTimeout, FailureKind.UNSENT),
        (httpx.ReadTimeout, FailureKind.UNCLEAR),
        (httpx.ReadError, FailureKind.UNCLEAR),
        (httpx.RemoteProtocolError, FailureKind.UNCLEAR),
    ],
)
async def test_given_a_request_fails_when_carried_out_then_the_failure_is_told_by_kind(
    world: World, fate: int | type[httpx.TransportError], kind: FailureKind
) -> None:
    world.asterisk.fates = [(r"POST /channels/.*/dial", fate)]
    assert await world.fail(commands.DialChannel(leg_id=world.agent, timeout_seconds=1)) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, FailureKind.REFUSED), (400, FailureKind.GONE), (422, FailureKind.GONE), (409, FailureKind.REFUSED)],
)
async def test_given_a_join_fails_when_carried_out_then_404_is_the_bridges_and_400_the_channels(
    world: World, status: int, kind: FailureKind
) -> None:
    world.asterisk.fates = [(r"POST /bridges/.*", status)]
    assert await world.fail(commands.JoinBridge(leg_id=world.agent)) is kind


async def test_given_the_channels_name_is_taken_when_created_then_an_earlier_try_may_have_got_through(
    world: World,
) -> None:
    world.asterisk.fates = [(r"POST /channels/create", 409)]
    assert await world.fail(_create(world)) is FailureKind.UNCLEAR


async def test_given_an_answer_that_is_none_when_carried_out_then_nobody_knows(world: World) -> None:
    world.asterisk.fates = [(r"POST /channels/create", lambda _: httpx.Response(200, text="<html>"))]
    assert await world.fail(_create(world)) is FailureKind.UNCLEAR


async def test_given_a_value_that_must_not_be_sent_when_carried_out_then_it_is_refused_and_nothing_goes_out(
    world: World,
) -> None:
    hostile = msgspec.structs.replace(_create(world), shown_number="+1555\r\nX-Evil: 1")
    assert await world.fail(hostile) is FailureKind.REFUSED
    assert world.asterisk.requests == []


async def test_given_the_answer_is_lost_when_the_thing_is_there_then_it_was_made(world: World) -> None:
    """By its name, which is ours; each maker of something looks before it says that nobody knows."""
    ari = world.asterisk
    ari.bridges[world.bridge] = (world.channel,)
    ari.channels[world.snoop] = "Up"
    ari.live_recordings.add(world.snoop)
    makers: list[tuple[Command, str]] = [
        (commands.CreateBridge(), r"POST /bridges/[^/]*"),
        (commands.JoinBridge(leg_id=world.agent), r"POST /bridges/.*/addChannel"),
        (
            commands.CreateSnoop(recording_id=world.recording_id, role=LegRole.AGENT, leg_id=world.agent),
            r"POST /channels/.*/snoop/.*",
        ),
        (commands.RecordSnoop(recording_id=world.recording_id, roles=(LegRole.AGENT,)), r"POST /channels/.*/record"),
    ]
    for command, pattern in makers:
        ari.fates = [(pattern, httpx.ReadTimeout)]
        assert await world.carry_out(command) == ()
        assert ari.lines[-1].startswith("GET ")
        ari.fates = [(pattern, httpx.ConnectError)]
        assert await world.fail(command) is FailureKind.UNSENT
        assert not ari.lines[-1].startswith("GET ")  # it never left, so there is nothing to look for
        ari.fates = [(pattern, httpx.ReadTimeout), (r"GET .*", 404)]
        assert await world.fail(command) is FailureKind.UNCLEAR
        ari.fates = [(pattern, httpx.ReadTimeout), (r"GET .*", httpx.ConnectError)]
        assert await world.fail(command) is FailureKind.UNCLEAR


async def test_given_a_join_whose_answer_is_lost_when_the_channel_is_not_in_the_bridge_then_nobody_knows(
    world: World,
) -> None:
    world.asterisk.fates = [(r"POST /bridges/.*", httpx.ReadTimeout)]
    assert await world.fail(commands.JoinBridge(leg_id=world.agent)) is FailureKind.UNCLEAR


@pytest.mark.parametrize(
    ("state", "found", "found_late"),
    [
        ("Up", [inputs.LegAnswered], [inputs.LegAnswered]),
        ("Ringing", [inputs.LegRinging], [inputs.LegRinging]),
        # Live, its StasisStart is still to come, and only then can it be dialled.
        ("Down", [inputs.LegSilent], [inputs.LegCreated, inputs.LegSilent]),
        ("Ring", [inputs.LegSilent], [inputs.LegCreated, inputs.LegSilent]),
    ],
)
async def test_given_a_channel_when_its_leg_is_looked_up_then_it_is_told_where_it_stands(
    world: World, state: str, found: list[type], found_late: list[type]
) -> None:
    world.asterisk.channels[world.channel] = state
    assert [type(one) for one in await world.carry_out(commands.VerifyLeg(leg_id=world.agent))] == found
    assert [type(one) for one in await world.lookup.look_up(world.agent, is_late=True)] == found_late


@pytest.mark.parametrize(
    ("keys", "tag", "found"),
    [
        ("", "", [inputs.LegSilent]),
        ("PJSIP/x", "", []),  # a 100 Trying and no more
        ("PJSIP/x", "abc", [inputs.LegRinging]),  # a 183, which leaves the channel down
    ],
)
async def test_given_a_channel_that_is_down_when_looked_up_then_it_is_told_whether_its_far_end_ever_spoke(
    world: World, keys: str, tag: str, found: list[type]
) -> None:
    world.asterisk.channels[world.channel] = "Down"
    world.asterisk.variables[f"{world.channel} HANGUPCAUSE_KEYS()"] = keys
    world.asterisk.variables[f"{world.channel} CHANNEL(pjsip,remote_tag)"] = tag
    assert [type(one) for one in await world.carry_out(commands.VerifyLeg(leg_id=world.agent))] == found


@pytest.mark.parametrize(
    ("record", "at"),
    [("1795221560.500000", datetime.fromtimestamp(1795221560.5, UTC)), ("0.000000", None), ("", None), ("soon", None)],
)
async def test_given_a_channel_that_is_up_when_looked_up_then_it_is_told_since_when(
    world: World, record: str, at: datetime | None
) -> None:
    world.asterisk.channels[world.channel] = "Up"
    world.asterisk.variables[f"{world.channel} CDR(answer,u)"] = record
    assert await world.lookup.look_up(world.agent, is_late=True) == (inputs.LegAnswered(leg_id=world.agent, at=at),)


@pytest.mark.parametrize("status", [404, 500])
async def test_given_an_asterisk_that_keeps_no_records_when_a_channel_is_up_then_it_is_answered_all_the_same(
    world: World, status: int
) -> None:
    world.asterisk.channels[world.channel] = "Up"
    world.asterisk.fates = [(r"GET /channels/.*/variable", status)]
    assert await world.lookup.look_up(world.agent, is_late=True) == (inputs.LegAnswered(leg_id=world.agent),)


async def test_given_a_channel_that_goes_while_it_is_looked_up_when_it_was_up_then_its_end_is_told_and_its_answer(
    world: World,
) -> None:
    world.asterisk.channels[world.channel] = "Up"
    world.asterisk.fates = [(r"GET /channels/.*/variable", 404)]
    memory = "1795221571.500|16|SIP 200 OK|1795221560.500000|"
    world.asterisk.variables[hangup_memory_of("n1", world.agent)] = memory
    (end,) = await world.lookup.look_up(world.agent, is_late=True)
    assert isinstance(end, inputs.LegDestroyed)
    assert end.answered_at == datetime.fromtimestamp(1795221560.5, UTC)
    assert end.is_late


async def test_given_an_asterisk_that_cannot_tell_of_far_ends_when_looked_up_then_nothing_is_made_up(
    world: World,
) -> None:
    world.asterisk.channels[world.channel] = "Down"
    world.asterisk.far_ends_speak = False
    assert await world.carry_out(commands.VerifyLeg(leg_id=world.agent)) == ()


async def test_given_no_channel_and_no_memory_when_looked_up_then_the_end_is_untraced(world: World) -> None:
    (end,) = await world.lookup.look_up(make_call().legs[0].id, is_late=True)
    assert isinstance(end, inputs.LegDestroyed)
    assert end.is_untraced


async def test_given_the_channel_is_gone_when_its_leg_is_looked_up_then_asterisks_memory_tells_how(
    world: World,
) -> None:
    world.asterisk.variables[hangup_memory_of("n1", world.customer)] = "1795221571.395|17|SIP 486 Busy Here"
    for is_late in (False, True):
        assert await world.lookup.look_up(world.customer, is_late=is_late) == (
            inputs.LegDestroyed(
                leg_id=world.customer,
                cause=17,
                sip_code=486,
                at=datetime.fromtimestamp(1795221571.395, UTC),
                is_late=is_late,
            ),
        )
    assert await world.lookup.look_up(make_call().legs[0].id, is_late=False) != ()


async def test_given_asterisk_is_away_when_a_leg_is_looked_up_for_a_reconcile_then_that_hears_it(world: World) -> None:
    world.asterisk.fates = [(r"GET /channels/.*", httpx.ReadTimeout)] * 2
    with pytest.raises(AriUnavailable):
        await world.lookup.look_up(world.agent, is_late=True)
    assert await world.fail(commands.VerifyLeg(leg_id=world.agent)) is FailureKind.UNSENT


_AT = datetime.fromtimestamp(1795221571.5, UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1795221571.5|17|SIP 486 Busy Here|0.000000|", HangupMemory(_AT, 17, 486)),
        ("1795221571.5|16|SIP 200 OK|1795221560.500000|", HangupMemory(_AT, 16, None, _AT - timedelta(seconds=11))),
        ("1795221571.5|16||1795221571.5|ssrc=1;lp=0", HangupMemory(_AT, 16, None, _AT)),
        ("1795221571.5|16|SIP 200 a|1|b|1795221571.5|ssrc=1", HangupMemory(_AT, 16, None, _AT)),
        ("1795221571.5|17|SIP 486 Busy Here", HangupMemory(_AT, 17, 486)),
        ("1795221571.5|17|SIP 486 Busy Here|ssrc=1;lp=0", HangupMemory(_AT, 17, 486)),
        ("1795221571.5|17|SIP 486|soon|", HangupMemory(_AT, 17, 486)),
        ("1795221571.5|16|", HangupMemory(_AT, 16)),
        ("1795221571.5|16|SIP 200 OK", HangupMemory(_AT, 16)),
        ("1795221571.5|16|SIP 180 Ringing", HangupMemory(_AT, 16)),
        ("1795221571.5|16|SIP 699", HangupMemory(_AT, 16, 699)),
        ("1795221571.5|16|SIP 700 No", HangupMemory(_AT, 16)),
        ("1795221571.5|16|SIP 4866", HangupMemory(_AT, 16)),
        ("1795221571.5||SIP 603 Decline", HangupMemory(_AT, None, 603)),
        ("1795221571.5", HangupMemory(_AT)),
        ("1795221571.5|²|SIP ²²² x", HangupMemory(_AT)),
        ("1795221571.5|99999999999|SIP 99999999999 x", HangupMemory(_AT)),
        ("1795221571.5|-1|IAX 486", HangupMemory(_AT)),
        ("", HangupMemory()),
        ("|17|SIP 486 Busy", HangupMemory()),
        ("nan|17|", HangupMemory()),
        ("inf|17|", HangupMemory()),
        ("-1e400|17|", HangupMemory()),
        ("1e18|17|", HangupMemory()),
        ("soon|17|", HangupMemory()),
    ],
)
def test_given_a_hang_up_memory_when_read_then_only_what_it_truly_says_is_taken(
    text: str, expected: HangupMemory
) -> None:
    assert parse_hangup_memory(text) == expected


_garbage = st.text() | st.builds(
    "{}|{}|{}|{}|".format,
    st.floats() | st.integers() | st.text(max_size=5),
    st.integers() | st.text(max_size=5),
    st.text() | st.builds("SIP {} {}".format, st.integers() | st.text(max_size=4), st.text()),
    st.floats() | st.integers() | st.text(max_size=5),
)


@given(_garbage)
@example("1e309|1|SIP 1")
def test_given_garbage_as_a_hang_up_memory_when_read_then_what_comes_of_it_fits_its_column(text: str) -> None:
    at, cause, sip_code, answered_at = parse_hangup_memory(text)
    for instant in (at, answered_at):
        assert instant is None or (instant.tzinfo is UTC and isfinite(instant.timestamp()))
    assert cause is None or 0 <= cause <= 999
    assert sip_code is None or 300 <= sip_code <= 699


class FullTrunk:
    """A trunk whose channels are all taken, or nobody knows."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, str]] = []

    async def take(self, trunk_id: str, leg_id: str) -> bool:
        self.asked.append((trunk_id, leg_id))
        if self.error is not None:
            raise self.error
        return False

    async def give_back(self, leg_id: str) -> None:
        raise AssertionError(leg_id)


@pytest.mark.parametrize(
    ("error", "kind"), [(None, FailureKind.FULL), (DatabaseUnavailableError("away"), FailureKind.UNSENT)]
)
async def test_given_a_trunk_without_a_free_channel_when_one_is_to_be_made_over_it_then_asterisk_is_not_asked(
    world: World, error: Exception | None, kind: FailureKind
) -> None:
    room = FullTrunk(error)
    async with world.asterisk.client() as ari:
        executor = Executor(ari, node="n1", collect=world.collect, room=room)
        command = msgspec.structs.replace(_create(world), trunk_id="trunk_1")
        (failed,) = await executor.carry_out(world.call, command)
        assert isinstance(failed, inputs.CommandFailed)
        assert failed.kind is kind
        assert room.asked == [("trunk_1", world.agent)]
        assert await executor.carry_out(world.call, _create(world)) == ()
        assert len(room.asked) == 1, "where there is no limit, nobody is asked"
    assert len(world.asterisk.lines) == 1
