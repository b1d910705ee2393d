"""From a transfer that is asked for, and what the account's rows say, to what the machine takes. Pure.

The target is subject to the same rules as the destination of a new call: the account's extensions, agents with a
phone, numbers that the destination policy allows, over the call's own trunk and under its own caller id.
"""

from collections.abc import Callable

from app.accounts.principal import Principal
from app.calls import texts
from app.calls.core.inputs import TransferRequested
from app.calls.core.model import Call, Leg, UsedKey
from app.calls.core.verbs import StartTransfer
from app.calls.keys import hash_input
from app.calls.plan import Defaults, trunk_endpoint
from app.errors import Problem, RefusedError
from app.facts.vocabulary import LegRole, Party
from app.ids import Kind, LegId, TransferId, kind_of
from app.numbers.parse import E164, parse_destination, parse_extension
from app.numbers.policy import Denied, evaluate, refusal
from app.routing.model import OriginateResolution

TRANSFER = "transferCall"
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
) -> TransferRequested:
    """The transfer, ready for the machine.

    Raises:
        RefusedError: REQUIRED, INVALID_INPUT, INVALID_NUMBER, NOT_FOUND, AGENT_OFFLINE, DESTINATION_DENIED,
            SANDBOX_ONLY: all at once.
    """
    problems: list[Problem] = []
    least, most = texts.SHORTEST_RING_SECONDS, texts.LONGEST_RING_SECONDS
    problems += texts.check_seconds(verb.ring_seconds, "ringSeconds", least=least, most=most)
    problems += texts.check_seconds(verb.consult_seconds, "consultSeconds", least=least, most=LONGEST_CONSULT_SECONDS)
    target = verb.target
    if sum(one is not None for one in (target.agent_id, target.extension, target.number)) != 1:
        problems.append(Problem("REQUIRED", "Give an agent, an extension or a number to transfer to.", ("target",)))
    if problems:
        raise RefusedError(problems)
    if target.number is not None:
        party, endpoint = _outside(target.number, principal, call, found)
        shown = call.caller_id
        ring_seconds = verb.ring_seconds or defaults.customer_ring_seconds
    else:
        party, endpoint = _inside(verb, found)
        shown = None
        ring_seconds = verb.ring_seconds or defaults.agent_ring_seconds
    connect = found.connect if target.number is None else None
    leg = Leg(
        id=LegId(make_id(Kind.LEG)),
        role=LegRole.AGENT,  # the machine gives it the role of whoever transfers
        party=party,
        endpoint=endpoint,
        ring_seconds=ring_seconds,
        shown_number=shown,
    )
    transfer_id = TransferId(make_id(Kind.TRANSFER))
    return TransferRequested(
        key=UsedKey(
            mutation=TRANSFER,
            key=verb.idempotency_key,
            input_hash=hash_input(_what_counts(verb, call, party)).hex(),
            subject_id=transfer_id,
        ),
        transfer_id=transfer_id,
        kind=verb.kind,
        leg=leg,
        recall_leg_id=LegId(make_id(Kind.LEG)),
        actor=principal.actor,
        consult_seconds=verb.consult_seconds or CONSULT_SECONDS,
        by=verb.by,
        recalls=verb.recalls,
        with_music=verb.with_music,
        agent_id=connect.agent_id if connect else None,
        agent_name=connect.agent_name if connect else None,
        request_id=principal.request_id,
    )


def _what_counts(verb: StartTransfer, call: Call, party: Party) -> dict[str, object]:
    """The request as its key remembers it: without what has its default, so that later fields change no mark."""
    default = StartTransfer(idempotency_key="", kind=verb.kind, target=verb.target)
    fields: dict[str, object] = {"call_id": call.id, "kind": verb.kind}
    for name in ("by", "ring_seconds", "consult_seconds", "recalls", "with_music"):
        if getattr(verb, name) != getattr(default, name):
            fields[name] = getattr(verb, name)
    fields["target"] = verb.target.agent_id or verb.target.extension or party.number
    return fields


def _outside(text: str, principal: Principal, call: Call, found: OriginateResolution) -> tuple[Party, str]:
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


def _inside(verb: StartTransfer, found: OriginateResolution) -> tuple[Party, str]:
    target = verb.target
    name = "agentId" if target.agent_id is not None else "extension"
    field = ("target", name)
    if target.extension is not None:
        parse_extension(target.extension, field=field)
    if target.agent_id is not None and (kind_of(target.agent_id) is not Kind.AGENT or not found.has_agent):
        raise RefusedError(Problem("NOT_FOUND", "There is no such agent.", field))
    if found.connect is None:
        if target.agent_id is not None:
            raise RefusedError(Problem("AGENT_OFFLINE", "The agent sits at no extension.", field))
        raise RefusedError(Problem("NOT_FOUND", "There is no such extension.", field))
    if not found.connect.endpoints:
        raise RefusedError(Problem("AGENT_OFFLINE", "The extension has no phone.", field))
    party = Party(extension=found.connect.number, display=found.connect.agent_name)
    return party, f"PJSIP/{found.connect.endpoints[0]}"
