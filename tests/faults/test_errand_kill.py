"""kill -9 at the moment a callback or a one-time password goes on its way, and while a code is spoken: dialled once."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from app.config import Settings
from app.failpoints import Effect, Failpoint
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.rig.checker import dialled_at_far_end
from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.service_process import ServiceProcess, service_process
from tests.rig.spoken import write_espeak
from tests.rig.talk import answer_both
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT, CUSTOMER = "+15550119101", "+15550119102"
CODE = "471905380262"
_SCHEDULE = (
    "mutation($input: ScheduleCallbackInput!) { scheduleCallback(input: $input) "
    "{ callback { id } userErrors { code message } } }"
)
_ANNOUNCE = (
    "mutation($input: AnnounceOtpInput!) { announceOtp(input: $input) { otp { id } userErrors { code message } } }"
)


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    """With the espeak-ng that was found for this machine, whatever is on the PATH."""
    return make_settings(asterisk, database_dsn, tmp_path / "data", espeak=write_espeak(asterisk_install, tmp_path))


async def _ask(url: str, token: str, query: str, given: dict[str, Any]) -> str:
    """The id of what was made."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        answer = await client.post(
            f"{url}/graphql",
            json={"query": query, "variables": {"input": given}},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert "errors" not in answer.json(), answer.text
    (payload,) = answer.json()["data"].values()
    assert payload.pop("userErrors") == []
    (made,) = payload.values()
    return str(made["id"])


async def _ask_doomed(process: ServiceProcess, token: str, query: str, given: dict[str, Any], *, dsn: str) -> str:
    """Likewise, of a process that is killed by what is asked: before it answers, or after. Gone when this returns."""
    with contextlib.suppress(httpx.TransportError):
        await _ask(process.url, token, query, given)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await process.process.wait()
    connection = await asyncpg.connect(dsn, timeout=PATIENCE_SECONDS)
    try:
        made: list[str] = await connection.fetchval(
            "SELECT array_agg(id) FROM (SELECT id FROM callback UNION ALL SELECT id FROM otp) AS one"
        )
    finally:
        await connection.close()
    (only,) = made
    return only


async def _prepare(settings: Settings) -> tuple[str, str]:
    async with running_offhook(settings) as offhook:
        return offhook.token, offhook.trunks["farend"]


async def _until(offhook: RunningOffhook, of: str, subject_id: str, *states: str) -> Any:
    resource = getattr(offhook.service.services, of)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await resource.get(offhook.principal.account_id, subject_id)
            if found.state in states:
                return found
            await asyncio.sleep(0.05)


async def _told(offhook: RunningOffhook, subject_id: str) -> list[str]:
    async with offhook.service.database.acquire() as connection:
        rows = await connection.fetch("SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence", subject_id)
    return [row["type"] for row in rows]


async def _let_pass_by(dsn: str) -> None:
    """The time of all callbacks is over, some seconds ago."""
    connection = await asyncpg.connect(dsn, timeout=PATIENCE_SECONDS)
    try:
        await connection.execute(
            "UPDATE callback SET due_at = now() - interval '5 seconds', try_at = now() - interval '5 seconds'"
        )
    finally:
        await connection.close()


async def _until_spoken(dsn: str) -> None:
    """By asking the database, since nobody of ours is in the process that speaks."""
    connection = await asyncpg.connect(dsn, timeout=PATIENCE_SECONDS)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await connection.fetchval("SELECT EXISTS (SELECT FROM event WHERE type = 'playback.started')"):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def _rung(far_end: FarEnd, since: int) -> list[str]:
    return sorted(one.number for one in dialled_at_far_end(far_end, since=since))


@pytest.mark.parametrize("place", [Failpoint.ERRAND_CLAIMED, Failpoint.ERRAND_PLACED])
async def test_given_a_callback_when_the_service_is_killed_as_it_goes_on_its_way_then_it_is_placed_once(
    settings: Settings, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness, place: Failpoint
) -> None:
    token, trunk = await _prepare(settings)
    since = len(far_end.ears.events)
    async with service_process(settings, tmp_path, failpoint=f"{place}:{Effect.KILL}") as process:
        given = {
            "idempotencyKey": "back",
            "at": {"at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()},
            "destination": {"number": CUSTOMER},
            "connect": {"number": AGENT},
            "trunkId": trunk,
        }
        callback_id = await _ask_doomed(process, token, _SCHEDULE, given, dsn=database_dsn)
    async with running_offhook(settings) as offhook:
        agent, _ = await answer_both(far_end, AGENT, CUSTOMER)
        await _until(offhook, "callbacks", callback_id, "STARTED")
        await agent.hang_up()
        over = await _until(offhook, "callbacks", callback_id, "COMPLETED", "FAILED")
        assert over.state == "COMPLETED"
        assert _rung(far_end, since) == [AGENT, CUSTOMER], "nobody's phone rang twice"
        told = await _told(offhook, callback_id)
        assert (told[0], told[-1]) == ("callback.scheduled", "callback.completed")
        assert set(told[1:-1]) <= {"callback.started", "callback.updated"}
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_callback_when_the_service_is_away_past_its_time_then_it_is_placed_late_and_says_so(
    settings: Settings, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    token, trunk = await _prepare(settings)
    async with service_process(settings, tmp_path) as process:
        common = {
            "at": {"at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
            "destination": {"number": CUSTOMER},
            "connect": {"number": AGENT},
            "trunkId": trunk,
        }
        late = await _ask(process.url, token, _SCHEDULE, {"idempotencyKey": "late", **common})
        missed = await _ask(process.url, token, _SCHEDULE, {"idempotencyKey": "missed", "graceSeconds": 0.0, **common})
        await process.kill()
    since = len(far_end.ears.events)
    await _let_pass_by(database_dsn)
    async with running_offhook(settings) as offhook:
        agent, _ = await answer_both(far_end, AGENT, CUSTOMER)
        await _until(offhook, "callbacks", late, "STARTED")
        await agent.hang_up()
        assert (await _until(offhook, "callbacks", late, "COMPLETED", "FAILED")).state == "COMPLETED"
        failed = await _until(offhook, "callbacks", missed, "FAILED")
        assert failed.failure == "MISSED"
        assert _rung(far_end, since) == [AGENT, CUSTOMER]
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_code_when_the_service_is_killed_before_its_call_is_placed_then_it_is_told_once(
    settings: Settings, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    token, trunk = await _prepare(settings)
    since = len(far_end.ears.events)
    failpoint = f"{Failpoint.ERRAND_CLAIMED}:{Effect.KILL}"
    async with service_process(settings, tmp_path, failpoint=failpoint) as process:
        given = {"idempotencyKey": "otp", "number": CUSTOMER, "trunkId": trunk, "code": CODE, "repeat": 1}
        otp_id = await _ask_doomed(process, token, _ANNOUNCE, given, dsn=database_dsn)
        log = process.log_path.read_text(errors="replace")
    async with running_offhook(settings, is_serving=True) as offhook:
        await (await far_end.expect_call(CUSTOMER)).answer()
        over = await _until(offhook, "otps", otp_id, "ANNOUNCED", "FAILED")
        assert (over.state, over.times_heard) == ("ANNOUNCED", 1)
        assert _rung(far_end, since) == [CUSTOMER]
        assert await _told(offhook, otp_id) == ["otp.announced"]
        assert CODE not in log
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_code_that_is_being_told_when_the_service_is_killed_then_the_next_tells_it_to_its_end(
    settings: Settings, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    token, trunk = await _prepare(settings)
    since = len(far_end.ears.events)
    async with service_process(settings, tmp_path) as process:
        given = {"idempotencyKey": "otp", "number": CUSTOMER, "trunkId": trunk, "code": CODE, "repeat": 1}
        otp_id = await _ask(process.url, token, _ANNOUNCE, given)
        customer = await far_end.expect_call(CUSTOMER)
        await customer.answer()
        await _until_spoken(database_dsn)  # from its beginning it takes about ten seconds
        await process.kill()
    async with running_offhook(settings, is_serving=True) as offhook:
        over = await _until(offhook, "otps", otp_id, "ANNOUNCED", "FAILED")
        assert (over.state, over.times_heard) == ("ANNOUNCED", 1)
        assert _rung(far_end, since) == [CUSTOMER]
        assert await _told(offhook, otp_id) == ["otp.announced"]
        await offhook.assert_nothing_is_left(witness)
