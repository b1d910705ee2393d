"""The long form of tests/e2e/test_campaigns.py: a big campaign at its pace, with SIPp at the far end as the witness."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.campaigns.model import Pacing
from app.clock import SystemClock
from app.config import Settings
from app.facts.vocabulary import Disposition
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.campaigns.live import speaking_settings, wait_for_state, wait_until_nobody_is_called, wake
from tests.campaigns.paced import Begun, Forbidder, Stretch, calls_of
from tests.campaigns.sheet import Sheet, retry, say
from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.load import BUSY, STAYS, UNKNOWN
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts, SippServer, sipp_called_party
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

#: Fewer, to try the test itself.
CONTACTS = int(os.environ.get("OFFHOOK_SOAK_CONTACTS", "10000"))
CALLS_PER_MINUTE = 1200
#: How far the calls of a minute may be from the pace.
MOST_PERCENT_OFF = 2.0
#: Longer than this nobody may stand still while there is somebody to be called.
MOST_GAP_SECONDS = 2.0
#: How late SIPp may be with writing down an INVITE.
STALL = timedelta(seconds=0.5)
LONGEST_ANNOUNCEMENT_SECONDS = 5.0
#: Between the answer that a number is forbidden and the turn of the one after it.
LEAST_LEAD_SECONDS, MOST_LEAD_SECONDS = 0.5, 1.5
PAUSE_SECONDS = 5.0
#: A number is forbidden a second before its turn, again and again.
_TURNS_BEFORE = CALLS_PER_MINUTE // 60
_FORBID_EVERY_SECONDS = max(1.0, CONTACTS / CALLS_PER_MINUTE * 60 / 25)
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


async def _go_on(sheet: Sheet, calls: int, forbidder: Forbidder | None = None) -> None:
    """Until so many calls were dialled; meanwhile numbers are forbidden just before their turn."""
    loop = asyncio.get_running_loop()
    forbid_at, give_up_at = loop.time() + 2.0, loop.time() + 120 + 3 * 60 * calls / CALLS_PER_MINUTE
    while (dialled := (await sheet.totals()).get("DIALLED", 0)) < calls:
        assert loop.time() < give_up_at, f"{dialled} of {calls} calls; {await sheet.state()} {await sheet.totals()}"
        if forbidder is not None and loop.time() >= forbid_at:
            forbid_at += _FORBID_EVERY_SECONDS
            await forbidder.forbid_next()
        await asyncio.sleep(0.2)


async def _do_not_call_list(offhook: RunningOffhook) -> Callable[[str], Awaitable[None]]:
    """A list for all campaigns, made as its owner makes one; gives what puts a number on it."""

    async def ask(query: str, **given: Any) -> Any:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
            answer = await client.post(
                f"{offhook.url}/graphql",
                json={"query": query, "variables": {"input": given}},
                headers={"Authorization": f"Bearer {offhook.token}"},
            )
        body = answer.json()
        assert "errors" not in body, body["errors"]
        (payload,) = body["data"].values()
        assert payload["userErrors"] == []
        return payload

    made = await ask(
        "mutation($input: CreateDncListInput!) { createDncList(input: $input) "
        "{ dncList { id } userErrors { code message } } }",
        name="Never",
        appliesToAll=True,
    )

    async def forbid(number: str) -> None:
        await ask(
            "mutation($input: AddDncEntriesInput!) { addDncEntries(input: $input) "
            "{ entries { source } userErrors { code message } } }",
            listId=made["dncList"]["id"],
            entries=[{"number": number}],
        )

    return forbid


async def _read(sipp: SippServer, attempts: int) -> list[Begun]:
    """SIPp's log, once so many calls are in it and over."""
    await sipp.wait_until_idle(attempts, seconds=180)
    return calls_of(await asyncio.to_thread(sipp.messages))


def _unlike(name: str, found: Counter[str], expected: Counter[str]) -> list[str]:
    """How two counts by number differ, in words; nothing if they are the same."""
    if found == expected:
        return []
    more, fewer = found - expected, expected - found
    counts = f"{found.total()} instead of {expected.total()}; {len(more)} numbers too often, {len(fewer)} too seldom"
    return [f"{name}: {counts}: {more.most_common(5)}, {fewer.most_common(5)}"]


def _megabytes(pid: int) -> int:
    """What a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _tell(*lines: object) -> None:
    print("\n" + "\n".join(str(line) for line in lines), flush=True)  # noqa: T201  # the figures are what it is run for


async def test_given_ten_thousand_contacts_when_called_at_twelve_hundred_a_minute_then_the_pace_is_held_and_each_has_one_outcome(  # noqa: E501  # one sentence
    served_offhook: RunningOffhook,
    asterisk: AsteriskInstance,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
    witness: Witness,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is paused and resumed on the way, and numbers are forbidden a second before their turn."""
    offhook, campaigns = served_offhook, served_offhook.service.services.campaigns.campaigns
    sheet = Sheet(offhook.service.database, offhook.principal.account_id, SystemClock())
    called = [_number(place) for place in range(CONTACTS)]
    await sheet.add_list(called)
    beside = Sheet(sheet.database, sheet.account_id, sheet.clock)
    await beside.add_list(list(_SANDBOX))
    forbidder = Forbidder(sheet=sheet, turns=_TURNS_BEFORE, forbid=await _do_not_call_list(offhook))
    weights = [[_megabytes(pid) for pid in (os.getpid(), asterisk.pid)]]
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        await sheet.begin(
            content=say("Hello, this is a call for you."),
            pacing=Pacing(calls_per_minute=CALLS_PER_MINUTE, max_concurrent_calls=400),
            retries=retry(Disposition.BUSY, times=1, after=20.0),
            trunk_id=offhook.trunks["sipp"],
            is_sandbox=True,
            breaker=None,
        )
        await beside.begin(
            name="Beside", content=say("And for you."), retries=retry(Disposition.BUSY, times=1, after=20.0)
        )
        for one in (sheet, beside):
            await wake(offhook, one)
        await _go_on(sheet, int(CONTACTS * 0.55), forbidder)
        await campaigns.pause(offhook.principal, sheet.campaign_id)
        paused_at = sheet.clock.now()
        await asyncio.sleep(PAUSE_SECONDS)  # what must not happen meanwhile is looked for in SIPp's log
        weights.append([_megabytes(pid) for pid in (os.getpid(), asterisk.pid)])
        resumed_at = sheet.clock.now()
        await campaigns.resume(offhook.principal, sheet.campaign_id, "go on")
        await _go_on(sheet, int(CONTACTS * 0.95), forbidder)
        await wait_for_state(sheet, "FINISHED", seconds=300 + 60 * CONTACTS / CALLS_PER_MINUTE)
        await wait_for_state(beside, "FINISHED")
        rows = await sheet.contacts()
        attempts = Counter({number: row["attempts"] for number, row in rows.items() if row["attempts"]})
        weights.append([_megabytes(pid) for pid in (os.getpid(), asterisk.pid)])
        begun = await _read(sipp, attempts.total())

    forbidden = {one.number for one in forbidder.forbidden}
    firsts = _first_attempts(begun)
    # While there is nobody to wait for: what is tried again later comes at its own time.
    busy_until = max(firsts.values())
    in_time = [one.at for one in begun if one.at <= busy_until]
    stretches = (
        Stretch(name="before the pause", begun=[at for at in in_time if at <= paused_at + STALL]),
        Stretch(name="after the pause", begun=[at for at in in_time if at >= resumed_at]),
    )
    talked = [one.talk_seconds for one in begun if one.talk_seconds is not None]
    leads = forbidder.leads(begun)
    with capsys.disabled():
        _tell(
            *stretches,
            f"the last INVITE before the pause came {_seconds_after(paused_at, stretches[0].begun)} s after its answer",
            f"forbidden {len(forbidden)} numbers, so many seconds before the next one's turn: "
            f"{[round(lead, 2) for lead in leads]}",
            f"{len(talked)} announcements of {min(talked):.2f} to {max(talked):.2f} s; "
            f"{attempts.total()} attempts, {len(begun)} calls at SIPp",
            f"megabytes of the service (with this test) and of Asterisk, at first, in the pause and at last: {weights}",
        )

    problems = [
        fault for one in stretches for fault in one.faults(CALLS_PER_MINUTE, MOST_PERCENT_OFF, MOST_GAP_SECONDS)
    ]
    late = [at for at in (one.at for one in begun) if paused_at + STALL < at < resumed_at]
    problems += [f"{len(late)} INVITEs in the pause of {paused_at} to {resumed_at}: {late[:5]}"] if late else []
    problems += _unlike("calls that SIPp saw", Counter(one.dialled for one in begun), attempts)
    problems += _wrong_outcomes(rows, called, forbidden)
    problems += await _wrong_facts(sheet, called, forbidden)
    if max(talked) > LONGEST_ANNOUNCEMENT_SECONDS:
        problems.append(f"an announcement of {max(talked):.2f} s")
    # A second before, and not long before, is what it is a trial of; an entry may be on its way for longer.
    if sum(LEAST_LEAD_SECONDS <= lead <= MOST_LEAD_SECONDS for lead in leads) <= len(forbidden) / 2:
        problems.append(f"most numbers were not forbidden about a second before their turn: {leads}")
    others = {number: (row["disposition"], row["attempts"]) for number, row in (await beside.contacts()).items()}
    problems += [] if others == _SANDBOX else [f"beside it: {others}"]
    assert not problems, "\n".join(problems)
    await offhook.assert_nothing_is_left(witness)


async def test_given_a_campaign_at_twelve_hundred_a_minute_when_it_is_stopped_then_no_invite_comes_after_the_answer(
    served_offhook: RunningOffhook,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
    witness: Witness,
    capsys: pytest.CaptureFixture[str],
) -> None:
    offhook, campaigns = served_offhook, served_offhook.service.services.campaigns.campaigns
    sheet = Sheet(offhook.service.database, offhook.principal.account_id, SystemClock())
    await sheet.add_list([_number(place) for place in range(CONTACTS)])
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        await sheet.begin(
            content=say("Hello, this is a call for you."),
            pacing=Pacing(calls_per_minute=CALLS_PER_MINUTE, max_concurrent_calls=400),
            retries=retry(Disposition.BUSY, times=1, after=5.0),
            trunk_id=offhook.trunks["sipp"],
            is_sandbox=True,
            breaker=None,
        )
        await wake(offhook, sheet)
        await _go_on(sheet, min(CONTACTS // 3, CALLS_PER_MINUTE))
        await campaigns.stop(offhook.principal, sheet.campaign_id)
        stopped_at, dialled = sheet.clock.now(), (await sheet.totals())["DIALLED"]
        await wait_until_nobody_is_called(sheet)
        await asyncio.sleep(PAUSE_SECONDS)  # longer than until the next would be tried again
        rows = await sheet.contacts()
        begun = await _read(sipp, dialled)
    with capsys.disabled():
        _tell(
            f"stopped after {dialled} calls; the last INVITE came {_seconds_after(stopped_at, [begun[-1].at])} s after"
        )
    attempts = Counter({number: row["attempts"] for number, row in rows.items() if row["attempts"]})
    problems = _unlike("calls that SIPp saw", Counter(one.dialled for one in begun), attempts)
    if (await sheet.totals())["DIALLED"] != dialled:
        problems.append(f"{(await sheet.totals())['DIALLED']} calls, and {dialled} when it was stopped")
    if begun[-1].at > stopped_at + STALL:
        problems.append(f"an INVITE at {begun[-1].at}, and the stop was answered at {stopped_at}")
    if not dialled < CONTACTS:
        problems.append("it was stopped too late: everybody had been called")
    states = Counter(row["state"] for row in rows.values())
    problems += [] if set(states) <= {"FINISHED", "SKIPPED", "WAITING"} else [f"contacts are left as {states}"]
    assert not problems, "\n".join(problems)
    await offhook.assert_nothing_is_left(witness)


def _first_attempts(begun: list[Begun]) -> dict[str, datetime]:
    firsts: dict[str, datetime] = {}
    for one in begun:
        firsts.setdefault(one.dialled, one.at)
    return firsts


def _seconds_after(answered_at: datetime, begun: Sequence[datetime]) -> float:
    return round((begun[-1] - answered_at).total_seconds(), 3)


def _wrong_outcomes(rows: dict[str, dict[str, Any]], called: list[str], forbidden: set[str]) -> list[str]:
    """Contacts without their one outcome, in words."""
    problems = []
    if set(rows) != set(called):
        problems.append(
            f"{len(rows)} contacts taken up of {len(called)}; missing {sorted(set(called) - set(rows))[:5]}"
        )
    wrong = {
        number: found
        for number, row in rows.items()
        if (found := (row["state"], row["disposition"], row["attempts"]))
        != (("SKIPPED", None, 0) if number in forbidden else ("FINISHED", *_OUTCOMES[number[-1]]))
    }
    if wrong:
        kinds = Counter((number[-1], *found) for number, found in wrong.items())
        problems.append(f"{len(wrong)} contacts came out otherwise: {kinds.most_common(8)}; {list(wrong.items())[:5]}")
    reasons = Counter(rows[number]["reason"] for number in forbidden if number in rows)
    if set(reasons) - {"DNC"}:
        problems.append(f"forbidden numbers were skipped for {reasons}")
    return problems


async def _wrong_facts(sheet: Sheet, called: list[str], forbidden: set[str]) -> list[str]:
    """Where facts or records are not one for each contact and attempt, in words."""
    told = await sheet.fetch(
        "SELECT type, count(*) AS facts, count(DISTINCT subject_id) AS contacts FROM event "
        "WHERE type IN ('contact.finished', 'contact.skipped') "
        "AND subject_id IN (SELECT contact_id FROM campaign_contact WHERE campaign_id = $1) GROUP BY type",
        sheet.campaign_id,
    )
    found = {one["type"]: (one["facts"], one["contacts"]) for one in told}
    expected = {
        "contact.finished": (len(called) - len(forbidden),) * 2,
        "contact.skipped": (len(forbidden),) * 2,
    }
    problems = [] if found == expected else [f"facts (and their contacts): {found} instead of {expected}"]
    [records] = await sheet.fetch(
        "SELECT count(*) FILTER (WHERE call_id IS NOT NULL) AS calls, "
        "count(*) FILTER (WHERE call_id IS NULL AND disposition = 'DNC') AS forbidden FROM cdr WHERE campaign_id = $1",
        sheet.campaign_id,
    )
    dialled = (await sheet.totals())["DIALLED"]
    if records != {"calls": dialled, "forbidden": len(forbidden)}:
        problems.append(f"records: {records}, with {dialled} calls and {len(forbidden)} forbidden numbers")
    return problems
