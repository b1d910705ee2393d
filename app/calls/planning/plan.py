"""From a request and what the account's rows say to a call that can be started. Pure: refusals, never dialling.

Dial strings are made here and nowhere else, of validated digits and of endpoint names that our own rows hold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from app.accounts.principal import Principal
from app.calls.core.lifetimes import allowance
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg, Way
from app.calls.core.model.recording import Recording
from app.calls.planning.flow_plan import optional_run_of
from app.calls.planning.originate_checks import Numbers
from app.calls.planning.queue_plan import wait_in
from app.calls.planning.requests import OriginateRequest, OwnCall
from app.facts.vocabulary import (
    AgentDisplay,
    CallKind,
    Direction,
    LegRole,
    MachineAction,
    Party,
    RecordingMode,
    RecordingState,
)
from app.ids import CallId, Kind, LegId, RecordingId
from app.numbers.parse import E164, dial_digits
from app.routing.model import ExtensionTarget, Lead, OriginateResolution, Queue, TrunkTarget

#: The id of a leg that is a pattern for those of several phones.
NO_ID: Final = LegId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a request that names no limit gets. Seconds."""

    agent_ring_seconds: float
    customer_ring_seconds: float
    max_duration_seconds: float


def plan_call(
    request: OriginateRequest,
    principal: Principal,
    numbers: Numbers,
    found: OriginateResolution,
    *,
    node: str,
    now: datetime,
    defaults: Defaults,
    make_id: Callable[[Kind], str],
    group: tuple[Leg, ...] = (),
    then: Queue | Lead | None = None,
    own: OwnCall | None = None,
) -> Call:
    """The call, ready to be started. The request must have passed the checks above.

    ``group``: the legs of the ring group that is connected, if one is; ``then``: the queue in which the customer waits
    once nobody of them can be had, or the flow that leads it on. ``own``: it is a call of our own.
    """
    caller_id = None if found.caller_id is None else found.caller_id.number
    agents: tuple[Leg, ...] = ()
    queue = found.queue or (then if isinstance(then, Queue) else None)
    flow = optional_run_of(found.flow or (None if isinstance(then, Queue) else then))
    if own is not None and own.lead is not None:
        flow = own.lead
    elif found.queue is None and found.flow is None and (group or then is None):
        agents = group or several(_agent_leg(request, numbers, found, caller_id, defaults), found.connect, make_id)
    if flow is not None and request.on_machine is MachineAction.HANG_UP:
        flow = msgspec.structs.replace(flow, refuses_machines=True)
    only = group[0] if len(group) == 1 else None
    customers = several(_customer_leg(request, numbers, found, caller_id, defaults), found.destination, make_id)
    connect = found.connect
    wait = None if queue is None else wait_in(queue, priority=request.queue_priority)
    apology = None if own is None else own.apology
    if own is not None and apology is not None and wait is not None:
        wait = msgspec.structs.replace(wait, max_wait_seconds=own.apology_after_seconds)
    max_duration = request.max_duration_seconds or defaults.max_duration_seconds
    return Call(
        id=CallId(make_id(Kind.CALL)) if own is None else own.call_id,
        account_id=principal.account_id,
        node=node,
        kind=CallKind.CLICK_TO_CALL if own is None else own.kind,
        errand=None if own is None else own.errand,
        direction=_direction_of((*agents, *customers)),
        legs=(*agents, *customers) if request.dial_first is LegRole.AGENT else (*customers, *agents),
        planned=len(agents) + len(customers),
        queue=None if agents else wait,
        next_queue=wait if agents else None,
        flow=None if agents else flow,
        next_flow=flow if agents else apology,
        created_at=now,
        max_duration_seconds=max_duration,
        allowance_seconds=allowance(max_duration, wait) if found.is_metered else None,
        recording_mode=request.recording_mode,
        actor=principal.actor,
        request_id=principal.request_id,
        traceparent=principal.traceparent,
        is_sandbox=found.trunk is not None and found.trunk.is_sandbox,
        agent_id=connect.agent_id if connect else (only.agent_id if only else None),
        agent_name=connect.agent_name if connect else (only.party.display if only else None),
        extension=connect.number if connect else (only.party.extension if only else None),
        dialled_number=numbers.destination or request.destination_extension,
        caller_id=caller_id,
        caller_id_name=request.caller_id_name,
        trunk_id=found.trunk.id if found.trunk else None,
        external_id=request.external_id,
        metadata=request.metadata,
        tags=request.tags,
        variables=request.variables,
        softphone_message=request.softphone_message,
        voice_pitch=request.voice_pitch,
        transcribe=request.transcribe,
        detects_machine=request.detect_machine,
        connects_machines=request.on_machine is MachineAction.CONNECT,
        recordings=recordings_of(request.recording_mode, now, make_id),
        cdr_id=make_id(Kind.CDR),
    )


def recordings_of(mode: RecordingMode, now: datetime, make_id: Callable[[Kind], str]) -> tuple[Recording, ...]:
    """What is to be recorded of a call from its connection on."""
    if mode is RecordingMode.OFF:
        return ()
    recording_id = RecordingId(make_id(Kind.RECORDING))
    return (Recording(id=recording_id, mode=mode, state=RecordingState.PENDING, created_at=now, parts=()),)


def _direction_of(legs: Sequence[Leg]) -> Direction:
    return Direction.OUTBOUND if any(leg.party.number is not None for leg in legs) else Direction.INTERNAL


def normalised_input(request: OriginateRequest, numbers: Numbers, caller_id: E164 | None) -> dict[str, Any]:
    """The request as its idempotency key remembers it: numbers in E.164, without what has no effect on the call."""
    # What has its default is left out: a field that a later version adds must not change the mark of older requests.
    fields = {
        name: getattr(request, name)
        for name, field in request.__dataclass_fields__.items()
        if name not in {"idempotency_key", "wait_for", "dry_run"} and getattr(request, name) != field.default
    }
    numbers_read = {
        "caller_id": caller_id,
        "destination_number": numbers.destination,
        "connect_number": numbers.connect,
    }
    fields.update({name: number for name, number in numbers_read.items() if number is not None})
    plain: dict[str, Any] = msgspec.to_builtins(fields)
    return plain


def agent_pattern(request: OriginateRequest, numbers: Numbers, found: OriginateResolution) -> Leg:
    """What all legs of a ring group that is connected have in common."""
    return _leg(LegRole.AGENT, Party(), 0.0, _shown_to_agent(request, numbers, found))


def _shown_to_agent(
    request: OriginateRequest, numbers: Numbers, found: OriginateResolution
) -> tuple[str | None, str | None]:
    if request.agent_display is AgentDisplay.CALLER_ID:
        return None if found.caller_id is None else found.caller_id.number, request.caller_id_name
    return numbers.destination or request.destination_extension, request.destination_name


def _agent_leg(
    request: OriginateRequest,
    numbers: Numbers,
    found: OriginateResolution,
    caller_id: str | None,
    defaults: Defaults,
) -> Leg:
    ring_seconds = request.agent_ring_seconds or defaults.agent_ring_seconds
    if numbers.connect is not None:
        # Over a trunk the agent is a customer of the network too: only the account's own number may be shown.
        party, shown = Party(number=numbers.connect), (caller_id, request.caller_id_name)
        return over_trunk(_leg(LegRole.AGENT, party, ring_seconds, shown), numbers.connect, found)
    shown = _shown_to_agent(request, numbers, found)
    return _inside_leg(LegRole.AGENT, _present(found.connect), ring_seconds, shown)


def _customer_leg(
    request: OriginateRequest,
    numbers: Numbers,
    found: OriginateResolution,
    caller_id: str | None,
    defaults: Defaults,
) -> Leg:
    ring_seconds = request.customer_ring_seconds or defaults.customer_ring_seconds
    if numbers.destination is not None:
        party = Party(number=numbers.destination, display=request.destination_name)
        shown = (caller_id, request.caller_id_name)
        return over_trunk(_leg(LegRole.CUSTOMER, party, ring_seconds, shown), numbers.destination, found)
    caller = found.connect
    shown = (
        caller.number if caller else numbers.connect,
        request.caller_id_name or (caller.agent_name if caller else None),
    )
    return _inside_leg(LegRole.CUSTOMER, _present(found.destination), ring_seconds, shown)


def _inside_leg(
    role: LegRole, target: ExtensionTarget, ring_seconds: float, shown: tuple[str | None, str | None]
) -> Leg:
    party = Party(extension=target.number, display=target.agent_name)
    return _leg(role, party, ring_seconds, shown, endpoint=f"PJSIP/{target.endpoints[0]}")


def _leg(
    role: LegRole, party: Party, ring_seconds: float, shown: tuple[str | None, str | None], *, endpoint: str = ""
) -> Leg:
    """One leg that is not dialled yet; ``shown`` are the number and the name that it sees calling."""
    number, name = shown
    return Leg(
        id=NO_ID,
        role=role,
        party=party,
        endpoint=endpoint,
        ring_seconds=ring_seconds,
        shown_number=number,
        shown_name=name,
    )


def several(leg: Leg, target: ExtensionTarget | None, make_id: Callable[[Kind], str]) -> tuple[Leg, ...]:
    """The leg for each phone of the extension that it dials, all in its wave; itself, where it dials none."""
    if target is None:
        return (msgspec.structs.replace(leg, id=LegId(make_id(Kind.LEG))),)
    return tuple(
        msgspec.structs.replace(
            leg, id=LegId(make_id(Kind.LEG)), endpoint=f"PJSIP/{endpoint}", agent_id=target.agent_id
        )
        for endpoint in target.endpoints
    )


def over_trunk(leg: Leg, number: E164, found: OriginateResolution) -> Leg:
    """The leg, dialled over the trunk that was found; over another one, should that have no free channel."""
    trunk = found.trunk
    if trunk is None:
        msg = "a number needs a trunk, which whoever plans has made sure of"
        raise ValueError(msg)
    return msgspec.structs.replace(
        leg,
        endpoint=_trunk_endpoint(trunk, number),
        trunk_id=trunk.id,
        is_counted=trunk.max_channels is not None,
        other_ways=tuple(
            Way(endpoint=_trunk_endpoint(one, number), trunk_id=one.id, is_counted=one.max_channels is not None)
            for one in found.other_trunks
        ),
    )


def _trunk_endpoint(trunk: TrunkTarget, number: E164) -> str:
    return f"PJSIP/{dial_digits(trunk.dial_template, number)}@{trunk.endpoint}"


def _present(target: ExtensionTarget | None) -> ExtensionTarget:
    if target is None:
        msg = "the extension is there, which check_allowed has made sure of"
        raise ValueError(msg)
    return target
