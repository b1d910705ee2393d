"""What the process counts, and who is asked at a scrape."""

import re
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import metrics
from app.facts.calls import CallEnded, LegEnded, LegRef
from app.facts.event import SYSTEM, Event
from app.facts.vocabulary import Direction, Disposition, EndParty, LegRole, Party
from app.metrics import AUDIT_DROPS, LIVE_CALLS, Watched, count_events
from tests.cdrs.records import make_cdr
from tests.webhooks.rig import call_ref


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def _event(fact: CallEnded | LegEnded) -> Event:
    return Event(
        id="evt_1",
        type=fact.type,
        timestamp=datetime.now(UTC),
        sequence=1,
        account_id="acc_1",
        subject_id="call_1",
        actor=SYSTEM,
        fact=fact,
    )


def _leg_ended(sip_code: int | None) -> Event:
    leg = LegRef(id="leg_1", role=LegRole.CUSTOMER, party=Party(number="+15550100001"))
    return _event(LegEnded(call=call_ref("call_1"), leg=leg, ended_by=EndParty.CUSTOMER, sip_code=sip_code))


def test_given_events_that_were_written_when_counted_then_calls_and_legs_are_told_by_how_they_ended() -> None:
    cdr = make_cdr(disposition=Disposition.BUSY)
    ended = CallEnded(
        call=call_ref("call_1"),
        disposition=cdr.disposition,
        end_reason=cdr.end_reason,
        duration_seconds=3.0,
        talk_seconds=0.0,
        cdr=cdr,
    )
    calls = {"disposition": Disposition.BUSY.value, "direction": Direction.OUTBOUND.value}
    before = (
        _value("offhook_calls_ended_total", **calls),
        _value("offhook_legs_ended_total", sip_class="4xx", ended_by="CUSTOMER"),
        _value("offhook_legs_ended_total", sip_class="none", ended_by="CUSTOMER"),
        _value("offhook_events_total", type="leg.ended"),
    )
    count_events([_leg_ended(486), _leg_ended(404), _leg_ended(None), _event(ended)])
    after = (
        _value("offhook_calls_ended_total", **calls),
        _value("offhook_legs_ended_total", sip_class="4xx", ended_by="CUSTOMER"),
        _value("offhook_legs_ended_total", sip_class="none", ended_by="CUSTOMER"),
        _value("offhook_events_total", type="leg.ended"),
    )
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2, 1, 3]


@pytest.mark.parametrize(
    ("watched", "name"), [(LIVE_CALLS, "offhook_live_calls"), (AUDIT_DROPS, "offhook_audit_lines_dropped_total")]
)
def test_given_readers_when_scraped_then_their_sum_is_told_as_it_is_now_and_nothing_of_those_that_left(
    watched: Watched, name: str
) -> None:
    before = metrics.REGISTRY.get_sample_value(name) or 0.0
    live = [3]
    with watched.watching(lambda: live[0]), watched.watching(lambda: 4):
        assert metrics.REGISTRY.get_sample_value(name) == before + 7
        live[0] = 5
        assert metrics.REGISTRY.get_sample_value(name) == before + 9
    assert (metrics.REGISTRY.get_sample_value(name) or 0.0) == before


def test_given_all_that_is_counted_when_exposed_then_it_is_prometheus_text_and_every_name_is_ours_or_the_processs() -> (
    None
):
    with LIVE_CALLS.watching(lambda: 1):
        families = list(text_string_to_metric_families(metrics.expose().decode()))
    assert len(families) > 8
    assert all(re.match("offhook_|process_", family.name) and family.documentation for family in families)
    names = [family.name for family in families]
    assert len(set(names)) == len(names)
