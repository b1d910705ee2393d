"""A call in its trace: where it begins one, and its legs, told once they are over, by their own instants."""

from collections.abc import Iterable
from datetime import datetime

from app.calls.core.model.call import Call
from app.calls.core.turn import Happening
from app.facts.calls import LegEnded
from app.ids import LegId
from app.tracing import CALL_ID, LEG_ID, Role, Tracer


def begin_trace(tracer: Tracer, call: Call, now: datetime) -> str | None:
    """Begin the trace of a call that no request of somebody's placed: it came in, or Offhook itself places it."""
    about = {CALL_ID: call.id, "offhook.call.kind": call.kind.value, "offhook.call.direction": call.direction.value}
    return tracer.tell("call", parent=None, began=call.created_at, ended=now, about=about, begins=True)


def tell_legs(tracer: Tracer, call: Call, happenings: Iterable[Happening]) -> None:
    """Tell of the legs that have ended: each from its dialling, or from when it came by itself, to its end."""
    for happening in happenings:
        if not isinstance(happening.fact, LegEnded):
            continue
        fact, leg = happening.fact, call.leg(LegId(happening.fact.leg.id))
        tracer.tell(
            "leg",
            parent=call.traceparent,
            began=leg.dialing_at or leg.created_at or call.created_at,
            ended=fact.ended_at or happening.at,
            role=Role.INSIDE if leg.has_come else Role.ASKS,
            about={
                CALL_ID: call.id,
                LEG_ID: leg.id,
                "offhook.leg.role": leg.role.value,
                "offhook.leg.ended_by": fact.ended_by.value,
                "offhook.trunk.id": leg.trunk_id,
                "offhook.sip.status": fact.sip_code,
                "offhook.hangup_cause": fact.hangup_cause,
            },
            moments={"ringing": leg.ringing_at, "answered": leg.answered_at},
        )
