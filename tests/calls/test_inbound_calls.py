"""Calls that come in: each channel gets one call, written first, or goes back; none is left waiting for nobody."""

from collections.abc import AsyncIterator

import pytest

from app.calls.core.model.call import Call
from app.calls.names import channel_of
from app.db.engine import Database
from app.errors import DatabaseUnavailableError
from app.facts.vocabulary import CallKind, Direction, Disposition, EndCode, LegRole
from tests.calls.arrivals_world import CALLER, DIALLED, World, arrivals_world
from tests.calls.standing_in import until
from tests.calls.standing_in_asterisk import channel_json

pytestmark = pytest.mark.postgres

CHANNEL = "offhook-1795248424.7"


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with arrivals_world(database) as made:
        yield made


async def the_call(world: World) -> Call:
    """The one call there is, once there is one."""

    async def is_there() -> bool:
        return bool(await world.calls())

    await until(is_there)
    (call,) = await world.calls()
    return call


async def test_given_a_channel_that_comes_when_it_is_told_twice_then_one_call_is_written_and_its_phone_is_rung(
    world: World,
) -> None:
    async with world.living():
        world.arrive(CHANNEL)
        world.arrive(CHANNEL)
        call = await the_call(world)
        assert (call.kind, call.direction, call.unique_id) == (CallKind.INBOUND, Direction.INBOUND, CHANNEL)
        assert (call.dialled_number, call.caller_id, call.caller_id_name) == (DIALLED, CALLER, "Erika")
        phone = channel_of("n1", call.leg_of(LegRole.AGENT).id)
        await until(lambda: phone in world.asterisk.channels)
        world.arrive(CHANNEL)  # a third time, of a call that lives
        await until(lambda: not world.stream.backlog)
    first = [line.partition("?")[0] for line in world.asterisk.writes[:4]]
    assert first == [
        "POST /applications/offhook/subscription",
        f"POST /channels/{CHANNEL}/variable",
        f"POST /channels/{CHANNEL}/ring",
        "POST /channels/create",
    ]
    assert len(await world.calls()) == 1
    assert not world.asked(f"DELETE /channels/{CHANNEL}")


async def test_given_a_call_that_came_in_when_asterisk_says_its_channel_is_gone_then_the_caller_has_cancelled(
    world: World,
) -> None:
    async with world.living():
        world.arrive(CHANNEL)
        call = await the_call(world)
        phone = channel_of("n1", call.leg_of(LegRole.AGENT).id)
        await until(lambda: phone in world.asterisk.channels)
        del world.asterisk.channels[CHANNEL]
        world.say("ChannelDestroyed", channel_json(CHANNEL), cause=16, cause_txt="Normal Clearing")
        await until(lambda: world.asked(f"DELETE /channels/{phone}"))
        world.say("ChannelDestroyed", channel_json(phone), cause=16, cause_txt="Normal Clearing")
        await until(lambda: not len(world.registry))
    (call,) = await world.calls()
    assert call.outcome is Disposition.CANCELLED
    assert not world.registry.callers


async def test_given_channels_in_the_application_when_connected_then_those_that_came_meanwhile_get_their_calls(
    world: World,
) -> None:
    world.have_channel(CHANNEL)
    world.have_channel("elsewhere-1", app="somebody-elses")
    world.asterisk.channels["elsewhere-2"] = "Up"  # in our application, and not by this dialplan
    async with world.living():
        call = await the_call(world)
        assert call.legs[0].channel_id == CHANNEL
        await until(lambda: world.asked("POST /channels/create"))
    assert not any("elsewhere" in line for line in world.asterisk.lines)


async def test_given_a_call_that_is_over_when_its_channel_is_found_in_the_application_then_it_is_hung_up(
    world: World,
) -> None:
    async with world.living():
        world.arrive(CHANNEL)
        call = await the_call(world)
        actor = world.registry.find(call.id)
        assert actor is not None
        channels = [leg.channel_id or channel_of("n1", leg.id) for leg in call.legs]
        await until(lambda: set(channels) <= world.asterisk.channels.keys())
        for channel in channels:
            world.asterisk.channels.pop(channel, None)
            world.say("ChannelDestroyed", channel_json(channel), cause=16, cause_txt="Normal Clearing")
        await until(lambda: not len(world.registry))
        world.arrive(CHANNEL)  # its memory came back: nobody else's call, and not a new one
        await until(lambda: world.asked(f"DELETE /channels/{CHANNEL}"))
    assert len(await world.calls()) == 1


@pytest.mark.parametrize(
    ("kind", "endpoint", "cause"), [("trunk", "nobodys-trunk", 1), ("phone", "acme-2001", 21)], ids=["trunk", "phone"]
)
async def test_given_a_channel_that_is_nobodys_call_when_it_comes_then_it_is_refused_and_nothing_is_written(
    world: World, kind: str, endpoint: str, cause: int
) -> None:
    async with world.living():
        world.arrive(CHANNEL, kind=kind, endpoint=endpoint)
        await until(lambda: world.asked(f"DELETE /channels/{CHANNEL}?reason_code={cause}"))
    assert await world.calls() == []


async def test_given_no_room_for_a_call_when_one_comes_then_the_network_is_told_to_go_elsewhere(world: World) -> None:
    async with world.living():
        for number in range(3):
            world.arrive(f"{CHANNEL}{number}")
        await until(lambda: sum("/continue" in line for line in world.asterisk.lines) == 1)
        await until(lambda: len(world.registry) == 2)
    (line,) = [line for line in world.asterisk.lines if "/continue" in line]
    assert "context=offhook-missed" in line
    assert "extension=full" in line


async def test_given_a_service_about_to_end_when_a_call_comes_then_the_network_is_told_to_go_elsewhere(
    world: World,
) -> None:
    async with world.living():
        world.readiness.why_not_ready = "Handing over."
        world.arrive(CHANNEL)
        await until(lambda: world.asked(f"POST /channels/{CHANNEL}/continue?context=offhook-missed&extension=full"))
    assert await world.calls() == []


async def test_given_a_database_that_is_away_when_a_call_comes_then_asterisk_tells_the_caller_and_remembers(
    world: World,
) -> None:
    async with world.living():
        world.routes.failure = DatabaseUnavailableError("The database is not available.")
        world.arrive(CHANNEL)
        await until(lambda: world.asked(f"POST /channels/{CHANNEL}/continue?context=offhook-missed&extension=away"))
    assert await world.calls() == []


async def test_given_a_mistake_of_ours_when_a_call_comes_then_that_caller_is_told_and_the_next_is_taken(
    world: World,
) -> None:
    async with world.living():
        world.routes.failure = RuntimeError("a mistake")
        world.arrive(f"{CHANNEL}1")
        await until(lambda: world.asked(f"POST /channels/{CHANNEL}1/continue?context=offhook-missed&extension=away"))
        world.routes.failure = None
        world.arrive(f"{CHANNEL}2")
        call = await the_call(world)
    assert call.legs[0].channel_id == f"{CHANNEL}2"


async def test_given_calls_that_were_missed_when_the_service_is_there_then_each_is_written_once_and_forgotten(
    world: World,
) -> None:
    world.remember(world.entry("offhook-1.1"), world.entry("offhook-1.2", "full"), world.entry("offhook-1.1"))
    world.asterisk.variables["hup_offhook-1.1"] = world.asterisk.variables["hup_offhook-1.2"] = "1.0|34|"
    async with world.living():

        async def are_read() -> bool:
            return world.asterisk.variables.get("ofk_missed_read") == "3" and not len(world.registry)

        await until(are_read)
        assert await world.missed.write_down() == 0
    calls = {call.unique_id: call for call in await world.calls()}
    assert {name: call.outcome for name, call in calls.items()} == {
        "offhook-1.1": Disposition.ABANDONED,
        "offhook-1.2": Disposition.CONGESTION,
    }
    for call in calls.values():
        assert await world.words(call) == ["call.created", "call.ended"]
        assert call.ended_at is not None
        assert (call.ended_at - call.created_at).total_seconds() == pytest.approx(7.0, abs=0.002)
    assert world.asterisk.variables == {"ofk_missed_last": "3", "ofk_missed_read": "3"}


async def test_given_entries_that_are_lost_broken_or_of_nobody_when_read_then_those_after_them_are_written_all_the_same(
    world: World,
) -> None:
    world.remember("", "no|entry", world.entry("offhook-1.1", endpoint="nobodys-trunk"), world.entry("offhook-1.2"))
    async with world.living():
        await until(lambda: world.asterisk.variables.get("ofk_missed_read") == "4")
        await until(lambda: not len(world.registry))
    assert [call.unique_id for call in await world.calls()] == ["offhook-1.2"]


async def test_given_a_database_that_is_away_when_missed_calls_are_read_then_they_stay_until_it_is_back(
    world: World,
) -> None:
    world.routes.failure = DatabaseUnavailableError("The database is not available.")
    world.remember(world.entry("offhook-1.1"))
    async with world.living():
        with pytest.raises(DatabaseUnavailableError):
            await world.missed.write_down()
        assert "ofk_missed_1" in world.asterisk.variables
        world.routes.failure = None
        await world.missed.write_down()  # unless the controller, which is told that the database is back, was first
        await until(lambda: not len(world.registry))
    assert len(await world.calls()) == 1


async def test_given_a_trunk_that_is_full_when_a_call_comes_then_it_is_on_record_and_the_network_hears_congestion(
    world: World,
) -> None:
    world.routes.max_channels = 2
    world.room.is_full = True
    async with world.living():
        world.arrive("offhook-1.1")
        await until(lambda: world.asked("DELETE /channels/offhook-1.1"))
        assert any("reason_code=34" in line for line in world.asterisk.lines)
        world.asterisk.channels.pop("offhook-1.1", None)
        world.say("ChannelDestroyed", channel_json("offhook-1.1", "Down"), cause=34, cause_txt="")
        await until(lambda: not len(world.registry))
    (call,) = await world.calls()
    assert (call.outcome, call.end_reason and call.end_reason.code) == (Disposition.CONGESTION, EndCode.TRUNK_FULL)
    assert [leg.role for leg in call.legs] == [LegRole.CUSTOMER]
    assert world.room.given_back == []


async def test_given_a_call_that_could_not_be_begun_when_it_had_a_channel_of_its_trunk_then_that_is_given_back(
    world: World,
) -> None:
    world.routes.max_channels = 2
    async with world.living():
        for number in (1, 2):
            world.arrive(f"offhook-1.{number}")
            await until(lambda number=number: len(world.registry) == number)  # type: ignore[misc]
        world.arrive("offhook-1.3")  # one more than the node may have
        await until(lambda: world.asked("POST /channels/offhook-1.3/continue"))
        await until(lambda: len(world.room.given_back) == 1)
