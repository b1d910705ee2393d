"""What the audit log keeps of supervisions: who had whom listened to, by whom, and how; and who was refused it."""

from typing import Final

from app.accounts.audit import AuditEntry
from app.accounts.principal import Principal
from app.calls.core.model.call import Call
from app.calls.core.verbs import StartSupervision, StopSupervision, UpdateSupervision, Verb
from app.calls.planning.fingerprints import SUPERVISE

_ACTIONS: Final[dict[type, str]] = {
    StartSupervision: "supervision.start",
    UpdateSupervision: "supervision.update",
    StopSupervision: "supervision.stop",
}


def audit_supervision(
    principal: Principal, verb: Verb, subject_id: str, call: Call | None, *, outcome: str = "OK"
) -> AuditEntry | None:
    """The line about a verb, None for one that is no supervision's. ``call``: as it stands, when it was done."""
    action = _ACTIONS.get(type(verb))
    if action is None:
        return None
    details: dict[str, str] = {}
    if call is not None:
        details = {"call_id": call.id} | _who(call, _supervision_of(verb, call))
    if isinstance(verb, StartSupervision | UpdateSupervision):
        details["mode"] = verb.mode.value
    if isinstance(verb, StartSupervision):
        details.setdefault("supervisor", verb.supervisor.agent_id or verb.supervisor.extension or "")
    return AuditEntry(
        account_id=principal.account_id,
        action=action,
        outcome=outcome,
        subject_id=subject_id if call is None else _supervision_of(verb, call) or subject_id,
        actor=principal.actor,
        request_id=principal.request_id,
        remote_address=principal.remote_address,
        details=details,
    )


def _supervision_of(verb: Verb, call: Call) -> str | None:
    match verb:
        case StartSupervision():
            used = (key for key in call.keys if (key.mutation, key.key) == (SUPERVISE, verb.idempotency_key))
            return next((key.subject_id for key in used), None)
        case UpdateSupervision() | StopSupervision():
            return verb.supervision_id
        case _:
            return None


def _who(call: Call, supervision_id: str | None) -> dict[str, str]:
    """Of one that is over already nothing more is known than its id."""
    supervision = None if supervision_id is None else call.supervision(supervision_id)
    if supervision is None:
        return {}
    heard, by = call.leg(supervision.listens_to).party, call.leg(supervision.leg_id).party
    return {
        "supervisor": by.extension or by.number or "",
        "listens_to": heard.extension or heard.number or "",
        "agent_id": call.agent_id or "",
    }
