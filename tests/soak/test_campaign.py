"""The long form of tests/e2e/test_campaigns.py: a big campaign at its pace, with SIPp at the far end as the witness."""

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from app.campaigns.model import Pacing
from app.clock import SystemClock
from app.config import Settings
from app.facts.vocabulary import Disposition
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.campaigns.live import first_invites, speaking_settings, wait_for_state, wake
from tests.campaigns.sheet import Sheet, retry, say
from tests.rig.load import BUSY, STAYS, UNKNOWN
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts, sipp_called_party
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

#: Fewer, to try the test itself.
CONTACTS = int(os.environ.get("OFFHOOK_SOAK_CONTACTS", "10000"))
CALLS_PER_MINUTE = 1200
#: How far the calls of a minute may be from the pace.
MOST_PERCENT_OFF = 2.0
_FIRST, _NUMBERS = 1000, 9000  # +15550100100 … are the account's own
#: A second campaign's, at the same time, over another trunk; each acts by its number.
_SANDBOX = {
    "+15550100008": ("ANSWERED", 1),
    "+15550100001": ("BUSY", 2),
    "+15550100004": ("INVALID_NUMBER", 1),
}
_OUTCOMES = {STAYS: ("ANSWERED", 1), BUSY: ("BUSY", 2), UNKNOWN: ("INVALID_NUMBER", 1)}


def _number(place: int) -> str:
    """Nine of ten answer, the others are busy; those for whom no such number is left do not exist."""
    does = UNKNOWN if place >= _NUMBERS else STAYS if place % 10 else BUSY
    return f"+155501{_FIRST + place % _NUMBERS:04d}{does}"


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


async def test_given_ten_thousand_contacts_when_called_at_twelve_hundred_a_minute_then_the_pace_is_held_and_each_has_one_outcome(  # noqa: E501  # one sentence
    served_offhook: RunningOffhook,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
    witness: Witness,
) -> None:
    offhook = served_offhook
    sheet = Sheet(offhook.service.database, offhook.principal.account_id, SystemClock())
    called = [_number(place) for place in range(CONTACTS)]
    await sheet.add_list(called)
    beside = Sheet(sheet.database, sheet.account_id, sheet.clock)
    await beside.add_list(list(_SANDBOX))
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        await sheet.begin(
            content=say("Hello, this is a call for you."),
            pacing=Pacing(calls_per_minute=CALLS_PER_MINUTE, max_concurrent_calls=400),
            retries=retry(Disposition.BUSY, times=1, after=20.0),
            trunk_id=offhook.trunks["sipp"],
            breaker=None,
        )
        await beside.begin(
            name="Beside", content=say("And for you."), retries=retry(Disposition.BUSY, times=1, after=20.0)
        )
        for one in (sheet, beside):
            await wake(offhook, one)
        await wait_for_state(sheet, "FINISHED", seconds=300 + 3 * 60 * CONTACTS / CALLS_PER_MINUTE)
        await wait_for_state(beside, "FINISHED")
        assert {
            number: (row["disposition"], row["attempts"]) for number, row in (await beside.contacts()).items()
        } == _SANDBOX
        rows = await sheet.contacts()
        assert set(rows) == set(called)
        for number, row in rows.items():
            assert (row["state"], row["disposition"], row["attempts"]) == ("FINISHED", *_OUTCOMES[number[-1]]), number
        attempts = sum(row["attempts"] for row in rows.values())
        await sipp.wait_until_idle(attempts, seconds=120)
        assert Counter(call.dialled for call in sipp.calls()) == {n: row["attempts"] for n, row in rows.items()}
        told = await sheet.fetch(
            "SELECT count(*) AS facts, count(DISTINCT subject_id) AS contacts FROM event "
            "WHERE type = 'contact.finished' "
            "AND subject_id IN (SELECT contact_id FROM campaign_contact WHERE campaign_id = $1)",
            sheet.campaign_id,
        )
        assert told == [{"facts": len(called), "contacts": len(called)}]
        began = sorted(at.timestamp() for at in first_invites(sipp).values())
        # While there is nobody to wait for: what is tried again later comes at its own time.
        fresh = began[: len(called)]
        minutes = Counter(int((at - fresh[0]) // 60) for at in fresh)
        for minute in range(max(minutes)):
            off = abs(minutes[minute] - CALLS_PER_MINUTE) * 100 / CALLS_PER_MINUTE
            assert off <= MOST_PERCENT_OFF, f"minute {minute} had {minutes[minute]} calls"
        assert max(after - before for before, after in pairwise(fresh)) < 2.0, "it stood still"
        await offhook.assert_nothing_is_left(witness)
