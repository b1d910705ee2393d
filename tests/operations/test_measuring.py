"""What is measured where it happens: set-up, requests to Asterisk, the lag of events, how late campaigns claim."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app import metrics
from app.ari.client import AriClient
from app.ari.errors import AriNotFound, AriUnavailable
from app.campaigns.claim import Batch, Claim
from app.campaigns.dialer import _Loop
from app.campaigns.questions import ContactCard
from app.db.engine import Database
from app.events.feed import Feed
from app.events.log import EventLog
from app.facts.calls import CallEnded
from app.facts.event import SYSTEM, Event
from app.ids import CallId
from app.metrics import count_events
from app.numbers.parse import E164
from app.numbers.zones import Zones, ZoneSource
from tests.ari.http_stand_in import StandInExchanger
from tests.cdrs.records import make_cdr
from tests.events.drafts import make_draft
from tests.webhooks.rig import call_ref

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def _counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"{name}_count", labels) or 0.0


def _summed(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"{name}_sum", labels) or 0.0


def _ended(*, ringing_after: float | None, connected_after: float | None) -> Event:
    def after(seconds: float | None) -> datetime | None:
        return None if seconds is None else NOON + timedelta(seconds=seconds)

    cdr = make_cdr(created_at=NOON, ringing_at=after(ringing_after), connected_at=after(connected_after))
    fact = CallEnded(
        call=call_ref("call_1"),
        disposition=cdr.disposition,
        end_reason=cdr.end_reason,
        duration_seconds=30.0,
        talk_seconds=0.0,
        cdr=cdr,
    )
    return Event(
        id="evt_1",
        type=fact.type,
        timestamp=NOON,
        sequence=1,
        account_id="acc_1",
        subject_id="call_1",
        actor=SYSTEM,
        fact=fact,
    )


def test_given_calls_that_ended_when_measured_then_set_up_is_told_as_far_as_they_came() -> None:
    ringing = {"direction": "OUTBOUND", "until": "ringing"}
    connected = {"direction": "OUTBOUND", "until": "connected"}
    name = "offhook_call_setup_seconds"
    before = _counted(name, **ringing), _counted(name, **connected), _summed(name, **connected)
    count_events(
        [
            _ended(ringing_after=2, connected_after=9),
            _ended(ringing_after=3, connected_after=None),
            _ended(ringing_after=None, connected_after=None),
        ]
    )
    after = _counted(name, **ringing), _counted(name, **connected), _summed(name, **connected)
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1, pytest.approx(9)]


async def test_given_requests_to_asterisk_when_answered_refused_or_not_answered_then_each_is_measured_as_such() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"asterisk_id": "a", "ping": "pong", "timestamp": "now"})
        if "gone" in request.url.path:
            return httpx.Response(404, json={"message": "Channel not found"})
        raise httpx.ConnectError("no line")

    outcomes = (("GET", "ok"), ("DELETE", "refused"), ("DELETE", "unavailable"))
    name = "offhook_ari_request_seconds"
    before = [_counted(name, method=method, outcome=outcome) for method, outcome in outcomes]
    async with AriClient("http://pbx:8088", "offhook", "x", app="offhook", exchanger=StandInExchanger(answer)) as ari:
        await ari.ping()
        with pytest.raises(AriNotFound):
            await ari.hangup("gone")
        with pytest.raises(AriUnavailable):
            await ari.hangup("lost")
    after = [_counted(name, method=method, outcome=outcome) for method, outcome in outcomes]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]


@pytest.mark.postgres
async def test_given_events_when_handed_to_subscribers_then_their_lag_is_measured_once_for_all(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log)
    await feed.begin()
    before = _counted("offhook_event_lag_seconds"), _summed("offhook_event_lag_seconds")
    events = await log.append([make_draft(), make_draft()])
    oldest = (datetime.now(UTC) - events[0].timestamp).total_seconds()
    assert _counted("offhook_event_lag_seconds") == before[0] + 1
    assert 0 <= _summed("offhook_event_lag_seconds") - before[1] <= max(0.0, oldest)


def _claimed(again_at: datetime | None) -> Batch:
    contact = ContactCard(
        id="con_1",
        list_id="list_1",
        position=1,
        number=E164("+12125550100"),
        name=None,
        zones=Zones(names=(), source=ZoneSource.NUMBER),
    )
    return Batch(claims=(Claim(contact=contact, call_id=CallId("call_1"), number=1, attempt=1),), again_at=again_at)


def test_given_a_campaign_when_it_claims_late_then_that_is_measured_and_a_claim_before_its_time_is_not() -> None:
    name = "offhook_campaign_pacing_error_seconds"
    count, seconds = _counted(name), _summed(name)
    loop = _Loop()
    loop.note_claim(_claimed(NOON), NOON - timedelta(seconds=9))  # its first: nothing was set yet
    loop.note_claim(_claimed(NOON + timedelta(seconds=5)), NOON + timedelta(seconds=2))  # two seconds late
    loop.note_claim(_claimed(None), NOON + timedelta(seconds=3))  # news brought it forward
    loop.note_claim(_claimed(None), NOON + timedelta(seconds=60))  # nothing was set
    assert _counted(name) - count == 1
    assert _summed(name) - seconds == pytest.approx(2)
