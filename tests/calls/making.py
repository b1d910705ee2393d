"""Calls as the service would make them, for tests that need one."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.recording import Recording
from app.calls.core.turn import Step
from app.facts.event import SYSTEM, Actor, ActorKind
from app.facts.vocabulary import CallKind, Direction, LegRole, Pair, Party, RecordingMode, RecordingState
from app.ids import CallId, Kind, LegId, RecordingId, new_id

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AGENT_NUMBER = "2001"
CUSTOMER_NUMBER = "+15550100000"
_channels = itertools.count(1)
SOMEBODY = Actor(kind=ActorKind.API_KEY, id="key_1")


def make_call(
    *,
    dial_first: LegRole = LegRole.AGENT,
    recording_mode: RecordingMode = RecordingMode.OFF,
    created_at: datetime = NOON,
    account_id: str = "acc_1",
    number: str = CUSTOMER_NUMBER,
    extension: str = AGENT_NUMBER,
    agent_ring_seconds: float = 30.0,
    customer_ring_seconds: float = 45.0,
    max_duration_seconds: float = 3600.0,
    external_id: str | None = "lead-7",
    tags: Sequence[str] = ("spring",),
    agent_id: str | None = "agent_1",
    agent_waves: Sequence[int] = (0,),
    customer_waves: Sequence[int] = (0,),
) -> Call:
    """A click-to-call that nobody has started; ``…_waves``: the wave of each of a side's legs."""
    agents = tuple(
        Leg(
            id=LegId(new_id(Kind.LEG)),
            role=LegRole.AGENT,
            party=Party(extension=extension, display="Ada"),
            endpoint=f"PJSIP/acme-{extension}",
            ring_seconds=agent_ring_seconds,
            shown_number=number,
            wave=wave,
            agent_id=agent_id if len(agent_waves) > 1 else None,
        )
        for wave in agent_waves
    )
    customers = tuple(
        Leg(
            id=LegId(new_id(Kind.LEG)),
            role=LegRole.CUSTOMER,
            party=Party(number=number, display="Grace"),
            endpoint=f"PJSIP/{number.lstrip('+')}@acme-trunk-main",
            ring_seconds=customer_ring_seconds,
            shown_number="+15550199999",
            wave=wave,
        )
        for wave in customer_waves
    )
    recordings: tuple[Recording, ...] = ()
    if recording_mode is not RecordingMode.OFF:
        recordings = (
            Recording(
                id=RecordingId(new_id(Kind.RECORDING)),
                mode=recording_mode,
                state=RecordingState.PENDING,
                created_at=created_at,
                parts=(),
            ),
        )
    return Call(
        id=CallId(new_id(Kind.CALL)),
        account_id=account_id,
        node="n1",
        kind=CallKind.CLICK_TO_CALL,
        direction=Direction.OUTBOUND,
        legs=(*agents, *customers) if dial_first is LegRole.AGENT else (*customers, *agents),
        planned=len(agents) + len(customers),
        created_at=created_at,
        max_duration_seconds=max_duration_seconds,
        recording_mode=recording_mode,
        actor=SOMEBODY,
        request_id="req_1",
        agent_id=agent_id,
        agent_name="Ada Lovelace",
        extension=extension,
        dialled_number=number,
        caller_id="+15550199999",
        trunk_id="trunk_1",
        external_id=external_id,
        metadata=(Pair(key="campaign", value="spring"),),
        tags=tuple(tags),
        recordings=recordings,
        cdr_id=new_id(Kind.CDR),
    )


def make_inbound_call(*, agent_waves: Sequence[int] = (0,), **fields: Any) -> Call:
    """A call that has come in and that nobody has started; ``agent_waves``: the wave of each phone that may be rung."""
    call = make_call(agent_waves=agent_waves or (0,), **fields)
    (customer,) = [leg for leg in call.legs if leg.role is LegRole.CUSTOMER]
    agents = [leg for leg in call.legs if leg.role is LegRole.AGENT] if agent_waves else []
    came = msgspec.structs.replace(
        customer,
        channel_id=f"offhook-1772452800.{next(_channels)}",
        channel_name="PJSIP/acme-trunk-main-00000001",
        ring_seconds=0.0,
        shown_number=CUSTOMER_NUMBER,
    )
    return msgspec.structs.replace(
        call,
        kind=CallKind.INBOUND,
        direction=Direction.INBOUND,
        legs=(came, *agents),
        planned=1 + len(agents),
        recording_mode=RecordingMode.OFF,
        recordings=(),
    )


def run_steps(call: Call, events: Sequence[Input], *, seconds_apart: float = 1.0) -> list[Step]:
    """One step for each input, the first at the call's creation."""
    instants = (call.created_at + timedelta(seconds=seconds_apart * number) for number in itertools.count())
    steps: list[Step] = []
    for event, now in zip(events, instants, strict=False):
        steps.append(step(steps[-1].call if steps else call, event, now))
    return steps


def live_whole_life(call: Call) -> list[Step]:
    """Both legs ring and answer, one after the other, and the two talk until somebody ends the call."""
    first, second = (leg.id for leg in call.legs)
    life: list[Input] = [
        inputs.Start(),
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.LegRinging(leg_id=first),
        inputs.LegAnswered(leg_id=first),
        inputs.LegCreated(leg_id=second, channel_name="PJSIP/b"),
        inputs.LegRinging(leg_id=second),
        inputs.LegAnswered(leg_id=second),
        inputs.HangupRequested(actor=SYSTEM),
        inputs.LegDestroyed(leg_id=first, cause=16),
        inputs.LegDestroyed(leg_id=second, cause=16),
    ]
    return run_steps(call, life)
