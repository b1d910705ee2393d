"""The database restarts, stalls, cuts connections, rolls back and runs out of them, under live calls."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.config import Settings
from app.errors import DatabaseUnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from tests.faults.conftest import DATABASE_SECONDS
from tests.rig.callers import Callers
from tests.rig.checker import assert_all_hold, dialled_by_sipp, evidence_of
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.load import make_plans
from tests.rig.own_postgres import OwnPostgres
from tests.rig.service import RunningOffhook, running_offhook
from tests.rig.service_line import ServiceLine
from tests.rig.sipp import SippServer
from tests.rig.talk import RECOVERY_SECONDS, assert_all_hold_at_far_end, call_busy, talk
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT, CUSTOMER, LATER = "+15550190001", "+15550190002", "+15550190003"


@contextlib.asynccontextmanager
async def _calling(faulty: Settings) -> AsyncIterator[tuple[RunningOffhook, Desk]]:
    async with running_offhook(faulty) as offhook, offhook.desk() as desk:
        yield offhook, desk


async def test_given_a_talk_when_the_database_is_restarted_at_once_then_the_talk_goes_on_and_nothing_is_lost(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    async with _calling(faulty) as (_, desk):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
        await server.end_at_once()
        await server.start()
        await call_busy(desk, far_end, LATER, seconds=RECOVERY_SECONDS)
        assert not agent.has_ended
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id, seconds=RECOVERY_SECONDS)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        await assert_all_hold_at_far_end(faulty, witness, far_end, since, placed.id)


async def test_given_a_talk_when_the_database_answers_nobody_for_30_seconds_then_its_end_is_told_with_its_true_instant(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    async with _calling(faulty) as (_, desk):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
        server.freeze()
        try:
            async with asyncio.timeout(30.0):
                with pytest.raises(DatabaseUnavailableError):
                    await desk.place_call(LATER, trunk="farend", first=LegRole.CUSTOMER, key="later")
                await asyncio.sleep(5.0)
                assert not agent.has_ended
                await customer.hang_up()
                await agent.wait_until_ended()  # nobody is left alone, database or not
                await asyncio.Event().wait()
        except TimeoutError:
            server.thaw()
        finally:
            server.thaw()
        await call_busy(desk, far_end, LATER, seconds=RECOVERY_SECONDS)
        story = await desk.wait_for_end(placed.id, seconds=RECOVERY_SECONDS)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        await assert_all_hold_at_far_end(faulty, witness, far_end, since, placed.id)


async def test_given_a_table_that_is_locked_for_longer_than_we_wait_when_calls_go_on_then_nothing_is_lost_or_doubled(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    async with _calling(faulty) as (_, desk):
        placed, _, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
        holder = await asyncpg.connect(server.dsn)
        try:
            async with holder.transaction():
                await holder.execute("LOCK TABLE event, call IN ACCESS EXCLUSIVE MODE")
                await customer.hang_up()
                await asyncio.sleep(2.5 * DATABASE_SECONDS)
        finally:
            await holder.close()
        story = await desk.wait_for_end(placed.id, seconds=RECOVERY_SECONDS)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        await assert_all_hold_at_far_end(faulty, witness, far_end, since, placed.id)


async def test_given_calls_at_a_steady_rate_when_their_sessions_are_cut_all_the_time_then_every_call_is_told_once(
    server: OwnPostgres,
    faulty: Settings,
    sipp: SippServer,
    witness: Witness,
) -> None:
    async with _calling(faulty) as (offhook, _):
        callers = Callers(lambda: ServiceLine(offhook.service.services, offhook.principal), offhook.trunks["sipp"])
        async with asyncio.TaskGroup() as group:
            cutting = group.create_task(_cut_again_and_again(server))
            await callers.place(make_plans(40, random.Random(7)), calls_per_second=5)
            cutting.cancel()
        assert callers.given_up == []
        await assert_all_hold(
            evidence_of(
                faulty,
                witness,
                dialled=lambda: dialled_by_sipp(sipp),
                acknowledged=list(callers.acknowledged.values()),
            ),
            seconds=RECOVERY_SECONDS,
        )


async def _cut_again_and_again(server: OwnPostgres) -> None:
    while True:
        await server.end_sessions()
        await asyncio.sleep(0.4)


#: Every third event is refused so, as a server does with one of two transactions that meet.
_ROLL_BACK = """
CREATE SEQUENCE refusals;
CREATE FUNCTION refuse_now_and_then() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('refusals') % 3 = 0 THEN
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '{code}';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse_now_and_then AFTER INSERT ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_now_and_then();
"""


@pytest.mark.parametrize("code", ["40001", "40P01"], ids=["serialization", "deadlock"])
async def test_given_calls_at_a_steady_rate_when_every_third_commit_is_rolled_back_then_every_call_is_told_once(
    server: OwnPostgres,
    faulty: Settings,
    sipp: SippServer,
    witness: Witness,
    code: str,
) -> None:
    async with _calling(faulty) as (offhook, _):
        async with server.administering() as connection:
            await connection.execute(_ROLL_BACK.format(code=code))
        callers = Callers(lambda: ServiceLine(offhook.service.services, offhook.principal), offhook.trunks["sipp"])
        await callers.place(make_plans(20, random.Random(8)), calls_per_second=5)
        async with server.administering() as connection:
            assert await connection.fetchval("SELECT last_value FROM refusals") > len(callers.acknowledged)
        assert callers.given_up == []
        await assert_all_hold(
            evidence_of(
                faulty,
                witness,
                dialled=lambda: dialled_by_sipp(sipp),
                acknowledged=list(callers.acknowledged.values()),
            ),
            seconds=RECOVERY_SECONDS,
        )


async def test_given_a_talk_when_the_database_has_no_connection_left_then_it_goes_on_and_new_calls_hear_503(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    async with _calling(faulty) as (_, desk):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
        async with contextlib.AsyncExitStack() as others:
            while await server.end_sessions():  # it comes back for as long as there is room
                with contextlib.suppress(asyncpg.TooManyConnectionsError):
                    while True:
                        others.push_async_callback((await asyncpg.connect(server.dsn)).close)
            with pytest.raises(DatabaseUnavailableError):
                await desk.place_call(LATER, trunk="farend", first=LegRole.CUSTOMER, key="later")
            await customer.hang_up()
            await agent.wait_until_ended()
        await call_busy(desk, far_end, LATER, seconds=RECOVERY_SECONDS)
        story = await desk.wait_for_end(placed.id, seconds=RECOVERY_SECONDS)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        await assert_all_hold_at_far_end(faulty, witness, far_end, since, placed.id)
