"""From a request and what the account's rows say to a call that can be started. Pure: refusals, never dialling.

Dial strings are made here and nowhere else, of validated digits and of endpoint names that our own rows hold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from app.accounts.principal import Principal
from app.calls import texts
from app.calls.core.model import Call, Leg, Recording
from app.calls.queue_plan import HIGHEST_PRIORITY, LEAST_PRIORITY, wait_in
from app.calls.requests import OriginateRequest
from app.errors import Problem, RefusedError
from app.facts.vocabulary import (
    AgentDisplay,
    CallKind,
    Direction,
    LegRole,
    Party,
    RecordingMode,
    RecordingState,
)
from app.ids import CallId, Kind, LegId, RecordingId, kind_of
from app.numbers.parse import E164, dial_digits, parse_caller_id, parse_destination, parse_extension
from app.numbers.policy import Denied, evaluate, refusal
from app.routing.model import ExtensionTarget, OriginateResolution, TrunkTarget

#: The id of a leg that is a pattern for those of several phones.
NO_ID: Final = LegId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a request that names no limit gets. Seconds."""

    agent_ring_seconds: float
    customer_ring_seconds: float
    max_duration_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The telephone numbers of a request, read: whom to dial and, for an agent outside, where."""

    destination: E164 | None
    connect: E164 | None


def read_caller_id(request: OriginateRequest, principal: Principal) -> E164 | None:
    """The caller id asked for, in E.164; None when none is.

    Raises:
        RefusedError: CALLER_ID_NOT_OWNED, for what is no number at all: nobody owns that.
    """
    if request.caller_id is None:
        return None
    try:
        return parse_caller_id(request.caller_id, default_region=principal.default_region)
    except RefusedError as refused:
        message = "The caller id is not one of the account's outbound numbers."
        raise RefusedError(Problem("CALLER_ID_NOT_OWNED", message, ("callerId",))) from refused


def check_request(request: OriginateRequest) -> None:
    """Everything that can be told from the request alone.

    Raises:
        RefusedError: all problems at once.
    """
    problems: list[Problem] = []
    if sum(value is not None for value in (request.destination_number, request.destination_extension)) != 1:
        problems.append(Problem("REQUIRED", "Give a number or an extension to call, one of them.", ("destination",)))
    targets = (
        request.connect_agent_id,
        request.connect_extension,
        request.connect_number,
        request.connect_ring_group_id,
        request.connect_queue_id,
    )
    if sum(value is not None for value in targets) != 1:
        message = "Give an agent, an extension, a number, a ring group or a queue to connect."
        problems.append(Problem("REQUIRED", message, ("connect",)))
    if request.dial_first not in {LegRole.AGENT, LegRole.CUSTOMER}:
        problems.append(Problem("INVALID_INPUT", "A call begins with the AGENT or the CUSTOMER.", ("dialFirst",)))
    problems += texts.check_external_id(request.external_id)
    problems += texts.check_metadata(request.metadata)
    problems += texts.check_tags(request.tags)
    problems += texts.check_shown_name(request.caller_id_name, "callerIdName")
    problems += texts.check_shown_name(request.destination_name, "destinationName")
    if request.agent_display is AgentDisplay.CUSTOM and request.destination_name is None:
        message = "agentDisplay CUSTOM shows the destinationName, so give one."
        problems.append(Problem("REQUIRED", message, ("destinationName",)))
    for value, field in (
        (request.agent_ring_seconds, "agentRingSeconds"),
        (request.customer_ring_seconds, "customerRingSeconds"),
    ):
        least, most = texts.SHORTEST_RING_SECONDS, texts.LONGEST_RING_SECONDS
        problems += texts.check_seconds(value, field, least=least, most=most)
    problems += texts.check_seconds(
        request.max_duration_seconds,
        "maxDurationSeconds",
        least=texts.SHORTEST_TALK_SECONDS,
        most=texts.LONGEST_TALK_SECONDS,
    )
    problems += _extension_text_problems(request.destination_extension, ("destination", "extension"))
    problems += _extension_text_problems(request.connect_extension, ("connect", "extension"))
    if request.connect_agent_id is not None and kind_of(request.connect_agent_id) is not Kind.AGENT:
        problems.append(Problem("NOT_FOUND", "There is no such agent.", ("connect", "agentId")))
    if request.connect_ring_group_id is not None and kind_of(request.connect_ring_group_id) is not Kind.RING_GROUP:
        problems.append(Problem("NOT_FOUND", "There is no such ring group.", ("connect", "ringGroupId")))
    if request.connect_queue_id is not None and kind_of(request.connect_queue_id) is not Kind.QUEUE:
        problems.append(Problem("NOT_FOUND", "There is no such queue.", ("connect", "queueId")))
    if not LEAST_PRIORITY <= request.queue_priority <= HIGHEST_PRIORITY:
        message = f"A priority is {LEAST_PRIORITY} to {HIGHEST_PRIORITY}."
        problems.append(Problem("INVALID_INPUT", message, ("queuePriority",)))
    if request.trunk_id is not None and kind_of(request.trunk_id) is not Kind.TRUNK:
        problems.append(Problem("NOT_FOUND", "There is no such trunk.", ("trunkId",)))
    if problems:
        raise RefusedError(problems)


def read_numbers(request: OriginateRequest, principal: Principal, *, is_sandbox: bool) -> Numbers:
    """The request's telephone numbers.

    Raises:
        RefusedError: INVALID_NUMBER; SANDBOX_ONLY when a test key asks for a real one.
    """

    def read(text: str | None, field: tuple[str, ...]) -> E164 | None:
        if text is None:
            return None
        return parse_destination(text, default_region=principal.default_region, is_sandbox=is_sandbox, field=field)

    return Numbers(
        destination=read(request.destination_number, ("destination", "number")),
        connect=read(request.connect_number, ("connect", "number")),
    )


def check_allowed(
    request: OriginateRequest, principal: Principal, numbers: Numbers, found: OriginateResolution
) -> None:
    """Everything that the account's rows say about the request.

    Raises:
        RefusedError: NOT_FOUND, AGENT_OFFLINE, CALLER_ID_NOT_OWNED, DESTINATION_DENIED, SANDBOX_ONLY: all at once.
    """
    problems: list[Problem] = []
    is_sandbox = found.trunk is not None and found.trunk.is_sandbox
    if principal.is_test and not is_sandbox:
        problems.append(Problem("SANDBOX_ONLY", "A test key reaches the sandbox only.", ("destination",)))
    problems += _connect_problems(request, found)
    if request.destination_extension is not None:
        problems += _extension_problems(found.destination, ("destination", "extension"))
    needs_trunk = numbers.destination is not None or numbers.connect is not None
    if found.trunk is None and (needs_trunk or request.trunk_id is not None):
        message = "There is no such trunk." if request.trunk_id else "The account has no default trunk; name one."
        problems.append(Problem("NOT_FOUND", message, ("trunkId",)))
    shown = None if found.caller_id is None else found.caller_id.number
    if found.caller_id is None and (request.caller_id is not None or needs_trunk):
        message = (
            "The caller id is not one of the account's outbound numbers."
            if request.caller_id
            else "The account has no default outbound number; give a callerId."
        )
        problems.append(Problem("CALLER_ID_NOT_OWNED", message, ("callerId",)))
    for number, field in (
        (numbers.destination, ("destination", "number")),
        (numbers.connect, ("connect", "number")),
    ):
        if number is not None:
            verdict = evaluate(number, found.rules, caller_id=shown)
            if isinstance(verdict, Denied):
                problems += refusal(verdict, field=field).problems
    if problems:
        raise RefusedError(problems)


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
) -> Call:
    """The call, ready to be started. The request must have passed the checks above.

    ``group``: the legs of the ring group that is connected, if one is.
    """
    caller_id = None if found.caller_id is None else found.caller_id.number
    agents: tuple[Leg, ...] = ()
    if found.queue is None:
        agents = group or several(_agent_leg(request, numbers, found, caller_id, defaults), found.connect, make_id)
    only = group[0] if len(group) == 1 else None
    customers = several(_customer_leg(request, numbers, found, caller_id, defaults), found.destination, make_id)
    recordings: tuple[Recording, ...] = ()
    if request.recording_mode is not RecordingMode.OFF:
        recording_id = RecordingId(make_id(Kind.RECORDING))
        recordings = (
            Recording(
                id=recording_id,
                mode=request.recording_mode,
                state=RecordingState.PENDING,
                created_at=now,
                parts=(),
            ),
        )
    connect = found.connect
    return Call(
        id=CallId(make_id(Kind.CALL)),
        account_id=principal.account_id,
        node=node,
        kind=CallKind.CLICK_TO_CALL,
        direction=_direction_of((*agents, *customers)),
        legs=(*agents, *customers) if request.dial_first is LegRole.AGENT else (*customers, *agents),
        planned=len(agents) + len(customers),
        queue=None if found.queue is None else wait_in(found.queue, priority=request.queue_priority),
        created_at=now,
        max_duration_seconds=request.max_duration_seconds or defaults.max_duration_seconds,
        recording_mode=request.recording_mode,
        actor=principal.actor,
        request_id=principal.request_id,
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
        recordings=recordings,
        cdr_id=make_id(Kind.CDR),
    )


def _direction_of(legs: Sequence[Leg]) -> Direction:
    return Direction.OUTBOUND if any(leg.party.number is not None for leg in legs) else Direction.INTERNAL


def normalised_input(request: OriginateRequest, numbers: Numbers, caller_id: E164 | None) -> dict[str, Any]:
    """The request as its idempotency key remembers it: numbers in E.164, without what has no effect on the call."""
    # What has its default is left out: a field that a later version adds must not change the mark of older requests.
    fields = {
        name: getattr(request, name)
        for name, field in request.__dataclass_fields__.items()
        if name not in {"idempotency_key", "wait_for"} and getattr(request, name) != field.default
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
    shown, name = _shown_to_agent(request, numbers, found)
    return Leg(
        id=NO_ID,
        role=LegRole.AGENT,
        party=Party(),
        endpoint="",
        ring_seconds=0.0,
        shown_number=shown,
        shown_name=name,
    )


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
        return Leg(
            id=NO_ID,
            role=LegRole.AGENT,
            party=Party(number=numbers.connect),
            endpoint=trunk_endpoint(found.trunk, numbers.connect),
            ring_seconds=ring_seconds,
            shown_number=caller_id,
            shown_name=request.caller_id_name,
        )
    target = _present(found.connect)
    shown, name = _shown_to_agent(request, numbers, found)
    return Leg(
        id=NO_ID,
        role=LegRole.AGENT,
        party=Party(extension=target.number, display=target.agent_name),
        endpoint=f"PJSIP/{target.endpoints[0]}",
        ring_seconds=ring_seconds,
        shown_number=shown,
        shown_name=name,
    )


def _customer_leg(
    request: OriginateRequest,
    numbers: Numbers,
    found: OriginateResolution,
    caller_id: str | None,
    defaults: Defaults,
) -> Leg:
    ring_seconds = request.customer_ring_seconds or defaults.customer_ring_seconds
    if numbers.destination is not None:
        return Leg(
            id=NO_ID,
            role=LegRole.CUSTOMER,
            party=Party(number=numbers.destination, display=request.destination_name),
            endpoint=trunk_endpoint(found.trunk, numbers.destination),
            ring_seconds=ring_seconds,
            shown_number=caller_id,
            shown_name=request.caller_id_name,
        )
    target = _present(found.destination)
    caller = found.connect
    return Leg(
        id=NO_ID,
        role=LegRole.CUSTOMER,
        party=Party(extension=target.number, display=target.agent_name),
        endpoint=f"PJSIP/{target.endpoints[0]}",
        ring_seconds=ring_seconds,
        shown_number=caller.number if caller else numbers.connect,
        shown_name=request.caller_id_name or (caller.agent_name if caller else None),
    )


def several(leg: Leg, target: ExtensionTarget | None, make_id: Callable[[Kind], str]) -> tuple[Leg, ...]:
    """The leg for each phone of the extension that it dials, all in its wave; itself, where it dials none."""
    if target is None or len(target.endpoints) < 2:  # noqa: PLR2004 -- one phone is the leg's own
        return (msgspec.structs.replace(leg, id=LegId(make_id(Kind.LEG))),)
    return tuple(
        msgspec.structs.replace(
            leg, id=LegId(make_id(Kind.LEG)), endpoint=f"PJSIP/{endpoint}", agent_id=target.agent_id
        )
        for endpoint in target.endpoints
    )


def trunk_endpoint(trunk: TrunkTarget | None, number: E164) -> str:
    """The dial string of a number over a trunk."""
    if trunk is None:
        msg = "a number needs a trunk, which check_allowed has made sure of"
        raise ValueError(msg)
    return f"PJSIP/{dial_digits(trunk.dial_template, number)}@{trunk.endpoint}"


def _present(target: ExtensionTarget | None) -> ExtensionTarget:
    if target is None:
        msg = "the extension is there, which check_allowed has made sure of"
        raise ValueError(msg)
    return target


def _connect_problems(request: OriginateRequest, found: OriginateResolution) -> list[Problem]:
    if request.connect_number is not None or request.connect_ring_group_id is not None:
        return []
    if request.connect_queue_id is not None:
        missing = Problem("NOT_FOUND", "There is no such queue.", ("connect", "queueId"))
        return [missing] if found.queue is None else []
    if request.connect_extension is not None:
        return _extension_problems(found.connect, ("connect", "extension"))
    if not found.has_agent:
        return [Problem("NOT_FOUND", "There is no such agent.", ("connect", "agentId"))]
    if found.connect is None:
        return [Problem("AGENT_OFFLINE", "The agent sits at no extension.", ("connect", "agentId"))]
    return _extension_problems(found.connect, ("connect", "agentId"))


def _extension_problems(target: ExtensionTarget | None, field: tuple[str, ...]) -> list[Problem]:
    if target is None:
        return [Problem("NOT_FOUND", "There is no such extension.", field)]
    if not target.endpoints:
        return [Problem("AGENT_OFFLINE", "The extension has no phone.", field)]
    return []


def _extension_text_problems(text: str | None, field: tuple[str, ...]) -> list[Problem]:
    if text is None:
        return []
    try:
        parse_extension(text, field=field)
    except RefusedError as refused:
        return list(refused.problems)
    return []
