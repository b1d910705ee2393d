"""What an idempotency key remembers of something that rings phones for a live call: the request, as a fingerprint.

It takes the request and the call alone, never what the account's rows say just now: a request that was carried out is
known again whatever has become since of the agent or the trunk it went to. What has its default is left out, so that
later fields change no fingerprint.
"""

from typing import TypeAlias

import msgspec

from app.accounts.principal import Principal
from app.calls.core.model.call import Call, UsedKey
from app.calls.core.verbs import AddParticipant, StartSupervision, StartTransfer, Target
from app.calls.keeping.keys import hash_input
from app.numbers.parse import parse_destination

KeyedVerb: TypeAlias = StartTransfer | StartSupervision | AddParticipant

TRANSFER = "transferCall"
SUPERVISE = "startSupervision"
ADD_PARTICIPANT = "addParticipant"


def mutation_of(verb: KeyedVerb) -> str:
    """The mutation that a keyed verb comes from: keys of different ones do not meet."""
    match verb:
        case StartTransfer():
            return TRANSFER
        case StartSupervision():
            return SUPERVISE
        case AddParticipant():
            return ADD_PARTICIPANT


def fingerprint(verb: KeyedVerb, principal: Principal, call: Call) -> bytes:
    """The fingerprint of a request about this call.

    Raises:
        RefusedError: INVALID_NUMBER.
    """
    fields: dict[str, object] = {"call_id": call.id}
    match verb:
        case StartTransfer():
            default = StartTransfer(idempotency_key="", kind=verb.kind, target=verb.target)
            fields |= {"kind": verb.kind, "target": _reached(verb.target, principal, call)}
            names = ("by", "ring_seconds", "consult_seconds", "recalls", "with_music", "method")
            fields |= {name: getattr(verb, name) for name in names if getattr(verb, name) != getattr(default, name)}
        case StartSupervision():
            fields |= {"mode": verb.mode, "supervisor": verb.supervisor.agent_id or verb.supervisor.extension}
        case AddParticipant():
            fields["target"] = _reached(verb.target, principal, call)
    if not isinstance(verb, StartTransfer) and verb.ring_seconds is not None:
        fields["ring_seconds"] = verb.ring_seconds
    return hash_input(fields)


def used_key(verb: KeyedVerb, principal: Principal, call: Call, subject_id: str) -> UsedKey:
    """The key as the call remembers it, with the id of what came of the request. Raises as :func:`fingerprint`."""
    return UsedKey(
        mutation=mutation_of(verb),
        key=verb.idempotency_key,
        input_hash=fingerprint(verb, principal, call).hex(),
        subject_id=subject_id,
    )


def _reached(target: Target, principal: Principal, call: Call) -> str | None:
    """Whom a target names, however its number was written."""
    if target.number is None:
        named = (target.agent_id, target.extension, target.ring_group_id, target.queue_id, target.call_flow_id)
        found = next((one for one in named if one is not None), None)
        led = target.announcement or target.media_stream or target.dialplan
        return found if led is None else msgspec.json.encode(led).decode()
    region = principal.default_region
    return parse_destination(
        target.number, default_region=region, is_sandbox=call.is_sandbox, field=("target", "number")
    )
