"""From a transfer that is asked for, and what the account's rows say, to what the machine takes. Pure.

The target is subject to the same rules as the destination of a new call: the account's extensions, agents with a
phone, numbers that the destination policy allows, over the call's own trunk and under its own caller id.
"""

import re
from collections.abc import Callable

import msgspec

from app.accounts.principal import Principal
from app.calls import texts
from app.calls.core.inputs import TransferRequested
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.verbs import StartTransfer, Target
from app.calls.core.waves import phones_of
from app.calls.planning.fingerprints import used_key
from app.calls.planning.flow_plan import optional_run_of
from app.calls.planning.group_plan import group_legs
from app.calls.planning.plan import NO_ID, Defaults, over_trunk, several
from app.calls.planning.queue_plan import wait_in
from app.errors import Problem, RefusedError
from app.facts.vocabulary import LegRole, Party, TransferKind, TransferMethod
from app.ids import Kind, LegId, TransferId, kind_of
from app.numbers.parse import E164, parse_destination, parse_extension
from app.numbers.policy import Denied, evaluate, refusal
from app.resources.durations import check_seconds
from app.routing.model import ExtensionTarget, OriginateResolution
from app.routing.stops import Stop, flow_in, queue_in

CONSULT_SECONDS = 300.0
LONGEST_CONSULT_SECONDS = 3600.0
_DIALLED = re.compile(r"\+?[0-9]{2,32}", re.ASCII)


def plan_transfer(
    verb: StartTransfer,
    principal: Principal,
    call: Call,
    found: OriginateResolution,
    *,
    defaults: Defaults,
    make_id: Callable[[Kind], str],
    stops: tuple[Stop, ...] = (),
) -> TransferRequested:
    """The transfer, ready for the machine. ``stops``: who is in the ring group that it goes to, if it goes to one.

    A queue that it goes to, or that the ring group overflows to, takes the transferee of a BLIND one alone.

    Raises:
        RefusedError: REQUIRED, INVALID_INPUT, INVALID_NUMBER, NOT_FOUND, AGENT_OFFLINE, DESTINATION_DENIED,
            SANDBOX_ONLY: all at once.
    """
    problems: list[Problem] = []
    least, most = texts.SHORTEST_RING_SECONDS, texts.LONGEST_RING_SECONDS
    problems += check_seconds(verb.ring_seconds, "ringSeconds", least=least, most=most)
    problems += check_seconds(verb.consult_seconds, "consultSeconds", least=least, most=LONGEST_CONSULT_SECONDS)
    target = verb.target
    given = (
        *(target.agent_id, target.extension, target.number, target.ring_group_id, target.queue_id),
        *(target.call_flow_id, target.announcement, target.media_stream, target.dialplan),
    )
    if sum(one is not None for one in given) != 1:
        message = "Give one target to transfer to."
        problems.append(Problem("REQUIRED", message, ("target",)))
    if target.queue_id is not None and verb.kind is TransferKind.ATTENDED:
        message = "Nobody can be spoken to in a queue first: transfer BLIND."
        problems.append(Problem("INVALID_INPUT", message, ("kind",)))
    elif target.queue_id is not None and (kind_of(target.queue_id) is not Kind.QUEUE or found.queue is None):
        problems.append(Problem("NOT_FOUND", "There is no such queue.", ("target", "queueId")))
    problems += _check_flow(verb, found)
    problems += _check_refer(verb)
    if problems:
        raise RefusedError(problems)
    connect = found.connect if target.number is None else None
    queue = found.queue or queue_in(stops)
    run = optional_run_of(found.flow or flow_in(stops))
    is_led = found.queue is not None or found.flow is not None
    legs = () if is_led else _legs(verb, principal, call, found, stops, defaults, make_id)
    leg = legs[0] if legs else None
    agent_id, agent_name = _agent_behind(connect, leg)
    transfer_id = TransferId(make_id(Kind.TRANSFER))
    return TransferRequested(
        key=used_key(verb, principal, call, transfer_id),
        transfer_id=transfer_id,
        kind=verb.kind,
        leg=leg,
        or_legs=legs[1:],
        recall_leg_id=LegId(make_id(Kind.LEG)),
        or_recall_leg_ids=_more_recalls(verb, call, make_id),
        actor=principal.actor,
        consult_seconds=verb.consult_seconds or CONSULT_SECONDS,
        by=verb.by,
        recalls=verb.recalls,
        with_music=verb.with_music,
        agent_id=agent_id,
        agent_name=agent_name,
        request_id=principal.request_id,
        queue=None if queue is None else wait_in(queue),
        queue_name=queue.name if queue is not None else None if run is None else run.name,
        flow=run if queue is None else None,
        method=verb.method,
        refer_to=None if verb.method is TransferMethod.BRIDGE or leg is None else _refer_to(leg),
    )


def _check_flow(verb: StartTransfer, found: OriginateResolution) -> list[Problem]:
    target = verb.target
    leads = (target.call_flow_id, target.announcement, target.media_stream, target.dialplan)
    if all(one is None for one in leads):
        return []
    if verb.kind is TransferKind.ATTENDED:
        return [Problem("INVALID_INPUT", "Nobody can be spoken to there first: transfer BLIND.", ("kind",))]
    if found.flow is None:
        return [Problem("NOT_FOUND", "There is no such call flow.", ("target", "callFlowId"))]
    return []


def _check_refer(verb: StartTransfer) -> list[Problem]:
    if verb.method is TransferMethod.BRIDGE:
        return []
    if verb.kind is TransferKind.ATTENDED:
        message = "Who is to be spoken to first is called by us: an ATTENDED transfer takes BRIDGE."
        return [Problem("INVALID_INPUT", message, ("method",))]
    if verb.target.number is None:
        message = "A device can be told a number only: transfer to others with BRIDGE."
        return [Problem("INVALID_INPUT", message, ("method",))]
    return []


def _refer_to(leg: Leg) -> str:
    """What a device behind the trunk is told to call: what the trunk would be asked to dial, where that is a number."""
    digits = leg.endpoint.removeprefix("PJSIP/").partition("@")[0]
    return digits if _DIALLED.fullmatch(digits) else str(leg.party.number)


def _agent_behind(connect: ExtensionTarget | None, leg: Leg | None) -> tuple[str | None, str | None]:
    """Whom the target is, where that is an agent: id and name."""
    if connect is not None:
        return connect.agent_id, connect.agent_name
    if leg is None or leg.agent_id is None:
        return None, None
    return leg.agent_id, leg.party.display


def _legs(
    verb: StartTransfer,
    principal: Principal,
    call: Call,
    found: OriginateResolution,
    stops: tuple[Stop, ...],
    defaults: Defaults,
    make_id: Callable[[Kind], str],
) -> tuple[Leg, ...]:
    target = verb.target
    # The machine gives it the role of whoever transfers, and shows it the transferee where nothing else is shown.
    pattern = Leg(id=NO_ID, role=LegRole.AGENT, party=Party(), endpoint="", ring_seconds=0.0)
    if target.ring_group_id is not None:
        field = ("target", "ringGroupId")
        return group_legs(
            stops,
            pattern,
            ring_seconds=verb.ring_seconds,
            found=found,
            defaults=defaults,
            make_id=make_id,
            field=field,
            is_test=principal.is_test,
        )
    if target.number is not None:
        seconds = verb.ring_seconds or defaults.customer_ring_seconds
        pattern = msgspec.structs.replace(pattern, ring_seconds=seconds)
        return several(outside_leg(target.number, pattern, principal, call, found), None, make_id)
    seconds = verb.ring_seconds or defaults.agent_ring_seconds
    party = inside_target(target, found)
    return several(msgspec.structs.replace(pattern, party=party, ring_seconds=seconds), found.connect, make_id)


def _more_recalls(verb: StartTransfer, call: Call, make_id: Callable[[Kind], str]) -> tuple[LegId, ...]:
    """Legs for further phones of whoever transfers: those that this call has rung."""
    by = call.seats[0] if verb.by is None else next((leg for leg in call.legs if leg.id == verb.by), None)
    phones = () if by is None else phones_of(call, by)
    return tuple(LegId(make_id(Kind.LEG)) for _ in phones[1:])


def outside_leg(text: str, pattern: Leg, principal: Principal, call: Call, found: OriginateResolution) -> Leg:
    """The leg to a number that a live call may reach besides, over its trunk.

    Raises:
        RefusedError: INVALID_NUMBER, NOT_FOUND, SANDBOX_ONLY, CALLER_ID_NOT_OWNED, DESTINATION_DENIED.
    """
    field = ("target", "number")
    number = parse_destination(text, default_region=principal.default_region, is_sandbox=call.is_sandbox, field=field)
    if found.trunk is None:
        raise RefusedError(
            Problem("NOT_FOUND", "The call goes over no trunk, and the account has no default one.", field)
        )
    if principal.is_test and not found.trunk.is_sandbox:
        raise RefusedError(Problem("SANDBOX_ONLY", "A test key reaches the sandbox only.", field))
    if found.caller_id is None:
        raise RefusedError(Problem("CALLER_ID_NOT_OWNED", "The account has no outbound number to show.", field))
    verdict = evaluate(number, found.rules, caller_id=E164(found.caller_id.number))
    if isinstance(verdict, Denied):
        raise refusal(verdict, field=field)
    shown = found.caller_id.number
    return over_trunk(msgspec.structs.replace(pattern, party=Party(number=number), shown_number=shown), number, found)


def inside_target(target: Target, found: OriginateResolution, *, field: str = "target") -> Party:
    """An agent or an extension that has a phone: the party. ``field``: of the input that names it.

    Raises:
        RefusedError: NOT_FOUND, AGENT_OFFLINE, INVALID_INPUT.
    """
    name = "agentId" if target.agent_id is not None else "extension"
    if target.extension is not None:
        parse_extension(target.extension, field=(field, name))
    if target.agent_id is not None and (kind_of(target.agent_id) is not Kind.AGENT or not found.has_agent):
        raise RefusedError(Problem("NOT_FOUND", "There is no such agent.", (field, name)))
    if found.connect is None:
        if target.agent_id is not None:
            message = "The agent sits at no extension, and has no phone of its own."
            raise RefusedError(Problem("AGENT_OFFLINE", message, (field, name)))
        raise RefusedError(Problem("NOT_FOUND", "There is no such extension.", (field, name)))
    if not found.connect.endpoints:
        raise RefusedError(Problem("AGENT_OFFLINE", "The extension has no phone.", (field, name)))
    return Party(extension=found.connect.number, display=found.connect.agent_name)
