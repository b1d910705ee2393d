"""From what leads a caller on, as the account has it, to the caller's way through it. Pure."""

from app.calls.core.model.flow import FlowPurpose, FlowRun
from app.flows.announcement import Announcement, DialplanTarget, StreamTarget, announcing, handing_over, streaming
from app.routing.model import CallFlow, Lead


def run_of(lead: Lead) -> FlowRun:
    """A way that begins as soon as the caller is there; it keeps this version."""
    match lead:
        case CallFlow():
            return FlowRun(
                flow_id=lead.id, version=lead.version, name=lead.name, start=lead.flow.start, steps=lead.flow.steps
            )
        case Announcement():
            flow, purpose = announcing(lead), FlowPurpose.ANNOUNCEMENT
        case StreamTarget():
            flow, purpose = streaming(lead), FlowPurpose.MEDIA_STREAM
        case DialplanTarget():
            flow, purpose = handing_over(lead), FlowPurpose.DIALPLAN
    return FlowRun(
        flow_id="", version=0, name=purpose.value.lower(), purpose=purpose, start=flow.start, steps=flow.steps
    )


def optional_run_of(lead: Lead | None) -> FlowRun | None:
    """Likewise, where there may be none."""
    return None if lead is None else run_of(lead)
