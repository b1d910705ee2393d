"""What Asterisk says of a line: judged as a table, and written with its fact exactly once."""

from datetime import UTC, datetime

import pytest
import structlog

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.db.engine import Database
from app.events.log import EventFilter, EventLog
from app.facts.lines import DeviceGone, DeviceRegistered, DeviceUnregistered, TrunkDown, TrunkUp
from app.provisioning.objects import ObjectType, PjsipObject
from app.provisioning.states import LineStates, Saying, fact_of, judge_contact, judge_endpoint
from app.provisioning.store import Line, LineKind
from app.routing.words import LineState

UP, DOWN, UNKNOWN = LineState.UP, LineState.DOWN, LineState.UNKNOWN
OURS = (PjsipObject(ObjectType.ENDPOINT, "ofh-acme-1", ()),)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def device(state: LineState = UNKNOWN, contact: str | None = None) -> Line:
    return Line(
        id="dev_1", kind=LineKind.DEVICE, account_id="acc_1", is_sandbox=False, endpoint="ofh-acme-1", name="x",
        objects=OURS, qualify_seconds=30, state=state, contact=contact,
    )  # fmt: skip


def trunk(state: LineState = UNKNOWN, *, is_ours: bool = True, qualify_seconds: int = 30) -> Line:
    return Line(
        id="trunk_1", kind=LineKind.TRUNK, account_id="acc_1", is_sandbox=False, endpoint="ofh-acme-trunk-a", name="a",
        objects=OURS if is_ours else (), qualify_seconds=qualify_seconds, state=state, contact=None,
        address="sip:a.example" if is_ours else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "uri", "status", "expected"),
    [
        (device(), "sip:a", "NonQualified", Saying(UP, "sip:a")),
        (device(), "sip:a", "Created", Saying(UP, "sip:a")),
        (device(DOWN), "sip:a", "Reachable", Saying(UP, "sip:a")),
        (device(UP, "sip:a"), "sip:b", "NonQualified", Saying(UP, "sip:b")),
        (device(UP, "sip:a"), "sip:a", "Removed", Saying(DOWN, reason=DeviceGone.ENDED)),
        (device(UP, "sip:b"), "sip:a", "Removed", None),
        (device(UP, "sip:b"), "sip:a", "Unreachable", None),
        (device(UP), "sip:a", "Removed", Saying(DOWN, reason=DeviceGone.ENDED)),
        (device(UP, "sip:a"), "sip:a", "Unreachable", Saying(DOWN, reason=DeviceGone.UNREACHABLE)),
        (device(), "sip:a", "Unknown", None),
        (trunk(), "sip:a.example", "Reachable", Saying(UP)),
        (trunk(UP), "sip:a.example", "Unreachable", Saying(DOWN)),
        (trunk(UP), "sip:old.example", "Unreachable", None),
        (trunk(), "sip:a.example", "NonQualified", None),
        (trunk(UP), "sip:a.example", "Removed", None),
        (trunk(is_ours=False), "sip:whatever", "Unreachable", Saying(DOWN)),
    ],
)
def test_given_news_of_a_contact_when_judged_then_only_what_counts_is_said(
    line: Line, uri: str, status: str, expected: Saying | None
) -> None:
    assert judge_contact(line, uri, status) == expected


@pytest.mark.parametrize(
    ("line", "state", "seconds", "expected"),
    [
        (device(), "online", 0, Saying(UP)),
        (device(UP), "online", 0, None),
        (device(), "offline", 999, None),
        (device(DOWN), "offline", 999, None),
        (device(UP), "offline", 10, None),
        (device(UP), "offline", 39, Saying(DOWN, reason=DeviceGone.UNREACHABLE)),
        (device(UP), None, 999, None),
        (device(UP), "unknown", 999, None),
        (trunk(DOWN), "online", 0, Saying(UP)),
        (trunk(), "online", 0, Saying(UP)),
        (trunk(qualify_seconds=0), "online", 0, None),
        (trunk(is_ours=False), "online", 0, None),
        (trunk(DOWN, is_ours=False), "online", 0, Saying(UP)),
        (trunk(UP), "offline", 39, Saying(DOWN, reason=DeviceGone.UNREACHABLE)),
    ],
)
def test_given_the_list_of_endpoints_when_judged_then_it_makes_up_for_news_that_were_missed(
    line: Line, state: str | None, seconds: float, expected: Saying | None
) -> None:
    assert judge_endpoint(line, state, offline_seconds=seconds) == expected


@pytest.mark.parametrize(
    ("line", "before", "after", "expected"),
    [
        (device(), UNKNOWN, UP, DeviceRegistered),
        (device(), DOWN, UP, DeviceRegistered),
        (device(), UP, UP, None),
        (device(), UP, DOWN, DeviceUnregistered),
        (device(), UNKNOWN, DOWN, None),
        (trunk(), UNKNOWN, UP, None),
        (trunk(), UNKNOWN, DOWN, TrunkDown),
        (trunk(), UP, DOWN, TrunkDown),
        (trunk(), DOWN, UP, TrunkUp),
        (trunk(), DOWN, DOWN, None),
    ],
)
def test_given_a_change_of_state_when_told_then_it_is_the_fact_of_the_table(
    line: Line, before: LineState, after: LineState, expected: type | None
) -> None:
    fact = fact_of(line, before, Saying(after), node="n1")
    assert (None if fact is None else type(fact)) is expected


@pytest.mark.postgres
async def test_given_the_same_word_twice_when_written_then_it_is_told_once_and_each_node_speaks_for_itself(
    database: Database,
) -> None:
    account = await Accounts(database, AuditLog(database)).create("acme")
    log = EventLog(database)
    line = Line(
        id="dev_1", kind=LineKind.DEVICE, account_id=account.id, is_sandbox=False, endpoint="ofh-acme-1", name="x",
        objects=OURS, qualify_seconds=30, state=UNKNOWN, contact=None,
    )  # fmt: skip
    one, other = LineStates(database, log, node="n1"), LineStates(database, log, node="n2")
    for saying in (Saying(UP, "sip:a"), Saying(UP, "sip:b"), Saying(DOWN), Saying(DOWN), Saying(UP)):
        await one.write(line, saying, at=NOW)
    await other.write(line, Saying(UP), at=NOW)
    events = await log.read_after(0, limit=10, account_id=account.id, where=EventFilter(subject_id="dev_1"))
    told = [(event.type, getattr(event.fact, "node", None)) for event in events]
    assert told == [
        ("device.registered", "n1"), ("device.unregistered", "n1"), ("device.registered", "n1"),
        ("device.registered", "n2"),
    ]  # fmt: skip


@pytest.mark.postgres
async def test_given_a_trunk_that_goes_and_comes_back_when_written_then_the_log_says_each_once_and_names_no_number(
    database: Database,
) -> None:
    account = await Accounts(database, AuditLog(database)).create("acme")
    line = Line(
        id="trunk_1", kind=LineKind.TRUNK, account_id=account.id, is_sandbox=False, endpoint="ofh-acme-trunk-x",
        name="+15550100000", objects=OURS, qualify_seconds=30, state=UNKNOWN, contact=None,
    )  # fmt: skip
    states = LineStates(database, EventLog(database), node="n1")
    with structlog.testing.capture_logs() as logs:
        for state in (UP, DOWN, DOWN, UP):
            await states.write(line, Saying(state), at=NOW)
    told = [entry for entry in logs if entry["event"].startswith("trunk_")]
    assert told == [
        {"event": word, "log_level": level, "trunk_id": "trunk_1", "account_id": account.id, "node": "n1"}
        for word, level in (("trunk_down", "warning"), ("trunk_up", "info"))
    ]
