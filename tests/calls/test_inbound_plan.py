"""From a channel that came in to a call: who calls, who is rung in which order, and why nobody is."""

import itertools
from dataclasses import replace

import pytest

from app.calls.arrival import Arrival, read_arrival
from app.calls.core.model.call import Call
from app.calls.hearing.missed import parse_missed
from app.calls.planning.inbound_plan import plan_inbound, read_caller, without_room
from app.facts.vocabulary import CallKind, Direction, Disposition, EndCode, LegRole, Party, RecordingMode
from app.numbers.parse import E164
from app.numbers.policy import Rule
from app.routing.model import CallerIdTarget, OriginateResolution, Queue, TrunkTarget
from app.routing.stops import Stop
from app.routing.targets import ToAgent, ToExtension, ToNumber, ToQueue
from app.routing.ways_in import WayIn
from app.routing.words import QueueStrategy
from tests.calls.arrivals_world import CALLER, DEFAULTS, DIALLED, ENDPOINT, found
from tests.calls.making import NOON

ARRIVAL = Arrival(
    channel_id="offhook-1.7",
    channel_name="PJSIP/acme-trunk-main-00000007",
    kind="trunk",
    endpoint=ENDPOINT,
    dialled=DIALLED,
    caller_number=CALLER,
    caller_name="Erika",
)
WAY = WayIn(
    account_id="acc_1",
    default_region="US",
    trunk_id="trunk_1",
    is_sandbox=False,
    dialled=DIALLED,
    has_route=True,
)
OUTSIDE = OriginateResolution(
    connect=None,
    has_agent=False,
    destination=None,
    trunk=TrunkTarget(id="trunk_2", name="out", endpoint="acme-trunk-out", dial_template="{digits}", is_sandbox=False),
    caller_id=CallerIdTarget(id="num_1", number=E164("+12125550199"), label=None),
    rules=(Rule("+1", is_allowed=True),),
)
ELSEWHERE = ToNumber(number=E164("+12125550177"))


def plan(*stops: Stop, arrival: Arrival = ARRIVAL, way: WayIn = WAY) -> Call:
    numbers = itertools.count(1)
    return plan_inbound(
        arrival,
        replace(way, stops=stops),
        node="n1",
        now=NOON,
        defaults=DEFAULTS,
        make_id=lambda kind: f"{kind.value}_{next(numbers)}",
    )


def test_given_an_extension_with_two_phones_when_planned_then_both_ring_together_and_see_the_caller() -> None:
    phones = found("acme-2001", "acme-2001b", agent_id="agent_1")
    call = plan(Stop(wave=0, target=ToExtension(number="2001"), found=phones))
    assert (call.kind, call.direction, call.planned) == (CallKind.INBOUND, Direction.INBOUND, 3)
    caller, *others = call.legs
    assert (caller.role, caller.channel_id, caller.party) == (
        LegRole.CUSTOMER, "offhook-1.7", Party(number=CALLER, display="Erika"),
    )  # fmt: skip
    assert caller.shown_number == DIALLED
    assert [(leg.endpoint, leg.wave, leg.shown_number, leg.shown_name) for leg in others] == [
        ("PJSIP/acme-2001", 0, CALLER, "Erika"),
        ("PJSIP/acme-2001b", 0, CALLER, "Erika"),
    ]
    assert (call.agent_id, call.extension, call.caller_id) == ("agent_1", "2001", CALLER)
    assert call.unique_id == "offhook-1.7"


def test_given_several_to_be_rung_when_planned_then_it_is_nobodys_yet_and_each_has_its_wave_and_time() -> None:
    call = plan(
        Stop(wave=0, target=ToAgent(id="agent_1"), found=found("acme-1", agent_id="agent_1"), ring_seconds=12.0),
        Stop(wave=1, target=ToExtension(number="2002"), found=found("acme-2", number="2002")),
        Stop(wave=2, target=ELSEWHERE, found=OUTSIDE),
    )
    assert [(leg.wave, leg.ring_seconds) for leg in call.legs[1:]] == [(0, 12.0), (1, 30), (2, 45)]
    assert (call.agent_id, call.extension) == (None, None)
    last = call.legs[-1]
    # To the outside only a number of the account's own is shown, and no word of the caller.
    assert (last.endpoint, last.shown_number, last.shown_name) == (
        "PJSIP/12125550177@acme-trunk-out",
        "+12125550199",
        None,
    )


@pytest.mark.parametrize(
    ("stop", "disposition"),
    [
        (Stop(wave=0, target=ToExtension(number="2001"), found=found()), Disposition.UNREACHABLE),
        (Stop(wave=0, target=ToExtension(number="9"), found=replace(OUTSIDE)), Disposition.UNREACHABLE),
        (Stop(wave=0, target=ToQueue(id="queue_1"), found=OUTSIDE), Disposition.UNREACHABLE),
        (Stop(wave=0, target=ELSEWHERE, found=replace(OUTSIDE, rules=())), Disposition.REJECTED),
        (Stop(wave=0, target=ELSEWHERE, found=replace(OUTSIDE, trunk=None)), Disposition.UNREACHABLE),
        (Stop(wave=0, target=ELSEWHERE, found=replace(OUTSIDE, caller_id=None)), Disposition.UNREACHABLE),
    ],
)
def test_given_a_target_that_cannot_be_rung_when_planned_then_the_call_says_why_unless_another_can(
    stop: Stop, disposition: Disposition
) -> None:
    call = plan(stop)
    assert len(call.legs) == 1
    assert call.best_failure is not None
    assert call.best_failure.disposition is disposition
    another = plan(stop, Stop(wave=1, target=ToExtension(number="2002"), found=found("acme-2")))
    assert (len(another.legs), another.best_failure) == (2, None)


def test_given_no_route_or_an_empty_group_when_planned_then_the_call_says_which() -> None:
    nowhere, empty = plan(way=replace(WAY, has_route=False)), plan()
    assert nowhere.best_failure is not None
    assert nowhere.best_failure.end_reason.code is EndCode.INVALID_NUMBER
    assert empty.best_failure is not None
    assert empty.best_failure.end_reason.code is EndCode.UNREACHABLE


@pytest.mark.parametrize(
    ("number", "name", "party"),
    [
        (CALLER, "Erika", Party(number=CALLER, display="Erika")),
        ("(none)", "Erika", Party(is_anonymous=True)),
        ("2125550123", "", Party(number="+12125550123")),
        ("12125550123", " ", Party(number="+12125550123")),
        ("42", "", Party(number="42")),
        ("", "", Party(is_anonymous=True)),
        ("anonymous", "Anonymous", Party(is_anonymous=True)),
        (CALLER, 'a"b<c>\r\n' + "x" * 200, Party(number=CALLER, display="abc" + "x" * 77)),
    ],
)
def test_given_what_the_network_says_of_a_caller_when_read_then_it_is_a_number_or_anonymous(
    number: str, name: str, party: Party
) -> None:
    arrival = Arrival(
        channel_id="c",
        channel_name="n",
        kind="trunk",
        endpoint="e",
        dialled="d",
        caller_number=number,
        caller_name=name,
    )
    assert read_caller(arrival, default_region="US") == party


def test_given_an_anonymous_caller_when_planned_then_the_phone_says_so() -> None:
    arrival = Arrival(channel_id="c", channel_name="n", kind="trunk", endpoint=ENDPOINT, dialled=DIALLED)
    call = plan(Stop(wave=0, target=ToExtension(number="2001"), found=found("acme-2001")), arrival=arrival)
    assert (call.legs[1].shown_number, call.legs[1].shown_name, call.caller_id) == (None, "Anonymous", None)


@pytest.mark.parametrize(
    "arguments", [[], ["leg"], ["inbound"], ["inbound", "trunk", "e"], ["amd", "a", "b", "c"], ["inbound", *"abcd"]]
)
def test_given_other_arguments_than_the_dialplans_when_a_channel_starts_then_it_is_no_arrival(
    arguments: list[str],
) -> None:
    assert read_arrival("c", "n", arguments, "1", "a") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "|||||||",
        "1|2|away|c|e|d",
        "1|2|away|c|e|d|n|x",
        "x|2|away|c|e|d|n",
        "1|x|away|c|e|d|n",
        "1|2|else|c|e|d|n",
        "1|2|away||e|d|n",
        "999999999999|2|away|c|e|d|n",
    ],
)
def test_given_an_entry_of_another_form_when_read_then_it_is_none(text: str) -> None:
    assert parse_missed(text) is None


def test_given_a_way_into_a_queue_when_a_call_comes_then_only_the_caller_is_there_and_is_to_wait() -> None:
    queue = Queue(
        id="queue_1",
        account_id="acc_1",
        name="support",
        strategy=QueueStrategy.RING_ALL,
        music_class="jazz",
        announce_position_seconds=None,
        max_wait_seconds=90.0,
        ring_seconds=20.0,
        wrap_up_seconds=None,
        max_length=None,
        members=(),
        overflow=None,
        created_at=NOON,
    )
    call = plan(way=replace(WAY, queue=queue))
    assert [leg.role for leg in call.legs] == [LegRole.CUSTOMER]
    assert call.best_failure is None
    assert call.queue is not None
    assert (call.queue.queue_id, call.queue.max_wait_seconds, call.queue.music_class) == ("queue_1", 90.0, "jazz")


def test_given_a_trunk_that_is_full_when_a_call_comes_then_nobody_is_rung_and_the_network_hears_why() -> None:
    phones = found("acme-2001", agent_id="agent_1")
    way = replace(WAY, max_channels=2, recording_mode=RecordingMode.BOTH)
    planned = plan(Stop(wave=0, target=ToExtension(number="2001"), found=phones), way=way)
    assert (planned.legs[0].trunk_id, planned.legs[0].is_counted) == ("trunk_1", True)
    assert (planned.recording_mode, len(planned.recordings)) == (RecordingMode.BOTH, 1)
    refused = without_room(planned)
    assert [leg.role for leg in refused.legs] == [LegRole.CUSTOMER]
    assert (refused.legs[0].trunk_id, refused.legs[0].is_counted) == (None, False)
    assert refused.best_failure is not None
    assert (refused.best_failure.disposition, refused.best_failure.end_reason.code) == (
        Disposition.CONGESTION, EndCode.TRUNK_FULL,
    )  # fmt: skip
    assert (refused.id, refused.recordings, refused.agent_id) == (planned.id, (), None)
