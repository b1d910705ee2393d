"""From several phones and ring groups to the legs that ring. Nothing here needs a server."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.calls.core.model.leg import Leg
from app.calls.planning.group_plan import group_legs
from app.calls.planning.plan import NO_ID, Defaults, several
from app.errors import RefusedError
from app.facts.vocabulary import LegRole, Party
from app.ids import Kind
from app.numbers.parse import E164
from app.numbers.policy import Rule
from app.routing.model import CallerIdTarget, ExtensionTarget, OriginateResolution, TrunkTarget
from app.routing.stops import Stop, StopTarget
from app.routing.targets import ToAgent, ToExtension, ToNumber, ToQueue

FIELD = ("connect", "ringGroupId")
DEFAULTS = Defaults(agent_ring_seconds=30, customer_ring_seconds=45, max_duration_seconds=3600)
ADA = ExtensionTarget(
    id="ext_1", number="2001", agent_id="agent_1", agent_name="Ada", endpoints=("acme-2001", "acme-2001-2")
)
BEN = ExtensionTarget(id="ext_2", number="2002", agent_id=None, agent_name=None, endpoints=("acme-2002",))
NOBODY = ExtensionTarget(id="ext_3", number="2003", agent_id="agent_3", agent_name="Cleo", endpoints=())
OUTSIDE = E164("+12125550123")
FOUND = OriginateResolution(
    connect=None,
    has_agent=False,
    destination=None,
    trunk=TrunkTarget(id="trunk_1", name="main", endpoint="acme-trunk", dial_template="{e164}", is_sandbox=False),
    caller_id=CallerIdTarget(id="num_1", number=E164("+12125550199"), label=None),
    rules=(Rule("+1", is_allowed=True),),
)
PATTERN = Leg(
    id=NO_ID,
    role=LegRole.AGENT,
    party=Party(),
    endpoint="",
    ring_seconds=0.0,
    shown_number="+49301",
    shown_name="Erika",
)


def _ids() -> Callable[[Kind], str]:
    made = iter(range(100))
    return lambda kind: f"{kind.value}_{next(made)}"


def _stop(
    wave: int,
    connect: ExtensionTarget | None = None,
    *,
    target: StopTarget | None = None,
    ring_seconds: float | None = 20.0,
) -> Stop:
    known = target or ToExtension(number=(connect and connect.number) or "2999")
    return Stop(wave=wave, target=known, found=replace(FOUND, connect=connect), ring_seconds=ring_seconds)


def _legs(
    *stops: Stop,
    found: OriginateResolution = FOUND,
    seconds: float | None = None,
    is_test: bool = False,
    outside_name: str | None = None,
) -> list[Leg]:
    return list(
        group_legs(
            stops,
            PATTERN,
            ring_seconds=seconds,
            found=found,
            defaults=DEFAULTS,
            make_id=_ids(),
            field=FIELD,
            is_test=is_test,
            outside_name=outside_name,
        )
    )


def test_given_an_extension_with_several_phones_when_planned_then_each_is_a_leg_of_one_wave() -> None:
    legs = several(PATTERN, ADA, _ids())
    assert [(leg.endpoint, leg.wave, leg.agent_id) for leg in legs] == [
        ("PJSIP/acme-2001", 0, "agent_1"),
        ("PJSIP/acme-2001-2", 0, "agent_1"),
    ]
    assert len({leg.id for leg in legs}) == 2
    assert [leg.endpoint for leg in several(PATTERN, None, _ids())] == [PATTERN.endpoint]


def test_given_members_when_planned_then_every_phone_rings_in_its_members_wave_for_the_groups_time() -> None:
    legs = _legs(_stop(0, ADA), _stop(1, BEN))
    assert [(leg.endpoint, leg.wave, leg.ring_seconds) for leg in legs] == [
        ("PJSIP/acme-2001", 0, 20.0),
        ("PJSIP/acme-2001-2", 0, 20.0),
        ("PJSIP/acme-2002", 1, 20.0),
    ]
    assert [leg.party for leg in legs] == [
        Party(extension="2001", display="Ada"),
        Party(extension="2001", display="Ada"),
        Party(extension="2002"),
    ]
    assert [leg.agent_id for leg in legs] == ["agent_1", "agent_1", None]
    assert {(leg.shown_number, leg.shown_name) for leg in legs} == {("+49301", "Erika")}


@pytest.mark.parametrize(("asked", "group", "expected"), [(7.0, 20.0, 7.0), (None, 20.0, 20.0), (None, None, 30.0)])
def test_given_times_when_planned_then_what_is_asked_for_wins_over_the_group_and_the_group_over_the_default(
    asked: float | None, group: float | None, expected: float
) -> None:
    assert {leg.ring_seconds for leg in _legs(_stop(0, BEN, ring_seconds=group), seconds=asked)} == {expected}


def test_given_a_member_twice_when_planned_then_its_phone_rings_once_in_a_wave() -> None:
    agent = _stop(0, ADA, target=ToAgent(id="agent_1"))
    assert [leg.endpoint for leg in _legs(_stop(0, ADA), agent)] == ["PJSIP/acme-2001", "PJSIP/acme-2001-2"]
    assert [leg.wave for leg in _legs(_stop(0, BEN), _stop(1, BEN))] == [0, 1]


def test_given_members_without_a_phone_when_planned_then_the_others_ring() -> None:
    assert [leg.endpoint for leg in _legs(_stop(0, NOBODY), _stop(1, None), _stop(2, BEN))] == ["PJSIP/acme-2002"]
    with pytest.raises(RefusedError) as refused:
        _legs(_stop(0, NOBODY), _stop(1, target=ToQueue(id="queue_1")))
    assert [(one.code, one.field) for one in refused.value.problems] == [("AGENT_OFFLINE", FIELD)]


def test_given_an_overflow_to_a_number_when_planned_then_it_goes_over_the_trunk_and_shows_the_accounts_number() -> None:
    (leg,) = _legs(_stop(3, target=ToNumber(number=OUTSIDE), ring_seconds=None))
    assert (leg.endpoint, leg.wave, leg.ring_seconds) == ("PJSIP/+12125550123@acme-trunk", 3, 45.0)
    assert (leg.party, leg.shown_number, leg.shown_name) == (Party(number=OUTSIDE), "+12125550199", None)
    (named,) = _legs(_stop(3, target=ToNumber(number=OUTSIDE)), outside_name="Acme")
    assert (named.shown_number, named.shown_name) == ("+12125550199", "Acme")


@pytest.mark.parametrize("change", [{"trunk": None}, {"caller_id": None}, {"rules": ()}])
def test_given_an_overflow_that_may_not_be_dialled_when_planned_then_it_is_left_out(change: dict[str, None]) -> None:
    number = _stop(1, target=ToNumber(number=OUTSIDE))
    legs = _legs(_stop(0, BEN), number, found=replace(FOUND, **change))  # type: ignore[arg-type]  # each is one it may be
    assert [leg.endpoint for leg in legs] == ["PJSIP/acme-2002"]


def test_given_a_test_key_when_the_overflow_is_a_real_number_then_it_is_left_out() -> None:
    stops = (_stop(0, BEN), _stop(1, target=ToNumber(number=OUTSIDE)))
    assert FOUND.trunk is not None
    sandbox = replace(FOUND, trunk=replace(FOUND.trunk, is_sandbox=True))
    assert len(_legs(*stops, is_test=True)) == 1
    assert len(_legs(*stops, found=sandbox, is_test=True)) == 2
