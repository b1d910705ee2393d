"""From a transfer that is asked for, and what the account's rows say, to what the machine takes. Pure.

The target is subject to the same rules as the destination of a new call: the account's extensions, agents with a
phone, numbers that the destination policy allows, over the call's own trunk and under its own caller id.
"""

from collections.abc import Callable

import msgspec

from app.accounts.principal import Principal
from app.calls import texts
from app.calls.core.inputs import TransferRequested
from app.calls.core.model import Call, Leg
from app.calls.core.verbs import StartTransfer, Target
from app.calls.fingerprints import used_key
from app.calls.group_plan import group_legs
from app.calls.plan import NO_ID, Defaults, several, trunk_endpoint
from app.errors import Problem, RefusedError
from app.facts.vocabulary import LegRole, Party
from app.ids import Kind, LegId, TransferId, kind_of
from app.numbers.parse import E164, parse_destination, parse_extension
from app.numbers.policy import Denied, evaluate, refusal
from app.routing.model import OriginateResolution
from app.routing.stops import Stop

CONSULT_SECONDS = 300.0
LONGEST_CONSULT_SECONDS = 3600.0


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

    Raises:
        RefusedError: REQUIRED, INVALID_INPUT, INVALID_NUMBER, NOT_FOUND, AGENT_OFFLINE, DESTINATION_DENIED,
            SANDBOX_ONLY: all at once.
    """
    problems: list[Problem] = []
    least, most = texts.SHORTEST_RING_SECONDS, texts.LONGEST_RING_SECONDS
    problems += texts.check_seconds(verb.ring_seconds, "ringSeconds", least=least, most=most)
    problems += texts.check_seconds(verb.consult_seconds, "consultSeconds", least=least, most=LONGEST_CONSULT_SECONDS)
    target = verb.target
    given = (target.agent_id, target.extension, target.number, target.ring_group_id)
    if sum(one is not None for one in given) != 1:
        message = "Give an agent, an extension, a number or a ring group to transfer to."
        problems.append(Problem("REQUIRED", message, ("target",)))
    if problems:
        raise RefusedError(problems)
    connect = found.connect if target.number is None else None
    leg, *others = _legs(verb, principal, call, found, stops, defaults, make_id)
    transfer_id = TransferId(make_id(Kind.TRANSFER))
    return TransferRequested(
        key=used_key(verb, principal, call, transfer_id),
        transfer_id=transfer_id,
        kind=verb.kind,
        leg=leg,
        or_legs=tuple(others),
        recall_leg_id=LegId(make_id(Kind.LEG)),
        actor=principal.actor,
        consult_seconds=verb.consult_seconds or CONSULT_SECONDS,
        by=verb.by,
        recalls=verb.recalls,
        with_music=verb.with_music,
        agent_id=connect.agent_id if connect else leg.agent_id,
        agent_name=connect.agent_name if connect else leg.agent_id and leg.party.display,
        request_id=principal.request_id,
    )


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
        party, endpoint = outside_target(target.number, principal, call, found)
        shown = None if found.caller_id is None else found.caller_id.number
        seconds = verb.ring_seconds or defaults.customer_ring_seconds
        person = None
    else:
        party, endpoint = inside_target(target, found)
        shown = None
        seconds = verb.ring_seconds or defaults.agent_ring_seconds
        person = found.connect
    one = msgspec.structs.replace(pattern, party=party, endpoint=endpoint, ring_seconds=seconds, shown_number=shown)
    return several(one, person, make_id)


def outside_target(text: str, principal: Principal, call: Call, found: OriginateResolution) -> tuple[Party, str]:
    """A number as whom a live call may reach besides, over its trunk: the party, and how it is dialled.

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
    return Party(number=number), trunk_endpoint(found.trunk, number)


def inside_target(target: Target, found: OriginateResolution, *, field: str = "target") -> tuple[Party, str]:
    """An agent or an extension: the party, and how it is dialled. ``field``: of the input that names it.

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
            raise RefusedError(Problem("AGENT_OFFLINE", "The agent sits at no extension.", (field, name)))
        raise RefusedError(Problem("NOT_FOUND", "There is no such extension.", (field, name)))
    if not found.connect.endpoints:
        raise RefusedError(Problem("AGENT_OFFLINE", "The extension has no phone.", (field, name)))
    party = Party(extension=found.connect.number, display=found.connect.agent_name)
    return party, f"PJSIP/{found.connect.endpoints[0]}"
