"""From a supervisor or participant that is asked for, and what the account's rows say, to what the machine takes. Pure.

The rules are those of a transfer's target; a supervisor sits inside. Of an extension all phones ring.
"""

from collections.abc import Callable

import msgspec

from app.accounts.principal import Principal
from app.calls import texts
from app.calls.core.inputs import ParticipantRequested, SupervisionRequested
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.verbs import AddParticipant, StartSupervision
from app.calls.planning.fingerprints import used_key
from app.calls.planning.plan import NO_ID, Defaults, several
from app.calls.planning.transfer_plan import inside_target, outside_leg
from app.errors import Problem, RefusedError
from app.facts.vocabulary import LegRole, Party
from app.ids import Kind, SupervisionId
from app.resources.durations import check_seconds
from app.routing.model import OriginateResolution


def plan_supervision(
    verb: StartSupervision,
    principal: Principal,
    call: Call,
    found: OriginateResolution,
    *,
    defaults: Defaults,
    make_id: Callable[[Kind], str],
) -> SupervisionRequested:
    """The supervision, ready for the machine.

    Raises:
        RefusedError: REQUIRED, INVALID_INPUT, NOT_FOUND, AGENT_OFFLINE: all at once.
    """
    named = (verb.supervisor.agent_id, verb.supervisor.extension)
    _check(verb.ring_seconds, named, "Give the agent or the extension that is to listen.", "supervisor")
    party = inside_target(verb.supervisor, found, field="supervisor")
    supervision_id = SupervisionId(make_id(Kind.SUPERVISION))
    pattern = Leg(
        id=NO_ID,
        role=LegRole.SUPERVISOR,
        party=party,
        endpoint="",
        ring_seconds=verb.ring_seconds or defaults.agent_ring_seconds,
    )
    leg, *others = several(pattern, found.connect, make_id)
    return SupervisionRequested(
        key=used_key(verb, principal, call, supervision_id),
        supervision_id=supervision_id,
        mode=verb.mode,
        leg=leg,
        or_legs=tuple(others),
        actor=principal.actor,
        request_id=principal.request_id,
    )


def plan_participant(
    verb: AddParticipant,
    principal: Principal,
    call: Call,
    found: OriginateResolution,
    *,
    defaults: Defaults,
    make_id: Callable[[Kind], str],
) -> ParticipantRequested:
    """The participant, ready for the machine.

    Raises:
        RefusedError: REQUIRED, INVALID_INPUT, INVALID_NUMBER, NOT_FOUND, AGENT_OFFLINE, CALLER_ID_NOT_OWNED,
            DESTINATION_DENIED, SANDBOX_ONLY: all at once.
    """
    target = verb.target
    named = (target.agent_id, target.extension, target.number)
    _check(verb.ring_seconds, named, "Give an agent, an extension or a number to call in.", "target")
    if target.number is not None:
        ring_seconds, connect = defaults.customer_ring_seconds, None
    else:
        ring_seconds, connect = defaults.agent_ring_seconds, found.connect
    pattern = Leg(
        id=NO_ID,
        role=LegRole.PARTICIPANT,
        party=Party(),
        endpoint="",
        ring_seconds=verb.ring_seconds or ring_seconds,
    )
    if target.number is not None:
        one = outside_leg(target.number, pattern, principal, call, found)
    else:
        one = msgspec.structs.replace(pattern, party=inside_target(target, found))
    leg, *others = several(one, connect, make_id)
    return ParticipantRequested(
        key=used_key(verb, principal, call, leg.id),
        leg=leg,
        or_legs=tuple(others),
        agent_id=connect.agent_id if connect else None,
        agent_name=connect.agent_name if connect else None,
        actor=principal.actor,
        request_id=principal.request_id,
    )


def _check(ring_seconds: float | None, named: tuple[str | None, ...], message: str, field: str) -> None:
    least, most = texts.SHORTEST_RING_SECONDS, texts.LONGEST_RING_SECONDS
    problems = list(check_seconds(ring_seconds, "ringSeconds", least=least, most=most))
    if sum(one is not None for one in named) != 1:
        problems.append(Problem("REQUIRED", message, (field,)))
    if problems:
        raise RefusedError(problems)
